"""What an operator gets of what its customers paid us. Money is Decimal, rounded once.

>>> terms = Terms(percent=Decimal("2.5"), crossing=Decimal("0.10"))
>>> fee(terms, Decimal("1000.00"), 12, Decimal("0.01"))
Decimal('26.20')
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from . import canon
from .invoice_tax import round_money
from .periods import period_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """The fee of an agreement: percentage or tiers of it, per crossing, minimum."""

    percent: Decimal = ZERO
    tiers: tuple[canon.Tier, ...] = ()
    crossing: Decimal = ZERO
    minimum: Decimal = ZERO


def fee(terms: Terms, base: Decimal, crossings: int, unit: Decimal) -> Decimal:
    """The fee of a period, taxes not counted.

    >>> fee(Terms(percent=Decimal(1), minimum=Decimal(50)), Decimal(900), 9, Decimal(1))
    Decimal('50')
    >>> tiers = (canon.Tier(ZERO, Decimal(3)), canon.Tier(Decimal(1000), Decimal(2)))
    >>> fee(Terms(tiers=tiers), Decimal(1500), 0, Decimal("0.01"))
    Decimal('40.00')
    """
    rules = [
        canon.Rule("percent", "percentage", rate=terms.percent, tiers=terms.tiers),
        canon.Rule("crossing", "crossing", terms.crossing),
    ]
    if terms.minimum:
        rules.append(canon.Rule("minimum", "minimum", terms.minimum))
    return sum(canon.accrue(rules, base, crossings, unit).values(), ZERO)


def withhold(
    due: Decimal, percent: Decimal, held: Decimal, cap: Decimal, unit: Decimal
) -> Decimal:
    """What is kept back as guarantee, up to the cap; less than nothing gives back.

    >>> unit = Decimal("0.01")
    >>> withhold(Decimal("1000.05"), Decimal(5), Decimal(0), Decimal(0), unit)
    Decimal('50.00')
    >>> withhold(Decimal(1000), Decimal(5), Decimal(180), Decimal(200), unit)
    Decimal('20')
    >>> withhold(Decimal(-1000), Decimal(5), Decimal(20), Decimal(200), unit)
    Decimal('-20')
    """
    wanted = round_money(due * percent / 100, unit)
    if cap:
        wanted = min(wanted, cap - held)
    return max(wanted, -held)


def period(day: date, kind: str) -> tuple[date, date]:
    """First and last day of the day, week (from Monday) or month that holds ``day``.

    >>> period(date(2026, 4, 15), "week")
    (datetime.date(2026, 4, 13), datetime.date(2026, 4, 19))
    >>> period(date(2026, 4, 15), "day")
    (datetime.date(2026, 4, 15), datetime.date(2026, 4, 15))
    """
    if kind == "day":
        return day, day
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    return period_of(day, kind)
