"""The customer's virtual office: accounts, vehicles and payments."""

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

# Ids beyond int8 cannot be in the database; asking it would only raise an error.
MAX_ID = 2**63 - 1
MAX_ACCOUNT_ID = 2**31 - 1


class TollPortal(CustomerPortal):
    """Pages under /my/toll.

    Every record is read as the customer's own user, so that the record rules decide
    what is theirs; a stranger's id ends at the overview page, like Odoo's own portal.
    """

    _toll_items_per_page = 40
    _toll_overview_vehicles = 10
    _toll_overview_payments = 5

    # === Helpers ===

    @staticmethod
    def _toll_int(value, maximum=MAX_ACCOUNT_ID):
        """The positive whole number in a query string, or None."""
        text = str(value or "")
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            return None
        number = int(text)
        return number if 0 < number <= maximum else None

    def _toll_accounts_domain(self):
        """The accounts of the user's commercial entity; record rules say the same."""
        partner = request.env.user.commercial_partner_id
        return Domain("commercial_partner_id", "=", partner.id) & Domain(
            "state", "!=", "draft"
        )

    def _toll_accounts(self):
        accounts_model = request.env["toll.account"]
        if not accounts_model.has_access("read"):
            return accounts_model
        return accounts_model.search(self._toll_accounts_domain(), order="number")

    def _toll_account(self, accounts, account_id):
        """The account chosen in the query string, or none when it is not theirs."""
        number = self._toll_int(account_id)
        return accounts.filtered(lambda account: account.id == number)

    def _toll_record(self, model, record_id):
        """One record if this user may read it, else an empty recordset.

        The search makes a stranger's id and an unknown id look the same.
        """
        records = request.env[model]
        try:
            records.check_access("read")
            found = records.search([("id", "=", record_id)], limit=1)
            found.check_access("read")
        except (AccessError, MissingError):
            return records
        return found

    def _toll_layout_values(self, page_name):
        values = self._prepare_portal_layout_values()
        values.update({"page_name": page_name, "toll_accounts": self._toll_accounts()})
        return values

    def _toll_tz(self):
        # a customer may not read the company's contact; its clock is on the wall
        company_sudo = request.env.company.sudo()
        return request.env.user.tz or company_sudo.partner_id.tz or "UTC"

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "toll_account_count" in counters:
            values["toll_account_count"] = len(self._toll_accounts())
        return values

    # === Overview ===

    @route("/my/toll", type="http", auth="user", website=True, methods=["GET"])
    def portal_my_toll(self, **kw):
        values = self._toll_layout_values("toll")
        values.update(self._toll_overview_values(values["toll_accounts"]))
        return request.render("toll_account.portal_my_toll", values)

    def _toll_overview_values(self, accounts):
        """Values of the overview; other addons add their blocks here."""
        vehicles = request.env["toll.vehicle"].search(
            self._toll_vehicles_domain(accounts),
            order="plate_normalized, id",
            limit=self._toll_overview_vehicles,
        )
        payments = request.env["toll.wallet.entry"].search(
            self._toll_payments_domain(accounts),
            order="occurred_at desc, id desc",
            limit=self._toll_overview_payments,
        )
        notices = request.env["toll.notice"]
        return {
            "vehicles": vehicles,
            "payments": payments,
            "notices": notices._get_shown(request.env.company, ["public", "portal"]),
        }

    # === Vehicles ===

    def _toll_vehicles_domain(self, accounts):
        return Domain("account_id", "in", accounts.ids)

    @route(
        ["/my/toll/vehicles", "/my/toll/vehicles/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_vehicles(self, page=1, account=None, **kw):
        values = self._toll_layout_values("toll_vehicles")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll/vehicles")
        vehicles_model = request.env["toll.vehicle"]
        domain = self._toll_vehicles_domain(chosen or accounts)
        pager = portal_pager(
            url="/my/toll/vehicles",
            url_args={"account": chosen.id} if chosen else {},
            total=vehicles_model.search_count(domain) if accounts else 0,
            page=page,
            step=self._toll_items_per_page,
        )
        vehicles = vehicles_model.search(
            domain,
            order="plate_normalized, id",
            limit=self._toll_items_per_page,
            offset=max(pager["offset"], 0),
        )
        values.update({"vehicles": vehicles, "pager": pager, "toll_account": chosen})
        return request.render("toll_account.portal_my_toll_vehicles", values)

    # === Payments and receipts ===

    def _toll_payments_domain(self, accounts):
        """Money moved by people: everything in the wallet that is not a crossing."""
        return Domain("account_id", "in", accounts.ids) & Domain("kind", "!=", "usage")

    @route(
        ["/my/toll/payments", "/my/toll/payments/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_payments(self, page=1, account=None, **kw):
        values = self._toll_layout_values("toll_payments")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account)
        if account and not chosen:
            return request.redirect("/my/toll/payments")
        entries_model = request.env["toll.wallet.entry"]
        domain = self._toll_payments_domain(chosen or accounts)
        pager = portal_pager(
            url="/my/toll/payments",
            url_args={"account": chosen.id} if chosen else {},
            total=entries_model.search_count(domain) if accounts else 0,
            page=page,
            step=self._toll_items_per_page,
        )
        payments = entries_model.search(
            domain,
            order="occurred_at desc, id desc",
            limit=self._toll_items_per_page,
            offset=max(pager["offset"], 0),
        )
        values.update({"payments": payments, "pager": pager, "toll_account": chosen})
        return request.render("toll_account.portal_my_toll_payments", values)

    @route(
        "/my/toll/payments/<int:entry_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_receipt(self, entry_id, **kw):
        entry = self._toll_record("toll.wallet.entry", min(entry_id, MAX_ID))
        if not entry or entry.kind == "usage":
            return request.redirect("/my/toll/payments")
        values = self._toll_layout_values("toll_payments")
        values.update({"payment": entry})
        return request.render("toll_account.portal_my_toll_receipt", values)
