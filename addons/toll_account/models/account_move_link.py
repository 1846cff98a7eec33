from datetime import date, timedelta

from odoo import api, models
from odoo.tools import consteq, format_date, hmac

from ..core import short_link

#: How long a link in a message opens the invoice.
LINK_DAYS = 60
#: Days in a link are counted from here.
EPOCH = date(2020, 1, 1)


class AccountMove(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "account.move"

    def _toll_seal(self, day):
        """What only we can write for this invoice, customer and last day."""
        sealed = f"{self.id}/{self.commercial_partner_id.id}/{day}"
        return bytes.fromhex(hmac(self.env(su=True), "toll-invoice-link", sealed))

    def _toll_short_link(self):
        """A link that opens the invoice's PDF without signing in, for a while."""
        self.ensure_one()
        last = self.company_id._toll_today() + timedelta(days=LINK_DAYS)
        day = (last - EPOCH).days
        code = short_link.pack(self.id, day, self._toll_seal(day))
        return f"{self.get_base_url()}/toll/i/{code}"

    @api.model
    def _toll_find_linked(self, code):
        """The posted invoice of a link; none for whatever is wrong with it."""
        number, day, seal = short_link.unpack(code) or (0, 0, b"")
        # the link is the permission: nothing else of the invoice is given away
        move_sudo = self.sudo().browse(number).exists()
        if not move_sudo.toll_account_id or move_sudo.state != "posted":
            return move_sudo.browse()
        ours = move_sudo._toll_seal(day)[: short_link.SEAL]
        today = move_sudo.company_id._toll_today()
        if not consteq(ours, seal) or EPOCH + timedelta(days=day) < today:
            return move_sudo.browse()
        return move_sudo

    def _toll_tell_invoice(self):
        """The invoice by the channel that the customer has chosen."""
        for move in self:
            # who sends invoices need not serve customers
            account_sudo = move.toll_account_id.sudo()
            account_sudo = account_sudo.with_context(lang=move.partner_id.lang)
            account_sudo._tell(
                "invoice",
                account_sudo.env._("Invoice %s", move.name),
                account_sudo._get_invoice_words(move),
                f"invoice-{move.id}",
            )


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _get_invoice_words(self, move):
        """One short message about an invoice, in the language of the context."""
        words = {
            "company": move.company_id.name,
            "number": move.name,
            "amount": move.currency_id.format(move.amount_total),
            "open": move.currency_id.format(move.amount_residual),
            "due": format_date(self.env, move.invoice_date_due),
            "link": move._toll_short_link(),
        }
        if move.move_type == "out_refund":
            return self.env._(
                "%(company)s: credit note %(number)s, %(amount)s: %(link)s", **words
            )
        if move.currency_id.is_zero(move.amount_residual):
            return self.env._(
                "%(company)s: invoice %(number)s, %(amount)s, paid: %(link)s", **words
            )
        return self.env._(
            "%(company)s: invoice %(number)s, %(open)s to pay by %(due)s: %(link)s",
            **words,
        )
