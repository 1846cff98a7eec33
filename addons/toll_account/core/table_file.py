"""Tables that people upload: CSV or XLSX, with the number of each line.

>>> read_table(b"plate;class\\nABC-1;AUTO\\n", "x.csv", ("plate", "class"))
([{'plate': 'ABC-1', 'class': 'AUTO', 'line': 2}], [])
>>> read_table(b"colour\\nred\\n", "x.csv", ("plate",))[1]
[(1, 'unknown_column', 'colour')]
"""

import csv
import io
import zipfile
from datetime import date, datetime

MAX_BYTES = 5_000_000
MAX_UNPACKED = 60_000_000
MAX_LINES = 20_000


def read_table(content, filename, columns, required=(), limit=MAX_LINES):
    """(rows, errors): each row a dict with its "line", each error (line, code, value).

    >>> read_table(b"plate\\n" * 2, "x.csv", ("plate",), limit=0)[1]
    [(2, 'too_many_lines', 0)]
    >>> read_table(b"\\xff\\xfe", "x.csv", ("plate",))[1]
    [(0, 'not_utf8', '')]
    """
    if len(content) > MAX_BYTES:
        return [], [(0, "too_big", MAX_BYTES // 1_000_000)]
    is_sheet = (filename or "").lower().endswith(".xlsx") or content[:4] == b"PK\3\4"
    lines, code = read_sheet(content) if is_sheet else read_csv(content)
    if code:
        return [], [(0, code, "")]
    header = [cell.strip().lower() for cell in next(iter(lines), [])]
    errors = [(1, "unknown_column", c) for c in header if c and c not in columns]
    errors += [(1, "missing_column", c) for c in required if c not in header]
    if errors:
        return [], errors
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= limit:
            return rows, [(number, "too_many_lines", limit)]
        row = {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=False)
            if name and cell.strip()
        }
        missing = [name for name in required if name not in row]
        errors += [(number, "missing_value", name) for name in missing]
        if not missing:
            rows.append({**row, "line": number})
    return rows, errors


def read_csv(content):
    """(lines of cells, error code)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], "not_utf8"
    if "\0" in text:
        return [], "not_utf8"
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter)), None
    except csv.Error:
        return [], "not_a_table"


def read_sheet(content):
    """(lines of cells, error code) of the first sheet of a workbook."""
    from openpyxl import load_workbook  # heavy, and needed here only

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                return [], "too_big_inside"
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        lines = []
        for cells in sheet.iter_rows(values_only=True, max_row=MAX_LINES + 2):
            lines.append([cell_text(cell) for cell in cells])
        return lines, None
    except Exception:  # whatever a broken or hostile workbook makes of the reader
        return [], "not_a_table"


def cell_text(cell):
    """Text of a cell as a person would type it.

    >>> cell_text(2024.0), cell_text(None), cell_text(date(2026, 1, 2))
    ('2024', '', '2026-01-02')
    """
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not cell.time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
