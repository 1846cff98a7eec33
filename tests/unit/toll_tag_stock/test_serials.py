"""Ranges and pasted lists of a reception."""

import pytest

from odoo.addons.toll_tag_stock.core import serials
from odoo.addons.toll_tag_stock.core.errors import TagDataError


def test_a_range_keeps_zeros_and_both_ends():
    assert serials.expand_range("AB0098", "AB0101") == [
        "AB0098",
        "AB0099",
        "AB0100",
        "AB0101",
    ]


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("AB0002", "AB0001", "range_backwards"),
        ("AB0001", "AC0002", "range_mismatch"),
        ("AB0001", "AB00002", "range_mismatch"),
        ("12AB", "13AB", "no_trailing_digits"),
        ("AB00001", "AB99999", "range_too_long"),
        ("??", "AB0001", "bad_number"),
    ],
)
def test_ranges_that_are_refused(first, last, code):
    with pytest.raises(TagDataError) as refused:
        serials.expand_range(first, last)
    assert refused.value.code == code


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_lists_with_any_delimiter(mark):
    text = f"\ufeffAB0001{mark}{'A' * 24}{mark}E2801160\r\n\r\nAB0002\r\n"
    rows, errors = serials.parse_rows(text)
    assert errors == []
    assert rows[0] == (1, "AB0001", "A" * 24, "E2801160")
    assert rows[1] == (3, "AB0002", None, None)


def test_a_header_names_the_columns_in_any_order():
    rows, errors = serials.parse_rows(f"epc,box,tag\n{'B' * 24},7,AB0001\n")
    assert errors == []
    assert rows == [(2, "AB0001", "B" * 24, None)]


def test_every_bad_line_has_its_number_and_reason():
    epc = "C" * 24
    text = f"AB0001\nAB0001\nAB0002,XY\nAB0003,{epc}\nAB0004,{epc}\n,\nAB0005,,,9\n"
    rows, errors = serials.parse_rows(text)
    assert [row.number for row in rows] == ["AB0001", "AB0003"]
    assert [(error.line, error.code) for error in errors] == [
        (2, "repeated_number"),
        (3, "bad_epc"),
        (5, "repeated_epc"),
        (7, "too_many_columns"),
    ]


def test_too_many_lines_stop():
    rows, errors = serials.parse_rows("AB0001\nAB0002\nAB0003\n", limit=2)
    assert len(rows) == 2
    assert errors[0].code == "too_many_lines"
