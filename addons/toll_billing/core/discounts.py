"""What a discount plan gives, on plain values.

The same rules stand in ``queries.discount`` as SQL; a test compares the two. Rules:

* the price that is left to pay is rounded once per crossing, by the currency;
* of several discounts the best one counts, they are never added up;
* steps of a volume plan rise, so that a crossing that comes late never takes back what
  was given before.

>>> half = RatePlan(1, percent=Decimal(50))
>>> fixed = RatePlan(2, price=Decimal(20))
>>> best_at_crossing([half, fixed], Decimal("45.45"))
(Decimal('25.45'), 2)
>>> best_at_crossing([half], Decimal("45.45"))
(Decimal('22.72'), 1)
>>> best_at_crossing([fixed], Decimal(15))
(Decimal('0'), None)
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .tariff_cells import CENT, round_money

HUNDRED = Decimal(100)


class StepError(ValueError):
    """Steps that cannot be followed; ``code`` says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


# === AT THE CROSSING === #


@dataclass(frozen=True, slots=True)
class RatePlan:
    """A percentage, or a price instead of the tariff's."""

    id: int
    percent: Decimal | None = None
    price: Decimal | None = None

    def pays(self, price: Decimal, rounding: Decimal = CENT) -> Decimal:
        if self.price is not None:
            return min(price, self.price)
        return min(price, round_money(price * (HUNDRED - self.percent) / 100, rounding))


def best_at_crossing(
    plans: Iterable[RatePlan], price: Decimal, rounding: Decimal = CENT
) -> tuple[Decimal, int | None]:
    """(discount, plan): the highest one, the older plan where two are equal."""
    best, winner = Decimal(0), None
    for plan in sorted(plans, key=lambda plan: plan.id):
        discount = price - plan.pays(price, rounding)
        if discount > best:
            best, winner = discount, plan.id
    return best, winner


def is_within(minute: int, minute_from: int, minute_to: int) -> bool:
    """Is this minute of the day in the window? It may run over midnight.

    >>> is_within(359, 360, 600), is_within(360, 360, 600), is_within(600, 360, 600)
    (False, True, False)
    >>> is_within(0, 1320, 360), is_within(720, 1320, 360), is_within(720, 0, 0)
    (True, False, True)
    """
    if minute_from == minute_to:
        return True
    if minute_from < minute_to:
        return minute_from <= minute < minute_to
    return minute >= minute_from or minute < minute_to


# === BY VOLUME === #


@dataclass(frozen=True, slots=True)
class Step:
    """From this crossing or amount on, so many percent."""

    start: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """Steps per month or day, counted by crossings or by money.

    ``whole``: the step that is reached counts for everything, not only for what lies
    above it. A cap is a step of 100 % of what is really paid.
    """

    id: int
    steps: tuple[Step, ...]
    measure: str = "count"
    whole: bool = False
    scope: str = "account"
    period: str = "month"
    is_cap: bool = False

    def group(self, crossing: "Paid"):
        """What is counted together."""
        day = crossing.day
        since = day if self.period == "day" else day.replace(day=1)
        unit = {
            "account": (),
            "vehicle": (crossing.vehicle,),
            "vehicle_plaza": (crossing.vehicle, crossing.plaza, crossing.direction),
        }[self.scope]
        return since, unit


def cap_plan(id_: int, limit: Decimal, **values) -> VolumePlan:
    """No more than ``limit`` in a period."""
    steps = (Step(limit, HUNDRED),)
    return VolumePlan(id_, steps, measure="amount", is_cap=True, **values)


@dataclass(frozen=True, slots=True)
class Paid:
    """A crossing that was charged; ``day`` and ``at`` are the plaza's."""

    id: int
    at: datetime
    amount: Decimal
    discount: Decimal = Decimal(0)
    vehicle: int = 0
    plaza: int = 0
    direction: str = ""

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def charged(self) -> Decimal:
        return self.amount - self.discount


def check_steps(steps: Iterable[Step], measure: str = "count") -> None:
    """Raise where steps do not rise. Each one reaches to the next: there is no gap.

    >>> check_steps([Step(Decimal(11), Decimal(10)), Step(Decimal(21), Decimal(20))])
    >>> check_steps([Step(Decimal(11), Decimal(20)), Step(Decimal(21), Decimal(10))])
    Traceback (most recent call last):
    ...
    odoo.addons.toll_billing.core.discounts.StepError: falling
    """
    before = None
    steps = sorted(steps, key=lambda step: step.start)
    if not steps:
        raise StepError("none")
    for step in steps:
        if step.start < (1 if measure == "count" else 0):
            raise StepError("start")
        if measure == "count" and step.start % 1:
            raise StepError("start")
        if not 0 < step.percent <= HUNDRED:
            raise StepError("percent")
        if before and step.start == before.start:
            raise StepError("twice")
        if before and step.percent < before.percent:
            raise StepError("falling")
        before = step


def volume_discounts(
    plan: VolumePlan, crossings: Iterable[Paid], rounding: Decimal = CENT
) -> dict[int, Decimal]:
    """{crossing: what the plan takes off its charge}, in the order of time.

    >>> steps = (Step(Decimal(2), Decimal(10)), Step(Decimal(3), Decimal(50)))
    >>> day = datetime(2026, 2, 1, 9)
    >>> paid = [Paid(n, day.replace(day=n), Decimal(100)) for n in (1, 2, 3)]
    >>> volume_discounts(VolumePlan(1, steps), paid)
    {2: Decimal('10.00'), 3: Decimal('50.00')}
    >>> volume_discounts(cap_plan(2, Decimal(150)), paid)
    {2: Decimal('50.00'), 3: Decimal('100.00')}
    """
    groups = defaultdict(list)
    for crossing in crossings:
        if crossing.charged > 0:
            groups[plan.group(crossing)].append(crossing)
    found = {}
    for members in groups.values():
        members.sort(key=lambda crossing: (crossing.at, crossing.id))
        values = [c.charged if plan.is_cap else c.amount for c in members]
        total, reached = sum(values, Decimal(0)), Decimal(0)
        for number, (crossing, value) in enumerate(
            zip(members, values, strict=True), 1
        ):
            reached += value
            worth = _worth(plan, value, number, len(members), reached, total)
            worth = round_money(worth, rounding)
            if not plan.is_cap:  # the better one counts
                worth -= crossing.discount
            worth = min(worth, crossing.charged)
            if worth > 0:
                found[crossing.id] = worth
    return found


def _worth(plan, value, number, count, reached, total):
    """Each step adds to the one before what it gives more."""
    worth, before = Decimal(0), Decimal(0)
    for step in sorted(plan.steps, key=lambda step: step.start):
        if plan.measure == "count":
            part = value if (count if plan.whole else number) >= step.start else 0
        elif plan.whole:
            part = value if total >= step.start else 0
        else:
            part = max(Decimal(0), min(value, reached - step.start))
        worth += part * (step.percent - before) / 100
        before = step.percent
    return worth


def best_by_volume(
    plans: Iterable[tuple[VolumePlan, Iterable[Paid]]], rounding: Decimal = CENT
) -> dict[int, tuple[Decimal, int]]:
    """{crossing: (discount, plan)}: each crossing takes the best of its plans."""
    best = {}
    for plan, crossings in sorted(plans, key=lambda pair: pair[0].id):
        for crossing, amount in volume_discounts(plan, crossings, rounding).items():
            if crossing not in best or amount > best[crossing][0]:
                best[crossing] = (amount, plan.id)
    return best
