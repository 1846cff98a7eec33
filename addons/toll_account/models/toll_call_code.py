from odoo import fields, models


class TollCallCode(models.Model):
    _name = "toll.call.code"
    _description = "Wrap-up Code of Calls"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    script = fields.Text(
        translate=True, help="What the agent says and asks in such a call."
    )
    request_type_id = fields.Many2one(
        "toll.request.type",
        ondelete="set null",
        help="The request that such a call usually ends in.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another wrap-up code has this code already."
    )
