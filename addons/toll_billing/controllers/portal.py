"""Crossings and statements in the customer's virtual office."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.toll_account.controllers.portal import MAX_ID

from .portal_words import TollCrossingWords

PAGE = 50
SORTS = {
    "newest": ("occurred_at", "desc"),
    "oldest": ("occurred_at", "asc"),
    "highest": ("amount_charged", "desc"),
    "lowest": ("amount_charged", "asc"),
}
LIST_FIELDS = [
    "occurred_at",
    "plaza_id",
    "lane_id",
    "operator_id",
    "plate",
    "vehicle_id",
    "lot_id",
    "class_id",
    "service",
    "amount",
    "amount_discount",
    "amount_charged",
    "exemption_id",
    "discount_plan_id",
    "currency_id",
    "state",
    "ref",
    "account_id",
]


class TollCrossingPortal(TollCrossingWords):
    """Crossings: list by keyset (no counting, no offset) and detail."""

    # === What the customer asked for ===

    def _toll_date(self, text):
        try:
            day = fields.Date.to_date(text) if text else None
        except (ValueError, TypeError):
            return None
        return day if day and 1990 <= day.year <= 2200 else None

    def _toll_midnight(self, day):
        """UTC time at which a day begins where the customer lives."""
        zone = ZoneInfo(self._toll_tz())
        local = datetime.combine(day, time(), tzinfo=zone)
        return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _toll_crossing_filter(self, accounts, query):
        """The query string made safe: only values that are really usable stay."""
        state = query.get("state")
        sort = query.get("sort")
        date_from = self._toll_date(query.get("date_from"))
        date_to = self._toll_date(query.get("date_to"))
        return {
            "account": self._toll_account(accounts, query.get("account")),
            "plate": "".join(c for c in query.get("plate", "").upper() if c.isalnum()),
            "date_from": date_from,
            "date_to": date_to,
            "state": state if state in self._toll_crossing_states() else "posted",
            "sort": sort if sort in SORTS else "newest",
        }

    def _toll_crossing_args(self, chosen, **changes):
        """The filter as a query string, without what is the default."""
        args = {
            "account": chosen["account"].id,
            "plate": chosen["plate"],
            "date_from": chosen["date_from"],
            "date_to": chosen["date_to"],
            "state": chosen["state"] if chosen["state"] != "posted" else None,
            "sort": chosen["sort"] if chosen["sort"] != "newest" else None,
        }
        args.update(changes)
        return urlencode({key: value for key, value in args.items() if value})

    def _toll_crossing_domain(self, accounts, chosen):
        accounts = chosen["account"] or accounts
        domain = Domain("account_id", "in", accounts.ids)
        if chosen["state"] == "all":
            states = [s for s in self._toll_crossing_states() if s != "all"]
            domain &= Domain("state", "in", states)
        else:
            domain &= Domain("state", "=", chosen["state"])
        if chosen["date_from"]:
            start = self._toll_midnight(chosen["date_from"])
            domain &= Domain("occurred_at", ">=", start)
        if chosen["date_to"]:
            end = self._toll_midnight(chosen["date_to"] + timedelta(days=1))
            domain &= Domain("occurred_at", "<", end)
        if chosen["plate"]:
            vehicles = request.env["toll.vehicle"].with_context(active_test=False)
            vehicles = vehicles.search(
                [
                    ("account_id", "in", accounts.ids),
                    ("plate_normalized", "=like", f"{chosen['plate']}%"),
                ]
            )
            domain &= Domain("vehicle_id", "in", vehicles.ids)
        return domain

    # === Keyset paging ===

    def _toll_cursor(self, crossing, sort):
        """Where a page ends, as text: value of the sorted column and id."""
        value = crossing[SORTS[sort][0]]
        if isinstance(value, datetime):
            value = value.isoformat()
        return f"{value}_{crossing.id}"

    def _toll_cursor_domain(self, cursor, sort, backwards):
        """Rows after (or before) a cursor; an unusable cursor means the first page."""
        field, direction = SORTS[sort]
        value, _sep, row_id = str(cursor).rpartition("_")
        row_id = self._toll_int(row_id, MAX_ID)
        try:
            value = (
                datetime.fromisoformat(value).replace(tzinfo=None)
                if field == "occurred_at"
                else float(value)
            )
        except ValueError:
            return None
        if not row_id or value != value:
            return None
        down = (direction == "desc") != backwards
        sign = "<" if down else ">"
        # The first term is implied by the second; it is what an index can use.
        return Domain(field, f"{sign}=", value) & (
            Domain(field, sign, value) | Domain("id", sign, row_id)
        )

    def _toll_crossing_page(self, domain, sort, after=None, before=None, limit=PAGE):
        """(crossings, has newer, has older) of one page, read in one query."""
        field, direction = SORTS[sort]
        backwards = bool(before)
        cursor_domain = None
        if after or before:
            cursor_domain = self._toll_cursor_domain(after or before, sort, backwards)
        if cursor_domain is None:
            backwards = False
        else:
            domain &= cursor_domain
        if backwards:
            direction = "asc" if direction == "desc" else "desc"
        crossings = request.env["toll.crossing"].search_fetch(
            domain,
            LIST_FIELDS,
            order=f"{field} {direction}, id {direction}",
            limit=limit + 1,
        )
        more, crossings = len(crossings) > limit, crossings[:limit]
        if backwards:
            crossings = crossings.browse(reversed(crossings.ids))
            return crossings, more, True
        return crossings, cursor_domain is not None, more

    # === Pages ===

    def _toll_overview_values(self, accounts):
        values = super()._toll_overview_values(accounts)
        crossings = request.env["toll.crossing"]
        if accounts and crossings.has_access("read"):
            domain = Domain("account_id", "in", accounts.ids)
            domain &= Domain("state", "=", "posted")
            crossings = self._toll_crossing_page(domain, "newest", limit=5)[0]
        values["crossing_rows"] = [self._toll_crossing_row(c) for c in crossings]
        return values

    @route(
        "/my/toll/crossings", type="http", auth="user", website=True, methods=["GET"]
    )
    def portal_my_toll_crossings(self, after=None, before=None, **query):
        values = self._toll_layout_values("toll_crossings")
        accounts = values["toll_accounts"]
        chosen = self._toll_crossing_filter(accounts, query)
        if query.get("account") and not chosen["account"]:
            return request.redirect("/my/toll/crossings")
        crossings = request.env["toll.crossing"]
        newer = older = False
        if accounts:
            domain = self._toll_crossing_domain(accounts, chosen)
            crossings, newer, older = self._toll_crossing_page(
                domain, chosen["sort"], after, before
            )
        sort = chosen["sort"]
        args = self._toll_crossing_args
        env = request.env
        values.update(
            {
                "rows": [self._toll_crossing_row(crossing) for crossing in crossings],
                "chosen": chosen,
                "toll_account": chosen["account"],
                "states": self._toll_crossing_states(),
                "sorts": {
                    "newest": env._("Newest first"),
                    "oldest": env._("Oldest first"),
                    "highest": env._("Highest amount first"),
                    "lowest": env._("Lowest amount first"),
                },
                "plates": self._toll_plates(accounts),
                "newer_query": newer
                and crossings
                and args(chosen, before=self._toll_cursor(crossings[0], sort)),
                "older_query": older
                and crossings
                and args(chosen, after=self._toll_cursor(crossings[-1], sort)),
                "csv_query": args(chosen),
                "is_filtered": bool(args(chosen, sort=None)),
            }
        )
        return request.render("toll_billing.portal_my_toll_crossings", values)

    def _toll_plates(self, accounts):
        """Plates to choose from; a fleet of thousands types instead."""
        vehicles = request.env["toll.vehicle"].search(
            [("account_id", "in", accounts.ids)], order="plate", limit=100
        )
        return vehicles.mapped("plate")

    @route(
        "/my/toll/crossings/<int:crossing_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_crossing(self, crossing_id, **kw):
        crossing = request.env["toll.crossing"]
        if crossing_id <= MAX_ID:
            crossing = self._toll_record("toll.crossing", crossing_id)
        values = self._toll_layout_values("toll_crossings")
        if not crossing or crossing.account_id not in values["toll_accounts"]:
            return request.redirect("/my/toll/crossings")
        values.update(
            {
                "crossing": crossing,
                "row": self._toll_crossing_row(crossing),
                "reasons": self._toll_crossing_why(crossing),
            }
        )
        return request.render("toll_billing.portal_my_toll_crossing", values)
