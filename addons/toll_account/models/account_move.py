from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        self.origin_payment_id._toll_check_unposted()
        return super().button_draft()

    def button_cancel(self):
        self.origin_payment_id._toll_check_unposted()
        return super().button_cancel()
