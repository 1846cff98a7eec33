"""Files of lane tickets: who paid in cash or by card in a lane, and got a paper ticket.

>>> found = read(b"plaza;lane;folio;issued_at;amount;payment\\n"
...              b"P1;02; a-17 ;2026-03-05 08:09:10;35.00;cash\\n")
>>> row = found[0]
>>> row.plaza, row.lane, row.folio, row.issued_at.isoformat(), row.amount, row.payment
('P1', '02', 'A17', '2026-03-05T08:09:10', Decimal('35.00'), 'cash')
>>> read(b"plaza,lane,folio,issued_at,amount\\nP1,1,9,2026-03-05,x\\n")[0].fault
('bad_amount', 'x')
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

COLUMNS = (
    "operator",
    "plaza",
    "lane",
    "folio",
    "issued_at",
    "class",
    "amount",
    "payment",
)
REQUIRED = ("plaza", "lane", "folio", "issued_at", "amount")
PAYMENTS = {"": "cash", "cash": "cash", "efectivo": "cash"}
PAYMENTS |= dict.fromkeys(("card", "tarjeta"), "card")
MAX_BYTES = 40_000_000
MAX_ROWS = 300_000
MAX_TEXT = 500
MAX_FOLIO = 32

_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?", re.ASCII)
_NO_FOLIO = re.compile(r"[^0-9A-Z]")


class TicketFileError(Exception):
    """The file as a whole cannot be loaded: (code, value)."""

    def __init__(self, code, value=""):
        super().__init__(code)
        self.code = code
        self.value = value


@dataclass(slots=True)
class Row:
    """One ticket as it was received; ``fault`` (code, value) where it is no use."""

    line: int
    text: str
    operator: str = ""
    plaza: str = ""
    lane: str = ""
    folio: str = ""
    issued_at: datetime | None = None
    class_code: str = ""
    amount: Decimal | None = None
    payment: str = "cash"
    fault: tuple | None = None


def clean_folio(text: str | None) -> str:
    """Return the letters and digits of a folio, in capitals.

    >>> clean_folio(" 00-12 b/7"), clean_folio(None)
    ('0012B7', '')
    """
    return _NO_FOLIO.sub("", (text or "").upper())[: MAX_FOLIO + 1]


def folio_key(folio: str) -> str:
    """Return what two ways of writing one folio have in common.

    >>> folio_key("0012B7"), folio_key("12b7"), folio_key("000")
    ('12B7', '12B7', '0')
    """
    folio = clean_folio(folio)
    return folio.lstrip("0") or folio[:1]


def read_amount(text: str) -> Decimal | None:
    """Return the amount, or nothing.

    >>> read_amount("35"), read_amount(" 35,50 "), read_amount("1e3"), read_amount("0")
    (Decimal('35'), Decimal('35.50'), None, None)
    """
    text = (text or "").strip().removeprefix("$").strip().replace(",", ".")
    if not _AMOUNT.fullmatch(text):
        return None
    return Decimal(text) or None


def write(tickets: list[dict[str, str]]) -> bytes:
    r"""Return tickets of a program as a file, so that both go the same way.

    >>> text = write([{"plaza": "P1", "folio": "A,\n1", "other": "x"}]).decode()
    >>> text.splitlines()[1]
    ',P1,,"A, 1",,,,'
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for ticket in tickets:
        # no cell breaks its line
        writer.writerow(" ".join(ticket.get(name, "").split()) for name in COLUMNS)
    return target.getvalue().encode()


def read(content: bytes) -> list[Row]:
    """Read a CSV with header; every line that is not blank gives one row."""
    if len(content) > MAX_BYTES:
        raise TicketFileError("too_big", MAX_BYTES // 1_000_000)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TicketFileError("not_text") from None
    if "\0" in text:
        raise TicketFileError("not_text")
    lines = text.splitlines()
    first = lines[0] if lines else ""
    delimiter = max(",;\t|", key=first.count)
    header = [name.strip().lower() for name in first.split(delimiter)]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise TicketFileError("missing_column", missing[0])
    rows = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        if len(rows) >= MAX_ROWS:
            raise TicketFileError("too_many_rows", MAX_ROWS)
        rows.append(_read_row(number, line, header, delimiter))
    if not rows:
        raise TicketFileError("empty")
    return rows


def _read_row(number, line, header, delimiter):
    row = Row(number, line[:MAX_TEXT])
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True))
    except csv.Error:
        cells = []
    if len(cells) != len(header):
        row.fault = ("field_count", str(len(cells)))
        return row
    values = {
        name: cell.strip()
        for name, cell in zip(header, cells, strict=True)
        if name in COLUMNS
    }
    row.operator = values.get("operator", "")[:32]
    row.plaza, row.lane = values["plaza"][:32], values["lane"][:32]
    row.class_code = values.get("class", "")[:32]
    row.folio = clean_folio(values["folio"])
    row.amount = read_amount(values["amount"])
    row.payment = PAYMENTS.get(values.get("payment", "").lower(), "")
    try:
        row.issued_at = datetime.fromisoformat(values["issued_at"])
    except ValueError:
        row.fault = ("bad_time", values["issued_at"][:40])
    if not 0 < len(row.folio) <= MAX_FOLIO:
        row.fault = ("no_folio", values["folio"][:40])
    elif row.amount is None:
        row.fault = ("bad_amount", values["amount"][:40])
    elif not row.payment:
        row.fault = ("bad_payment", values["payment"][:40])
    return row
