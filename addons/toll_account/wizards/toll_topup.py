from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTopup(models.TransientModel):
    _name = "toll.topup"
    _description = "Counter Top-up"

    account_id = fields.Many2one("toll.account", required=True)
    partner_id = fields.Many2one(related="account_id.partner_id")
    company_id = fields.Many2one(related="account_id.company_id")
    currency_id = fields.Many2one(related="account_id.currency_id")
    balance = fields.Monetary(related="account_id.balance")
    balance_after = fields.Monetary(compute="_compute_balance_after")
    amount = fields.Monetary(required=True)
    method = fields.Selection(
        [("cash", "Cash"), ("card", "Card"), ("transfer", "Transfer")],
        string="Means of Payment",
        required=True,
        default="cash",
    )
    journal_id = fields.Many2one(
        "account.journal",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        domain="[('type', 'in', ('cash', 'bank', 'credit')),"
        " ('company_id', '=', company_id)]",
        groups="toll_account.group_toll_accountant",
    )
    ref = fields.Char(
        string="Reference",
        required=True,
        default=lambda self: self._default_ref(),
        help="Number of the operation: the receipt carries it and it is taken once.",
    )
    document = fields.Char(
        string="Voucher", help="Number of the card slip or of the bank transfer."
    )

    @api.model
    def _default_ref(self):
        return self.env["ir.sequence"].sudo().next_by_code("toll.topup")

    @api.depends("balance", "amount")
    def _compute_balance_after(self):
        for wizard in self:
            wizard.balance_after = wizard.balance + wizard.amount

    @api.depends("account_id", "method")
    def _compute_journal_id(self):
        for wizard in self:
            wizard.journal_id = (
                wizard.account_id._get_top_up_journal(wizard.method)
                if wizard.account_id
                else False
            )

    def _take(self):
        self.ensure_one()
        if self.method != "cash" and not (self.document or "").strip():
            raise UserError(
                self.env._("Write the number of the card slip or of the transfer.")
            )
        journal = self.sudo().journal_id
        entry = self.account_id.top_up(
            self.amount, self.ref, self.method, journal_id=journal.id
        )
        if self.document:
            entry.sudo().payment_id.payment_reference = self.document
        return entry

    def action_confirm(self):
        """Take the money."""
        self._take()
        return {"type": "ir.actions.act_window_close"}

    def action_confirm_print(self):
        """Take the money and print the receipt."""
        payment = self._take().sudo().payment_id
        action = self.env.ref("toll_account.action_report_topup_receipt").report_action(
            payment.ids
        )
        return dict(action, close_on_report_download=True)
