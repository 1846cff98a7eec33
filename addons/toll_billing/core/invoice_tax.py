"""Amounts of an invoice whose prices include their tax, as Odoo's tax engine has them.

Each line has at most one percentage tax, included in its price. Money is Decimal; only
the weights by which Odoo spreads a cent over lines are floats, because Odoo's are.

>>> result = split([Line(Decimal("149.00"), "iva", Decimal(16))], PER_LINE)
>>> result.untaxed, result.tax, result.total
(Decimal('128.45'), Decimal('20.55'), Decimal('149.00'))
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

PER_LINE = "round_per_line"
GLOBALLY = "round_globally"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """A price with the tax that it includes (``tax`` None: no tax)."""

    price: Decimal
    tax: Hashable = None
    rate: Decimal = ZERO


@dataclass(slots=True)
class LineAmounts:
    """What stands in the columns of an invoice line."""

    subtotal: Decimal
    total: Decimal
    balance: Decimal


@dataclass(slots=True)
class TaxAmounts:
    """What stands in the columns of a tax line."""

    tax: Hashable
    base: Decimal
    amount: Decimal


@dataclass(slots=True)
class Split:
    """Lines in the given order, taxes in the order of their first line."""

    lines: list[LineAmounts] = field(default_factory=list)
    taxes: list[TaxAmounts] = field(default_factory=list)

    @property
    def untaxed(self) -> Decimal:
        return sum((line.balance for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes), ZERO)

    @property
    def total(self) -> Decimal:
        return self.untaxed + self.tax


def round_money(amount: Decimal, unit: Decimal) -> Decimal:
    """Round half away from zero to a multiple of ``unit``.

    >>> round_money(Decimal("2.345"), Decimal("0.01"))
    Decimal('2.35')
    """
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def spread(delta: Decimal, weights: list[Decimal], unit: Decimal) -> list[Decimal]:
    """Spread a rounding difference over lines, the heaviest first.

    >>> spread(Decimal("0.02"), [Decimal(1), Decimal(5)], Decimal("0.01"))
    [Decimal('0'), Decimal('0.02')]
    """
    shares = [ZERO] * len(weights)
    if not delta:
        return shares
    step = unit if delta > 0 else -unit
    units = left = int(abs(delta / unit).quantize(Decimal(1), ROUND_HALF_UP))
    factors = sorted(
        ((i, abs(float(weight))) for i, weight in enumerate(weights)),
        key=lambda factor: factor[1],
        reverse=True,
    )
    total = sum(factor for _i, factor in factors)
    for i, factor in factors:
        if not left:
            break
        given = min(
            round(factor / total * units if total else units / len(factors)), left
        )
        left -= given
        shares[i] += given * step
    for n in range(left):
        shares[factors[n][0]] += step
    return shares


def split(lines: list[Line], method: str, unit: Decimal = Decimal("0.01")) -> Split:
    """Net amount and tax of each line and of each tax; the total is Σ prices.

    :param method: PER_LINE rounds the tax of each line; GLOBALLY rounds the tax of the
        document and spreads the cents over its lines
    """

    def rounded(amount):
        return round_money(amount, unit)

    raw_taxes = [line.price * line.rate / (100 + line.rate) for line in lines]
    if method == PER_LINE:
        raw_taxes = [rounded(amount) for amount in raw_taxes]
    raw_bases = [line.price - tax for line, tax in zip(lines, raw_taxes, strict=True)]
    taxes = [rounded(amount) for amount in raw_taxes]
    bases = [rounded(amount) for amount in raw_bases]
    result = Split()
    result.lines = [
        LineAmounts(base, base + tax, base)
        for base, tax in zip(bases, taxes, strict=True)
    ]
    groups: dict[Hashable, list[int]] = {}
    for i, line in enumerate(lines):
        if line.tax is not None:
            groups.setdefault(line.tax, []).append(i)
    for tax, members in groups.items():
        raw_tax = sum((raw_taxes[i] for i in members), ZERO)
        raw_base = sum((raw_bases[i] for i in members), ZERO)
        amount = rounded(raw_tax)
        result.taxes.append(
            TaxAmounts(tax, rounded(raw_base + raw_tax) - amount, amount)
        )
    included = sum((line.price for line in lines), ZERO)
    delta = rounded(included) - sum(bases, ZERO) - result.tax
    shares = spread(delta, [line.price for line in lines], unit)
    for line, share in zip(result.lines, shares, strict=True):
        line.balance += share
    return result
