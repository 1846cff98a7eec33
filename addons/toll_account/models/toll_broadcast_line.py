from odoo import fields, models
from odoo.tools import email_normalize, plaintext2html

from ..core import broadcast as core


class TollBroadcastLine(models.Model):
    """One account of a message to many, and what became of it.

    Written by set (queries/broadcast.py) and by the sending job; nobody else.
    """

    _name = "toll.broadcast.line"
    _description = "Recipient of a Mass Message"
    _order = "id"
    _rec_name = "account_id"
    _log_access = False

    broadcast_id = fields.Many2one(
        "toll.broadcast", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "Text message"), ("whatsapp", "WhatsApp")],
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("queued", "On Its Way"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("no_consent", "No Consent"),
            ("no_address", "No Address"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    reason = fields.Char(readonly=True)
    next_try_at = fields.Datetime(
        string="Not Before", readonly=True, help="Quiet hours of the customer."
    )
    told_at = fields.Datetime(string="Handed Over", readonly=True)
    message_id = fields.Many2one(
        "toll.message", readonly=True, index="btree_not_null", ondelete="set null"
    )
    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _account_once = models.Constraint(
        "UNIQUE (broadcast_id, account_id)", "This account is on the list already."
    )
    _waiting_idx = models.Index("(broadcast_id, next_try_at) WHERE state = 'waiting'")
    _told_at_idx = models.Index("(broadcast_id, told_at) WHERE told_at IS NOT NULL")

    def _tell(self, now, is_allowed):
        """Hand the message over to outbox or mail queue, or say why not."""
        self.ensure_one()
        broadcast, account, partner = (
            self.broadcast_id,
            self.account_id,
            self.partner_id,
        )
        if not is_allowed:
            return self.write({"state": "no_consent", "channel": False})
        if partner._toll_is_quiet(now):
            return self.write({"next_try_at": partner._toll_next_contact(now)})
        subject, text = broadcast._get_words(account)
        message = self.env["toll.message"]._queue(
            account,
            "broadcast",
            text,
            f"broadcast-{broadcast.id}-{account.id}",
            subject,
        )
        vals = {"state": "queued", "told_at": now}
        if message:
            vals |= {"channel": message.channel, "message_id": message.id}
        elif email_normalize(partner.email or ""):
            mail = self._mail(subject, text)
            vals |= {"channel": "email", "mail_message_id": mail.id}
        else:
            vals = {"state": "no_address", "channel": False}
        return self.write(vals)

    def _mail(self, subject, text):
        """An e-mail with the account's papers; the mail queue sends it."""
        return self.account_id.message_post(
            body=plaintext2html(self.broadcast_id._add_footer(text, self.partner_id)),
            subject=subject,
            partner_ids=self.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
            email_from=self.company_id.email_formatted or None,
            force_send=False,
        )


class TollBroadcast(models.Model):
    """The words of a message to many, for one account."""

    _inherit = "toll.broadcast"

    def _get_words(self, account):
        """(subject, text) for an account, in its customer's language."""
        partner = account.partner_id
        words = self.with_context(lang=partner.lang or self.env.lang)
        account = account.with_context(lang=words.env.lang)
        plates = account.vehicle_ids.filtered("active")[:3].mapped("plate")
        values = {
            "name": partner.name or "",
            "account": account.number,
            "balance": account.currency_id.format(account.balance),
            "company": account.company_id.name,
            "plates": ", ".join(plates),
        }
        return core.fill(words.subject, values), core.fill(words.text, values)

    def _add_footer(self, text, partner):
        """Who agreed to offers is told where to take that back."""
        if self.kind != "marketing":
            return text
        words = self.with_context(lang=partner.lang or self.env.lang)
        url = f"{self.get_base_url()}/my/toll/preferences"
        footer = words.env._(
            "You get this because you agreed to offers and news. Change that any time: "
            "%s",
            url,
        )
        return f"{text}\n\n{footer}"
