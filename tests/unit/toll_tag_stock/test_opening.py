"""The opening file: reading it and checking its rows."""

from decimal import Decimal

import pytest

from odoo.addons.toll_tag_stock.core import opening

ROW = {"name": "Ana", "plate": "ABC-1", "class_code": "auto", "tag": "ab-0001"}


def codes(errors):
    return [(error.line, error.code) for error in errors]


def test_a_good_row_is_normalised():
    rows, errors = opening.clean_rows([{**ROW, "opening_balance": "10.50"}])
    assert errors == []
    assert rows[0]["tag"] == "AB0001"
    assert rows[0]["class_code"] == "AUTO"
    assert rows[0]["payment_mode"] == "prepaid"
    assert rows[0]["opening_balance"] == Decimal("10.50")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "missing_value"),
        ({"class_code": ""}, "missing_value"),
        ({"plate": "--"}, "bad_plate"),
        ({"plate": ""}, "tag_without_vehicle"),
        ({"tag": "", "epc": "A" * 24}, "epc_without_tag"),
        ({"tag": "AB"}, "bad_number"),
        ({"epc": "12"}, "bad_epc"),
        ({"tid": "12"}, "bad_tid"),
        ({"payment_mode": "credit"}, "bad_payment_mode"),
        ({"opening_balance": "1,000.00"}, "bad_amount"),
        ({"opening_balance": "NaN"}, "bad_amount"),
        ({"email": "ana at example"}, "bad_email"),
    ],
)
def test_bad_values(change, code):
    assert codes(opening.clean_rows([{**ROW, **change}])[1]) == [(1, code)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"plate": "abc1", "tag": "AB0002"}, "repeated_plate"),
        ({"plate": "ABC-2"}, "repeated_number"),
        ({"plate": "ABC-2", "tag": "AB0002", "epc": "A" * 24}, "repeated_epc"),
    ],
)
def test_rows_against_the_rows_before(change, code):
    first = {**ROW, "epc": "a" * 24}
    assert codes(opening.clean_rows([first, {**ROW, **change}])[1]) == [(2, code)]


def test_a_group_has_one_payment_mode():
    rows = [
        {"name": "A", "group": "G", "payment_mode": "postpaid"},
        {"name": "A", "group": "G"},
    ]
    assert codes(opening.clean_rows(rows)[1]) == [(2, "group_mode_differs")]


def test_a_file_keeps_its_line_numbers():
    rows, errors = opening.parse_csv("name;balance\n\nAna;5\nLuis;6;7\n")
    assert rows == [{"name": "Ana", "opening_balance": "5", "line": 3}]
    assert codes(errors) == [(4, "too_many_columns")]


def test_a_file_without_names_or_with_unknown_columns():
    assert codes(opening.parse_csv("plate\nX1\n")[1]) == [(1, "missing_column")]
    assert codes(opening.parse_csv("name,colour\nA,red\n")[1]) == [
        (1, "unknown_column")
    ]
