from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    def button_draft(self):
        self._toll_check_point_payments()
        return super().button_draft()

    def button_cancel(self):
        self._toll_check_point_payments()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self._toll_check_point_payments()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def _toll_check_point_payments(self):
        """Entries of collected payments stay: wallets say the same."""
        # whoever edits entries need not see payment files
        files_sudo = self.env["toll.point.file"].sudo()
        payments_sudo = self.env["toll.point.payment"].sudo()
        moves = ("in", self.ids)
        if files_sudo.search([("move_id", *moves)], limit=1) or payments_sudo.search(
            Domain("release_move_id", *moves) | Domain("return_move_id", *moves),
            limit=1,
        ):
            raise UserError(
                self.env._(
                    "This entry holds payments of a collection network. Give single "
                    "payments back with the button “Give Back” of the payment."
                )
            )
