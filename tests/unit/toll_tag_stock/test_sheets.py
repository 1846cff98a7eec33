import io
import zipfile

import openpyxl
import pytest

from odoo.addons.toll_tag_stock.core import labels, serials, sheets
from odoo.addons.toll_tag_stock.core.errors import TagDataError


def xlsx(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_numbers_of_a_spreadsheet_are_digits_again():
    rows, errors = serials.parse_rows(
        sheets.read_table(xlsx(("number", "epc"), (30992039.0, None), (1001, "")))
    )
    assert not errors
    assert [row.number for row in rows] == ["30992039", "1001"]


def test_errors_name_the_row_of_the_sheet():
    _rows, errors = serials.parse_rows(
        sheets.read_table(xlsx(("number",), ("AB1001",), ("??",)))
    )
    assert [(error.line, error.code) for error in errors] == [(3, "bad_number")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00", "not_utf8"),
        (b"PK\x03\x04 no zip", "bad_xlsx"),
        (b"1" * (sheets.MAX_BYTES + 1), "file_too_big"),
    ],
)
def test_what_is_no_list(content, code):
    with pytest.raises(TagDataError, match=code):
        sheets.read_table(content)


def test_a_zip_bomb_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheets.MAX_UNPACKED + 1))
    assert len(file.getvalue()) < sheets.MAX_BYTES
    with pytest.raises(TagDataError, match="file_too_big"):
        sheets.read_table(file.getvalue())


@pytest.mark.parametrize("mark", ["^XZ", "~JA", "_5E", "a\n^FS"])
def test_no_text_can_end_a_label(mark):
    text = labels.zpl([labels.Label("A1001", mark, mark)])
    assert text.count("^XZ") == 1
    assert text.count("^FS") == 4
    assert "~" not in text
