from odoo import models
from odoo.exceptions import UserError

NOTE_LENGTH = 200


class TollVehicle(models.Model):
    """Customers act on the TAG of their own vehicle, and on no other.

    Each method checks that the user may read the vehicle, which the record rules
    allow to its customer only; then it calls the TAG's own business method.
    """

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.vehicle"

    def _toll_portal_tag(self):
        """The TAG in use on this vehicle, in superuser mode, or an error."""
        self.ensure_one()
        self.check_access("read")
        # Customers may not read stock; what they may do is the caller's choice.
        tag_sudo = self.sudo().toll_tag_id
        if not tag_sudo or tag_sudo.toll_account_id != self.sudo().account_id:
            raise UserError(self.env._("There is no TAG on this vehicle."))
        return tag_sudo

    def _toll_portal_block(self):
        """Lanes must refuse the TAG until the customer allows it again."""
        tag_sudo = self._toll_portal_tag()
        if tag_sudo.toll_state == "blocked":
            raise UserError(self.env._("The TAG is blocked already."))
        tag_sudo.toll_block("customer_request")
        self._toll_portal_note(self.env._("Blocked by the customer: TAG %s."), tag_sudo)

    def _toll_portal_unblock(self):
        """Only what the customer blocked may the customer allow again."""
        tag_sudo = self._toll_portal_tag()
        current = tag_sudo.toll_status_ids.filtered(lambda row: not row.date_to)
        if tag_sudo.toll_state != "blocked" or current.filtered(
            lambda row: row.reason != "customer_request"
        ):
            raise UserError(
                self.env._(
                    "This TAG was not blocked by you: please send us a request, or "
                    "settle what is open in your account."
                )
            )
        tag_sudo.toll_unblock()
        self._toll_portal_note(
            self.env._("Unblocked by the customer: TAG %s."), tag_sudo
        )

    def _toll_portal_lost(self, reason="lost"):
        """The TAG is gone: blocked for good, and an agent sees to a new one."""
        tag_sudo = self._toll_portal_tag()
        tag_sudo.toll_report_lost(reason)
        account = self.account_id
        self.env["toll.request"]._open_for_customer(
            "tag_lost",
            account,
            self.env._(
                "TAG %(tag)s of vehicle %(plate)s was reported in the virtual office "
                "as no longer there. It is blocked.",
                tag=tag_sudo.name,
                plate=self.plate,
            ),
            {"vehicle_id": self.id},
        )
        self._toll_portal_note(
            self.env._("Reported as gone by the customer: TAG %s."), tag_sudo
        )

    def _toll_portal_note(self, text, tag_sudo):
        # the history of the account is written by the system for the customer
        self.sudo().account_id._message_log(
            body=text % tag_sudo.name, author_id=self.env.user.partner_id.id
        )
