from odoo import models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def _toll_make_till(self):
        """Money in a till is cash at once: no bank statement will confirm it."""
        for journal in self.filtered(lambda j: j.type == "cash"):
            lines = (
                journal.inbound_payment_method_line_ids
                | journal.outbound_payment_method_line_ids
            )
            missing = lines.filtered(lambda line: not line.payment_account_id)
            missing.payment_account_id = journal.default_account_id
