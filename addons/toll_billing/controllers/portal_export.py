"""The customer's crossings as a file for a spreadsheet."""

import csv
import io
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.http import content_disposition, request, route

from odoo.addons.toll_account.core.spreadsheet import safe_cell

from .portal import TollCrossingPortal

EXPORT_MAX = 100_000
EXPORT_CHUNK = 2_000


class TollCrossingExport(TollCrossingPortal):
    @route(
        "/my/toll/crossings/csv",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_crossings_csv(self, **query):
        """The filtered list as a file; cells cannot become formulas."""
        accounts = self._toll_accounts()
        chosen = self._toll_crossing_filter(accounts, query)
        if not accounts or (query.get("account") and not chosen["account"]):
            return request.redirect("/my/toll/crossings")
        data = self._toll_crossing_csv(self._toll_crossing_domain(accounts, chosen))
        name = f"crossings-{fields.Date.today()}.csv"
        return request.make_response(
            data.encode("utf-8-sig"),
            headers=[
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _toll_crossing_csv(self, domain):
        env = request.env
        output = io.StringIO(newline="")
        writer = csv.writer(output)
        head = [
            env._("Local time"),
            env._("Operator"),
            env._("Plaza"),
            env._("Lane"),
            env._("Account"),
            env._("Plate"),
            env._("TAG"),
            env._("Class"),
            env._("Service"),
            env._("Price"),
            env._("Discount"),
            env._("Charged"),
            env._("Currency"),
            env._("State"),
            env._("Reference"),
        ]
        writer.writerow(head)
        written, after = 0, None
        while written < EXPORT_MAX:
            crossings, _newer, older = self._toll_crossing_page(
                domain, "newest", after=after, limit=EXPORT_CHUNK
            )
            for crossing in crossings:
                writer.writerow(self._toll_crossing_cells(crossing))
            written += len(crossings)
            if not older or not crossings:
                break
            after = self._toll_cursor(crossings[-1], "newest")
            crossings.invalidate_recordset(flush=False)
        return output.getvalue()

    def _toll_crossing_cells(self, crossing):
        row = self._toll_crossing_row(crossing)
        digits = row["currency"].decimal_places
        zone = ZoneInfo(self._toll_crossing_local(crossing.sudo())[0])
        moment = crossing.occurred_at.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
        return [
            moment.isoformat(sep=" ", timespec="seconds"),
            safe_cell(row["operator"]),
            safe_cell(row["plaza"]),
            safe_cell(row["lane"]),
            safe_cell(row["account"]),
            safe_cell(row["plate"]),
            safe_cell(row["tag"]),
            safe_cell(row["class_name"]),
            safe_cell(crossing.service),
            f"{crossing.amount:.{digits}f}",
            f"{crossing.amount_discount:.{digits}f}",
            f"{row['charged']:.{digits}f}",
            safe_cell(row["currency"].name),
            safe_cell(row["state_label"]),
            safe_cell(row["ref"]),
        ]
