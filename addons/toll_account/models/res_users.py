from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class ResUsers(models.Model):
    _inherit = "res.users"

    toll_office_id = fields.Many2one(
        "toll.office",
        index="btree_not_null",
        ondelete="set null",
        help="Where the person works: its till and its reports.",
    )
    toll_desk = fields.Char(
        string="Desk", size=12, help="Where the person calls customers to."
    )
    toll_queue_service_ids = fields.Many2many(
        "toll.queue.service",
        string="Services at the Counter",
        help="Tickets that the person is given. Empty: all.",
    )
    toll_operator_id = fields.Many2one(
        "toll.operator",
        index="btree_not_null",
        ondelete="restrict",
        help="For the integration user of an operator: the only operator it sees.",
    )

    toll_password_at = fields.Datetime(
        string="Password of", readonly=True, copy=False, groups="base.group_system"
    )
    toll_key_used_at = fields.Datetime(
        string="API Key Used", readonly=True, copy=False, groups="base.group_system"
    )

    def _set_password(self):
        result = super()._set_password()
        # whoever sets the password, also the person himself
        self.sudo().toll_password_at = fields.Datetime.now()
        return result

    def _toll_key_used(self):
        """Write down that a key of this user was used, once a day."""
        now = fields.Datetime.now()
        user_sudo = self.sudo()  # programs sign in with it
        last = user_sudo.toll_key_used_at
        if last and now - last <= timedelta(days=1):
            return
        if not self.env.cr.readonly:
            user_sudo.toll_key_used_at = now
            return
        # a call that only reads cannot write it; nothing was done in it yet
        self.env.cr.commit()  # pylint: disable=invalid-commit
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "UPDATE res_users SET toll_key_used_at = %s WHERE id = %s",
                    now,
                    self.id,
                )
            )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["toll_office_id"]

    def _get_invalidation_fields(self):
        """Record rules read the operator: a change of it counts at once."""
        return super()._get_invalidation_fields() | {"toll_operator_id"}

    @api.model
    def signup(self, values, token=None):
        """A password set through the link in the e-mail proves the address."""
        partner_sudo = self.env["res.partner"].sudo()  # nobody is signed in yet
        if token:
            partner_sudo = partner_sudo._signup_retrieve_partner(token)
        answer = super().signup(values, token=token)
        if partner_sudo:
            partner_sudo.toll_account_ids._confirm_web_signup()
        return answer


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _check_credentials(self, *, scope, key):
        uid = super()._check_credentials(scope=scope, key=key)
        # the model of trusted devices is made after this one
        if uid and self._name == "res.users.apikeys":
            self.env["res.users"].browse(uid)._toll_key_used()
        return uid
