"""Reading a price matrix from a spreadsheet (004-29)."""

from decimal import Decimal

import pytest

from odoo.addons.toll_billing.core.holidays import mexico
from odoo.addons.toll_billing.core.tariff_import import read_rows


def codes(table):
    rows, faults = read_rows(table)
    return [(fault.line, fault.column, fault.code) for fault in faults]


def test_matrix_with_groups_of_classes():
    rows, faults = read_rows(
        [
            ["plaza", "Plaza name", "band", "day_type", "M", "A", "C2-C3"],
            ["101", "Tlalpan", "", "", 74, 149.0, "$273.00"],
            [None, None, None, None, None, None, None],
            [102.0, "Tres Marías", "night", "Domingo", "27", "", "-"],
        ]
    )
    assert not faults
    got = [(r.line, r.plaza, r.class_code, r.band, r.day_type, r.amount) for r in rows]
    assert got == [
        (2, "101", "M", "all", "any", Decimal(74)),
        (2, "101", "A", "all", "any", Decimal(149)),
        (2, "101", "C2", "all", "any", Decimal("273.00")),
        (2, "101", "C3", "all", "any", Decimal("273.00")),
        (4, "102", "M", "night", "sunday", Decimal(27)),
    ]


def test_list_with_entry_and_service():
    rows, faults = read_rows(
        [
            ["Entrada", "Salida", "Clase", "Importe", "Servicio"],
            ["1", "2", "a", "1.041,50", "Parking"],
        ]
    )
    assert not faults
    assert (rows[0].entry, rows[0].plaza, rows[0].class_code) == ("1", "2", "A")
    assert (rows[0].amount, rows[0].service) == (Decimal("1041.50"), "parking")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([], [(1, "", "empty")]),
        ([["plaza", "A"]], [(1, "", "empty")]),
        ([["A", "B"], ["1", "2"]], [(1, "", "no_plaza_column")]),
        ([["plaza", "amount"], ["1", "2"]], [(1, "", "no_class_column")]),
        ([["plaza", "band"], ["1", "2"]], [(1, "", "no_price_column")]),
        ([["plaza", "Caseta", "A"], ["1", "1", "2"]], [(1, "B", "heading_twice")]),
        ([["plaza", "A"], ["", "5"]], [(2, "A", "no_plaza")]),
        (
            [["plaza", "A"], ["1", "12x"], ["2", "-3"]],
            [(2, "B", "bad_amount"), (3, "B", "negative")],
        ),
        ([["plaza", "day", "A"], ["1", "noche", "5"]], [(2, "B", "bad_day_type")]),
        ([["plaza", "class", "amount"], ["1", "", "5"]], [(2, "B", "no_class")]),
        ([["plaza", "class", "amount"], ["1", "A", ""]], [(2, "C", "bad_amount")]),
        ([["plaza", "A"], ["1", "5"], ["1", "6"]], [(3, "B", "price_twice")]),
    ],
)
def test_faults_name_line_and_column(table, expected):
    assert codes(table) == expected


def test_all_faults_are_reported_at_once():
    table = [["plaza", "A", "B2"], ["1", "x", "y"], ["", "1", "1"], ["2", "5", "z"]]
    assert codes(table) == [
        (2, "B", "bad_amount"),
        (2, "C", "bad_amount"),
        (3, "A", "no_plaza"),
        (4, "C", "bad_amount"),
    ]


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2025, ["01-01", "02-03", "03-17", "05-01", "09-16", "11-17", "12-25"]),
        (2026, ["01-01", "02-02", "03-16", "05-01", "09-16", "11-16", "12-25"]),
        (2027, ["01-01", "02-01", "03-15", "05-01", "09-16", "11-15", "12-25"]),
    ],
)
def test_mexican_holidays(year, days):
    assert [day.strftime("%m-%d") for day, _name in mexico(year)] == days
