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
ZERO = Decimal(0)


@dataclass(slots=True)
class JobLine:
    """One line of the invoice; ``kind`` says which lines differ in amounts only."""

    kind: tuple[Hashable, ...]
    count: int
    amount: Decimal
    #: the statement that the line charges
    statement: int = 0
    #: the discount plan that a negative line is named by
    plan: int | None = None
    #: headings above this line
    sections: tuple[str, ...] = ()
    #: the charge that the line invoices, and what it says
    charge: int = 0
    label: str = ""
    #: lines of one group stand together under its heading
    group: str = ""
    tax: int | None = None


@dataclass(slots=True)
class Share:
    """What one account has to do with an invoice: a statement, and its deposit."""

    statement: int
    account: int
    number: str
    prepaid: bool
    total: Decimal
    deposit: Decimal
    paid: Decimal = ZERO
    #: part of the total that the wallet has not paid before, as it has the usage
    fee: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """What leaves the wallet for the receivable; below nothing: pays for others."""
        return self.total - self.paid

    def pay(self, amount: Decimal) -> Decimal:
        """Pay as much of an amount as the deposit has."""
        self.paid = deposit_payment(amount, self.deposit) if self.prepaid else ZERO
        return self.paid


@dataclass(slots=True)
class Job:
    """One invoice to be issued, for one statement or for those of a whole fleet.

    The first share is that of the account whose customer gets the invoice.
    """

    name: str
    partner: int
    shares: list[Share]
    lines: list[JobLine] = field(default_factory=list)
    commercial: int = 0
    shipping: int = 0
    display_name: str = ""
    shape: Hashable = None
    split: Split | None = None
    #: why this invoice cannot be written by set; empty where it can
    unusual: str = ""

    @property
    def statement(self) -> int:
        return self.shares[0].statement

    @property
    def account(self) -> int:
        return self.shares[0].account

    @property
    def number(self) -> str:
        return self.shares[0].number

    @property
    def is_joint(self) -> bool:
        return len(self.shares) > 1

    @property
    def total(self) -> Decimal:
        return sum((share.total for share in self.shares), ZERO)

    @property
    def paid(self) -> Decimal:
        """Part of the total that prepaid deposits pay at once."""
        return sum((share.paid for share in self.shares), ZERO)

    @property
    def open(self) -> Decimal:
        return self.total - self.paid

    @property
    def settlement(self) -> str:
        """none, part or full: is the invoice paid from deposits?"""
        if not self.paid:
            return NONE
        return FULL if self.paid == self.total else PART

    @property
    def payments(self) -> list[Share]:
        """Shares whose deposit pays something."""
        return [share for share in self.shares if share.paid]

    @property
    def has_sections(self) -> bool:
        return any(line.sections for line in self.lines)

    @property
    def kinds(self) -> set[tuple[Hashable, ...]]:
        return {line.kind for line in self.lines}


def deposit_payment(total: Decimal, deposit: Decimal) -> Decimal:
    """What a deposit pays of an invoice: never more than it has.

    ``deposit`` is what the customer has paid in and no invoice has used: the wallet's
    balance plus the usage that was not invoiced yet.
    """
    return min(total, max(deposit, ZERO))


def share_out(shares: list[Share]) -> None:
    """Let the deposits pay: each its own share, the first one also what is left.

    >>> main = Share(1, 1, "M", True, Decimal(10), Decimal(30))
    >>> part = Share(2, 2, "P", True, Decimal(50), Decimal(45))
    >>> share_out([main, part])
    >>> main.paid, main.open, part.paid, part.open
    (Decimal('15'), Decimal('-5'), Decimal('45'), Decimal('5'))
    """
    head, *parts = shares
    rest = sum((share.total for share in shares), ZERO)
    for part in parts:
        rest -= part.pay(part.total)
    head.pay(rest)


def share_back(
    amount: Decimal,
    credited: dict[Hashable, Decimal],
    paid: dict[Hashable, Decimal],
    main: Hashable = None,
) -> dict[Hashable, Decimal]:
    """Whose deposit gets what of an amount that a credit note gives back.

    Each account what was credited of its share, as far as its deposit had paid it;
    ``main`` what is left. Without ``main`` the rest stays open on the credit note.

    >>> share_back(Decimal(60), {"P": Decimal(50)}, {"P": Decimal(45)}, "M")
    {'P': Decimal('45'), 'M': Decimal('15')}
    """
    given = {}
    left = amount
    for key, value in credited.items():
        if key != main:
            given[key] = min(max(value, ZERO), max(paid.get(key, ZERO), ZERO), left)
            left -= given[key]
    if main is not None:
        given[main] = left
    return {key: value for key, value in given.items() if value}


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
