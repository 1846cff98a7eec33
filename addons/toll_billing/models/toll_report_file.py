import io
from decimal import Decimal

import xlsxwriter

from odoo import api, models

from odoo.addons.toll_account.core.spreadsheet import safe_cell


class TollReportFile(models.AbstractModel):
    """Workbooks and downloads that the reports share."""

    _name = "toll.report.file"
    _description = "Report File"

    @api.model
    def _workbook(self, sheets):
        """A workbook of [(title, header, rows)]; texts never become formulas."""
        out = io.BytesIO()
        book = xlsxwriter.Workbook(
            out, {"strings_to_formulas": False, "strings_to_urls": False}
        )
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        money = book.add_format({"num_format": "#,##0.00"})
        names = set()
        for title, header, rows in sheets:
            sheet = book.add_worksheet(_sheet_name(title, names))
            sheet.set_column(0, len(header), 18)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, header, bold)
            for line, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    if value is None or value is False:
                        continue
                    if isinstance(value, str):
                        sheet.write_string(line, column, value)
                    elif hasattr(value, "year"):
                        sheet.write_datetime(line, column, value, day)
                    elif isinstance(value, int):
                        sheet.write_number(line, column, value)
                    else:
                        sheet.write_number(line, column, value, money)
        book.close()
        return out.getvalue()

    @api.model
    def _csv(self, header, rows):
        """UTF-8 with a mark for spreadsheets; what looks like a formula is harmless."""
        return self._csv_lines([header, *rows]).encode("utf-8-sig")

    @api.model
    def _csv_lines(self, lines):
        return "".join(
            ",".join(_quoted(value) for value in line) + "\r\n" for line in lines
        )

    @api.model
    def _download(self, record, name, content):
        """Keep the file with its record and let the browser fetch it.

        Whoever calls has checked that the user may read the record.
        """
        # readers of a record may not attach files to it
        Attachment = self.env["ir.attachment"].sudo()
        owner = [("res_model", "=", record._name), ("res_id", "=", record.id)]
        attachment = Attachment.search([*owner, ("name", "=", name)], limit=1)
        values = {
            "name": name,
            "raw": content,
            "res_model": record._name,
            "res_id": record.id,
        }
        if attachment:
            attachment.write(values)
        else:
            attachment = Attachment.create(values)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }


def _quoted(value):
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    text = str(value) if number else safe_cell(value)
    if any(sign in text for sign in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text


def _sheet_name(title, names):
    """At most 31 characters, none that spreadsheets refuse, and only once."""
    base = "".join(" " if sign in "[]:*?/\\" else sign for sign in title).strip("'")
    name, number = base[:31] or "-", 1
    while name.lower() in names:
        number += 1
        name = f"{base[:27]} {number}"
    names.add(name.lower())
    return name
