from odoo import fields, models

EFFECTS = [
    ("new", "Open an account"),
    ("change", "Change vehicles or TAGs"),
    ("closing", "Close the account"),
    ("mode", "Change the payment mode"),
    ("data", "Change the customer's data"),
    ("claim", "Claim"),
    ("other", "Nothing by itself"),
]


class TollRequestType(models.Model):
    _name = "toll.request.type"
    _description = "Type of Request"
    # who writes to the address of a type has opened a request
    _inherit = ["mail.alias.mixin.optional"]
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    effect = fields.Selection(
        EFFECTS,
        string="What It Does",
        required=True,
        default="other",
        help="The assistant that the request's button opens.",
    )
    deadline_days = fields.Integer(
        default=5, help="Working days, by the company's calendar, to resolve it."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        domain="[('share', '=', False)]",
        ondelete="set null",
        help="Gets new requests of this type. Empty: they wait in the common tray.",
    )
    requires_account = fields.Boolean(default=True)
    is_customer = fields.Boolean(
        string="Customers May Choose It",
        default=True,
        help="In the virtual office and the public pages.",
    )
    hint = fields.Text(
        translate=True, help="What the customer should write or bring along."
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another type of request has this code already."
    )
    _deadline_positive = models.Constraint(
        "CHECK (deadline_days >= 0)", "The deadline cannot be before the request."
    )

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("toll.request")
        if self.id:
            values["alias_defaults"] = {"type_id": self.id, "channel": "email"}
            values["alias_contact"] = "everyone"
        return values
