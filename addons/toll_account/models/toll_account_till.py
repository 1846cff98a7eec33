from odoo import models
from odoo.exceptions import RedirectWarning, UserError

COUNTER_METHODS = ("cash", "card", "transfer")


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _prepare_payment_vals(self, payment_type, amount, ref, method):
        """Money of the counter belongs to the agent's open session."""
        values = super()._prepare_payment_vals(payment_type, amount, ref, method)
        office = self.env["toll.office"].browse(values["toll_office_id"])
        if office and method in COUNTER_METHODS:
            session = self._claim_cash_session(office, payment_type, amount, method)
            values["toll_session_id"] = session.id
        return values

    def _claim_cash_session(self, office, payment_type, amount, method):
        session_sudo = self.env["toll.cash.session"]._claim(self.env.user, office)
        if method != "cash":
            return session_sudo
        if not session_sudo and office.sudo().session_required:
            raise RedirectWarning(
                self.env._(
                    "%(office)s takes and gives cash in a session only. Open your "
                    "till first; money that is being counted waits until then.",
                    office=office.sudo().name,
                ),
                self.env.ref("toll_account.toll_cash_session_action_mine").id,
                self.env._("Open My Till"),
            )
        if payment_type == "outbound" and session_sudo:
            left = session_sudo.amount_expected
            if self.currency_id.compare_amounts(amount, left) > 0:
                raise UserError(
                    self.env._(
                        "The till has %(left)s: give the rest back by transfer.",
                        left=self.currency_id.format(left),
                    )
                )
        return session_sudo
