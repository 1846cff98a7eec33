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
    count: int = 0
    amount: Decimal = Decimal(0)


class TollStatement(models.Model):
    _inherit = "toll.statement"

    def _get_annex_rows(self):
        """Crossings as tuples, in the order of ``_annex_headers``."""
        self.ensure_one()
        return [row[1:] for row in self._fetch_annex()]

    def _fetch_annex(self):
        """Crossings of these statements; each row begins with its account's number."""
        query = queries.annex(self, self[0]._get_tz(), self[0]._get_annex_lang())
        # the driver of Odoo makes floats of amounts: the query gives them as text
        return [
            (*row[:10], Decimal(row[10]), row[11])
            for row in self.env.execute_query(query)
        ]

    def _get_annex_lang(self):
        return self.partner_id.lang or self.env.lang or "en_US"

    def _get_annex_limit(self):
        """Rows that the printed annex has room for; the files have them all."""
        return int(
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("toll_billing.annex_print_limit", 5000)
        )

    def _get_annex(self, whole=False):
        """Groups with their subtotal, for the printed annex: as the account wants.

        :param whole: with the other accounts that the invoice charges, one by one
        """
        self.ensure_one()
        statements = self._get_invoiced() if whole else self
        rows = statements._fetch_annex()
        omitted = len(rows) > self._get_annex_limit()
        group_of = self._get_annex_label(statements)
        if self.account_id.annex_grouping == "none":
            rows = sorted(rows, key=lambda row: (group_of(row), row[2]))
        groups = {}
        for row in rows:
            label = group_of(row)
            group = groups.setdefault(label, AnnexGroup(label))
            group.amount += row[10]
            group.count += 1
            if not omitted:
                group.rows.append(row[1:])
        return {
            "groups": [] if omitted else list(groups.values()),
            "count": len(rows),
            "amount": sum((row[10] for row in rows), Decimal(0)),
            "omitted": omitted,
            "volume": statements._get_volume_rows(),
            "packs": statements._get_pack_rows(),
            "total": sum(statements.mapped("amount_total")),
            "parts": self._get_share_rows() if whole and self._is_joint() else [],
        }

    def _get_annex_label(self, statements):
        """The function that names the group of a row of ``_fetch_annex``."""
        grouping = self.account_id.annex_grouping
        statement = self.with_context(lang=self._get_annex_lang())
        if grouping == "none":
            every = statement.env._("All crossings")

            def label(row):
                return every

        elif grouping == "cost_centre":
            vehicles = statements.account_id.with_context(active_test=False).vehicle_ids
            centres = {
                (v.account_id.number, v.plate): v.cost_centre_id.display_name
                for v in vehicles
            }
            without = statement.env._("Without cost centre")

            def label(row):
                return centres.get((row[0], row[1])) or without

        else:

            def label(row):
                return row[1]

        if len(statements) > 1:
            return lambda row: f"{row[0]} / {label(row)}"
        return label

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

    def _annex_table(self, whole):
        """(headers, rows, statements) of the annex as a file."""
        self.ensure_one()
        statement = self.with_context(lang=self._get_annex_lang())
        headers = statement._annex_headers()
        if whole and self._is_joint():
            rows = self._get_invoiced()._fetch_annex()
            return [statement.env._("Account"), *headers], rows, self._get_invoiced()
        return headers, self._get_annex_rows(), self

    def _annex_csv(self, whole=False):
        """The annex as CSV, UTF-8; what looks like a formula is made harmless."""
        headers, rows, _statements = self._annex_table(whole)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(headers)
        for row in rows:
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

    def _annex_xlsx(self, whole=False):
        """The annex as a workbook; row by row, whatever its length."""
        headers, rows, statements = self._annex_table(whole)
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
        widths = (16,) * (len(headers) - len(widths)) + widths
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, headers, bold)
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
        column = len(headers) - 2
        charged = sum((row[column] for row in rows), Decimal(0))
        volumes = statements._get_volume_rows()
        total = len(rows) + 1
        sums = [(statement.env._("Total"), charged, bold)]
        sums += [
            (f"{plan}, {month:%Y-%m}", -amount, money)
            for plan, month, _count, amount in volumes
        ]
        if volumes:
            due = sum(statements.mapped("amount_total"))
            sums.append((statement.env._("To be paid"), due, bold))
        for line, (label, amount, form) in enumerate(sums, total):
            sheet.write_string(line, column - 1, label, bold if form == bold else None)
            sheet.write_number(line, column, amount, form)
        book.close()
        return out.getvalue()

    def action_annex_whole_csv(self):
        """Crossings of all accounts that the invoice charges."""
        return self._download_annex("csv", "text/csv", self._annex_csv(True), "-all")

    def action_annex_whole_xlsx(self):
        return self._download_annex(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            self._annex_xlsx(True),
            "-all",
        )

    def action_annex_csv(self):
        return self._download_annex("csv", "text/csv", self._annex_csv())

    def action_annex_xlsx(self):
        return self._download_annex(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            self._annex_xlsx(),
        )

    def _download_annex(self, extension, mimetype, content, suffix=""):
        """Keep the file with the statement and let the browser fetch it."""
        self.ensure_one()
        self.check_access("read")
        name = f"{self.name}{suffix}.{extension}"
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
