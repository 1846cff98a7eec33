"""The opening file: customers, vehicles, TAGs, balances."""

import csv
import re
from decimal import Decimal, InvalidOperation

from .epc import check_epc, check_number, check_tid, normalize
from .errors import TagDataError
from .serials import LineError, sniff_delimiter

COLUMNS = (
    "name",
    "payment_mode",
    "plate",
    "class_code",
    "tag",
    "epc",
    "tid",
    "opening_balance",
    "email",
    "phone",
    "vat",
    "lang",
    "group",
    "country",
)
_ALIASES = {"class": "class_code", "balance": "opening_balance", "fleet": "group"}
PAYMENT_MODES = ("prepaid", "postpaid")
_EMAIL = re.compile(r"[^@,;]*[^@\s,;]@[^@\s,;]+\.[^@\s,;]+")
MAX_LINES = 200_000


def parse_csv(text, limit=MAX_LINES):
    """(rows, errors) of an opening CSV; each row keeps its line under "line".

    >>> rows, errors = parse_csv("name,plate,class\\nAna,ABC-123,AUTO\\n")
    >>> rows[0]["name"], rows[0]["class_code"], rows[0]["line"], errors
    ('Ana', 'AUTO', 2, [])
    >>> parse_csv("name,colour\\nAna,red\\n")[1][0].code
    'unknown_column'
    """
    reader = csv.reader(
        text.lstrip("\ufeff").splitlines(), delimiter=sniff_delimiter(text)
    )
    header = [cell.strip().lower() for cell in next(reader, [])]
    header = [_ALIASES.get(cell, cell) for cell in header]
    unknown = [cell for cell in header if cell not in COLUMNS]
    if unknown:
        return [], [
            LineError(1, "unknown_column", {"value": ", ".join(map(str, unknown))})
        ]
    if "name" not in header:
        return [], [LineError(1, "missing_column", {"value": "name"})]
    rows, errors = [], []
    for line, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= limit:
            errors.append(LineError(line, "too_many_lines", {"limit": limit}))
            break
        if len(cells) > len(header):
            errors.append(LineError(line, "too_many_columns", {"value": cells[-1]}))
            continue
        row = {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=False)
            if cell.strip()
        }
        rows.append({**row, "line": line})
    return rows, errors


def read_amount(value):
    """A plain decimal number; a thousands mark is refused rather than guessed.

    >>> read_amount("-12.50")
    Decimal('-12.50')
    >>> read_amount(None)
    Decimal('0')
    """
    if value in (None, "", False):
        return Decimal(0)
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise TagDataError("bad_amount", value=value) from None
    if not amount.is_finite():
        raise TagDataError("bad_amount", value=value)
    return amount


def clean_row(row):
    """The row with its values checked and normalised; raises TagDataError.

    >>> clean_row({"name": "Ana", "plate": "abc-123", "class_code": "auto"})["plate"]
    'abc-123'
    """
    name = (row.get("name") or "").strip()
    if not name:
        raise TagDataError("missing_value", value="name")
    mode = (row.get("payment_mode") or "prepaid").strip().lower()
    if mode not in PAYMENT_MODES:
        raise TagDataError("bad_payment_mode", value=mode)
    plate = (row.get("plate") or "").strip()
    if plate and not normalize(plate):
        raise TagDataError("bad_plate", value=plate)
    tag, epc, tid = row.get("tag"), row.get("epc"), row.get("tid")
    if (tag or epc or tid) and not plate:
        raise TagDataError("tag_without_vehicle", value=tag or epc or tid)
    if (epc or tid) and not tag:
        raise TagDataError("epc_without_tag", value=epc or tid)
    if plate and not row.get("class_code"):
        raise TagDataError("missing_value", value="class_code")
    email = (row.get("email") or "").strip()
    if email and not _EMAIL.fullmatch(email):
        raise TagDataError("bad_email", value=email)
    return {
        **row,
        "name": name,
        "payment_mode": mode,
        "plate": plate,
        "class_code": (row.get("class_code") or "").strip().upper(),
        "tag": check_number(tag) if tag else "",
        "epc": check_epc(epc) if epc else "",
        "tid": check_tid(tid) if tid else "",
        "opening_balance": read_amount(row.get("opening_balance")),
        "email": email,
        "group": (row.get("group") or "").strip(),
    }


def clean_rows(rows):
    """(clean rows, errors): every row checked alone and against the rows before it.

    Rows of one group must agree on the payment mode; plates, TAGs, EPCs and TIDs may
    stand only once.

    >>> rows = [{"name": "A", "plate": "X1", "class_code": "AUTO"}] * 2
    >>> [(error.line, error.code) for error in clean_rows(rows)[1]]
    [(2, 'repeated_plate')]
    """
    cleaned, errors = [], []
    seen = {}
    modes = {}
    for index, row in enumerate(rows, start=1):
        line = row.get("line", index)
        try:
            clean = {**clean_row(row), "line": line}
            _claim(clean, line, seen)
            group = clean["group"]
            if (
                group
                and modes.setdefault(group, clean["payment_mode"])
                != (clean["payment_mode"])
            ):
                raise TagDataError("group_mode_differs", value=group)
        except TagDataError as error:
            errors.append(LineError(line, error.code, error.params))
        else:
            cleaned.append(clean)
    return cleaned, errors


def _claim(clean, line, seen):
    keys = (
        ("repeated_plate", normalize(clean["plate"])),
        ("repeated_number", clean["tag"]),
        ("repeated_epc", clean["epc"]),
        ("repeated_tid", clean["tid"]),
    )
    for code, value in keys:
        if value and seen.setdefault((code, value), line) != line:
            raise TagDataError(code, value=value, first=seen[code, value])
