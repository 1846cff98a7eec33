"""Control digits at the end of a printed number.

The rules run over the digits that end the number; letters in front are no part of them.
"""

import re

from stdnum import luhn, verhoeff
from stdnum.iso7064 import mod_11_2, mod_97_10

from .errors import TagDataError

# rule -> (function that computes the control digits, how they look)
RULES = {
    "luhn": (luhn.calc_check_digit, "[0-9]"),
    "mod11": (mod_11_2.calc_check_digit, "[0-9X]"),
    "mod97": (mod_97_10.calc_check_digits, "[0-9]{2}"),
    "verhoeff": (verhoeff.calc_check_digit, "[0-9]"),
}


def split(rule, number):
    """(what stands before the control digits, the control digits) of a number.

    >>> split("luhn", "IMDM309920395")
    ('IMDM30992039', '5')
    >>> split("none", "IMDM30992039")
    ('IMDM30992039', '')
    """
    if rule in (None, False, "none"):
        return number, ""
    look = RULES[rule][1]
    parts = re.fullmatch(rf"(.*[0-9])({look})", number)
    if not parts:
        raise TagDataError("no_control_digit", value=number)
    return parts.groups()


def control_digits(rule, body):
    """The control digits that belong behind ``body``.

    >>> [control_digits(rule, "IMDM30992039") for rule in sorted(RULES)]
    ['5', '1', '33', '3']
    """
    if rule in (None, False, "none"):
        return ""
    digits = re.search(r"[0-9]+$", body)
    if not digits:
        raise TagDataError("no_trailing_digits", value=body)
    return RULES[rule][0](digits.group())


def check(rule, number):
    """The number, when its control digits are right.

    >>> check("luhn", "IMDM309920390")
    Traceback (most recent call last):
    ...
    odoo.addons.toll_tag_stock.core.errors.TagDataError: \
bad_control_digit: value=IMDM309920390, expected=5
    """
    body, found = split(rule, number)
    expected = control_digits(rule, body)
    if found != expected:
        raise TagDataError("bad_control_digit", value=number, expected=expected)
    return number


def complete(rule, bodies):
    """The numbers of these bodies, control digits behind."""
    return [f"{body}{control_digits(rule, body)}" for body in bodies]
