from odoo import api, models
from odoo.tools import (
    email_normalize,
    format_date,
    html2plaintext,
    parse_contact_from_email,
)

MAX_TEXT = 20_000


class TollRequest(models.Model):
    """Requests that come by e-mail, to the address of their type (003-09)."""

    _inherit = "toll.request"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A message to the address of a type of requests opens one.

        The account is the sender's only open one, or the one whose number is in the
        message if it is the sender's. Without it an agent chooses before going on.
        """
        sender = msg_dict.get("email_from") or ""
        address = email_normalize(sender) or ""
        subject = (msg_dict.get("subject") or "").strip()
        body = html2plaintext(msg_dict.get("body") or "").strip()
        text = "\n\n".join(filter(None, (subject, body)))[:MAX_TEXT]
        account = self._find_mail_account(address, text)
        partner = account.partner_id or self._find_mail_partner(address)
        name, _email = parse_contact_from_email(sender)
        values = {
            "type_id": self._default_mail_type().id,
            **(custom_values or {}),
            "channel": "email",
            "description": text or self.env._("(a message without text)"),
            "account_id": account.id,
            "partner_id": partner.id,
            "contact_name": name or address or sender or "?",
            "contact_email": address,
        }
        request = super().message_new(msg_dict, values)
        if address:
            request._acknowledge(address)
        return request

    @api.model
    def _default_mail_type(self):
        return self.env["toll.request.type"].search([("effect", "=", "other")], limit=1)

    @api.model
    def _find_mail_account(self, address, text):
        # the gateway acts for nobody in particular; an account is found, never shown
        accounts_sudo = self.env["toll.account"].sudo()
        if not address:
            return accounts_sudo
        found = accounts_sudo.search(
            [
                ("state", "!=", "closed"),
                "|",
                ("partner_id.email_normalized", "=", address),
                ("commercial_partner_id.email_normalized", "=", address),
            ],
            limit=100,
        )
        named = found.filtered(lambda account: account.number in text)
        found = named or found
        return found if len(found) == 1 else accounts_sudo

    @api.model
    def _find_mail_partner(self, address):
        # as above
        partners_sudo = self.env["res.partner"].sudo()
        if not address:
            return partners_sudo
        found = partners_sudo.search([("email_normalized", "=", address)], limit=2)
        return found if len(found) == 1 else partners_sudo

    def _acknowledge(self, address):
        """Tell the sender the number and the day; nothing of the account."""
        self.ensure_one()
        request = self.with_context(lang=self.partner_id.lang or self.env.lang)
        body = request.env._(
            "We have received your message. It is request %(number)s, and we answer "
            "by %(date)s. Please keep the number in the subject when you write again.",
            number=request.number,
            date=format_date(request.env, request.deadline),
        )
        request.message_post(
            body=body,
            subject=request.display_name,
            subtype_xmlid="mail.mt_comment",
            author_id=self.env.ref("base.partner_root").id,
            outgoing_email_to=address,
        )
