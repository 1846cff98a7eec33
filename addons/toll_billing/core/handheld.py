"""What hand-held devices say, checked word by word; their codes and their clocks."""

import math
import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from odoo.addons.toll_account.core.messages import MessageError

#: Letters and digits that nobody takes for one another.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
SELECTOR = 4
SECRET = 8

MAX_ROWS = 200
TEXT = 64
NOTE = 500
PAYMENTS = ("tag", "cash", "none")
#: Less than this is the way of the message, not a clock that is wrong.
JITTER = timedelta(seconds=2)

_REF = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class HandheldError(MessageError):
    """The message as a whole cannot be used."""


class RowFault(Exception):
    """One row cannot be used."""

    def __init__(self, name):
        super().__init__(name)
        self.name = name


class Capture(NamedTuple):
    """A vehicle that passed, as somebody beside the lane saw it."""

    ref: str
    taken_at: datetime
    cancels: str
    plaza: str
    lane: str
    shift: str
    tag: str
    plate: str
    class_code: str
    direction: str
    payment: str
    note: str
    staff: int


class Check(NamedTuple):
    """Somebody asked about a TAG or plate at the roadside."""

    ref: str
    taken_at: datetime
    value: str
    state: str
    staff: int
    latitude: float | None
    longitude: float | None


class Sync(NamedTuple):
    app: str
    sent_at: datetime
    queue: int
    lang: str
    captures: list
    checks: list


# === CODES === #
def make_code(numbers):
    """A code for people to type, from 12 random numbers.

    >>> make_code(range(12))
    '0123-4567-89AB'
    """
    text = "".join(ALPHABET[number % len(ALPHABET)] for number in numbers)
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def split_code(text):
    """(public part, whole code) of what somebody typed, or None.

    >>> split_code(" o123 4567-89ab ")
    ('0123', '0123456789AB')
    >>> split_code("0123") is None, split_code(None) is None
    (True, True)
    """
    code = re.sub(r"[\s-]", "", str(text or "")).upper().translate(_MEANT)
    if len(code) != SELECTOR + SECRET or set(code) - set(ALPHABET):
        return None
    return code[:SELECTOR], code


# === CLOCKS === #
def measure_skew(sent_at, now):
    """How far behind the server the device's clock is.

    >>> noon = datetime(2026, 1, 1, 12)
    >>> measure_skew(noon - timedelta(minutes=5), noon)
    datetime.timedelta(seconds=300)
    >>> measure_skew(noon - timedelta(seconds=1), noon)
    datetime.timedelta(0)
    """
    skew = now - sent_at
    return skew if abs(skew) > JITTER else timedelta()


def correct(moment, skew):
    """A moment by the device's clock, as the server's would have shown it.

    >>> correct(datetime(2026, 1, 1, 12, 0, 0, 900), timedelta(seconds=-60))
    datetime.datetime(2026, 1, 1, 11, 59)
    """
    return (moment + skew).replace(microsecond=0)


# === MESSAGES === #
def parse_sync(body):
    """The frame of a sync; its rows are looked at one by one (``parse_capture``).

    >>> sync = parse_sync({"sent_at": "2026-01-01T12:00:00Z", "captures": [{}]})
    >>> sync.sent_at, sync.captures, sync.checks
    (datetime.datetime(2026, 1, 1, 12, 0), [{}], [])
    """
    rows = {name: body.get(name) or [] for name in ("captures", "checks")}
    for name, value in rows.items():
        if not isinstance(value, list):
            raise HandheldError("bad_value", f"“{name}” is not a list.")
    if sum(map(len, rows.values())) > MAX_ROWS:
        raise HandheldError("too_many_rows", f"At most {MAX_ROWS} rows per call.", 413)
    try:
        sent_at = parse_time(body.get("sent_at"), "sent_at")
        return Sync(
            _text(body, "app"),
            sent_at,
            count(body.get("queue")),
            _text(body, "lang"),
            rows["captures"],
            rows["checks"],
        )
    except RowFault as fault:
        raise HandheldError("bad_value", f"“{fault.name}” is not valid.") from None


def parse_capture(row):
    """A row of a sync, or RowFault with the name of what is wrong.

    >>> row = parse_capture({
    ...     "ref": "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "payment": "tag",
    ...     "taken_at": "2026-01-01T06:00:00-06:00", "plaza": "P1", "tag": "imdm 1"})
    >>> row.taken_at, row.tag, row.lane
    (datetime.datetime(2026, 1, 1, 12, 0), 'imdm 1', '')
    """
    ref, taken_at = parse_ref(row), parse_time(row.get("taken_at"), "taken_at")
    cancels = row.get("cancels") or ""
    if cancels:
        cancels = parse_ref(row, "cancels")
    payment = row.get("payment") or ("none" if cancels else None)
    if payment not in PAYMENTS:
        raise RowFault("payment")
    plaza = _text(row, "plaza")
    if not (plaza or cancels):
        raise RowFault("plaza")
    return Capture(
        ref,
        taken_at,
        cancels,
        plaza,
        *(_text(row, name) for name in ("lane", "shift", "tag", "plate")),
        _text(row, "class"),
        _text(row, "direction"),
        payment,
        _text(row, "note", NOTE),
        count(row.get("staff")),
    )


def parse_check(row):
    """A check that was answered on the device, or RowFault."""
    value = _text(row, "value")
    if not value:
        raise RowFault("value")
    return Check(
        parse_ref(row),
        parse_time(row.get("taken_at"), "taken_at"),
        value,
        _text(row, "state"),
        count(row.get("staff")),
        _degrees(row, "latitude", 90),
        _degrees(row, "longitude", 180),
    )


def parse_ref(row, name="ref"):
    """The UUID by which a row is known for ever."""
    if not isinstance(row, dict):
        raise RowFault("row")
    ref = row.get(name)
    ref = ref.lower() if isinstance(ref, str) else ""
    if not _REF.fullmatch(ref):
        raise RowFault(name)
    return ref


def parse_time(value, name):
    """A moment with its offset, as UTC without one.

    >>> parse_time("2026-01-01T12:00:00.250Z", "t")
    datetime.datetime(2026, 1, 1, 12, 0, 0, 250000)
    >>> parse_time("2026-01-01T12:00:00", "t")
    Traceback (most recent call last):
    ...
    odoo.addons.toll_billing.core.handheld.RowFault: t
    """
    try:
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", value))
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        moment = None
    if moment is None or not 2000 <= moment.year < 2100:
        raise RowFault(name)
    return moment.replace(tzinfo=None)


def _text(row, name, limit=TEXT):
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowFault(name)
    # PostgreSQL text holds neither NUL nor lone surrogates
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    text = text.strip()
    if len(text) > limit:
        raise RowFault(name)
    return text


def count(value):
    """A small number; anything else is none.

    >>> count(7), count("7"), count(-1), count(True)
    (7, 0, 0, 0)
    """
    fine = isinstance(value, int) and not isinstance(value, bool)
    return value if fine and 0 < value < 2**31 else 0


def _degrees(row, name, limit):
    value = row.get(name)
    if value is None:
        return None
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    if not fine or math.isnan(value) or abs(value) > limit:
        raise RowFault(name)
    return float(value)
