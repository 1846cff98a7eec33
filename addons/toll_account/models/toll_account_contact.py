from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import email_normalize
from odoo.tools.sql import escape_psql

from ..core import numbers, plates

STAFF_GROUPS = (
    "toll_account.group_toll_agent,"
    "toll_account.group_toll_analyst,"
    "toll_account.group_toll_billing,"
    "toll_account.group_toll_accountant"
)
LIMIT = 20


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    @api.model
    @api.readonly
    def contact_search(self, term, limit=LIMIT):
        """Accounts that a person on the telephone may mean, and what matched.

        One text: telephone, plate, TAG, account, name, e-mail, tax id, invoice or
        request number. Best matches first.
        """
        if not self.env.su and not self.env.user.has_groups(STAFF_GROUPS):
            raise AccessError(self.env._("The contact centre is for the staff."))
        term = term.strip()[:100] if isinstance(term, str) else ""
        limit = max(1, min(int(limit), LIMIT))
        if len(term) < 3:
            return []
        matched = {}
        for label, domain in self._get_contact_ways(term):
            for account in self.search(domain, limit=limit):
                matched.setdefault(account, []).append(label)
            if len(matched) >= limit:
                break
        return [
            account._prepare_contact_vals(labels)
            for account, labels in list(matched.items())[:limit]
        ]

    @api.model
    def _get_contact_ways(self, term):
        """[(what matched, domain)], the surest way first; other addons add theirs."""
        labels = self._get_contact_labels()
        ways = []
        text = escape_psql(term)
        compact = numbers.compact(term)
        digits = numbers.digits(term)
        if numbers.is_account_number(compact):
            ways.append((labels["number"], [("number", "=", compact)]))
        request = compact.upper()
        if request[:1] == "R" and numbers.is_account_number(request[1:]):
            ways.append((labels["request"], [("request_ids.number", "=", request)]))
        if len(digits) >= 7 and len(digits) >= len(compact) - 5:
            ways.append((labels["phone"], [("phone_digits", "like", digits[-10:])]))
        plate = plates.normalize(term)
        if 3 <= len(plate) <= 12:
            same = [("plate_normalized", "like", plate)]
            ways.append((labels["plate"], [("vehicle_ids", "any", same)]))
        email = email_normalize(term)
        if email:
            ways.append(
                (labels["email"], [("partner_id.email_normalized", "=", email)])
            )
        invoiced = self._find_invoiced(term)
        if invoiced:
            ways.append((labels["invoice"], [("id", "in", invoiced)]))
        if any(c.isdigit() for c in term) and len(compact) >= 8:
            written = [compact, compact.upper()]
            ways.append((labels["vat"], [("partner_id.vat", "in", written)]))
        ways.append((labels["name"], [("partner_id.complete_name", "ilike", text)]))
        return ways

    @api.model
    def _get_contact_labels(self):
        return {
            "number": self.env._("Account number"),
            "request": self.env._("Request"),
            "phone": self.env._("Telephone"),
            "plate": self.env._("Plate"),
            "email": self.env._("E-mail"),
            "invoice": self.env._("Invoice"),
            "vat": self.env._("Tax id"),
            "name": self.env._("Name"),
        }

    @api.model
    def _find_invoiced(self, term):
        """Ids of the accounts of an invoice; the search above keeps to the rules."""
        if not any(c.isdigit() for c in term):
            return []
        # agents answer for invoices whose books they may not read
        moves_sudo = self.env["account.move"].sudo()
        moves_sudo = moves_sudo.search(
            Domain("name", "=ilike", escape_psql(term))
            & Domain("toll_account_id", "!=", False)
            & Domain("company_id", "in", self.env.companies.ids),
            limit=5,
        )
        return moves_sudo.toll_account_id.ids

    def _prepare_contact_vals(self, labels):
        self.ensure_one()
        states = dict(self._fields["state"]._description_selection(self.env))
        return {
            "id": self.id,
            "number": self.number,
            "name": self.partner_id.name,
            "phone": self.phone or "",
            "email": self.email or "",
            "state": self.state,
            "state_label": states[self.state],
            "balance": self.currency_id.format(self.balance),
            "is_low_balance": self.is_low_balance,
            "plates": self.vehicle_ids[:4].mapped("plate"),
            "vehicle_count": self.vehicle_count,
            "request_count": self.request_count,
            "matched": labels,
        }

    def action_start_call(self, phone=None):
        """A new note for the call about this account."""
        self.ensure_one()
        call = self.env["toll.call"].create(
            {
                "account_id": self.id,
                "phone": str(phone or self.phone or "")[:32],
            }
        )
        return call._get_records_action()

    def action_view_calls(self):
        return self._open_records("toll_account.toll_call_action")
