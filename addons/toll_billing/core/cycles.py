"""Calendar of a billing cycle: on which dates does it close?

A *cut-off* is a date: a crossing belongs to the period when it happened before the
first instant of that date in the company's time zone. Nothing here reads a clock.

>>> twice_a_month = Rule(days=(1, 16))
>>> next_cutoff(twice_a_month, date(2026, 1, 16))
datetime.date(2026, 2, 1)
>>> last_cutoff(twice_a_month, date(2026, 1, 16))
datetime.date(2026, 1, 16)
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UNITS = ("day", "week")


class CycleError(ValueError):
    """The rule cannot be followed; ``code`` says why."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Rule:
    """When a cycle closes: on days of the month, or every so many days from an anchor.

    ``days`` beyond the end of a month mean its last day, so that 31 is "month end".
    """

    days: tuple[int, ...] = ()
    interval: int = 0
    unit: str = "day"
    anchor: date | None = None

    def __post_init__(self):
        if self.days:
            if any(not 1 <= day <= 31 for day in self.days):
                raise CycleError("day", "a day of the month is between 1 and 31")
        elif self.interval < 1 or self.unit not in UNITS or self.anchor is None:
            raise CycleError("interval", "an interval needs a length and a first date")

    @property
    def step(self) -> timedelta:
        """Length of one interval.

        >>> Rule(interval=2, unit="week", anchor=date(2026, 1, 5)).step.days
        14
        """
        return timedelta(days=self.interval * (7 if self.unit == "week" else 1))


def parse_days(text: str) -> tuple[int, ...]:
    """Read the days of the month that a person typed.

    >>> parse_days("16, 1;1")
    (1, 16)
    """
    try:
        days = {int(part) for part in text.replace(";", ",").split(",") if part.strip()}
    except ValueError as error:
        raise CycleError("day", f"not a list of days: {text}") from error
    if not days or any(not 1 <= day <= 31 for day in days):
        raise CycleError("day", "a day of the month is between 1 and 31")
    return tuple(sorted(days))


def _cutoffs_of_month(rule: Rule, year: int, month: int) -> list[date]:
    last = calendar.monthrange(year, month)[1]
    return sorted({date(year, month, min(day, last)) for day in rule.days})


def _month_after(year: int, month: int, months: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + months
    return index // 12, index % 12 + 1


def next_cutoff(rule: Rule, after: date) -> date:
    """The first cut-off later than ``after``.

    >>> next_cutoff(Rule(days=(31,)), date(2026, 1, 31))
    datetime.date(2026, 2, 28)
    """
    if not rule.days:
        steps = (after - rule.anchor) // rule.step + 1
        return rule.anchor + max(steps, 0) * rule.step
    for months in (0, 1):
        year, month = _month_after(after.year, after.month, months)
        for day in _cutoffs_of_month(rule, year, month):
            if day > after:
                return day
    raise AssertionError("every month has a cut-off")  # pragma: no cover


def last_cutoff(rule: Rule, on: date) -> date | None:
    """The latest cut-off not later than ``on``; None before an interval's anchor.

    >>> last_cutoff(Rule(days=(31,)), date(2026, 3, 30))
    datetime.date(2026, 2, 28)
    """
    if not rule.days:
        if on < rule.anchor:
            return None
        return rule.anchor + (on - rule.anchor) // rule.step * rule.step
    for months in (0, -1):
        year, month = _month_after(on.year, on.month, months)
        for day in reversed(_cutoffs_of_month(rule, year, month)):
            if day <= on:
                return day
    raise AssertionError("every month has a cut-off")  # pragma: no cover


def due_cutoff(rule: Rule, done: date | None, today: date) -> date | None:
    """The cut-off that should be billed now, or None when nothing is due.

    One run takes everything that is still open before its cut-off, so after a pause
    only the latest cut-off matters.

    >>> due_cutoff(Rule(days=(1,)), date(2026, 3, 1), date(2026, 5, 20))
    datetime.date(2026, 5, 1)
    >>> due_cutoff(Rule(days=(1,)), date(2026, 5, 1), date(2026, 5, 20))
    """
    latest = last_cutoff(rule, today)
    if latest is None or (done is not None and latest <= done):
        return None
    return latest


def cutoff_instant(day: date, zone: str) -> datetime:
    """First instant of a date in a zone, as naive UTC like the database keeps it.

    >>> cutoff_instant(date(2026, 7, 1), "America/Mexico_City")
    datetime.datetime(2026, 7, 1, 6, 0)
    """
    local = datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)
