"""Price one crossing from the rows of the tariff versions, and say why.

The time zone of the plaza decides the date, the hour and the day type; at an
entry-exit road that is the exit plaza. A public holiday is a holiday whatever the day
of the week. The function works on the rows themselves, not on the compiled cells, so
that the two ways check each other.

>>> from datetime import date, datetime
>>> tariff = Tariff(
...     id=1,
...     version="2025",
...     valid_from=date(2025, 1, 10),
...     rates=(Rate(11, plaza=7, class_=2, amount=Decimal("149")),),
... )
>>> facts = Facts(7, 2, datetime(2025, 1, 10, 6, 0), "America/Mexico_City")
>>> charge = rate(facts, [tariff])
>>> charge.amount, charge.rate.id, charge.day_type, str(charge.local)
(Decimal('149.00'), 11, 'weekday', '2025-01-10 00:00:00')
>>> rate(Facts(7, 2, datetime(2025, 1, 10, 5, 59), "America/Mexico_City"), [tariff])
Traceback (most recent call last):
...
odoo.addons.toll_billing.core.rating.NoTariff: no_version
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from .tariff_cells import (
    CENT,
    DAY_BITS,
    Band,
    Rate,
    band_windows,
    covers,
    round_money,
)


class RatingError(ValueError):
    """The crossing cannot be priced; ``code`` says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class NoTariff(RatingError):
    """No version in force (no_version), or no row for the crossing (no_rate)."""


class AmbiguousTariff(RatingError):
    """Two versions or two rows claim the crossing with equal right."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What rating must know of a crossing; ``occurred_at`` is UTC."""

    plaza: int
    class_: int
    occurred_at: datetime
    zone: str
    entry: int = 0
    service: str = "toll"


@dataclass(frozen=True, slots=True)
class Tariff:
    """A version: in force from ``valid_from`` to the day before ``valid_to``."""

    id: int
    version: str
    valid_from: date
    rates: tuple[Rate, ...]
    valid_to: date | None = None
    bands: tuple[Band, ...] = ()

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Charge:
    """A price with the facts that led to it."""

    amount: Decimal
    tariff: Tariff
    rate: Rate
    day_type: str
    local: datetime

    @property
    def minute(self) -> int:
        return minute_of(self.local)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_time(moment: datetime, zone: str) -> datetime:
    """Wall clock at the plaza of a UTC moment (naive, or aware of any zone).

    >>> str(local_time(datetime(2025, 7, 1, 5, 59, 59), "America/Mexico_City"))
    '2025-06-30 23:59:59'
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(_zone(zone)).replace(tzinfo=None)


def minute_of(local: datetime) -> int:
    """Minute of the day, seconds cut off."""
    return local.hour * 60 + local.minute


def day_type(day: date, holidays: Collection[date] = ()) -> str:
    """Kind of day; a holiday on a Sunday is a holiday.

    >>> day_type(date(2025, 2, 1)), day_type(date(2025, 2, 2))
    ('saturday', 'sunday')
    >>> day_type(date(2025, 2, 2), {date(2025, 2, 2)})
    'holiday'
    """
    if day in holidays:
        return "holiday"
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "weekday")


def version_on(tariffs: Iterable[Tariff], day: date) -> Tariff:
    """The version in force on a local date."""
    valid = [tariff for tariff in tariffs if tariff.is_valid_on(day)]
    if not valid:
        raise NoTariff("no_version")
    if len(valid) > 1:
        raise AmbiguousTariff("two_versions")
    return valid[0]


def rate(
    facts: Facts,
    tariffs: Iterable[Tariff],
    holidays: Collection[date] = (),
    rounding: Decimal = CENT,
) -> Charge:
    """Price a crossing, rounded once by the currency."""
    local = local_time(facts.occurred_at, facts.zone)
    kind = day_type(local.date(), holidays)
    tariff = version_on(tariffs, local.date())
    windows = band_windows(tariff.bands)
    key = (facts.plaza, facts.entry, facts.service, facts.class_)
    rows = [
        row
        for row in tariff.rates
        if row.key == key
        and row.bits & DAY_BITS[kind]
        and covers(windows, row.band, minute_of(local))
    ]
    if not rows:
        raise NoTariff("no_rate")
    score = max(row.score for row in rows)
    best = [row for row in rows if row.score == score]
    if len(best) > 1:
        raise AmbiguousTariff("two_rates")
    amount = round_money(best[0].amount, rounding)
    return Charge(amount, tariff, best[0], kind, local)


def split_tax(
    amount: Decimal, percent: Decimal, rounding: Decimal = CENT
) -> tuple[Decimal, Decimal]:
    """Net price and tax inside a price that includes the tax.

    >>> split_tax(Decimal("149"), Decimal("16"))
    (Decimal('128.45'), Decimal('20.55'))
    """
    tax = round_money(amount * percent / (100 + percent), rounding)
    return amount - tax, tax


def change_percent(
    amount: Decimal, percent: Decimal, step: Decimal = Decimal(1)
) -> Decimal:
    """A price after a change in percent, rounded to the step of the price list.

    >>> change_percent(Decimal("149"), Decimal("4.5")), change_percent(
    ...     Decimal("149"), Decimal("-10"), Decimal("0.5")
    ... )
    (Decimal('156'), Decimal('134.0'))
    """
    return round_money(amount * (100 + percent) / 100, step)
