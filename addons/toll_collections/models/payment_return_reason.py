from odoo import fields, models


class PaymentReturnReason(models.Model):
    """A bank's code for a debit that came back, and what is done then."""

    _inherit = "payment.return.reason"

    toll_action = fields.Selection(
        [
            ("retry", "Try again"),
            ("stop", "Stop the mandate"),
            ("call", "Call the customer"),
        ],
        string="What Is Done",
        default="call",
        required=True,
    )
    toll_retry_days = fields.Integer(
        string="Days until the Next Try",
        default=5,
    )

    _toll_code_uniq = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL AND code <> ''", "This code exists already."
    )
    _toll_days = models.Constraint(
        "CHECK (toll_retry_days BETWEEN 0 AND 90)",
        "Between no and 90 days lie before the next try.",
    )
