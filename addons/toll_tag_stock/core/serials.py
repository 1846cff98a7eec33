"""Serial numbers of a reception: ranges first-last, and pasted lists or CSV text."""

import csv
import re
from typing import NamedTuple

from . import control_digits
from .epc import check_epc, check_number, check_tid, normalize
from .errors import TagDataError

MAX_RANGE = 20_000
_PARTS = re.compile(r"(.*?)([0-9]+)$")
_HEADERS = {
    "number": "number",
    "tag": "number",
    "serial": "number",
    "name": "number",
    "numero": "number",
    "epc": "epc",
    "tid": "tid",
}


class TagRow(NamedTuple):
    """One TAG to receive; ``line`` is its line in the text or place in the range."""

    line: int
    number: str
    epc: str | None = None
    tid: str | None = None


class LineError(NamedTuple):
    """Why a line is refused; the model turns the code into a sentence."""

    line: int
    code: str
    params: dict


def expand_range(first, last, limit=MAX_RANGE, rule="none"):
    """Every number from ``first`` to ``last``, both included.

    With a rule for control digits the series counts before them, and each number gets
    its own.

    >>> expand_range("IMDM30992039", "imdm 30992041")
    ['IMDM30992039', 'IMDM30992040', 'IMDM30992041']
    >>> expand_range("A10017", "A10033", rule="luhn")
    ['A10017', 'A10025', 'A10033']
    """
    first, last = (
        control_digits.split(rule, control_digits.check(rule, check_number(number)))[0]
        for number in (first, last)
    )
    first_parts, last_parts = _PARTS.match(first), _PARTS.match(last)
    if not first_parts or not last_parts:
        raise TagDataError("no_trailing_digits", value=last if first_parts else first)
    prefix, low = first_parts.groups()
    last_prefix, high = last_parts.groups()
    if prefix != last_prefix or len(low) != len(high):
        raise TagDataError("range_mismatch", first=first, last=last)
    count = int(high) - int(low) + 1
    if count < 1:
        raise TagDataError("range_backwards", first=first, last=last)
    if count > limit:
        raise TagDataError("range_too_long", count=count, limit=limit)
    start, width = int(low), len(low)
    return control_digits.complete(
        rule, (f"{prefix}{start + step:0{width}d}" for step in range(count))
    )


def sniff_delimiter(text):
    """The first of tab, semicolon and comma in the first line that is not empty."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in "\t;," if mark in first), ",")


def _columns(cells):
    """Names of a header line's columns, or None when it is already data."""
    names = [_HEADERS.get(normalize(cell).lower()) for cell in cells]
    return names if "number" in names else None


def cells_of(text):
    """(line, cells) of pasted lines or CSV text."""
    reader = csv.reader(
        text.lstrip("\ufeff").splitlines(), delimiter=sniff_delimiter(text)
    )
    return enumerate(reader, start=1)


def parse_rows(table, limit=MAX_RANGE, rule="none"):
    """(rows, errors) of a list of TAGs: number, EPC and TID of each.

    ``table`` is pasted lines, CSV text, or the (line, cells) of a sheet. A header may
    name the columns; without one they are number, EPC, TID. An empty line is nothing.
    Every bad line is reported, not only the first.

    >>> rows, errors = parse_rows("IMDM30992039\\nIMDM30992039\\n??")
    >>> [row.number for row in rows]
    ['IMDM30992039']
    >>> [(error.line, error.code) for error in errors]
    [(2, 'repeated_number'), (3, 'bad_number')]
    """
    rows, errors = [], []
    columns = None
    seen = {"number": {}, "epc": {}, "tid": {}}
    for line, cells in cells_of(table) if isinstance(table, str) else table:
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _columns(cells)
            if columns:
                continue
            columns = ["number", "epc", "tid"]
        if len(rows) >= limit:
            errors.append(LineError(line, "too_many_lines", {"limit": limit}))
            break
        try:
            rows.append(_read_line(line, cells, columns, seen, rule))
        except TagDataError as error:
            errors.append(LineError(line, error.code, error.params))
    return rows, errors


def _read_line(line, cells, columns, seen, rule):
    values = {"number": "", "epc": "", "tid": ""}
    for index, cell in enumerate(cells):
        name = columns[index] if index < len(columns) else None
        if name:
            values[name] = cell.strip()
        elif index >= len(columns) and cell.strip():
            raise TagDataError("too_many_columns", value=cell)
    row = TagRow(
        line,
        control_digits.check(rule, check_number(values["number"])),
        check_epc(values["epc"]) if values["epc"] else None,
        check_tid(values["tid"]) if values["tid"] else None,
    )
    for name, code in (
        ("number", "repeated_number"),
        ("epc", "repeated_epc"),
        ("tid", "repeated_tid"),
    ):
        value = getattr(row, name)
        if value and seen[name].setdefault(value, line) != line:
            raise TagDataError(code, value=value, first=seen[name][value])
    return row
