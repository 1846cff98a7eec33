"""API access of toll operators: one integration user per operator, keys shown once."""

import hashlib
import hmac
import os

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools.lru import LRU

from ..queries import api_key as queries

# What this process has verified: keyed digests under a secret that it forgets.
_SECRET = os.urandom(32)
_VERIFIED = LRU(1024)

API_GROUP = "toll_account.group_toll_operator_api"
MANAGER_GROUP = "toll_account.group_toll_manager"


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.constrains("group_ids", "toll_operator_id")
    def _check_toll_operator_api(self):
        """A key that belongs to nobody must never post crossings."""
        api_group = self.env.ref(API_GROUP)
        internal = self.env.ref("base.group_user")
        for user in self:
            if api_group not in user.all_group_ids:
                continue
            if not user.toll_operator_id:
                raise ValidationError(
                    self.env._(
                        "%(user)s is an integration user of a toll operator:"
                        " choose the operator.",
                        user=user.name,
                    )
                )
            if internal in user.all_group_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s works in the back office and cannot be an"
                        " integration user of a toll operator at the same time.",
                        user=user.name,
                    )
                )

    @tools.ormcache("self.id")
    def _get_operator_id(self):
        """Id of the operator that this integration user posts for, or False.

        Asked with every event. Like the record rules that read it, it is forgotten
        when the field changes (``_get_invalidation_fields``).
        """
        return self.toll_operator_id.id


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _check_credentials(self, *, scope, key):
        """Hash a key once per process, not once per request.

        The slow hash costs more than posting a crossing. What was verified is
        remembered together with the stored hash, and the row is read every time: a key
        that is revoked, expired or changed is refused at once.
        """
        rows = self.env.execute_query(queries.candidates(key, scope))
        if len(rows) != 1:
            return super()._check_credentials(scope=scope, key=key)
        user_id, stored = rows[0]
        message = f"{key}\0{stored}".encode()
        digest = hmac.digest(_SECRET, message, hashlib.sha256)
        if digest in _VERIFIED:
            return user_id
        user_id = super()._check_credentials(scope=scope, key=key)
        if user_id:
            _VERIFIED[digest] = True
        return user_id


class TollOperator(models.Model):
    _inherit = "toll.operator"

    api_key_count = fields.Integer(
        string="API Keys", compute="_compute_api_key_count", groups=MANAGER_GROUP
    )

    def _compute_api_key_count(self):
        # Keys are readable by their owner only; the number of them is not a secret.
        keys_sudo = self.env["res.users.apikeys"].sudo()
        counts = {}
        for user, count in keys_sudo._read_group(
            [("user_id.toll_operator_id", "in", self.ids)], ["user_id"], ["__count"]
        ):
            operator_id = user.toll_operator_id.id
            counts[operator_id] = counts.get(operator_id, 0) + count
        for operator in self:
            operator.api_key_count = counts.get(operator.id, 0)

    def _check_api_manager(self):
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._("Only toll managers give an operator access to the API.")
            )

    def _get_api_user(self):
        """The operator's integration user, if there is one."""
        users_sudo = self.env["res.users"].sudo()  # managers may not read all users
        return users_sudo.search(
            [
                ("toll_operator_id", "=", self.id),
                ("all_group_ids", "in", self.env.ref(API_GROUP).ids),
            ],
            limit=1,
        )

    def _prepare_api_user_vals(self):
        company = self.company_id or self.env.company
        return {
            "name": self.env._("%(operator)s (integration)", operator=self.name),
            "login": f"toll-api-{self.code}".lower(),
            "toll_operator_id": self.id,
            "company_id": company.id,
            "company_ids": [(6, 0, company.ids)],
            "group_ids": [(6, 0, self.env.ref(API_GROUP).ids)],
            "tz": self.tz,
        }

    def _make_api_key(self, name, expires_at):
        """A new key for the operator's integration user; the text is never stored."""
        self.ensure_one()
        self._check_api_manager()
        if not self.is_charger:
            raise UserError(
                self.env._("Only a toll charger sends crossings; this is none.")
            )
        # Managers are not system administrators: the user and the key are made for
        # them, with these values only.
        users_sudo = self.env["res.users"].sudo().with_context(no_reset_password=True)
        user_sudo = self._get_api_user() or users_sudo.create(
            self._prepare_api_user_vals()
        )
        keys_sudo = self.env["res.users.apikeys"].with_user(user_sudo).sudo()
        key = keys_sudo._generate(None, name, expires_at)
        self.message_post(
            body=self.env._(
                "API key “%(name)s” made for %(login)s, valid until %(date)s.",
                name=name,
                login=user_sudo.login,
                date=fields.Date.to_string(expires_at),
            )
        )
        return key

    def action_open_api_key(self):
        self.ensure_one()
        self._check_api_manager()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New API Key"),
            "res_model": "toll.operator.api.key",
            "view_mode": "form",
            "target": "new",
            "context": {"default_operator_id": self.id},
        }

    def action_revoke_api_keys(self):
        """Every key of the operator stops working now."""
        for operator in self:
            operator._check_api_manager()
            user_sudo = operator._get_api_user()
            keys_sudo = self.env["res.users.apikeys"].sudo()
            keys_sudo = keys_sudo.search([("user_id", "in", user_sudo.ids)])
            names = ", ".join(keys_sudo.mapped("name"))
            if keys_sudo:
                keys_sudo.unlink()
                operator.message_post(
                    body=self.env._("API keys revoked: %(names)s.", names=names)
                )
