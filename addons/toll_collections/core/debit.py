"""Bank debits as the banks want them: one file that asks for money, one that answers.

Writers give text piece by piece, so a file of any length needs little memory; readers
raise `DebitFileError` and guess nothing.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


class DebitFileError(ValueError):
    """The file cannot be used: `code` says why, `line` where, `value` what."""

    def __init__(self, code, line=None, value=None):
        super().__init__(code)
        self.code = code
        self.line = line
        self.value = value


@dataclass(frozen=True)
class Creditor:
    """Who collects; `emitter` is the number by which the bank knows the company."""

    name: str
    account: str
    bic: str = ""
    identifier: str = ""
    emitter: str = ""


@dataclass(frozen=True)
class Debit:
    """One collection: `ref` comes back with the answer, `concept` the payer reads."""

    ref: str
    amount: Decimal
    mandate: str
    signed: date
    sequence: str
    name: str
    account: str
    concept: str
    bic: str = ""
    scheme: str = "CORE"
    is_amended: bool = False


@dataclass(frozen=True)
class Order:
    """What stands above all collections of a file."""

    name: str
    creditor: Creditor
    collection_date: date
    created: str
    currency: str


@dataclass(frozen=True)
class Answer:
    """What the bank says of one collection; `outcome`: paid, returned or pending."""

    line: int
    ref: str
    amount: Decimal | None
    outcome: str
    code: str = ""
    info: str = ""
    day: date | None = None


#: What pain files may hold beside letters and digits (EPC best practices).
ALLOWED = set("/-?:().,'+ ")


def plain(text, size=None):
    """Text in the letters that all banks take.

    >>> plain("Peña & Núñez, S.A.")
    'Pena - Nunez, S.A.'
    >>> plain("  Calle   del  Río ", 8)
    'Calle de'
    """
    flat = unicodedata.normalize("NFKD", " ".join((text or "").split()))
    clean = "".join(
        c if (c.isascii() and c.isalnum()) or c in ALLOWED else "-"
        for c in flat
        if not unicodedata.combining(c)
    )
    return clean[:size].strip() if size else clean


def cents(amount):
    """Whole cents of an amount.

    >>> cents(Decimal("12.3"))
    1230
    """
    return int((Decimal(amount) * 100).to_integral_exact())


def mask(number):
    """A bank account number with its end only.

    >>> mask("032180000118359719")
    '•••• 9719'
    """
    return f"•••• {number[-4:]}" if number else ""
