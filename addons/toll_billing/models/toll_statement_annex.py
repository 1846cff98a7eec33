import base64
import csv
import io
from dataclasses import dataclass, field
from decimal import Decimal

import xlsxwriter

from odoo import api, fields, models

from ..queries import billing_check as queries

#: Beginnings of a text that a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class AnnexGroup:
    """Crossings of one vehicle."""

    label: str
    rows: list = field(default_factory=list)
    amount: Decimal = Decimal(0)


class TollStatement(models.Model):
    _inherit = "toll.statement"

    def _get_annex_rows(self):
        """Crossings as tuples, in the order of ``_annex_headers``."""
        self.ensure_one()
        rows = self.env.execute_query(
            queries.annex(self, self._get_tz(), self._get_annex_lang())
        )
        # the driver of Odoo makes floats of amounts: the query gives them as text
        return [(*row[:9], Decimal(row[9]), row[10]) for row in rows]

    def _get_annex_lang(self):
        return self.partner_id.lang or self.env.lang or "en_US"

    def _get_annex_limit(self):
        """Rows that the printed annex has room for; the files have them all."""
        return int(
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("toll_billing.annex_print_limit", 5000)
        )

    def _get_annex(self):
        """Groups with their subtotal, for the printed annex: as the account wants."""
        rows = self._get_annex_rows()
        omitted = len(rows) > self._get_annex_limit()
        label = self._get_annex_label()
        if self.account_id.annex_grouping == "none":
            rows = sorted(rows, key=lambda row: row[1])
        groups = {}
        for row in rows:
            group = groups.setdefault(label(row), AnnexGroup(label(row)))
            group.amount += row[9]
            if not omitted:
                group.rows.append(row)
        return {
            "groups": [] if omitted else list(groups.values()),
            "count": len(rows),
            "amount": sum((row[9] for row in rows), Decimal(0)),
            "omitted": omitted,
            "volume": self._get_volume_rows(),
        }

    def _get_annex_label(self):
        """The function that names the group of a row."""
        grouping = self.account_id.annex_grouping
        statement = self.with_context(lang=self._get_annex_lang())
        if grouping == "none":
            every = statement.env._("All crossings")
            return lambda row: every
        if grouping == "cost_centre":
            vehicles = self.account_id.with_context(active_test=False).vehicle_ids
            centres = {v.plate: v.cost_centre_id.display_name for v in vehicles}
            without = statement.env._("Without cost centre")
            return lambda row: centres.get(row[0]) or without
        return lambda row: row[0]

    @api.model
    def _annex_headers(self):
        return [
            self.env._("Vehicle"),
            self.env._("Date and Time"),
            self.env._("Operator"),
            self.env._("Plaza"),
            self.env._("Lane"),
            self.env._("TAG"),
            self.env._("Plate"),
            self.env._("Class"),
            self.env._("Service"),
            self.env._("Amount"),
            self.env._("Reference"),
        ]

    def _annex_csv(self):
        """The annex as CSV, UTF-8; what looks like a formula is made harmless."""
        self.ensure_one()
        statement = self.with_context(lang=self._get_annex_lang())
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(statement._annex_headers())
        for row in self._get_annex_rows():
            writer.writerow(
                [
                    _harmless(value)
                    if isinstance(value, str)
                    else fields.Datetime.to_string(value)
                    if hasattr(value, "hour")
                    else value
                    for value in row
                ]
            )
        return out.getvalue().encode("utf-8-sig")

    def _annex_xlsx(self):
        """The annex as a workbook; row by row, whatever its length."""
        self.ensure_one()
        statement = self.with_context(lang=self._get_annex_lang())
        out = io.BytesIO()
        book = xlsxwriter.Workbook(
            out,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
            },
        )
        sheet = book.add_worksheet(statement.env._("Crossings"))
        bold = book.add_format({"bold": True, "bottom": 1})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        money = book.add_format({"num_format": "#,##0.00"})
        widths = (22, 20, 12, 24, 8, 18, 12, 10, 12, 12, 24)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, statement._annex_headers(), bold)
        rows = self._get_annex_rows()
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                if isinstance(value, Decimal):
                    sheet.write_number(line, column, value, money)
                elif hasattr(value, "hour"):
                    sheet.write_datetime(line, column, value, time)
                else:
                    sheet.write_string(line, column, value)
        total = len(rows) + 1
        sheet.write_string(total, 8, statement.env._("Total"), bold)
        sheet.write_number(total, 9, sum((r[9] for r in rows), Decimal(0)), bold)
        volumes = statement._get_volume_rows()
        for line, (plan, month, _count, amount) in enumerate(volumes, total + 1):
            sheet.write_string(line, 8, f"{plan}, {month:%Y-%m}")
            sheet.write_number(line, 9, -amount, money)
        if volumes:
            line = total + 1 + len(volumes)
            sheet.write_string(line, 8, statement.env._("To be paid"), bold)
            sheet.write_number(line, 9, self.amount_total, bold)
        book.close()
        return out.getvalue()

    def action_annex_csv(self):
        return self._download_annex("csv", "text/csv", self._annex_csv())

    def action_annex_xlsx(self):
        return self._download_annex(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            self._annex_xlsx(),
        )

    def _download_annex(self, extension, mimetype, content):
        """Keep the file with the statement and let the browser fetch it."""
        self.ensure_one()
        self.check_access("read")
        name = f"{self.name}.{extension}"
        # readers of a statement may not attach files to it
        Attachment = self.env["ir.attachment"].sudo()
        values = {
            "name": name,
            "res_model": self._name,
            "res_id": self.id,
            "mimetype": mimetype,
            "datas": base64.b64encode(content),
        }
        attachment = Attachment.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("name", "=", name),
            ],
            limit=1,
        )
        if attachment:
            attachment.write(values)
        else:
            attachment = Attachment.create(values)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }


def _harmless(text):
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
