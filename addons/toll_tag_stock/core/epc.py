"""Codes of a TAG: the printed number, the EPC (96 bits) and the chip's TID.

An EPC is written here as 24 upper-case hexadecimal digits. Two schemes derive one from
the printed number: the number's characters in ASCII (12 characters fill the 96 bits),
and GS1's GIAI-96 with the issuer's company prefix.
"""

import re

from .errors import TagDataError

EPC_DIGITS = 24
GIAI96_HEADER = 0x34
# GS1 partition table: company prefix digits -> (partition, prefix bits, asset bits)
GIAI96_PARTITIONS = {
    12: (0, 40, 42),
    11: (1, 37, 45),
    10: (2, 34, 48),
    9: (3, 30, 52),
    8: (4, 27, 55),
    7: (5, 24, 58),
    6: (6, 20, 62),
}

_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_NUMBER = re.compile(r"(?=[A-Z]*[0-9])[0-9A-Z]{4,24}")
_EPC = re.compile(r"[0-9A-F]{24}")
_TID = re.compile(r"(?:[0-9A-F]{4}){2,16}")
_DIGITS = re.compile(r"[0-9]+")


def normalize(value):
    """Upper case, letters and digits only: how a TAG is compared everywhere.

    >>> normalize(" imdm 3099-2039 ")
    'IMDM30992039'
    >>> normalize(None)
    ''
    """
    return _NOT_ALNUM.sub("", (value or "").upper())


def check_number(value):
    """The printed number, normalised; it holds a digit and 4 to 24 characters.

    >>> check_number("imdm 30992039")
    'IMDM30992039'
    >>> check_number("ABC")
    Traceback (most recent call last):
    ...
    odoo.addons.toll_tag_stock.core.errors.TagDataError: bad_number: value=ABC
    """
    number = normalize(value)
    if not _NUMBER.fullmatch(number):
        raise TagDataError("bad_number", value=value)
    return number


def check_epc(value):
    """24 hexadecimal digits, upper case.

    >>> check_epc("494d-444d-3330-3939-3230-3339")
    '494D444D3330393932303339'
    """
    epc = normalize(value)
    if not _EPC.fullmatch(epc):
        raise TagDataError("bad_epc", value=value)
    return epc


def check_tid(value):
    """The chip's identifier: whole 16-bit words, 8 to 64 hexadecimal digits.

    >>> check_tid("e2801160 60000209")
    'E280116060000209'
    """
    tid = normalize(value)
    if not _TID.fullmatch(tid):
        raise TagDataError("bad_tid", value=value)
    return tid


def hex_text(number):
    """The printed number's characters, as they stand in the chip.

    >>> hex_text("IMDM30992039")
    '494D444D3330393932303339'
    >>> hex_text("IMDM309")
    '494D444D3330390000000000'
    """
    number = check_number(number)
    if len(number) * 2 > EPC_DIGITS:
        raise TagDataError("number_too_long", value=number, limit=EPC_DIGITS // 2)
    return number.encode("ascii").hex().upper().ljust(EPC_DIGITS, "0")


def read_hex_text(epc):
    """The printed number inside a text EPC, or None when it holds no text.

    >>> read_hex_text("494D444D3330393932303339")
    'IMDM30992039'
    >>> read_hex_text("3414257BF4499602D2000001") is None
    True
    """
    try:
        text = bytes.fromhex(check_epc(epc)).rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        return None
    return text if text and normalize(text) == text else None


def giai96(number, company_prefix, filter_value=0):
    """GS1 GIAI-96 of the number's digits under the issuer's company prefix.

    >>> giai96("5678", "0614141")
    '3414257BF40000000000162E'
    """
    prefix = company_prefix or ""
    if not _DIGITS.fullmatch(prefix) or len(prefix) not in GIAI96_PARTITIONS:
        raise TagDataError("bad_company_prefix", value=company_prefix)
    digits = re.search(r"[0-9]+$", check_number(number))
    if not digits:
        raise TagDataError("no_trailing_digits", value=number)
    partition, prefix_bits, asset_bits = GIAI96_PARTITIONS[len(prefix)]
    asset = int(digits.group())
    if asset >= 1 << asset_bits:
        raise TagDataError("number_too_long", value=number, limit=asset_bits)
    value = GIAI96_HEADER
    for part, bits in (
        (filter_value, 3),
        (partition, 3),
        (int(prefix), prefix_bits),
        (asset, asset_bits),
    ):
        value = value << bits | part
    return f"{value:024X}"


def read_giai96(epc):
    """(company prefix, asset reference) of a GIAI-96, or None when it is not one.

    >>> read_giai96("3414257BF40000000000162E")
    ('0614141', 5678)
    >>> read_giai96("494D444D3330393932303339") is None
    True
    """
    value = int(check_epc(epc), 16)
    if value >> 88 != GIAI96_HEADER:
        return None
    wanted = (value >> 82) & 0b111
    for digits, (partition, _prefix_bits, asset_bits) in GIAI96_PARTITIONS.items():
        if partition == wanted:
            company = (value >> asset_bits) & ((1 << (82 - asset_bits)) - 1)
            return f"{company:0{digits}d}", value & ((1 << asset_bits) - 1)
    return None


def make_epc(scheme, number, company_prefix=None):
    """The EPC that ``scheme`` gives to a number; None for the scheme "none"."""
    if scheme == "hex_text":
        return hex_text(number)
    if scheme == "giai96":
        return giai96(number, company_prefix)
    return None
