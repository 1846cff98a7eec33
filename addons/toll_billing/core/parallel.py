"""Reads what another billing system says, row by row, as its layout tells.

>>> layout = Layout({"ref": "Folio", "amount": "Importe"}, delimiter=";", decimal=",")
>>> import io
>>> list(read_csv(io.BytesIO(b"Folio;Importe;x\\nA1;1.234,50;\\nA2;;"), layout))
[Row(line=2, ref='A1', amount=Decimal('1234.50')), Row(line=3, fault='Importe: ')]
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

#: What a column may be.
COLUMNS = ("operator", "ref", "day", "account", "amount", "balance")
NUMBERS = ("amount", "balance")
#: Bytes that are read at once.
BLOCK = 1 << 16


class ParallelError(ValueError):
    """A file that does not fit its layout."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Heading of each column that the file has, and how it writes numbers and days.

    A file may lack ``optional`` columns; a row must have the ``required`` ones.
    """

    columns: dict[str, str]
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    day_format: str = "%Y-%m-%d"
    optional: frozenset = frozenset()
    required: frozenset = frozenset({"ref"})


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """A row as understood; with a fault it is kept and compared with nothing."""

    line: int
    operator: str | None = None
    ref: str | None = None
    day: date | None = None
    account: str | None = None
    amount: Decimal | None = None
    balance: Decimal | None = None
    fault: str | None = None

    def __repr__(self):
        parts = (
            f"{f.name}={value!r}"
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None
        )
        return f"Row({', '.join(parts)})"


def money(text: str, decimal: str = ".") -> Decimal:
    """A number as people write it; thousands may be apart.

    >>> money("$ 1,234.50"), money("(15.20)"), money("-1.234,5", ",")
    (Decimal('1234.50'), Decimal('-15.20'), Decimal('-1234.5'))
    >>> money("1.5.0")
    Traceback (most recent call last):
    ...
    decimal.InvalidOperation: 1.5.0
    """
    digits = re.sub(r"[\s$€]", "", text)
    sign = ""
    if digits.startswith("(") and digits.endswith(")"):
        sign, digits = "-", digits[1:-1]
    thousands = "." if decimal == "," else ","
    if not re.fullmatch(
        rf"[+-]?(\d+|\d{{1,3}}([{thousands}']\d{{3}})+)?({re.escape(decimal)}\d*)?",
        digits,
    ) or not any(sign_.isdigit() for sign_ in digits):
        raise InvalidOperation(text)
    plain = digits.replace(thousands, "").replace("'", "").replace(decimal, ".")
    return Decimal(sign + plain)


def read_csv(stream: BinaryIO, layout: Layout) -> Iterator[Row]:
    """Rows of a text file, never more than one in memory."""
    lines = _lines(stream, codecs.getincrementaldecoder(layout.encoding)("replace"))
    yield from read_cells(csv.reader(lines, delimiter=layout.delimiter), layout)


def _lines(stream, decoder):
    rest = ""
    while data := stream.read(BLOCK):
        *lines, rest = (rest + decoder.decode(data)).split("\n")
        for line in lines:
            yield line + "\n"
    if rest:
        yield rest


def read_cells(lines: Iterable[list], layout: Layout) -> Iterator[Row]:
    """Rows of lines of cells, the heading first."""
    lines = iter(lines)
    heading = [
        str(cell or "").strip().lstrip("\ufeff").lower() for cell in next(lines, [])
    ]
    places = {}
    for name, title in layout.columns.items():
        if title.strip().lower() in heading:
            places[name] = heading.index(title.strip().lower())
        elif name not in layout.optional:
            raise ParallelError(title)
    for number, cells in enumerate(lines, start=2):
        if any(cell not in (None, "") for cell in cells):
            yield _row(number, cells, places, layout)


def _row(number, cells, places, layout) -> Row:
    values = {}
    for name, place in places.items():
        cell = cells[place] if place < len(cells) else None
        try:
            values[name] = _value(name, cell, layout)
        except (InvalidOperation, ValueError):
            return Row(number, fault=f"{layout.columns[name]}: {cell or ''}"[:200])
    return Row(number, **values)


def _value(name, cell, layout):
    if name in NUMBERS:
        if isinstance(cell, int | float | Decimal):
            return Decimal(str(cell))
        return money(str(cell or ""), layout.decimal)
    if name == "day":
        if isinstance(cell, datetime):
            return cell.date()
        text = str(cell or "").strip()
        if isinstance(cell, date) or not text:
            return cell or None
        return datetime.strptime(text, layout.day_format).date()  # noqa: DTZ007
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell if cell is not None else "").strip()
    if not text and name in layout.required:
        raise ValueError(name)
    return text.replace("\0", "") or None
