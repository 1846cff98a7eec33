import os
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.base.models.res_users import check_identity
from odoo.addons.toll_account.core import keys

from ..queries import encoding as queries
from .faults import FAULTS

AGENT = "toll_account.group_toll_agent"
MANAGER = "toll_account.group_toll_manager"
# An agent that was silent for so long is gone; another one may take its place.
OFFLINE_AFTER = timedelta(seconds=90)
LEASE = timedelta(seconds=60)
# A sign of life is written no more often than this.
HEARTBEAT = timedelta(seconds=10)
STATES = [
    ("offline", "Offline"),
    ("idle", "Ready"),
    ("busy", "Encoding"),
    ("error", "Needs Attention"),
]


class TollEncoder(models.Model):
    """A TAG encoder and the agent beside it, which asks for work with its own key."""

    _name = "toll.encoder"
    _description = "TAG Encoder"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    office_id = fields.Many2one(
        "toll.office",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        default=lambda self: self.env.user.toll_office_id,
    )
    defective_location_id = fields.Many2one(
        "stock.location",
        string="Defective TAGs Go to",
        required=True,
        check_company=True,
        domain="[('usage', '=', 'internal'), ('company_id', '=', company_id)]",
        ondelete="restrict",
        default=lambda self: self._default_defective_location_id(),
        help="TAGs that cannot be written move here and cannot be assigned.",
    )
    protocol = fields.Selection(
        [
            ("m100", "M100 / QM100 (YRM100, UHF Unit)"),
            ("r200", "R200"),
            ("mercury", "ThingMagic Mercury (M5e, M6e, M7e)"),
            ("uhfreader18", "UHFReader18 (Chafon, ZK-RFID)"),
        ],
        required=True,
        default="m100",
        tracking=True,
    )
    url = fields.Char(
        string="Port",
        required=True,
        default="/dev/ttyUSB0",
        tracking=True,
        help="As the agent's machine sees it: /dev/ttyUSB0, COM3, "
        "socket://192.168.1.20:4001 or rfc2217://192.168.1.20:4001",
    )
    region = fields.Selection(
        [
            ("us", "Americas (902–928 MHz)"),
            ("eu", "Europe (865–868 MHz)"),
            ("cn", "China (920–925 MHz)"),
            ("kr", "Korea (917–923 MHz)"),
        ],
        required=True,
        default="us",
        tracking=True,
    )
    power_dbm = fields.Float(
        string="Power (dBm)",
        default=15.0,
        digits=(4, 1),
        tracking=True,
        help="Just enough for the one TAG on the plate: more power reads its "
        "neighbours too.",
    )
    poll_seconds = fields.Integer(
        string="Asks Every (s)",
        default=2,
        help="How often the agent asks for work while there is none.",
    )
    batch_ids = fields.Many2many("toll.encoding.batch", string="Batches")
    job_ids = fields.One2many("toll.encoding.job", "encoder_id", string="Jobs")
    done_count = fields.Integer(string="Encoded", compute="_compute_counts")
    rejected_count = fields.Integer(string="Rejected", compute="_compute_counts")
    state = fields.Selection(
        STATES, compute="_compute_state", search="_search_state", compute_sudo=True
    )

    # the key: found by its selector, known by its digest
    key_selector = fields.Char(copy=False, groups=fields.NO_ACCESS)
    key_digest = fields.Char(copy=False, groups=fields.NO_ACCESS)
    key_made_at = fields.Datetime(string="Key Made on", readonly=True, copy=False)

    # what the agent says
    last_seen_at = fields.Datetime(string="Last Seen", readonly=True, copy=False)
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
        help="Who is told when the encoder stays away while TAGs wait for it.",
    )
    offline_minutes = fields.Integer(
        string="Alert after (minutes)",
        default=10,
        help="How long it may be offline while TAGs wait for it. 0: no alert.",
    )
    offline_alert_at = fields.Datetime(
        string="Alerted on", readonly=True, copy=False, groups="base.group_user"
    )
    boot = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    host = fields.Char(string="Agent's Machine", readonly=True, copy=False)
    agent_version = fields.Char(readonly=True, copy=False)
    firmware = fields.Char(readonly=True, copy=False)
    writes_user_memory = fields.Boolean(
        readonly=True, copy=False, help="What the agent says of itself and the reader."
    )
    reported_power = fields.Float(
        string="Power Now (dBm)", readonly=True, copy=False, digits=(4, 1)
    )
    fault = fields.Selection(FAULTS, string="Trouble", readonly=True, copy=False)
    fault_message = fields.Char(string="In the Agent's Words", readonly=True)
    fault_count = fields.Integer(
        string="Times in a Row", readonly=True, copy=False, aggregator=None
    )
    retry_at = fields.Datetime(string="Goes on", readonly=True, copy=False)

    _key_selector_uniq = models.UniqueIndex(
        "(key_selector) WHERE key_selector IS NOT NULL"
    )
    _offline_minutes_check = models.Constraint(
        "CHECK (offline_minutes >= 0)", "The time until an alert is not negative."
    )
    _poll_seconds_range = models.Constraint(
        "CHECK (poll_seconds BETWEEN 1 AND 60)", "An agent asks every 1 to 60 seconds."
    )
    _power_dbm_range = models.Constraint(
        "CHECK (power_dbm BETWEEN 0 AND 33)", "The power is between 0 and 33 dBm."
    )

    @api.model
    def _default_defective_location_id(self):
        return self.env.company._toll_defective_location()

    # === COMPUTES AND SEARCHES === #

    @api.depends("last_seen_at", "fault", "job_ids.state")
    def _compute_state(self):
        alive = fields.Datetime.now() - OFFLINE_AFTER
        busy = {
            encoder
            for [encoder] in self.env["toll.encoding.job"]._read_group(
                [("encoder_id", "in", self.ids), ("state", "=", "sent")], ["encoder_id"]
            )
        }
        for encoder in self:
            if not encoder.last_seen_at or encoder.last_seen_at < alive:
                encoder.state = "offline"
            elif encoder.fault:
                encoder.state = "error"
            else:
                encoder.state = "busy" if encoder in busy else "idle"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        alive = fields.Datetime.now() - OFFLINE_AFTER
        online = fields.Domain("last_seen_at", ">=", alive)
        sound = online & fields.Domain("fault", "=", False)
        sent = fields.Domain([("job_ids", "any", [("state", "=", "sent")])])
        domains = {
            "offline": ~online,
            "error": online & fields.Domain("fault", "!=", False),
            "busy": sound & sent,
            "idle": sound & ~sent,
        }
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    def _trouble(self):
        """Why this encoder does not work, in a few words."""
        self.ensure_one()
        field = "state" if self.state == "offline" else "fault"
        labels = dict(self._fields[field]._description_selection(self.env))
        return labels.get(self[field], "")

    def _compute_counts(self):
        counts = {
            (encoder, state): count
            for encoder, state, count in self.env["toll.encoding.job"]._read_group(
                [("encoder_id", "in", self.ids), ("kind", "=", "encode")],
                ["encoder_id", "state"],
                ["__count"],
            )
        }
        for encoder in self:
            encoder.done_count = counts.get((encoder, "done"), 0)
            encoder.rejected_count = counts.get((encoder, "rejected"), 0)

    @api.constrains("url")
    def _check_url(self):
        for encoder in self:
            if any(not char.isprintable() or char.isspace() for char in encoder.url):
                raise ValidationError(
                    self.env._("%s: the port has no blanks.", encoder.name)
                )

    # === KEY === #

    @api.model
    def _authenticate(self, key):
        """The encoder whose key this is, or nobody."""
        selector, digest = keys.split_key(key) or ("", keys.digest(""))
        encoder = self.search([("key_selector", "=", selector)], limit=1)
        stored = encoder.key_digest or keys.digest("nobody")
        return encoder if keys.same(digest, stored) else self.browse()

    def _make_key(self):
        """A new key; the one before stops working. Its text is never stored."""
        self.ensure_one()
        self._check_manager()
        selector, secret = os.urandom(keys.SELECTOR_BYTES), os.urandom(32)
        key = keys.join_key(selector, secret)
        had = bool(self.key_made_at)
        encoder_sudo = self.sudo()  # the key's fields are nobody's to read or write
        encoder_sudo.write(
            {
                "key_selector": selector.hex(),
                "key_digest": keys.digest(key),
                "key_made_at": fields.Datetime.now(),
            }
        )
        self.message_post(
            body=self.env._("Key replaced: the one before no longer works.")
            if had
            else self.env._("Key made.")
        )
        return key

    def _check_manager(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only toll managers give keys to encoders."))

    @check_identity
    def action_make_key(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.users.apikeys.show",
            "name": self.env._("Key of the Encoder"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": self._make_key()},
        }

    def action_revoke_key(self):
        for encoder in self:
            encoder._check_manager()
            encoder_sudo = encoder.sudo()  # as in _make_key
            encoder_sudo.write(
                {"key_selector": False, "key_digest": False, "key_made_at": False}
            )
            encoder.message_post(body=self.env._("Key revoked."))
        return True

    # === ACTIONS === #

    def action_test_read(self):
        """Read the TAG on the plate: EPC, TID, signal, and whose it is."""
        self.ensure_one()
        job = self.env["toll.encoding.job"]._make_test_read(self)
        return job._action_form()

    def action_continue(self):
        """Do not wait any longer: the trouble is mended."""
        self._check_agent()
        encoders_sudo = self.sudo()  # agents run encoders, they do not configure them
        encoders_sudo._clear_fault()
        return True

    def _check_agent(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(AGENT):
            raise AccessError(self.env._("You are not allowed to run encoders."))

    def action_view_jobs(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_hw_bridge.toll_encoding_job_action"
        )
        return {**values, "domain": [("encoder_id", "=", self.id)], "context": {}}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for encoder in self:
            if encoder.sudo().job_ids:  # whoever may delete it, used is used
                raise UserError(
                    self.env._(
                        "Encoder %s has written TAGs and stays on record: archive it.",
                        encoder.name,
                    )
                )

    # === WHAT THE AGENT TELLS === #

    def _lock(self):
        """One question at a time; what is read from now on is current."""
        self.env.flush_all()  # statements read tables, not the cache
        self.env.execute_query(queries.lock_encoder(self))
        self.invalidate_recordset()

    def _is_other_agent(self, boot, host=None):
        """Whether another agent works with this key right now.

        The same machine may start again at once; another machine takes over when the
        first one has been silent for a while.
        """
        alive = self.last_seen_at and (
            self.last_seen_at > fields.Datetime.now() - LEASE
        )
        restarted = host and host == self.host
        return bool(self.boot and self.boot != boot and alive and not restarted)

    def _set_seen(self, **vals):
        """A sign of life; written only when it says something new."""
        now = fields.Datetime.now()
        changed = {name: vals[name] for name in vals if self[name] != vals[name]}
        if changed or not self.last_seen_at or self.last_seen_at < now - HEARTBEAT:
            self.with_context(tracking_disable=True).write(
                {**changed, "last_seen_at": now}
            )

    def _set_fault(self, code, text, seconds):
        """The encoder has the same kind of trouble once more."""
        repeated = self.fault_count + 1 if self.fault == code else 1
        now = fields.Datetime.now()
        self.write(
            {
                "fault": code,
                "fault_message": text,
                "fault_count": repeated,
                "retry_at": now + timedelta(seconds=seconds(code, repeated)),
                "last_seen_at": now,
            }
        )

    def _clear_fault(self):
        faulty = self.filtered("fault")
        faulty.write(
            {
                "fault": False,
                "fault_message": False,
                "fault_count": 0,
                "retry_at": False,
            }
        )
