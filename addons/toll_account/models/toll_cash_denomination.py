from odoo import api, fields, models


class TollCashDenomination(models.Model):
    _name = "toll.cash.denomination"
    _description = "Note or Coin"
    _order = "currency_id, value desc"

    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company.currency_id,
    )
    value = fields.Monetary(required=True)
    kind = fields.Selection(
        [("note", "Note"), ("coin", "Coin")], required=True, default="note"
    )
    active = fields.Boolean(default=True)

    _value_positive = models.Constraint(
        "CHECK (value > 0)", "A note or coin is worth more than zero."
    )
    _value_uniq = models.Constraint(
        "UNIQUE (currency_id, value, kind)", "This note or coin is in the list already."
    )

    @api.depends("currency_id", "value")
    def _compute_display_name(self):
        for denomination in self:
            denomination.display_name = denomination.currency_id.format(
                denomination.value
            )
