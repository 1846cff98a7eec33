from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..core import numbers, plates


class TollAccount(models.Model):
    """An account is found by whatever its customer can tell (004-10)."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"
    _rec_names_search = [
        "number",
        "partner_id.complete_name",
        "partner_id.email",
        "partner_id.phone",
        "partner_id.vat",
        "partner_id.ref",
    ]

    @api.model
    def _search_display_name(self, operator, value):
        if operator in ("like", "ilike") and isinstance(value, str) and value.strip():
            return Domain("id", "in", self._search_by_text(value.strip()))
        domain = super()._search_display_name(operator, value)
        terms = [value] if isinstance(value, str) else value
        if not value or not all(isinstance(term, str) for term in terms):
            return domain
        extra = Domain.OR(
            found for term in terms for found in self._get_search_domains(term)
        )
        if operator in Domain.NEGATIVE_OPERATORS:
            return Domain(domain) & ~extra
        return Domain(domain) | extra

    @api.model
    def _search_by_text(self, term):
        """Query of the accounts that a text names, each way found by its own index.

        As one big OR it would read every account and every customer.
        """
        text = escape_psql(term)
        ways = [
            Domain("number", "like", text),
            Domain("partner_id", "any", self._get_partner_search_domain(term)),
            *self._get_search_domains(term),
        ]
        # the search that this is a part of applies the rules and the active test
        everything = self.with_context(active_test=False)
        queries = [everything._search(way, bypass_access=True) for way in ways]
        return SQL("(%s)", SQL(" UNION ").join(query.select() for query in queries))

    @api.model
    def _get_partner_search_domain(self, term):
        """Customers by a part of their name or e-mail, or by how a number begins."""
        text = escape_psql(term)
        code = f"{text.upper()}%"
        return Domain.OR(
            [
                Domain("complete_name", "ilike", text),
                Domain("email", "ilike", text),
                Domain("vat", "=like", code),
                Domain("ref", "=like", code),
            ]
        )

    @api.model
    def _get_search_domains(self, term):
        """Other ways in which a text that a person typed may name an account."""
        domains = []
        digits = numbers.compact(term)
        if digits.isdecimal() and digits != term:
            domains.append(Domain("number", "=", digits))
        plate = plates.normalize(term)
        if len(plate) >= 3:
            domains.append(
                Domain(
                    "vehicle_ids",
                    "any",
                    Domain("plate_normalized", "like", plate)
                    & Domain("active", "in", [True, False]),
                )
            )
        phone = numbers.digits(term)
        if len(phone) >= 4:
            domains.append(Domain("phone_digits", "like", phone))
        return domains
