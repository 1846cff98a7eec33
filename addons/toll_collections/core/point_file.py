"""Payment files of collection points: CSV or fixed width, laid out by data.

>>> layout = Layout(columns=(Column("ref", "id"), Column("account", "cuenta"),
...                          Column("amount", "importe")))
>>> found = read(b"id;cuenta;importe\\nA1;1000000016;150.00\\n", layout)
>>> found.rows[0].ref, found.rows[0].account, found.rows[0].amount, found.rows[0].line
('A1', '1000000016', Decimal('150.00'), 2)
"""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from odoo.addons.toll_account.core.numbers import DIGITS, compact, is_account_number
from odoo.addons.toll_billing.core.intake.errors import printable
from odoo.addons.toll_billing.core.intake.values import is_formula

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
MAX_LINE = 2_000
MAX_LENGTH = {"ref": 64, "account": 64, "tag": 40, "point": 32}
DETAIL = ("ref", "account", "tag", "amount", "paid_at", "point")
TRAILER = ("total_count", "total_amount")
DELIMITERS = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t"}
ENCODINGS = ("utf-8", "iso-8859-1", "cp1252", "cp850")
MAX_WHOLE_DIGITS = 10
CENT = Decimal("0.01")

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
# first bytes of what is sent instead of a text file
_FOREIGN = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")


class PointFileError(Exception):
    """The file as a whole cannot be loaded: (code, line, value)."""

    def __init__(self, code, line=0, value=""):
        super().__init__(code)
        self.code = code
        self.line = line
        self.value = value


class Fault(Exception):
    """One value cannot be used: (column, code, value)."""

    def __init__(self, column, code, value=""):
        super().__init__(code)
        self.column = column
        self.code = code
        self.value = value


@dataclass(frozen=True)
class Column:
    """Where a target comes from: a header's name, or a position (and a width)."""

    target: str
    name: str = ""
    position: int = 0
    width: int = 0


@dataclass(frozen=True)
class Layout:
    """How the files of a network look.

    Lines that begin with ``header_mark`` are passed over; the one that begins with
    ``trailer_mark`` holds the totals, and then it must be there.
    """

    kind: str = "csv"
    delimiter: str = "semicolon"
    encoding: str = "utf-8"
    has_header: bool = True
    header_mark: str = ""
    trailer_mark: str = ""
    date_format: str = "%Y-%m-%d %H:%M:%S"
    decimal_mark: str = "."
    implied_decimals: int = 0
    columns: tuple = ()

    def check(self):
        """Answer the (code, value) of the first thing that cannot work, or nothing.

        >>> Layout(columns=(Column("ref", "id"),)).check()
        ('no_column', 'amount')
        """
        targets = {column.target for column in self.columns}
        for target in ("ref", "amount"):
            if target not in targets:
                return "no_column", target
        if not targets & {"account", "tag"}:
            return "no_column", "account"
        if targets & set(TRAILER) and not self.trailer_mark:
            return "no_trailer_mark", ""
        for column in self.columns:
            if self.kind == "fixed":
                if column.position < 1 or column.width < 1:
                    return "no_position", column.target
            elif column.target in TRAILER or not self.has_header:
                if column.position < 1:
                    return "no_position", column.target
            elif not column.name:
                return "no_name", column.target
        return None


@dataclass
class Row:
    """One payment as it was received; ``fault`` where it cannot be used."""

    line: int
    text: str
    ref: str = ""
    account: str = ""
    tag: str = ""
    amount: Decimal | None = None
    paid_at: datetime | None = None
    point: str = ""
    fault: Fault | None = None


@dataclass
class Found:
    """What a file holds."""

    rows: list = field(default_factory=list)
    total_count: int | None = None
    total_amount: Decimal | None = None


def read(content: bytes, layout: Layout) -> Found:
    """Read a file; every line that is no header, trailer or blank gives one row."""
    found = Found()
    ended = False
    header = None
    for number, text in _lines(content, layout):
        if layout.header_mark and text.startswith(layout.header_mark):
            continue
        if header is None and layout.has_header:
            header = _header(text, number, layout)
            continue
        if layout.trailer_mark and text.startswith(layout.trailer_mark):
            if ended:
                raise PointFileError("two_trailers", number)
            _read_trailer(text, number, layout, found)
            ended = True
            continue
        if ended:
            raise PointFileError("after_trailer", number)
        if len(found.rows) >= MAX_ROWS:
            raise PointFileError("too_many_rows", number, MAX_ROWS)
        found.rows.append(_read_row(text, number, layout, header or {}))
    if not found.rows:
        raise PointFileError("empty")
    if layout.trailer_mark and not ended:
        raise PointFileError("no_trailer")
    _check_totals(found)
    return found


def _lines(content, layout):
    """Yield (number, text) of the lines that are not blank."""
    if not content.strip():
        raise PointFileError("empty")
    if len(content) > MAX_BYTES:
        raise PointFileError("too_big", 0, MAX_BYTES // 1_000_000)
    if content.startswith(_FOREIGN) or b"\0" in content:
        raise PointFileError("not_text")
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PointFileError("bad_encoding", line, layout.encoding) from None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if "\r" in line:
            raise PointFileError("line_ends", number)
        if line.strip():
            yield number, line


def _split(text, layout):
    """The cells of a CSV line; a line that is none has one cell."""
    reader = csv.reader(
        io.StringIO(text), delimiter=DELIMITERS[layout.delimiter], strict=True
    )
    return [cell.strip() for cell in next(reader, [])]


def _header(text, number, layout):
    """{name: index} of a CSV's first line; a fixed-width one is passed over."""
    if layout.kind == "fixed":
        return {}
    try:
        cells = _split(text, layout)
    except csv.Error:
        raise PointFileError("bad_header", number) from None
    header = {cell.lower(): index for index, cell in enumerate(cells)}
    for column in layout.columns:
        if column.target in DETAIL and column.name.strip().lower() not in header:
            raise PointFileError("missing_column", number, column.name)
    return header


def _cut(text, columns, layout, header):
    """{target: texts} of a line, in the order of the columns."""
    values = {}
    if layout.kind == "fixed":
        for column in columns:
            end = column.position - 1 + column.width
            part = text[column.position - 1 : end]
            if len(text) < column.position:
                raise Fault(column.target, "short_line", len(text))
            values.setdefault(column.target, []).append(part.strip())
        return values
    try:
        cells = _split(text, layout)
    except csv.Error:
        raise Fault("", "bad_quotes") from None
    if header and len(cells) != len(header):
        raise Fault("", "cell_count", len(cells))
    for column in columns:
        index = header[column.name.strip().lower()] if header else column.position - 1
        if index >= len(cells):
            raise Fault(column.target, "cell_count", len(cells))
        values.setdefault(column.target, []).append(cells[index])
    return values


def _read_row(text, number, layout, header):
    row = Row(number, printable(text[:MAX_LINE]))
    columns = [c for c in layout.columns if c.target in DETAIL]
    try:
        if len(text) > MAX_LINE:
            raise Fault("", "long_line", MAX_LINE)
        values = _cut(text, columns, layout, header)
        # as much as can be read is kept, whatever is wrong with the rest
        faults = []
        for target, parts in values.items():
            value = (" " if target == "paid_at" else "").join(filter(None, parts))
            try:
                setattr(row, target, _convert(target, value, layout))
            except Fault as fault:
                faults.append(fault)
        if faults:
            raise faults[0]
        if not row.ref:
            raise Fault("ref", "empty")
    except Fault as fault:
        row.fault = fault
    return row


def _convert(target, value, layout):
    if target == "amount":
        return read_amount(value, layout)
    if target == "paid_at":
        return _read_time(value, layout)
    if is_formula(value):
        raise Fault(target, "formula", value[:40])
    if len(value) > MAX_LENGTH[target]:
        raise Fault(target, "too_long", MAX_LENGTH[target])
    if printable(value) != value:
        raise Fault(target, "unprintable", printable(value)[:40])
    return value


def read_amount(value, layout):
    """A positive amount of two decimals at most.

    >>> read_amount("000015050", Layout(implied_decimals=2))
    Decimal('150.50')
    >>> read_amount("1.234,5", Layout(decimal_mark=","))
    Traceback (most recent call last):
    ...
    odoo.addons.toll_collections.core.point_file.Fault: bad_amount
    """
    if not value:
        raise Fault("amount", "empty")
    text = value
    if layout.decimal_mark == ",":
        text = "?" if "." in text else text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        code = "formula" if is_formula(value) else "bad_amount"
        raise Fault("amount", code, printable(value)[:40])
    if len(text.partition(".")[0].lstrip("0")) > MAX_WHOLE_DIGITS:
        raise Fault("amount", "bad_amount", printable(value)[:40])
    amount = Decimal(text)
    if layout.implied_decimals and "." not in text:
        amount = amount.scaleb(-layout.implied_decimals)
    if not amount:
        raise Fault("amount", "zero")
    if amount != amount.quantize(CENT):
        raise Fault("amount", "decimals", printable(value)[:40])
    return amount


def _read_time(value, layout):
    if not value or not value.strip("0"):
        return None
    try:
        # a shop's clock; the zone is the company's
        return datetime.strptime(value, layout.date_format)  # noqa: DTZ007
    except ValueError:
        raise Fault("paid_at", "bad_time", printable(value)[:40]) from None


def _read_trailer(text, number, layout, found):
    columns = [c for c in layout.columns if c.target in TRAILER]
    try:
        for target, parts in _cut(text, columns, layout, None).items():
            value = "".join(parts)
            if target == "total_count":
                if not (value.isascii() and value.isdecimal()):
                    raise Fault(target, "bad_amount", value)
                found.total_count = int(value)
            else:
                found.total_amount = read_amount(value, layout)
    except Fault as fault:
        raise PointFileError("bad_trailer", number, fault.column) from None


def _check_totals(found):
    """The sender's own totals are those of the rows."""
    if found.total_count is not None and found.total_count != len(found.rows):
        raise PointFileError("wrong_count", 0, (found.total_count, len(found.rows)))
    if found.total_amount is None:
        return
    amount = sum((row.amount or 0 for row in found.rows), Decimal(0))
    unread = any(row.amount is None for row in found.rows)
    if amount > found.total_amount or (not unread and amount != found.total_amount):
        raise PointFileError("wrong_amount", 0, (found.total_amount, amount))


def account_key(text):
    """What a shop's slip calls an account, as it is looked up.

    >>> account_key("0000 1000000016"), account_key("INV/2026/0001")
    ('1000000016', 'INV/2026/0001')
    """
    number = compact(text)
    if len(number) > DIGITS + 1 and number.isdecimal():
        rest, last = number[: -DIGITS - 1], number[-DIGITS - 1 :]
        if not rest.strip("0") and is_account_number(last):
            return last
    return number if is_account_number(number) else text.strip()


def has_wrong_digit(text):
    """Whether it looks like an account number and its check digit is wrong.

    >>> has_wrong_digit("1000000061"), has_wrong_digit("1000000016")
    (True, False)
    """
    number = compact(text)
    return (
        len(number) == DIGITS + 1
        and number.isascii()
        and number.isdecimal()
        and not is_account_number(number)
    )
