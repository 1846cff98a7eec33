"""Printed numbers and EPCs: the rules as tables of cases."""

import pytest

from odoo.addons.toll_tag_stock.core import epc
from odoo.addons.toll_tag_stock.core.errors import TagDataError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IMDM30992039", "IMDM30992039"),
        (" imdm 3099 2039 ", "IMDM30992039"),
        ("imdm-30992039", "IMDM30992039"),
        ("0001", "0001"),
    ],
)
def test_numbers_are_normalised(text, expected):
    assert epc.check_number(text) == expected


@pytest.mark.parametrize("text", ["", None, "ABC", "ABCD", "A1", "1" * 25, "¡¿?!"])
def test_what_is_no_number(text):
    with pytest.raises(TagDataError, match="bad_number"):
        epc.check_number(text)


@pytest.mark.parametrize("text", ["", "494D", "Z" * 24, "0" * 25])
def test_what_is_no_epc(text):
    with pytest.raises(TagDataError, match="bad_epc"):
        epc.check_epc(text)


@pytest.mark.parametrize("text", ["E280", "E28011606", "G" * 24])
def test_what_is_no_tid(text):
    with pytest.raises(TagDataError, match="bad_tid"):
        epc.check_tid(text)


@pytest.mark.parametrize("number", ["IMDM30992039", "A1B2", "000000000001"])
def test_text_epc_reads_back(number):
    code = epc.hex_text(number)
    assert len(code) == 24
    assert epc.read_hex_text(code) == number


def test_text_epc_has_room_for_twelve_characters():
    with pytest.raises(TagDataError, match="number_too_long"):
        epc.hex_text("IMDM309920391")


@pytest.mark.parametrize(
    ("prefix", "number", "asset"),
    [
        ("061414", "T00005678", 5678),
        ("0614141", "IMDM30992039", 30992039),
        ("750123456789", "IMDM30992039", 30992039),
    ],
)
def test_giai96_reads_back(prefix, number, asset):
    code = epc.giai96(number, prefix)
    assert code.startswith("34")
    assert len(code) == 24
    assert epc.read_giai96(code) == (prefix, asset)


@pytest.mark.parametrize("prefix", [None, "", "12345", "1234567890123", "06141A1"])
def test_giai96_needs_a_prefix(prefix):
    with pytest.raises(TagDataError, match="bad_company_prefix"):
        epc.giai96("IMDM30992039", prefix)


def test_giai96_needs_digits_that_fit():
    with pytest.raises(TagDataError, match="no_trailing_digits"):
        epc.giai96("12AB", "0614141")
    with pytest.raises(TagDataError, match="number_too_long"):
        epc.giai96("9999999999999", "750123456789")


def test_the_scheme_decides():
    assert epc.make_epc("none", "IMDM30992039") is None
    assert epc.make_epc("hex_text", "IMDM30992039") == "494D444D3330393932303339"
    assert epc.make_epc("giai96", "T5678", "0614141") == "3414257BF40000000000162E"
