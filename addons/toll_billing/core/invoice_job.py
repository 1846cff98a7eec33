"""What the issuing of one invoice needs to know, as plain values.

>>> deposit_payment(Decimal(80), Decimal(100))
Decimal('80')
>>> deposit_payment(Decimal(80), Decimal(-5))
Decimal('0')
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from .invoice_tax import Split

NONE, PART, FULL = "none", "part", "full"


@dataclass(slots=True)
class JobLine:
    """One line of the invoice; ``kind`` says which lines differ in amounts only."""

    kind: tuple[int, int]
    count: int
    amount: Decimal
    tax: int | None = None


@dataclass(slots=True)
class Job:
    """One statement to be invoiced."""

    statement: int
    name: str
    account: int
    number: str
    prepaid: bool
    partner: int
    total: Decimal
    deposit: Decimal
    lines: list[JobLine] = field(default_factory=list)
    commercial: int = 0
    shipping: int = 0
    display_name: str = ""
    shape: Hashable = None
    split: Split | None = None
    #: why this invoice cannot be written by set; empty where it can
    unusual: str = ""

    @property
    def paid(self) -> Decimal:
        """Part of the total that the prepaid deposit pays at once."""
        return deposit_payment(self.total, self.deposit) if self.prepaid else Decimal(0)

    @property
    def open(self) -> Decimal:
        return self.total - self.paid

    @property
    def settlement(self) -> str:
        """none, part or full: is the invoice paid from the deposit?"""
        if not self.paid:
            return NONE
        return FULL if self.paid == self.total else PART

    @property
    def kinds(self) -> set[tuple[int, int]]:
        return {line.kind for line in self.lines}


def deposit_payment(total: Decimal, deposit: Decimal) -> Decimal:
    """What a deposit pays of an invoice: never more than it has.

    ``deposit`` is what the customer has paid in and no invoice has used: the wallet's
    balance plus the usage that was not invoiced yet.
    """
    return min(total, max(deposit, Decimal(0)))


def pick_exemplars(jobs: Iterable[Job], least: int = 4) -> tuple[list[Job], list[Job]]:
    """Choose the jobs that are issued one by one, as patterns for the others.

    Few of them, such that every kind of line stands in one. Answers (one by one, by
    set); where a shape has fewer than ``least`` jobs the set is not worth it.
    """
    groups: dict[Hashable, list[Job]] = {}
    single, mass = [], []
    for job in jobs:
        if job.unusual:
            single.append(job)
        else:
            groups.setdefault((job.shape, job.settlement), []).append(job)
    for group in groups.values():
        if len(group) < least:
            single += group
            continue
        missing = set().union(*(job.kinds for job in group))
        chosen = set()
        while missing:
            best = max(group, key=lambda job: len(job.kinds & missing))
            missing -= best.kinds
            chosen.add(best.statement)
        single += [job for job in group if job.statement in chosen]
        mass += [job for job in group if job.statement not in chosen]
    return single, mass
