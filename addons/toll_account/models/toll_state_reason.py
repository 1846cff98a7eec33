from odoo import fields, models


class TollStateReason(models.Model):
    _name = "toll.state.reason"
    _description = "Reason of an Account State"
    _order = "state, sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    state = fields.Selection(
        [
            ("active", "Activation"),
            ("suspended", "Suspension"),
            ("closed", "Closing"),
        ],
        required=True,
        default="suspended",
        help="The change that this reason may be given for.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another reason has this code already."
    )
