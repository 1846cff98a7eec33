import os
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.base.models.res_users import check_identity
from odoo.addons.toll_account.core import keys

from ..core import handheld as core

MANAGER = "toll_account.group_toll_manager"
CODE_LASTS = timedelta(minutes=15)
CODE_TRIES = 5
# A sign of life is written no more often than this.
HEARTBEAT = timedelta(seconds=30)


class TollHandheld(models.Model):
    """A tablet or telephone beside the lanes, which works with a key of its own."""

    _name = "toll.handheld"
    _description = "Hand-held Device"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    operator_id = fields.Many2one(
        "toll.operator",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('is_charger', '=', True), ('company_id', 'in', (company_id, False))]",
    )
    plaza_ids = fields.Many2many(
        "toll.plaza",
        string="Plazas",
        required=True,
        domain="[('operator_id', '=', operator_id)]",
        help="Where it is used. A capture at another plaza is held for review.",
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Staff in Charge",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who works with it. They choose their name when they begin a shift.",
    )
    shift_count = fields.Integer(string="Shifts a Day", default=3, required=True)
    undo_minutes = fields.Integer(
        string="Undo within (minutes)",
        default=10,
        required=True,
        help="How long the person who captured a crossing may take it back.",
    )
    skew_limit_seconds = fields.Integer(
        string="Clock May Differ (s)",
        default=120,
        required=True,
        help="Captured times are always corrected by the server's clock. Where the "
        "device's clock was further off than this, they are marked.",
    )
    use_location = fields.Boolean(
        string="Note the Place of Checks",
        tracking=True,
        help="Roadside checks are noted with the device's position, if the person "
        "who holds it allows that.",
    )
    instruction = fields.Text(
        string="What to Do",
        translate=True,
        help="Shown when a TAG is blocked, lost or stolen; a text of the app if empty.",
    )
    state = fields.Selection(
        [
            ("new", "To Enrol"),
            ("enrolled", "In Use"),
            ("revoked", "Revoked"),
            ("lost", "Lost"),
        ],
        required=True,
        readonly=True,
        default="new",
        copy=False,
        tracking=True,
        index=True,
    )

    # the key: found by its selector, known by its digest
    key_selector = fields.Char(copy=False, groups=fields.NO_ACCESS)
    key_digest = fields.Char(copy=False, groups=fields.NO_ACCESS)
    key_made_at = fields.Datetime(string="Enrolled on", readonly=True, copy=False)
    # the code by which a device gets its key, once
    code_selector = fields.Char(copy=False, groups=fields.NO_ACCESS)
    code_digest = fields.Char(copy=False, groups=fields.NO_ACCESS)
    code_tries = fields.Integer(copy=False, groups=fields.NO_ACCESS)
    code_expires_at = fields.Datetime(copy=False, groups=fields.NO_ACCESS)

    # what the device says
    last_seen_at = fields.Datetime(string="Last Seen", readonly=True, copy=False)
    last_sync_at = fields.Datetime(string="Last Sync", readonly=True, copy=False)
    list_sent_at = fields.Datetime(string="List Sent", readonly=True, copy=False)
    list_version = fields.Integer(readonly=True, copy=False, aggregator=None)
    app_version = fields.Char(readonly=True, copy=False)
    queue_length = fields.Integer(
        string="Waiting There",
        readonly=True,
        copy=False,
        help="Rows that were still on the device when it last spoke.",
    )
    skew_seconds = fields.Float(
        string="Clock Behind (s)",
        digits=(16, 1),
        readonly=True,
        copy=False,
        aggregator=None,
        help="How far the device's clock was behind the server's at the last sync.",
    )
    capture_count = fields.Integer(string="Captures", compute="_compute_counts")
    held_count = fields.Integer(string="To Review", compute="_compute_counts")
    check_count = fields.Integer(string="Checks", compute="_compute_counts")

    _key_selector_uniq = models.UniqueIndex(
        "(key_selector) WHERE key_selector IS NOT NULL"
    )
    _code_selector_uniq = models.UniqueIndex(
        "(code_selector) WHERE code_selector IS NOT NULL"
    )
    _limits_check = models.Constraint(
        "CHECK (shift_count BETWEEN 1 AND 6 AND undo_minutes BETWEEN 0 AND 1440"
        " AND skew_limit_seconds BETWEEN 5 AND 3600)",
        "1 to 6 shifts a day, undo within a day, clocks 5 to 3600 seconds apart.",
    )

    # === COMPUTES AND CONSTRAINTS === #

    def _compute_counts(self):
        def count(model, domain):
            groups = self.env[model]._read_group(
                [("handheld_id", "in", self.ids), *domain],
                ["handheld_id"],
                ["__count"],
            )
            return dict(groups)

        captures = count("toll.handheld.capture", [("kind", "=", "capture")])
        held = count("toll.handheld.capture", [("state", "=", "held")])
        checks = count("toll.handheld.check", [])
        for handheld in self:
            handheld.capture_count = captures.get(handheld, 0)
            handheld.held_count = held.get(handheld, 0)
            handheld.check_count = checks.get(handheld, 0)

    @api.constrains("operator_id", "plaza_ids", "company_id")
    def _check_operator(self):
        for handheld in self:
            operator = handheld.operator_id
            strange = handheld.plaza_ids.filtered(
                lambda p, o=operator: p.operator_id != o
            )
            if strange:
                raise ValidationError(
                    self.env._(
                        "%(plaza)s is not a plaza of %(operator)s.",
                        plaza=strange[0].display_name,
                        operator=operator.name,
                    )
                )
            if operator.company_id and operator.company_id != handheld.company_id:
                raise ValidationError(
                    self.env._("The operator belongs to another company.")
                )

    def write(self, vals):
        if "operator_id" in vals and not self.env.su:
            for handheld in self:
                if handheld.operator_id.id != vals["operator_id"]:
                    handheld._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for handheld in self:
            handheld._check_unused()

    def _check_unused(self):
        domain = [("handheld_id", "=", self.id)]
        used = any(
            self.env[model].sudo().search_count(domain, limit=1)  # whoever may see it
            for model in ("toll.handheld.capture", "toll.handheld.check")
        )
        if used:
            raise UserError(
                self.env._(
                    "%s has been used: archive it and make a new one.", self.name
                )
            )

    # === ENROLMENT === #

    def _check_manager(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only toll managers enrol devices."))

    def _make_code(self):
        """A code by which a device gets its key; the text is never stored.

        The key before stops working when the code is used.
        """
        self.ensure_one()
        self._check_manager()
        if not self.active:
            raise UserError(self.env._("This device is archived."))
        code = core.make_code(os.urandom(core.SELECTOR + core.SECRET))
        selector, text = core.split_code(code)
        handheld_sudo = self.sudo()  # the code's fields are nobody's to read or write
        # a selector that chance gave to another device's old code is free again
        handheld_sudo.with_context(active_test=False).search(
            [("code_selector", "=", selector), ("id", "!=", self.id)]
        )._forget_code()
        handheld_sudo.write(
            {
                "code_selector": selector,
                "code_digest": keys.digest(text),
                "code_tries": 0,
                "code_expires_at": fields.Datetime.now() + CODE_LASTS,
            }
        )
        self.message_post(body=self.env._("Enrolment code made."))
        return code

    def _forget_code(self):
        self.write(
            {
                "code_selector": False,
                "code_digest": False,
                "code_tries": 0,
                "code_expires_at": False,
            }
        )

    @api.model
    def _enrol(self, typed, app_version):
        """(device, its key) for a code that is right, or None.

        A wrong code counts against the device whose public part it begins with; after a
        few of them only a new code helps.
        """
        selector, code = core.split_code(typed) or ("", "")
        handheld = self.search([("code_selector", "=", selector or "-")], limit=1)
        now = fields.Datetime.now()
        if not handheld or handheld.code_expires_at < now:
            return None
        if not keys.same(keys.digest(code), handheld.code_digest):
            handheld.code_tries += 1
            if handheld.code_tries >= CODE_TRIES:
                handheld._forget_code()
                handheld.message_post(
                    body=self.env._("Enrolment code voided: too many wrong tries.")
                )
            return None
        key_selector, secret = os.urandom(keys.SELECTOR_BYTES), os.urandom(32)
        key = keys.join_key(key_selector, secret)
        handheld._forget_code()
        handheld.write(
            {
                "key_selector": key_selector.hex(),
                "key_digest": keys.digest(key),
                "key_made_at": now,
                "state": "enrolled",
                "last_seen_at": now,
                "app_version": app_version[:32],
            }
        )
        handheld.message_post(body=self.env._("Enrolled: the device has its key."))
        return handheld, key

    @api.model
    def _authenticate(self, key):
        """The device whose key this is, whatever its state, or nobody."""
        selector, digest = keys.split_key(key) or ("", keys.digest(""))
        handheld = self.with_context(active_test=False).search(
            [("key_selector", "=", selector)], limit=1
        )
        stored = handheld.key_digest or keys.digest("nobody")
        return handheld if keys.same(digest, stored) else self.browse()

    @check_identity
    def action_enrol(self):
        """Show a code, once."""
        code = self._make_code()
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.handheld.code",
            "name": self.env._("Enrol %s", self.name),
            "views": [(False, "form")],
            "target": "new",
            "context": self.env["toll.handheld.code"]._prepare_defaults(code),
        }

    def action_revoke(self):
        return self._end_key("revoked", self.env._("Key revoked."))

    def action_lost(self):
        return self._end_key("lost", self.env._("Reported lost: its key is refused."))

    def _end_key(self, state, body):
        """Refuse the key from now on; it stays known, so the device is told why."""
        for handheld in self:
            handheld._check_manager()
            handheld_sudo = handheld.sudo()  # as in _make_code
            handheld_sudo._forget_code()
            handheld_sudo.state = state
            handheld.message_post(body=body)
        return True

    # === WHAT A DEVICE IS TOLD === #

    def _set_seen(self, **vals):
        """A sign of life; written only when it says something new."""
        now = fields.Datetime.now()
        changed = {name: vals[name] for name in vals if self[name] != vals[name]}
        if changed or not self.last_seen_at or self.last_seen_at < now - HEARTBEAT:
            self.with_context(tracking_disable=True).write(
                {**changed, "last_seen_at": now}
            )

    def _prepare_settings(self):
        """All that the device needs to work alone."""
        self.ensure_one()
        operator = self.operator_id
        return {
            "device": self.name,
            "operator": operator.name,
            "plazas": [
                {
                    "code": plaza.code,
                    "name": plaza.name,
                    "lanes": [
                        {"code": lane.code, "direction": lane.direction or ""}
                        for lane in plaza.lane_ids
                        if lane.active
                    ],
                }
                for plaza in self.plaza_ids.filtered("active")
            ],
            "classes": [
                {"code": line.code, "name": line.class_id.name}
                for line in operator.class_map_ids
            ],
            "staff": [
                {"id": user.id, "name": user.name, "lang": (user.lang or "en")[:2]}
                for user in self.user_ids.filtered("active")
            ],
            "shifts": self.shift_count,
            "undo_minutes": self.undo_minutes,
            "skew_limit": self.skew_limit_seconds,
            "use_location": self.use_location,
            "instruction": {
                lang: self.with_context(lang=code).instruction or ""
                for lang, code in self._languages().items()
            },
        }

    @api.model
    def _languages(self):
        """Odoo's language for each of the app's two, where it is installed."""
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        return {
            lang: next((code for code in installed if code[:2] == lang), "en_US")
            for lang in ("en", "es")
        }

    # === ACTIONS === #

    def _action_rows(self, xml_id, domain=()):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(xml_id)
        return {
            **action,
            "domain": [("handheld_id", "=", self.id), *domain],
            "context": {},
        }

    def action_view_captures(self):
        return self._action_rows("toll_billing.toll_handheld_capture_action")

    def action_view_held(self):
        return self._action_rows(
            "toll_billing.toll_handheld_capture_action", [("state", "=", "held")]
        )

    def action_view_checks(self):
        return self._action_rows("toll_billing.toll_handheld_check_action")
