"""Tables as workbooks."""

import io

from openpyxl import Workbook
from openpyxl.styles import Font

from .spreadsheet import safe_cell


def workbook(title: str, header: list, rows) -> bytes:
    """Return an XLSX file with one sheet; cells are text and never formulas."""
    book = Workbook(write_only=False)
    sheet = book.active
    sheet.title = title[:31]
    sheet.append([safe_cell(cell) for cell in header])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
