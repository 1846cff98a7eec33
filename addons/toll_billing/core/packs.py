"""What prepaid packs cover, on plain values.

The same rules stand in ``queries.pack`` as SQL; a test compares the two. Rules:

* crossings take packs in the order of time, each the pack that ends first;
* a crossing has one pack at most, and only one that gives more than its discount: what
  is free already uses nothing up;
* credit that is left pays a part of the crossing at which it ends; where the discount
  is worth more than that part, the credit waits for the crossings that are rated next;
* a pack that begins with its first use ends so many days after that.

>>> day = date(2026, 3, 2)
>>> trips = Pack(1, "crossings", day, date(2026, 3, 31), left=Decimal(1))
>>> credit = Pack(2, "credit", day, date(2026, 4, 30), left=Decimal(130))
>>> crossed = [Trip(n, datetime(2026, 3, 2, n), day, Decimal(100)) for n in (9, 8, 10)]
>>> cover(crossed, [credit, trips])
{8: (1, Decimal('100')), 9: (2, Decimal('100')), 10: (2, Decimal('30'))}
"""

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .periods import add_months


@dataclass(frozen=True, slots=True)
class Trip:
    """A crossing to be charged; ``day`` is the one that the plaza had."""

    id: int
    at: datetime
    day: date
    price: Decimal
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that somebody holds.

    ``left``: crossings or credit; of a pass it does not matter. ``date_from`` is empty
    until the first use of a pack that begins with it, ``date_to`` is then the last day
    on which it may begin. ``most``: what it covers of one crossing, 0 means all.
    """

    id: int
    kind: str
    date_from: date | None
    date_to: date
    left: Decimal = Decimal(0)
    most: Decimal = Decimal(0)
    unit: str = "day"
    length: int = 1
    reaches: Callable[[Trip], bool] = lambda trip: True

    def part(self, trip: Trip) -> Decimal:
        """What it covers of a crossing, however much is left."""
        if self.kind == "credit" or not self.most:
            return trip.price
        return min(trip.price, self.most)

    def admits(self, trip: Trip) -> bool:
        return (
            (self.date_from is None or self.date_from <= trip.day <= self.date_to)
            and self.part(trip) > trip.discount
            and self.reaches(trip)
        )


def last_day(first: date, unit: str, length: int) -> date:
    """Last day of what begins on ``first`` and lasts so long.

    >>> last_day(date(2026, 1, 31), "day", 1), last_day(date(2026, 1, 31), "day", 30)
    (datetime.date(2026, 1, 31), datetime.date(2026, 3, 1))
    >>> last_day(date(2026, 1, 31), "month", 1), last_day(date(2026, 1, 15), "month", 1)
    (datetime.date(2026, 2, 27), datetime.date(2026, 2, 14))
    >>> last_day(date(2026, 1, 15), "calendar", 1)
    datetime.date(2026, 1, 31)
    """
    if unit == "day":
        return first + timedelta(days=length - 1)
    if unit == "calendar":
        return add_months(first, length) - timedelta(days=1)
    month = add_months(first, length)
    day = min(first.day, monthrange(month.year, month.month)[1])
    return month.replace(day=day) - timedelta(days=1)


def cover(
    trips: Iterable[Trip], packs: Iterable[Pack]
) -> dict[int, tuple[int, Decimal]]:
    """{crossing: (pack, what it covers)} of crossings that are rated together."""
    trips = sorted(trips, key=lambda trip: (trip.at, trip.id))
    covered = {}
    for pack in sorted(packs, key=lambda pack: (pack.date_to, pack.id)):
        taken = _cover_by(pack, [trip for trip in trips if trip.id not in covered])
        covered.update({trip: (pack.id, part) for trip, part in taken})
    return dict(sorted(covered.items()))


def _cover_by(pack, trips):
    left, first, last = pack.left, pack.date_from, pack.date_to
    for trip in trips:
        if not pack.admits(trip):
            continue
        if first is None:
            if trip.day > pack.date_to:
                return
            first = trip.day
            last = last_day(first, pack.unit, pack.length)
        if not first <= trip.day <= last:
            continue
        if pack.kind != "pass" and left <= 0:
            return
        part = pack.part(trip)
        if pack.kind == "crossings":
            left -= 1
        elif pack.kind == "credit":
            part = min(part, left)
            if part <= trip.discount:
                return
            left -= part
        yield trip.id, part


def worth(
    price: Decimal, left: Decimal, given: Decimal, rounding: Decimal = Decimal("0.01")
) -> Decimal:
    """The part of a pack's price that stands for what is left of it.

    >>> worth(Decimal(900), Decimal(7), Decimal(20))
    Decimal('315.00')
    """
    if not given:
        return Decimal(0)
    units = (price * left / given / rounding).quantize(Decimal(1), ROUND_HALF_UP)
    return units * rounding
