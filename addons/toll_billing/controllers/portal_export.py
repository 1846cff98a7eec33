"""The customer's crossings as a file for a spreadsheet."""

import csv
import io
from zoneinfo import ZoneInfo

import xlsxwriter

from odoo import fields
from odoo.http import content_disposition, request, route

from odoo.addons.toll_account.core.spreadsheet import safe_cell

from .portal import MAX_ID, TollCrossingPortal

EXPORT_MAX = 100_000
EXPORT_CHUNK = 2_000
PDF_MAX = 1_000
MONEY_COLUMNS = (9, 10, 11)


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
        domain = self._toll_export_domain(query)
        if domain is None:
            return request.redirect("/my/toll/crossings")
        return self._toll_file(
            self._toll_crossing_csv(domain).encode("utf-8-sig"),
            "text/csv; charset=utf-8",
            f"crossings-{fields.Date.today()}.csv",
        )

    @route(
        "/my/toll/crossings/xlsx",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_crossings_xlsx(self, **query):
        """The filtered list as a workbook; text stays text."""
        domain = self._toll_export_domain(query)
        if domain is None:
            return request.redirect("/my/toll/crossings")
        return self._toll_file(
            self._toll_crossing_xlsx(domain),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            f"crossings-{fields.Date.today()}.xlsx",
        )

    @route(
        "/my/toll/crossings/pdf",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_crossings_pdf(self, **query):
        """The filtered list on paper, its first thousand rows."""
        domain = self._toll_export_domain(query)
        if domain is None:
            return request.redirect("/my/toll/crossings")
        crossings, _newer, older = self._toll_crossing_page(
            domain, "newest", limit=PDF_MAX
        )
        return self._toll_crossing_pdf(
            crossings, f"crossings-{fields.Date.today()}.pdf", more=older
        )

    @route(
        "/my/toll/crossings/<int:crossing_id>/pdf",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_crossing_pdf(self, crossing_id, **kw):
        """One crossing and why it cost that, on paper."""
        crossing = request.env["toll.crossing"]
        if crossing_id <= MAX_ID:
            crossing = self._toll_record("toll.crossing", crossing_id)
        if not crossing or crossing.account_id not in self._toll_accounts():
            return request.redirect("/my/toll/crossings")
        return self._toll_crossing_pdf(
            crossing,
            f"crossing-{crossing.id}.pdf",
            reasons=self._toll_crossing_why(crossing),
        )

    def _toll_export_domain(self, query):
        accounts = self._toll_accounts()
        chosen = self._toll_crossing_filter(accounts, query)
        if not accounts or (query.get("account") and not chosen["account"]):
            return None
        return self._toll_crossing_domain(accounts, chosen)

    def _toll_file(self, data, mimetype, name):
        return request.make_response(
            data,
            headers=[
                ("Content-Type", mimetype),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _toll_crossing_pdf(self, crossings, name, **values):
        # Customers may not read reports; the rows are theirs, found above.
        report_sudo = request.env["ir.actions.report"].sudo()
        data = {
            "rows": [self._toll_crossing_row(crossing) for crossing in crossings],
            "partner": request.env.user.partner_id,
            "company": request.env.company.sudo(),
            "printed_on": fields.Date.today(),
            "reasons": [],
            "more": False,
            **values,
        }
        content, _kind = report_sudo._render_qweb_pdf(
            "toll_billing.action_report_crossings", crossings.ids, data=data
        )
        return self._toll_file(content, "application/pdf", name)

    def _toll_crossing_xlsx(self, domain):
        out = io.BytesIO()
        book = xlsxwriter.Workbook(
            out,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        sheet = book.add_worksheet(request.env._("Crossings"))
        bold = book.add_format({"bold": True, "bottom": 1})
        money = book.add_format({"num_format": "#,##0.00"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 26)
        sheet.write_row(0, 0, self._toll_crossing_head(), bold)
        for line, crossing in enumerate(self._toll_export_rows(domain), 1):
            for column, cell in enumerate(self._toll_crossing_cells(crossing)):
                if column in MONEY_COLUMNS:
                    sheet.write_number(line, column, float(cell), money)
                else:
                    sheet.write_string(line, column, cell)
        book.close()
        return out.getvalue()

    def _toll_crossing_head(self):
        env = request.env
        return [
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

    def _toll_crossing_csv(self, domain):
        output = io.StringIO(newline="")
        writer = csv.writer(output)
        writer.writerow(self._toll_crossing_head())
        for crossing in self._toll_export_rows(domain):
            writer.writerow(self._toll_crossing_cells(crossing))
        return output.getvalue()

    def _toll_export_rows(self, domain):
        """The crossings one by one; of no more than a chunk in memory."""
        written, after = 0, None
        while written < EXPORT_MAX:
            crossings, _newer, older = self._toll_crossing_page(
                domain, "newest", after=after, limit=EXPORT_CHUNK
            )
            yield from crossings
            written += len(crossings)
            if not older or not crossings:
                break
            after = self._toll_cursor(crossings[-1], "newest")
            crossings.invalidate_recordset(flush=False)

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
