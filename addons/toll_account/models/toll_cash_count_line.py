from odoo import api, fields, models
from odoo.exceptions import UserError


class TollCashCountLine(models.Model):
    _name = "toll.cash.count.line"
    _description = "Cash Count"
    _order = "session_id, value desc, id"

    session_id = fields.Many2one(
        "toll.cash.session", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="session_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="session_id.currency_id")
    value = fields.Monetary(required=True, string="Note or Coin")
    quantity = fields.Integer(string="Pieces")
    amount = fields.Monetary(compute="_compute_amount", store=True)

    _value_positive = models.Constraint(
        "CHECK (value > 0)", "A note or coin is worth more than zero."
    )
    _quantity_positive = models.Constraint(
        "CHECK (quantity >= 0)", "A number of notes or coins cannot be negative."
    )

    @api.depends("value", "quantity")
    def _compute_amount(self):
        for line in self:
            line.amount = line.value * line.quantity

    def _check_counting(self):
        if self.filtered(lambda line: line.session_id.state != "counting"):
            raise UserError(
                self.env._("Press Count first: money is counted when the till is shut.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_counting()
        return lines

    def write(self, vals):
        self._check_counting()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_counted(self):
        self._check_counting()
