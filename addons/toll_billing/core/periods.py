"""Months, quarters and days, as calendars and plazas know them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Months of each kind of period.
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def add_months(day: date, months: int) -> date:
    """First day of the month so many months later.

    >>> add_months(date(2026, 1, 31), -1), add_months(date(2026, 11, 5), 2)
    (datetime.date(2025, 12, 1), datetime.date(2027, 1, 1))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def period_of(day: date, kind: str) -> tuple[date, date]:
    """First and last day of the calendar period that holds ``day``.

    >>> period_of(date(2026, 2, 10), "month")
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    >>> period_of(date(2026, 5, 10), "quarter")
    (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    """
    months = MONTHS[kind]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, add_months(first, months) - timedelta(days=1)


def day_span(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The days ``first`` to ``last`` of a zone, as naive UTC: from, and up to before.

    A day on which the clocks change has 23 or 25 hours.

    >>> start, end = day_span(date(2026, 3, 29), date(2026, 3, 29), "Europe/Madrid")
    >>> (end - start).total_seconds() / 3600
    23.0
    """
    tz = ZoneInfo(zone)

    def instant(day):
        moment = datetime.combine(day, time(), tz)
        return moment.astimezone(UTC).replace(tzinfo=None)

    return instant(first), instant(last + timedelta(days=1))
