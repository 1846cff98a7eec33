from odoo import fields, models


class TollContactResult(models.Model):
    """What a contact with a debtor may come to, and what follows from it."""

    _name = "toll.contact.result"
    _description = "Result of a Contact"
    _inherit = ["toll.setting.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    is_reached = fields.Boolean(
        string="Right Person", help="The customer, or who decides for him, was reached."
    )
    next_days = fields.Integer(
        string="Next Action in (days)",
        default=3,
        help="Proposed for the next action; the collector may say another day.",
    )
    next_action = fields.Char(translate=True, help="Proposed next action.")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another result of contacts has this code."
    )
    _next_days_positive = models.Constraint(
        "CHECK (next_days >= 0)", "The next action is not in the past."
    )
