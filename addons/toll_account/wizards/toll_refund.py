from odoo import api, fields, models


class TollRefund(models.TransientModel):
    _name = "toll.refund"
    _description = "Wallet Refund"

    account_id = fields.Many2one("toll.account", required=True)
    partner_id = fields.Many2one(related="account_id.partner_id")
    company_id = fields.Many2one(related="account_id.company_id")
    currency_id = fields.Many2one(related="account_id.currency_id")
    balance = fields.Monetary(related="account_id.balance")
    amount = fields.Monetary(
        required=True, compute="_compute_amount", store=True, readonly=False
    )
    method = fields.Selection(
        [("cash", "Cash"), ("transfer", "Transfer")],
        string="Means of Payment",
        required=True,
        default="transfer",
    )
    ref = fields.Char(
        string="Reference",
        required=True,
        default=lambda self: self.env["ir.sequence"].sudo().next_by_code("toll.refund"),
    )

    @api.depends("account_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = max(wizard.balance, 0)

    def action_confirm(self):
        """Give the money back."""
        self.ensure_one()
        self.account_id.refund(self.amount, self.ref, self.method)
        return {"type": "ir.actions.act_window_close"}
