"""Read the times of crossings and turn them into UTC.

Most crossings of a file share their minute with others, so whole columns are turned
minute by minute: the conversion of a minute is done once and remembered.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from .errors import AMBIGUOUS_TIME, Fault, IntakeError, shown
from .memo import Memo

_ISO = re.compile(
    r"(?P<year>\d{4})(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)[Tt ]"
    r"(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<part>\d+))?)?"
    r"\s*(?P<offset>[Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_EPOCH_VALUE = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SECONDS = frozenset(f":{second:02d}" for second in range(60))
_EPOCH = {"epoch": 1, "epoch_ms": 1000}
_OFFSET_STARTS = frozenset("Zz+-")
_LOCAL_LENGTH = 19  # with seconds, without offset
_PLAIN_LENGTHS = frozenset({20, 25})  # with seconds, and Z or ±hh:mm


class Clock:
    """Turn received times into UTC text for the database.

    :param ctx: Context with the plazas' zones
    :param date_format: see Layout
    """

    def __init__(self, ctx, date_format=""):
        self._ctx = ctx
        self._format = date_format
        self._zones = {}
        self._default = self._zone(ctx.default_zone)
        self._with_offset = Memo(self._minute_with_offset)
        self._local = Memo(self._minute_local)
        self._zone_names = Memo(lambda plaza: self.zone_of(plaza).key)
        self._values = Memo(self._value)

    def _zone(self, name):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            message = f"Time zone {name!r} is unknown; correct it on the plaza."
            raise IntakeError("bad_zone", message) from error

    def zone_of(self, plaza):
        """Return the ZoneInfo of a plaza code."""
        zone = self._zones.get(plaza)
        if zone is None:
            name = self._ctx.zones.get(plaza)
            zone = self._zone(name) if name else self._default
            if len(self._zones) < 100_000:
                self._zones[plaza] = zone
        return zone

    def parse(self, value, plaza, column="occurred_at"):
        """Return the UTC text of one received time, or raise Fault."""
        moment = self._read(value, column)
        if moment.tzinfo is None:
            moment = to_utc(moment, self.zone_of(plaza), value, column)
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            raise _not_a_time(value, column) from None
        return moment.replace(tzinfo=None).isoformat(" ")

    def _read(self, value, column):
        try:
            if self._format in _EPOCH:
                moment = from_epoch(value, _EPOCH[self._format])
            elif self._format:
                moment = datetime.strptime(value, self._format)  # noqa: DTZ007
            else:
                moment = from_iso(value)
        except (ValueError, OverflowError, ArithmeticError):
            raise _not_a_time(value, column) from None
        return moment

    # Whole columns; None stands for a value that needs a closer look

    def column(self, values, plazas):
        """Return the UTC texts of a column; None where parse() would raise."""
        if self._format:
            return self._others(values, plazas)
        lengths = set(map(len, values))
        if lengths <= _PLAIN_LENGTHS:
            return self._with_offsets(values, plazas)
        if lengths == {_LOCAL_LENGTH}:
            return self._locals(values, plazas)
        out = [None] * len(values)
        for wanted, convert in (
            (_PLAIN_LENGTHS, self._with_offsets),
            ({_LOCAL_LENGTH}, self._locals),
            (lengths - _PLAIN_LENGTHS - {_LOCAL_LENGTH}, self._others),
        ):
            where = [at for at, value in enumerate(values) if len(value) in wanted]
            if where:
                texts = convert(
                    [values[at] for at in where], [plazas[at] for at in where]
                )
                for at, text in zip(where, texts, strict=True):
                    out[at] = text
        return out

    def _others(self, values, plazas):
        return list(map(self._values.__getitem__, zip(values, plazas, strict=True)))

    def _with_offsets(self, values, _plazas):
        heads = [value[:16] + value[19:] for value in values]
        bases = map(self._with_offset.__getitem__, heads)
        return self._minutes(bases, [value[16:19] for value in values])

    def _locals(self, values, plazas):
        bases = map(self._local.__getitem__, self._local_heads(values, plazas))
        return self._minutes(bases, [value[16:19] for value in values])

    @staticmethod
    def _minutes(bases, seconds):
        if _SECONDS.issuperset(seconds):
            return [
                base + second if base else None
                for base, second in zip(bases, seconds, strict=True)
            ]
        return [
            base + second if base and second in _SECONDS else None
            for base, second in zip(bases, seconds, strict=True)
        ]

    def _minute_with_offset(self, head):
        if not _is_extended(head) or head[16:17] not in _OFFSET_STARTS:
            return None
        return _whole_minute(self._value((head[:16] + ":00" + head[16:], "")))

    def _local_heads(self, values, plazas):
        """Return the minute and the zone of each value, in one text."""
        names = self._zone_names
        zones = {names[plaza] for plaza in set(plazas)}
        if len(zones) == 1:
            name = zones.pop()
            return [value[:16] + name for value in values]
        return [
            value[:16] + names[plaza]
            for value, plaza in zip(values, plazas, strict=True)
        ]

    def _minute_local(self, key):
        head, name = key[:16], key[16:]
        if not _is_extended(head):
            return None
        try:
            moment = from_iso(head + ":00")
            moment = to_utc(moment, self._zone(name), head, "").astimezone(UTC)
        except (Fault, ValueError, OverflowError):
            return None
        return _whole_minute(moment.replace(tzinfo=None).isoformat(" "))

    def _value(self, key):
        try:
            return self.parse(*key)
        except Fault:
            return None


def _whole_minute(text):
    # An old zone's offset may have seconds: then minutes are no whole minutes
    return text[:16] if text and text.endswith(":00") else None


def _is_extended(head):
    """Tell whether the minutes stand where they are cut: 2026-03-05T14:05."""
    return head[4:5] == "-" and head[13:14] == ":"


def from_iso(value):
    """Return the datetime of an ISO 8601 text, naive when it has no offset.

    >>> from_iso("20260305T140506Z").isoformat()
    '2026-03-05T14:05:06+00:00'
    >>> from_iso("2026-03-05 14:05:06.25").isoformat()
    '2026-03-05T14:05:06.250000'
    """
    match = _ISO.fullmatch(value)
    if match is None:
        raise ValueError(value)
    part = (match["part"] or "")[:6].ljust(6, "0")
    numbers = [int(match[name] or 0) for name in _ISO_PARTS]
    return datetime(*numbers, int(part), tzinfo=_offset(match["offset"]))


_ISO_PARTS = ("year", "month", "day", "hour", "minute", "second")


def _offset(text):
    if not text:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    if hours > 15 or minutes > 59:
        raise ValueError(text)
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if text[0] == "-" else delta)


def from_epoch(value, scale):
    """Return the datetime of seconds (or thousandths) since 1970.

    >>> from_epoch("1767225600", 1).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    if not _EPOCH_VALUE.fullmatch(value):
        raise ValueError(value)
    micros = int(Decimal(value) * 1_000_000 / scale)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def to_utc(moment, zone, value, column):
    """Return an aware datetime for a local one, or raise Fault where it has no one.

    >>> noon = datetime(2026, 7, 1, 12)
    >>> to_utc(noon, ZoneInfo("Europe/Madrid"), "", "").isoformat()
    '2026-07-01T12:00:00+02:00'
    """
    before = moment.replace(tzinfo=zone, fold=0).utcoffset()
    after = moment.replace(tzinfo=zone, fold=1).utcoffset()
    if before == after:
        return moment.replace(tzinfo=timezone(before))
    if before < after:
        raise Fault(
            f"column {column}: {shown(value)} does not exist in {zone.key}: the clocks "
            "went forward over it; send the time with its offset"
        )
    readings = " or ".join(
        moment.replace(tzinfo=timezone(offset)).isoformat()
        for offset in (before, after)
    )
    raise Fault(
        f"column {column}: {shown(value)} happened twice in {zone.key}: {readings}; "
        "send the time with its offset",
        AMBIGUOUS_TIME,
    )


def _not_a_time(value, column):
    return Fault(f"column {column}: {shown(value)} is not a date and time")
