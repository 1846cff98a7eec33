from ast import literal_eval
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..core import broadcast as core
from ..queries import broadcast as queries

#: Lines told before the work is committed.
CHUNK = 50
CRON = "toll_account.ir_cron_toll_broadcast"
FATES = ("waiting", "queued", "sent", "failed", "no_consent", "no_address", "cancelled")


class TollBroadcast(models.Model):
    """One message to many customers, each by the channel of their choice."""

    _name = "toll.broadcast"
    _description = "Mass Message"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "id desc"

    _guarded = frozenset({"state", "started_at", "ended_at"})

    name = fields.Char(string="Title", required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    kind = fields.Selection(
        [
            ("service", "About the Service"),
            ("marketing", "Offers and News"),
        ],
        required=True,
        default="service",
        tracking=True,
        help="Offers and news go only to customers who agreed to them. What concerns "
        "the service (closures, new terms) goes to all but those who want nothing.",
    )
    domain = fields.Char(
        string="Customers", required=True, default="[('state', '=', 'active')]"
    )
    is_once = fields.Boolean(
        string="Once per Customer",
        default=True,
        help="Customers with several accounts get one message, about the oldest.",
    )
    subject = fields.Char(required=True, translate=True)
    text = fields.Text(
        required=True,
        translate=True,
        help="Plain text. Placeholders: {name}, {account}, {balance}, {company}, "
        "{plates}. The customer's language decides which version goes out.",
    )
    send_at = fields.Datetime(string="Not Before", tracking=True)
    pace = fields.Integer(
        string="Messages a Minute", default=300, help="0: as fast as it goes."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("ready", "Recipients Chosen"),
            ("running", "Sending"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    started_at = fields.Datetime(readonly=True, copy=False)
    ended_at = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("toll.broadcast.line", "broadcast_id", copy=False)
    total = fields.Integer(compute="_compute_counts")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    sent_count = fields.Integer(string="Sent", compute="_compute_counts")
    failed_count = fields.Integer(string="Failed", compute="_compute_counts")
    no_consent_count = fields.Integer(string="No Consent", compute="_compute_counts")
    no_address_count = fields.Integer(string="No Address", compute="_compute_counts")
    cancelled_count = fields.Integer(string="Cancelled", compute="_compute_counts")
    email_count = fields.Integer(string="By E-mail", compute="_compute_counts")
    sms_count = fields.Integer(string="By Text Message", compute="_compute_counts")
    whatsapp_count = fields.Integer(string="By WhatsApp", compute="_compute_counts")
    progress = fields.Float(string="Done (%)", compute="_compute_counts")
    preview_account_id = fields.Many2one(
        "toll.account",
        string="As Account",
        domain="[('company_id', '=', company_id)]",
        compute="_compute_preview_account_id",
        store=True,
        readonly=False,
        copy=False,
        ondelete="set null",
    )
    preview = fields.Text(compute="_compute_preview")
    preview_parts = fields.Integer(
        string="Text Messages Each",
        compute="_compute_preview",
        help="As providers count them: 160 characters, or 70 with letters such as á.",
    )

    _pace_positive = models.Constraint(
        "CHECK (pace >= 0)", "The number of messages a minute is not negative."
    )

    @api.depends("line_ids.state", "line_ids.channel")
    def _compute_counts(self):
        groups = self.env["toll.broadcast.line"]._read_group(
            [("broadcast_id", "in", self._origin.ids)],
            ["broadcast_id", "state", "channel"],
            ["__count"],
        )
        for record in self:
            own = [g[1:] for g in groups if g[0] == record._origin]
            fate = dict.fromkeys(FATES, 0)
            by = dict.fromkeys(("email", "sms", "whatsapp", False), 0)
            for state, channel, count in own:
                fate[state] += count
                by[channel] += count
            for channel in ("email", "sms", "whatsapp"):
                record[f"{channel}_count"] = by[channel]
            for name in FATES[2:]:
                record[f"{name}_count"] = fate[name]
            record.waiting_count = fate["waiting"] + fate["queued"]
            record.total = sum(fate.values())
            over = record.total - record.waiting_count
            record.progress = 100 * over / record.total if record.total else 0

    @api.depends("company_id")
    def _compute_preview_account_id(self):
        for record in self:
            if record.preview_account_id.company_id != record.company_id:
                record.preview_account_id = self.env["toll.account"].search(
                    [("company_id", "=", record.company_id.id)], limit=1
                )

    @api.depends("subject", "text", "kind", "preview_account_id")
    def _compute_preview(self):
        for record in self:
            account = record.preview_account_id
            if not account:
                record.update({"preview": False, "preview_parts": 0})
                continue
            subject, text = record._get_words(account)
            record.preview = f"{subject}\n\n{text}"
            record.preview_parts = core.count_parts(text)

    # === CHECKS === #
    @api.constrains("subject", "text")
    def _check_placeholders(self):
        for record in self:
            for lang, _name in self.env["res.lang"].get_installed():
                words = record.with_context(lang=lang)
                wrong = core.unknown_placeholders(f"{words.subject} {words.text}")
                if wrong:
                    raise ValidationError(
                        self.env._(
                            "{%(wrong)s} is no placeholder; there are: %(known)s",
                            wrong=wrong[0],
                            known=", ".join(f"{{{n}}}" for n in core.PLACEHOLDERS),
                        )
                    )

    @api.constrains("domain")
    def _check_domain(self):
        for record in self:
            record._get_accounts_query()

    def _get_accounts_query(self):
        """The accounts that are chosen, of those that one may see."""
        self.ensure_one()
        try:
            chosen = Domain(literal_eval(self.domain or "[]"))
            chosen &= Domain("company_id", "=", self.company_id.id)
            return self.env["toll.account"]._search(chosen)
        except (ValueError, SyntaxError, TypeError, KeyError) as error:
            raise ValidationError(
                self.env._("This choice of customers is not understood: %s", error)
            ) from error

    def write(self, vals):
        content = {"domain", "kind", "is_once", "company_id", "subject", "text"}
        if content & vals.keys() and self.filtered(lambda r: r.state != "draft"):
            raise UserError(
                self.env._("Go back to the draft first: the recipients are chosen.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unsent(self):
        if self.filtered(lambda record: record.state not in ("draft", "ready")):
            raise UserError(
                self.env._("What has begun stays: it says who was told what.")
            )

    # === ACTIONS === #
    def _check_state(self, *states):
        self.check_access("write")
        if self.filtered(lambda record: record.state not in states):
            raise UserError(self.env._("This is not possible in this state any more."))

    def action_choose(self):
        """Find the recipients, the channel of each, and who gets nothing."""
        self._check_state("draft", "ready")
        gateways = self.env["toll.gateway"]
        for record in self:
            channels = gateways._get_channels(record.company_id)
            query = record._get_accounts_query()
            record._clear()
            self.env.flush_all()
            self.env.cr.execute(queries.choose(record, query.subselect(), channels))
            record._sent_to_database()
            if not record.total:
                raise UserError(self.env._("No account is chosen: widen the choice."))
            record.sudo().state = "ready"  # the right to write is checked above

    def _clear(self):
        # lines are written by the system only
        self.env["toll.broadcast.line"].sudo().search(
            [("broadcast_id", "in", self.ids)]
        ).unlink()

    def _sent_to_database(self):
        """Lines were written by set."""
        self.env["toll.broadcast.line"].invalidate_model(flush=False)
        self.invalidate_recordset(flush=False)

    def action_draft(self):
        self._check_state("ready")
        self._clear()
        self.sudo().state = "draft"  # the right to write is checked above

    def action_send(self):
        self._check_state("ready")
        now = fields.Datetime.now()
        for record in self:
            if not record.waiting_count:
                raise UserError(
                    self.env._("Nobody of those chosen may or can be written to.")
                )
            # the right to write is checked above
            record.sudo().write({"state": "running", "started_at": now})
            cron_sudo = self.env.ref(CRON).sudo()  # its time is the system's
            cron_sudo._trigger(max(record.send_at or now, now))

    def action_cancel(self):
        """Stop: what waits gets nothing; what is on its way is called back."""
        self._check_state("running")
        self.env.flush_all()
        for record in self:
            record._follow()
            self.env.cr.execute(queries.cancel(record))
            record._sent_to_database()
            record._call_back()
            # the right to write is checked above
            record.sudo().write(
                {"state": "cancelled", "ended_at": fields.Datetime.now()}
            )

    def _call_back(self):
        """Take out of outbox and mail queue what they have not sent yet."""
        # both are the system's
        lines_sudo = self.env["toll.broadcast.line"].sudo()
        lines_sudo = lines_sudo.search(
            [("broadcast_id", "=", self.id), ("state", "=", "queued")]
        )
        messages = lines_sudo.message_id.filtered(lambda m: m.state == "queued")
        messages.write({"state": "failed", "error": self.env._("It was cancelled.")})
        mails_sudo = self.env["mail.mail"].sudo()
        mails_sudo = mails_sudo.search(
            [
                ("mail_message_id", "in", lines_sudo.mail_message_id.ids),
                ("state", "=", "outgoing"),
            ]
        )
        mail_messages = mails_sudo.mail_message_id
        mails_sudo.cancel()
        mail_messages.notification_ids.write({"notification_status": "canceled"})
        lines_sudo.filtered(
            lambda line: (
                line.message_id in messages or line.mail_message_id in mail_messages
            )
        ).state = "cancelled"

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_broadcast_line_action"
        )
        state = self.env.context.get("toll_state")
        context = {f"search_default_{state}": 1} if state else {}
        domain = [("broadcast_id", "=", self.id)]
        return action | {"domain": domain, "context": context}

    # === SENDING === #
    @api.model
    def _cron_send(self):
        """Tell whom it is time to tell; each chunk is committed with its outcome."""
        now = fields.Datetime.now()
        due = Domain("send_at", "=", False) | Domain("send_at", "<=", now)
        for record in self.search(Domain("state", "=", "running") & due, order="id"):
            told = 1
            while told:
                told = record._send_chunk()
                if not self.env["ir.cron"]._commit_progress(told) and told:
                    return
            record._finish()
            self.env["ir.cron"]._commit_progress()

    def _send_chunk(self):
        """Tell some more; answer how many were dealt with, 0: nobody for now."""
        self.ensure_one()
        now = fields.Datetime.now()
        lines = self.env["toll.broadcast.line"]
        limit = CHUNK
        if self.pace:
            told = lines.search_count(
                [
                    ("broadcast_id", "=", self.id),
                    ("told_at", ">", now - timedelta(minutes=1)),
                ]
            )
            limit = min(limit, self.pace - told)
        if limit <= 0 or self.state != "running":
            return 0
        due = Domain("next_try_at", "=", False) | Domain("next_try_at", "<=", now)
        waiting = Domain("broadcast_id", "=", self.id) & Domain("state", "=", "waiting")
        chunk = lines.search(waiting & due, limit=limit).try_lock_for_update()
        allowed = self._find_allowed(chunk.partner_id)
        for line in chunk:
            line._tell(now, line.partner_id in allowed)
        if chunk.mail_message_id:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        return len(chunk)

    def _find_allowed(self, partners):
        """Those who may be written to now; they may have said no meanwhile."""
        allowed = partners.filtered(lambda p: p.toll_channel != "none")
        if self.kind != "marketing":
            return allowed
        last = {}
        for consent in self.env["toll.consent"].search(
            [("partner_id", "in", allowed.ids), ("purpose", "=", "marketing")]
        ):  # the newest come first
            last.setdefault(consent.partner_id, consent.granted)
        return allowed.filtered(
            lambda p: last.get(p) and p.toll_channel not in ("phone", "post")
        )

    def _follow(self):
        self.env.flush_all()
        self.env.cr.execute(queries.follow(self))
        self._sent_to_database()

    def _finish(self):
        """Learn what became of the messages; the last one ends it."""
        self._follow()
        if self.state != "running" or self.waiting_count:
            return
        self.write({"state": "done", "ended_at": fields.Datetime.now()})
        self.message_post(
            body=self.env._(
                "%(sent)s sent, %(failed)s failed, %(consent)s without consent, "
                "%(address)s without address.",
                sent=self.sent_count,
                failed=self.failed_count,
                consent=self.no_consent_count,
                address=self.no_address_count,
            )
        )


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def action_broadcast(self):
        """A message to the accounts that are ticked."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mass Message"),
            "res_model": "toll.broadcast",
            "view_mode": "form",
            "context": {"default_domain": repr([("id", "in", self.ids)])},
        }
