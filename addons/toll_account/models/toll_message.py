from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import gateway as core
from ..queries import message as queries
from .toll_gateway import GatewayError

#: Messages taken at a time, and how long they are ours.
BATCH = 20
LEASE = timedelta(minutes=15)
#: A message that waited longer is news no more.
STALE = timedelta(days=2)


class TollMessage(models.Model):
    """One message to a customer by text or WhatsApp, and what became of it."""

    _name = "toll.message"
    _description = "Message to a Customer"
    _order = "id desc"
    _rec_name = "ref"

    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    gateway_id = fields.Many2one(
        "toll.gateway", readonly=True, index=True, ondelete="restrict"
    )
    channel = fields.Selection(
        [("sms", "Text message"), ("whatsapp", "WhatsApp")],
        required=True,
        readonly=True,
    )
    purpose = fields.Selection(
        [
            ("low_balance", "Low balance"),
            ("request", "Answer to a request"),
            ("receipt", "Top-up received"),
            ("invoice", "Invoice"),
            ("broadcast", "Mass message"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
        default="other",
    )
    to = fields.Char(string="Number", readonly=True)
    subject = fields.Char(readonly=True)
    text = fields.Text(readonly=True)
    ref = fields.Char(
        string="Reference",
        required=True,
        readonly=True,
        help="The same reference never goes out twice.",
    )
    provider_ref = fields.Char(
        string="Provider's Id", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("queued", "Waiting"),
            ("sending", "On Its Way"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="queued",
    )
    tries = fields.Integer(readonly=True, aggregator=None)
    next_try_at = fields.Datetime(string="Next Try", readonly=True)
    sent_at = fields.Datetime(readonly=True)
    delivered_at = fields.Datetime(readonly=True)
    error = fields.Char(readonly=True)
    is_mailed = fields.Boolean(
        string="By E-mail Instead", readonly=True, help="Because it failed for good."
    )

    _ref_uniq = models.Constraint(
        "UNIQUE (ref)", "A message with this reference exists already."
    )
    _waiting_idx = models.Index("(next_try_at) WHERE state IN ('queued', 'sending')")
    _cap_idx = models.Index("(partner_id, sent_at) WHERE sent_at IS NOT NULL")

    # === QUEUE === #

    @api.model
    def _queue(self, account, purpose, text, ref, subject=None):
        """Put a message in the outbox where the customer wants one; else nothing.

        An empty answer means: write an e-mail. Asked again, nothing is added.
        """
        outbox_sudo = self.sudo()  # the system writes to the customer, whoever acts
        known = outbox_sudo.search([("ref", "=", ref)])
        if known:
            return known
        partner = account.sudo().partner_id
        channel = partner.toll_channel
        if channel not in ("sms", "whatsapp"):
            return outbox_sudo.browse()
        gateway = self.env["toll.gateway"]._find(channel, account.company_id)
        number = partner._toll_mobile()
        if not gateway or not number or gateway._is_capped(partner):
            return outbox_sudo.browse()
        return outbox_sudo.create(
            {
                "account_id": account.id,
                "partner_id": partner.id,
                "gateway_id": gateway.id,
                "channel": channel,
                "purpose": purpose,
                "to": number,
                "subject": subject,
                "text": text,
                "ref": ref,
                "next_try_at": partner._toll_next_contact(),
            }
        )

    # === SEND === #

    @api.model
    def _cron_send(self):
        """Send what is due. A message is taken, and that committed, before it goes:

        two jobs never send the same one, and one that died leaves it to the next.
        """
        done = 0
        while True:
            self.env["ir.cron"]._commit_progress()  # take from what is there now
            taken = self._take()
            self.env["ir.cron"]._commit_progress(remaining=len(taken))
            for message in taken:
                message._send()
                done += 1
                if not self.env["ir.cron"]._commit_progress(1):
                    return done
            if len(taken) < BATCH:
                return done

    @api.model
    def _take(self):
        now = fields.Datetime.now()
        self.env.flush_all()  # the statement reads the table
        try:
            rows = self.env.execute_query(queries.take(BATCH, now, now + LEASE))
        except SerializationFailure:
            # another job took some of them in this very moment: its turn
            self.env.cr.rollback()
            return self.browse()
        taken = self.browse(row[0] for row in rows)
        taken.invalidate_recordset(flush=False)
        return taken

    def _send(self):
        """One try; whatever happens ends in the record, not in an exception."""
        self.ensure_one()
        now = fields.Datetime.now()
        gateway, partner = self.gateway_id, self.partner_id
        if now - self.create_date > STALE:
            return self._fail(self.env._("It waited too long."))
        if gateway.state != "active" or not gateway.active:
            return self._fail(self.env._("The gateway is not in use any more."))
        if partner.toll_channel != self.channel:
            return self._fail(self.env._("The customer chose another channel."))
        if partner._toll_is_quiet(now):
            later = partner._toll_next_contact(now)
            return self.write({"state": "queued", "next_try_at": later})
        if gateway._is_capped(partner):
            return self._fail(self.env._("The customer got enough messages today."))
        self.tries += 1
        try:
            answer = gateway._send(self.to, self.text, self.ref)
        except GatewayError as problem:
            return self._failed_try(now, problem)
        return self.write(
            {
                "state": "sent",
                "sent_at": now,
                "provider_ref": answer or False,
                "error": False,
            }
        )

    def _failed_try(self, now, problem):
        if problem.final or self.tries > len(core.PAUSES):
            return self._fail(str(problem))
        pause = timedelta(minutes=core.PAUSES[self.tries - 1])
        return self.write(
            {"state": "queued", "next_try_at": now + pause, "error": str(problem)}
        )

    def _fail(self, why):
        """It will not go out: the customer gets an e-mail instead, once."""
        for message in self:
            mailed = message.is_mailed or message._mail_instead()
            message.write({"state": "failed", "error": why, "is_mailed": mailed})

    def _mail_instead(self):
        partner = self.partner_id
        if not partner.email or partner.toll_channel == "none":
            return False
        self.account_id.message_post(
            body=self.text,
            subject=self.subject or self.account_id.number,
            partner_ids=partner.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )
        return True

    def action_retry(self):
        """Try again what failed."""
        self.check_access("read")
        if not self.env.user.has_group("toll_account.group_toll_manager"):
            raise UserError(self.env._("Only managers send a message again."))
        if self.filtered(lambda m: m.state != "failed" or m.is_mailed):
            raise UserError(
                self.env._("Only what failed and did not go by e-mail is sent again.")
            )
        # outcomes are written by the system only; the right is checked above
        self.sudo().write(
            {
                "state": "queued",
                "tries": 0,
                "next_try_at": fields.Datetime.now(),
                "error": False,
            }
        )

    def _erase_words(self):
        """To whom and what; that there was a message stays."""
        return self.write({"to": False, "subject": False, "text": False})

    # === DELIVERY REPORTS === #

    @api.model
    def _report(self, gateway, provider_ref, status, error):
        """What the provider says later; only forward, and only of its own messages."""
        message = self.search(
            [
                ("gateway_id", "=", gateway.id),
                ("provider_ref", "=", provider_ref),
                ("state", "=", "sent"),
            ],
            limit=1,
        )
        fate = core.get_fate(status)
        if not message or not fate:
            return
        if fate == "delivered":
            message.write({"state": "delivered", "delivered_at": fields.Datetime.now()})
        else:
            message._fail(error or self.env._("The provider could not deliver it."))


class TollGateway(models.Model):
    _inherit = "toll.gateway"

    def _is_capped(self, partner):
        """Has this customer had the day's messages?"""
        if not self.daily_cap:
            return False
        since = fields.Datetime.now() - timedelta(days=1)
        sent = self.env["toll.message"].search_count(
            [("partner_id", "=", partner.id), ("sent_at", ">", since)]
        )
        return sent >= self.daily_cap
