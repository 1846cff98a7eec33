"""The overview in figures: days left, the month by vehicle; claims of a crossing."""

from odoo import fields
from odoo.http import request

from odoo.addons.toll_account.controllers.portal_requests import TollRequestPortal

from .portal import MAX_ID, TollCrossingPortal

BARS = 10


class TollDashboard(TollCrossingPortal, TollRequestPortal):
    def _toll_overview_values(self, accounts):
        values = super()._toll_overview_values(accounts)
        crossings = request.env["toll.crossing"]
        values["days_left"] = {}
        values["month_rows"] = []
        if accounts and crossings.has_access("read"):
            values["days_left"] = accounts._get_days_left()
            values["month_rows"] = self._toll_month_rows(accounts)
        return values

    def _toll_month_rows(self, accounts):
        """[{plate, count, amount, currency, percent}] of this month, most first."""
        today = fields.Date.context_today(request.env.user)
        start = self._toll_midnight(today.replace(day=1))
        groups = request.env["toll.crossing"]._read_group(
            [
                ("account_id", "in", accounts.ids),
                ("state", "=", "posted"),
                ("occurred_at", ">=", start),
            ],
            ["currency_id", "vehicle_id"],
            ["__count", "amount:sum", "amount_discount:sum"],
        )
        rows = [
            {
                "plate": vehicle.sudo().plate or "-",
                "count": count,
                "amount": full - discount,
                "currency": currency.sudo(),
            }
            for currency, vehicle, count, full, discount in groups
        ]
        rows.sort(key=lambda row: -row["amount"])
        most = max((row["amount"] for row in rows), default=0) or 1
        for row in rows:
            row["percent"] = max(round(100 * row["amount"] / most), 1)
        return rows[:BARS]

    def _toll_request_about(self, post):
        about = super()._toll_request_about(post)
        crossing_id = self._toll_int(post.get("crossing"), MAX_ID)
        crossing = crossing_id and self._toll_record("toll.crossing", crossing_id)
        if not crossing or crossing.account_id not in self._toll_accounts():
            return about
        row = self._toll_crossing_row(crossing)
        text = request.env._(
            "Crossing %(ref)s at %(plaza)s, %(time)s",
            ref=row["ref"],
            plaza=row["plaza"] or "-",
            time=row["local"],
        )
        return {
            **about,
            "text": text,
            "description": text + "\n",
            "hidden": {"crossing": crossing.id},
            "vals": {"vehicle_id": crossing.vehicle_id.id},
        }

    def _toll_open_request(self, type_code, account, post):
        """What the customer wrote names the crossing, whatever he deletes from it."""
        about = self._toll_request_about(post)
        text = (post.get("description") or "").strip()
        if about.get("description") and about["text"] not in text:
            post["description"] = f"{about['text']}\n{text}" if text else ""
        return super()._toll_open_request(type_code, account, post)
