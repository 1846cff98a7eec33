from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    toll_account_id = fields.Many2one(
        "toll.account",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    toll_commission_run_id = fields.Many2one(
        "toll.commission.run",
        string="Commission Run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _toll_issue(self):
        """Post invoices of fees; a prepaid account pays from its wallet at once."""
        if self:
            self._post(soft=False)
            self.toll_account_id._settle_open_invoices()

    def button_draft(self):
        self.origin_payment_id._toll_check_unposted()
        return super().button_draft()

    def button_cancel(self):
        self.origin_payment_id._toll_check_unposted()
        return super().button_cancel()
