from odoo import api, fields, models
from odoo.exceptions import UserError

from .toll_account_money import METHODS


class AccountPayment(models.Model):
    _inherit = "account.payment"

    toll_account_id = fields.Many2one(
        "toll.account",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The money went into, or came out of, the wallet of this account.",
    )
    toll_office_id = fields.Many2one(
        "toll.office",
        string="Office",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    toll_method = fields.Selection(
        METHODS, string="Means of Payment", readonly=True, copy=False
    )
    toll_session_id = fields.Many2one(
        "toll.cash.session",
        string="Cash Session",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )

    @api.depends("toll_account_id")
    def _compute_destination_account_id(self):
        """Money of the wallet stands with the customers' deposits."""
        wallet = self.filtered("toll_account_id")
        for payment in wallet:
            company = payment.company_id.sudo()
            payment.destination_account_id = company._toll_get_deposit_account()
        return super(AccountPayment, self - wallet)._compute_destination_account_id()

    def _toll_check_unposted(self):
        """Raise where a wallet entry stands on the payment: ledgers never forget."""
        posted = (
            self.env["toll.wallet.entry"]
            .sudo()
            .search([("payment_id", "in", self.ids)], limit=1)
        )
        if posted:
            raise UserError(
                self.env._(
                    "Payment %(payment)s is in the wallet of account %(number)s and "
                    "cannot be undone. Give the money back with a refund instead.",
                    payment=posted.payment_id.display_name,
                    number=posted.account_id.number,
                )
            )

    def action_draft(self):
        self._toll_check_unposted()
        return super().action_draft()

    def action_cancel(self):
        self._toll_check_unposted()
        return super().action_cancel()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_wallet(self):
        self._toll_check_unposted()

    def action_toll_print_receipt(self):
        """The customer's receipt, again."""
        self.check_access("read")
        return self.env.ref("toll_account.action_report_topup_receipt").report_action(
            self.ids
        )

    def _toll_get_entry(self):
        """The wallet entry that the payment made."""
        self.ensure_one()
        entries = self.env["toll.wallet.entry"].sudo()
        return entries.search([("payment_id", "=", self.id)], limit=1)
