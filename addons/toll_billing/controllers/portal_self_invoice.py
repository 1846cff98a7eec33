"""The invoice that a customer asks for: choose, look at it, confirm once."""

import re
import secrets
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.toll_account.controllers.portal import MAX_ID

from ..models.toll_account_self_invoice import FIRST, LAST, MAX_CHOSEN
from .portal import TollCrossingPortal

#: Crossings that the page lists for ticking; the whole period may have more.
SHOWN = 200
KEY = re.compile(r"[0-9a-f]{32}")
TOTAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


class TollSelfInvoicePortal(TollCrossingPortal):
    @route(
        "/my/toll/invoices/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_invoice_new(self, account=None, step=None, **form):
        values = self._toll_layout_values("toll_invoice_new")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll/invoices/new")
        chosen = chosen or accounts[:1]
        values.update(self._toll_invoice_asked(chosen, form))
        try:
            if chosen and request.httprequest.method == "POST":
                if step == "issue":
                    return self._toll_invoice_issue(chosen, values, form)
                return self._toll_invoice_review(chosen, values)
        except UserError as problem:
            values["error"] = str(problem.args[0])
            if step == "issue":
                # what was typed comes back, where there still is an invoice
                try:
                    return self._toll_invoice_review(chosen, values, form)
                except UserError as again:
                    values["error"] = str(again.args[0])
        return self._toll_invoice_choose(chosen, values)

    # === What is asked for ===

    def _toll_invoice_asked(self, account, form):
        """Account, days and crossings of the form, made safe."""
        today = fields.Date.context_today(account)
        date_to = self._toll_date(form.get("date_to")) or today
        date_from = self._toll_date(form.get("date_from")) or date_to.replace(day=1)
        ticked = request.httprequest.values.getlist("crossing")[:MAX_CHOSEN]
        ids = {self._toll_int(text, MAX_ID) for text in ticked} - {None}
        return {
            "toll_account": account,
            "date_from": min(date_from, date_to),
            "date_to": date_to,
            "what": "ticked" if form.get("what") == "ticked" else "all",
            "ticked": ids,
            "error": None,
        }

    def _toll_invoice_period(self, values):
        return (
            self._toll_midnight(values["date_from"]),
            self._toll_midnight(values["date_to"] + timedelta(days=1)),
        )

    def _toll_invoice_selection(self, values):
        """(since, until, ids) for the account; ids where single ones are chosen."""
        if values["what"] == "all":
            return (*self._toll_invoice_period(values), None)
        if not values["ticked"]:
            raise UserError(request.env._("Please tick the crossings to be invoiced."))
        # the days do not matter for what was ticked
        return FIRST, LAST, list(values["ticked"])

    # === Pages ===

    def _toll_invoice_choose(self, account, values):
        crossings = request.env["toll.crossing"]
        fates, reasons = {}, []
        if account:
            since, until = self._toll_invoice_period(values)
            refusal = account._get_self_invoice_refusal()
            fates = account._get_self_fates(since, until)
            reasons = [refusal] if refusal else account._get_self_reasons(fates)
            if not refusal:
                crossings = self._toll_invoice_crossings(account, since, until)
        today = fields.Date.context_today(request.env.user)
        month = today.replace(day=1)
        last = month - timedelta(days=1)
        values.update(
            {
                "rows": [self._toll_crossing_row(crossing) for crossing in crossings],
                "free": fates.get("free", (0, 0)),
                "reasons": reasons,
                "months": [(last.replace(day=1), last), (month, today)],
            }
        )
        return request.render("toll_billing.portal_my_toll_invoice_new", values)

    def _toll_invoice_crossings(self, account, since, until):
        """Those that can be ticked; the record rules show the customer's own only."""
        oldest, latest = account.sudo()._get_self_bounds()
        accounts = account.sudo()._get_self_accounts()
        domain = Domain(
            [
                ("account_id", "in", accounts.ids),
                ("state", "=", "posted"),
                ("statement_id", "=", False),
                ("occurred_at", ">=", max(since, oldest)),
                ("occurred_at", "<", min(until, latest)),
            ]
        )
        return request.env["toll.crossing"].search(
            domain, order="occurred_at desc, id desc", limit=SHOWN
        )

    def _toll_invoice_review(self, account, values, form=None):
        partner_sudo = account.sudo().partner_id  # the customer's own data
        values.update(
            {
                "preview": account._preview_self_invoice(
                    *self._toll_invoice_selection(values)
                ),
                "key": (form or {}).get("key") or secrets.token_hex(16),
                "tax": {**partner_sudo._toll_get_tax_data(), **(form or {})},
                "tax_fixed": not partner_sudo.can_edit_vat(),
                "tax_choices": partner_sudo._toll_fiscal_choices(
                    account.company_id.sudo()
                ),
                "tax_required": account.company_id.sudo().toll_tax_id_required,
                "tz": self._toll_tz(),
                "countries": request.env["res.country"].sudo().search([]),
            }
        )
        return request.render("toll_billing.portal_my_toll_invoice_review", values)

    def _toll_invoice_issue(self, account, values, form):
        """Save the tax data and issue the invoice, both or neither."""
        key = form.get("key") or ""
        if not KEY.fullmatch(key):
            raise UserError(request.env._("Please look at the invoice once more."))
        total = form.get("total") or ""
        total = float(total) if TOTAL.fullmatch(total) else -1.0
        with request.env.cr.savepoint():
            # a customer's own data, by the rules of the portal
            account.sudo()._save_tax_data(form)
            statement = account._issue_self_invoice(
                key, *self._toll_invoice_selection(values), expected=total
            )
        return request.redirect(f"/my/toll/statements/{statement.id}?issued=1")
