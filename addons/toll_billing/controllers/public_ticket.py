"""The invoice of paper tickets, for people who have no account."""

import secrets
import struct

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import consteq, hash_sign, verify_hash_signed

from odoo.addons.toll_account.controllers.public import TollPublic
from odoo.addons.toll_account.controllers.public_page import public_route
from odoo.addons.toll_account.models.toll_public_visit import EVERYBODY

from ..core.ticket_file import read_amount
from ..models.toll_ticket import MAX_TICKETS

SCOPE = "toll-ticket-invoice"
HOURS = 2
HOUR = 3600
BRAKE_SECONDS = 600


class TollPublicTicket(TollPublic):
    """Ticket by ticket, then the data for the invoice, then the invoice.

    A ticket is found only with all that is printed on it. Everything else is answered
    alike: what is wrong, invoiced, cancelled or too old. What was found travels with
    the visitor, signed.
    """

    @public_route("/toll/invoice", methods=("GET", "POST"))
    def public_toll_invoice(self, step=None, **form):
        if request.httprequest.method == "GET":
            return self._toll_page("toll_billing.public_ticket", self._toll_ticket_page)
        key, ids = self._toll_ticket_given(form.get("found"))
        if step == "issue" and ids:
            return self._toll_ticket_issue(key, ids, form)
        return self._toll_ticket_add(key, ids, form)

    # === What the visitor has ===

    def _toll_ticket_given(self, handle):
        """(key, ids) that our page has signed; a new key where there is none."""
        try:
            signed = verify_hash_signed(request.env(su=True), SCOPE, handle or "")
        except (ValueError, IndexError, struct.error):
            signed = None
        key, ids = signed or ("", [])
        return key or secrets.token_hex(16), ids

    def _toll_ticket_page(self, key="", ids=(), form=None, error=None):
        """Values of the page: what was found, what was typed, what is wrong."""
        form = form or {}
        # the visitor has shown that the tickets are his; places are printed on them
        tickets_sudo = request.env["toll.ticket"].sudo().browse(ids)
        company = self._toll_company()
        handle = ids and hash_sign(
            request.env(su=True), SCOPE, [key, list(ids)], expiration_hours=HOURS
        )
        return {
            "plazas": self._toll_ticket_plazas(company),
            "form": form,
            "error": error,
            "found": handle,
            "tickets": tickets_sudo,
            "total": sum(tickets_sudo.mapped("amount")),
            "is_full": len(ids) >= MAX_TICKETS,
            "company": company,
            "tax": {"country_id": company.country_id.id, **form},
            "tax_fixed": False,
            "tax_choices": ids
            and request.env["res.partner"]._toll_fiscal_choices(company),
            "tax_required": company.toll_tax_id_required,
            "countries": request.env["res.country"].sudo().search([]) if ids else [],
        }

    def _toll_ticket_plazas(self, company):
        """Plazas by operator, as they are printed on tickets."""
        # names on the road; the public reads no network
        plazas_sudo = request.env["toll.plaza"].sudo()
        found = plazas_sudo.search(
            [
                ("operator_id.is_charger", "=", True),
                ("operator_id.state", "=", "authorised"),
                ("operator_id.company_id", "in", (False, company.id)),
            ],
            order="operator_id, name",
        )
        return found.grouped("operator_id").items()

    def _toll_ticket_again(self, key, ids, form, error, status=200):
        values = self._toll_ticket_page(key, ids, form, error)
        return self._toll_render("toll_billing.public_ticket", values, status)

    # === One more ticket ===

    def _toll_ticket_braked(self):
        """Whether too many unknown ones were asked for, from here or from anywhere."""
        company = self._toll_company()
        return self._toll_visits()._is_reached(
            "ticket-miss",
            (self._toll_visitors(), company.toll_public_misses, HOUR),
            ([EVERYBODY], company.toll_public_brake, BRAKE_SECONDS),
        )

    def _toll_ticket_add(self, key, ids, form):
        company = self._toll_company()
        asked = {
            "plaza_id": self._toll_int(form.get("plaza")),
            "folio": (form.get("folio") or "").strip()[:40],
            "day": self._toll_ticket_day(form.get("day")),
            "amount": read_amount((form.get("amount") or "")[:16]),
        }
        if not all(asked.values()):
            error = request.env._(
                "Please write plaza, folio, date and amount as they are printed."
            )
            return self._toll_ticket_again(key, ids, form, error)
        if self._toll_ticket_braked() or not self._toll_allowed(
            "ticket", company.toll_public_lookups
        ):
            return self._toll_too_many()
        # the public may read no ticket; this one is asked for with all it says
        ticket_sudo = request.env["toll.ticket"].sudo()._find_free(company, **asked)
        if not ticket_sudo:
            self._toll_visits()._note(
                "ticket-miss", [*self._toll_visitors(), EVERYBODY]
            )
            return self._toll_ticket_again(key, ids, form, self._toll_ticket_unknown())
        self._toll_visits()._note("ticket-hit", [self._toll_session()])
        if ticket_sudo.id in ids:
            error = request.env._("This ticket is on your list already.")
            return self._toll_ticket_again(key, ids, form, error)
        if len(ids) >= MAX_TICKETS:
            error = request.env._("One invoice holds %s tickets.", MAX_TICKETS)
            return self._toll_ticket_again(key, ids, form, error)
        return self._toll_ticket_again(key, [*ids, ticket_sudo.id], {}, None)

    def _toll_ticket_day(self, text):
        try:
            day = fields.Date.to_date((text or "")[:10])
        except ValueError:
            return None
        return day if day and 1990 <= day.year <= 2200 else None

    def _toll_ticket_unknown(self):
        return request.env._(
            "There is no ticket with these data that can be invoiced. Please check "
            "them one by one. Tickets reach us within a day; they can be invoiced "
            "once, in their month and %(days)s days after it.",
            days=self._toll_company().toll_ticket_days,
        )

    # === The invoice ===

    def _toll_ticket_issue(self, key, ids, form):
        company = self._toll_company()
        if not self._toll_allowed("ticket-issue", company.toll_public_lookups):
            return self._toll_too_many()
        partners = request.env["res.partner"]
        tickets = request.env["toll.ticket"]
        try:
            data = partners._toll_read_tax_data(form, company)
            move_sudo = tickets._issue_for_visitor(
                company, ids, key, data, request.lang.code
            )
        except UserError as problem:
            return self._toll_ticket_again(key, ids, form, str(problem.args[0]))
        if not move_sudo:
            # somebody was quicker, or it is too late: as if they were unknown
            return self._toll_ticket_again("", [], {}, self._toll_ticket_unknown())
        # who has an invoice did not come to try folios
        self._toll_visits()._take_back(
            ("ticket", "ticket-issue"),
            "ticket-hit",
            self._toll_session(),
            self._toll_visitors(),
            HOUR,
        )
        return request.redirect(
            f"/toll/invoice/done?invoice={move_sudo.id}"
            f"&access_token={move_sudo.access_token}"
        )

    @public_route("/toll/invoice/done")
    def public_toll_invoice_done(self, invoice=None, access_token="", **kw):
        # the link holds the invoice's own token
        moves_sudo = request.env["account.move"].sudo()
        move_sudo = moves_sudo.browse(self._toll_int(invoice) or 0).exists()
        token = move_sudo.access_token or ""
        if (
            not move_sudo.toll_ticket_count
            or not token
            or not access_token.isascii()
            or not consteq(token, access_token)
        ):
            return request.redirect("/toll/invoice")
        return self._toll_render("toll_billing.public_ticket_done", {"move": move_sudo})
