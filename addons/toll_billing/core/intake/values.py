"""Clean single values: codes, TAG numbers, plates, amounts.

Each converter takes a trimmed, non-empty text and returns the text to store, or raises
Fault. An empty result means that nothing usable was received.
"""

import re

from odoo.addons.toll_account.core.plates import normalize

from .errors import Fault, shown
from .lines import MAX_LINE

MAX_DIGITS = 12
MAX_DECIMALS = 6
_AMOUNT = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
# What a spreadsheet would run; a plain signed number or a code like -A1 is none
_FORMULA = re.compile(r"[=@]|[+-](?![A-Za-z0-9_.-]*\Z)")


def is_formula(text):
    """Tell whether a spreadsheet would take the text for a formula.

    >>> [is_formula(text) for text in ("=1+1", "@SUM(A1)", "+cmd|x", "-17", "A=1")]
    [True, True, True, False, False]
    """
    return _FORMULA.match(text) is not None


class Converter:
    """Converters of all columns but the times.

    :param layout: Layout, for the amounts and the empty mark
    :param max_length: longest accepted value per column
    """

    def __init__(self, layout, max_length):
        self._mark = layout.decimal_mark
        self._implied = layout.implied_decimals
        self._fill = layout.null_fill
        self._max = max_length

    @property
    def has_fill(self):
        """Whether a filler stands for empty values."""
        return bool(self._fill)

    def limit(self, target):
        """Return the longest accepted value of a column."""
        return self._max.get(target) or MAX_LINE

    def blank(self, text):
        """Return the trimmed text; empty where the layout's filler stands for it."""
        text = text.strip()
        if self._fill and text and not text.strip(self._fill):
            return ""
        return text

    def convert(self, target, text):
        """Return the text to store for a trimmed, non-empty value."""
        if target == "amount":
            return self.amount(text)
        if is_formula(text):
            raise Fault(
                f"column {target}: {shown(text)} is a spreadsheet formula, not a value"
            )
        if target in ("tag", "plate"):
            text = normalize(text)
        elif target == "currency":
            text = text.upper()
            if not _CURRENCY.fullmatch(text):
                raise Fault(f"column currency: {shown(text)} is not a currency code")
        limit = self.limit(target)
        if len(text) > limit:
            raise Fault(
                f"column {target}: {shown(text)} is longer than {limit} characters"
            )
        return text

    def amount(self, text):
        """Return a plain decimal: no sign, no thousands separators, no exponent.

        >>> from .layout import Layout
        >>> Converter(Layout(decimal_mark=","), {}).amount("12,5")
        '12.5'
        >>> Converter(Layout(implied_decimals=2), {}).amount("000012345")
        '123.45'
        """
        number = text
        if self._mark != ".":
            if "." in number:
                raise self._bad_amount(text)
            number = number.replace(self._mark, ".")
        if number.startswith("-"):
            raise Fault(f"column amount: {shown(text)} is negative")
        if not _AMOUNT.fullmatch(number):
            raise self._bad_amount(text)
        whole, _, decimals = number.partition(".")
        whole = whole.lstrip("0")
        if self._implied and not decimals:
            whole = whole.zfill(self._implied)
            whole, decimals = whole[: -self._implied], whole[-self._implied :]
        if len(decimals) > MAX_DECIMALS:
            raise Fault(
                f"column amount: {shown(text)} has more than {MAX_DECIMALS} decimals"
            )
        if len(whole) > MAX_DIGITS:
            raise Fault(
                f"column amount: {shown(text)} has more than {MAX_DIGITS} digits"
            )
        whole = whole or "0"
        return f"{whole}.{decimals}" if decimals else whole

    def _bad_amount(self, text):
        other = "," if self._mark == "." else "."
        hint = ""
        if re.fullmatch(rf"\d+\{other}\d+", text, re.ASCII):
            hint = f" with the decimal mark {self._mark!r}"
        return Fault(f"column amount: {shown(text)} is not a number{hint}")
