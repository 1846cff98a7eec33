"""Lists of TAGs as people send them: CSV text or an XLSX sheet."""

import io
import zipfile

import openpyxl

from .errors import TagDataError
from .serials import cells_of

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_COLUMNS = 20


def read_table(content):
    """(line, cells) of each row of a file; refuses what is no list.

    >>> list(read_table(b"number,epc\\nA1001,\\n"))
    [(1, ['number', 'epc']), (2, ['A1001', ''])]
    """
    if len(content) > MAX_BYTES:
        raise TagDataError("file_too_big", limit=MAX_BYTES // 1024 // 1024)
    if content.startswith(b"PK\x03\x04"):
        return _read_xlsx(content)
    try:
        return cells_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise TagDataError("not_utf8") from None


def _read_xlsx(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise TagDataError("file_too_big", limit=MAX_UNPACKED // 1024 // 1024)
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True
        )
        sheet = book.worksheets[0]
        return [
            (line, [_text(cell) for cell in cells])
            for line, cells in enumerate(
                sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1
            )
        ]
    except TagDataError:
        raise
    except Exception:  # the reader raises whatever its parts do with a broken file
        raise TagDataError("bad_xlsx") from None


def _text(cell):
    """A cell as it looks: a number that the program made of digits is digits again."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
