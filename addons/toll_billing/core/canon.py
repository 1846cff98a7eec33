"""What a concession owes its grantor for a period. Money is Decimal, rounded once.

Each rule gives one amount; a guaranteed minimum gives what is missing to it.

>>> rules = [Rule(1, "percentage", rate=Decimal(10)), Rule(2, "minimum", Decimal(500))]
>>> accrue(rules, Decimal("1234.56"), 40, Decimal("0.01"))
{1: Decimal('123.46'), 2: Decimal('376.54')}
"""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

from .invoice_tax import round_money

ZERO = Decimal(0)


class CanonError(ValueError):
    """A rule that nobody can compute."""


@dataclass(frozen=True, slots=True)
class Tier:
    """From this revenue on, this rate (%)."""

    start: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the canon.

    ``kind``: fixed (``amount`` per period), percentage (of the net revenue: ``rate``,
    or ``tiers``), share (``rate`` of what exceeds ``amount``), crossing (``amount`` for
    each), minimum (``amount`` that the other rules together reach at least).
    """

    key: Hashable
    kind: str
    amount: Decimal = ZERO
    rate: Decimal = ZERO
    tiers: tuple[Tier, ...] = ()


def split_tax(
    charged: Decimal, rate: Decimal, unit: Decimal
) -> tuple[Decimal, Decimal]:
    """Net amount and tax of prices that include it.

    >>> split_tax(Decimal("149.00"), Decimal(16), Decimal("0.01"))
    (Decimal('128.45'), Decimal('20.55'))
    """
    net = round_money(charged * 100 / (100 + rate), unit)
    return net, charged - net


def tiered(revenue: Decimal, tiers: tuple[Tier, ...]) -> Decimal:
    """Each slice of the revenue at the rate of its tier; nothing below the first.

    >>> tiers = (Tier(Decimal(0), Decimal(5)), Tier(Decimal(1000), Decimal(10)))
    >>> tiered(Decimal(1500), tiers)
    Decimal('100')
    """
    ordered = sorted(tiers, key=lambda tier: tier.start)
    total = ZERO
    for number, tier in enumerate(ordered):
        end = ordered[number + 1].start if number + 1 < len(ordered) else revenue
        slice_ = min(revenue, end) - tier.start
        if slice_ > 0:
            total += slice_ * tier.rate / 100
    return total


def amount_of(rule: Rule, revenue: Decimal, crossings: int) -> Decimal:
    """What one rule gives, before rounding."""
    if rule.kind == "fixed":
        return rule.amount
    if rule.kind == "percentage":
        if rule.tiers:
            return tiered(revenue, rule.tiers)
        return revenue * rule.rate / 100
    if rule.kind == "share":
        return max(revenue - rule.amount, ZERO) * rule.rate / 100
    if rule.kind == "crossing":
        return rule.amount * crossings
    raise CanonError(f"unknown kind of rule: {rule.kind}")


def accrue(
    rules: list[Rule], revenue: Decimal, crossings: int, unit: Decimal
) -> dict[Hashable, Decimal]:
    """Amount of each rule; those that give nothing are left out.

    :param revenue: net of tax
    :param unit: smallest unit of the currency
    """
    amounts = {
        rule.key: round_money(amount_of(rule, revenue, crossings), unit)
        for rule in rules
        if rule.kind != "minimum"
    }
    for rule in rules:
        if rule.kind == "minimum":
            reached = sum(amounts.values(), ZERO)
            amounts[rule.key] = max(round_money(rule.amount, unit) - reached, ZERO)
    return {key: amount for key, amount in amounts.items() if amount}
