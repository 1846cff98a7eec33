"""Fixed-width text layout for bank debits ("domiciliación"), 200 characters a line.

Lines end with CR LF; text is upper-case ASCII, amounts are whole cents with leading
zeros. The tables below are read by the code and are the documentation: header (H),
detail (D), answer (R) and trailer (T), each column after the one before it. An answer
repeats line, reference, account and amount of the detail and adds the day and the
bank's code; 0000 is paid.
"""

from datetime import date, datetime
from decimal import Decimal

from .debit import Answer, Debit, DebitFileError, cents, plain

WIDTH = 200
PAID = "0000"
#: (name, width, kind); kind: t text, n number, d day, c cents, "=X" a fixed text.
HEADER = (
    ("kind", 1, "=H"),
    ("version", 2, "=02"),
    ("emitter", 10, "t"),
    ("created", 8, "d"),
    ("collection", 8, "d"),
    ("currency", 3, "t"),
    ("order", 20, "t"),
    ("name", 40, "t"),
    ("account", 34, "t"),
)
DETAIL = (
    ("kind", 1, "=D"),
    ("line", 7, "n"),
    ("ref", 20, "t"),
    ("account", 34, "t"),
    ("amount", 15, "c"),
    ("mandate", 35, "t"),
    ("signed", 8, "d"),
    ("sequence", 4, "t"),
    ("name", 40, "t"),
    ("concept", 36, "t"),
)
ANSWER = (
    ("kind", 1, "=R"),
    ("line", 7, "n"),
    ("ref", 20, "t"),
    ("account", 34, "t"),
    ("amount", 15, "c"),
    ("day", 8, "d"),
    ("code", 4, "t"),
    ("info", 60, "t"),
)
TRAILER = (
    ("kind", 1, "=T"),
    ("count", 7, "n"),
    ("amount", 18, "c"),
)


def _cell(value, width, kind):
    if kind[0] == "=":
        text = kind[1:]
    elif kind == "d":
        text = f"{value:%Y%m%d}" if value else "0" * 8
    elif kind == "t":
        return plain(value, width).upper().ljust(width)
    else:
        text = str(cents(value) if kind == "c" else value).zfill(width)
    if len(text) > width:
        raise DebitFileError("too_wide", value=value)
    return text


def _line(layout, values):
    cells = (_cell(values.get(name), width, kind) for name, width, kind in layout)
    return "".join(cells).ljust(WIDTH) + "\r\n"


def write(order, debits):
    """The lines of a file that asks for money."""
    creditor = order.creditor
    yield _line(
        HEADER,
        {
            "emitter": creditor.emitter,
            "created": date.fromisoformat(order.created[:10]),
            "collection": order.collection_date,
            "currency": order.currency,
            "order": order.name,
            "name": creditor.name,
            "account": creditor.account,
        },
    )
    count, total = 0, Decimal(0)
    for count, debit in enumerate(debits, start=1):
        total += debit.amount
        yield _line(
            DETAIL,
            {
                "line": count,
                "ref": debit.ref,
                "account": debit.account,
                "amount": debit.amount,
                "mandate": debit.mandate,
                "signed": debit.signed,
                "sequence": debit.sequence,
                "name": debit.name,
                "concept": debit.concept,
            },
        )
    yield _line(TRAILER, {"count": count, "amount": total})


def write_answers(answers):
    """The lines of a bank's answer; for demo data and tests."""
    count, total = 0, Decimal(0)
    for count, (answer, account) in enumerate(answers, start=1):
        total += answer.amount
        yield _line(
            ANSWER,
            {
                "line": count,
                "ref": answer.ref,
                "account": account,
                "amount": answer.amount,
                "day": answer.day,
                "code": PAID if answer.outcome == "paid" else answer.code,
                "info": answer.info,
            },
        )
    yield _line(TRAILER, {"count": count, "amount": total})


def _parse(layout, text, number):
    values, start = {}, 0
    for name, width, kind in layout:
        cell = text[start : start + width]
        start += width
        if kind[0] == "=":
            if cell != kind[1:]:
                raise DebitFileError("bad_line", number, cell)
        elif kind == "t":
            values[name] = cell.strip()
        elif not (cell.isascii() and cell.isdigit() and len(cell) == width):
            raise DebitFileError("bad_number", number, f"{name}: {cell.strip()}")
        elif kind == "d":
            values[name] = _day(cell, number) if int(cell) else None
        else:
            values[name] = int(cell) if kind == "n" else Decimal(int(cell)) / 100
    return values


def _day(cell, number):
    try:
        return datetime.strptime(cell, "%Y%m%d").date()  # noqa: DTZ007  a day alone
    except ValueError:
        raise DebitFileError("bad_date", number, cell) from None


def _rows(content, layout):
    """The parsed lines of one kind; count and sum are those of the trailer."""
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise DebitFileError("not_text") from None
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or lines[-1][:1] != "T":
        raise DebitFileError("no_trailer")
    mark = layout[0][2][1:]
    rows = [
        (number, _parse(layout, text, number))
        for number, text in enumerate(lines[:-1], start=1)
        if not (number == 1 and text[:1] == "H")
    ]
    if not rows and mark == "R":
        raise DebitFileError("empty")
    trailer = _parse(TRAILER, lines[-1], len(lines))
    total = sum((row["amount"] for _number, row in rows), Decimal(0))
    if trailer["count"] != len(rows):
        raise DebitFileError("wrong_count", value=(trailer["count"], len(rows)))
    if trailer["amount"] != total:
        raise DebitFileError("wrong_amount", value=(trailer["amount"], total))
    return rows


def read(content):
    """The collections of a file as `write` makes it."""
    return [
        Debit(
            ref=row["ref"],
            amount=row["amount"],
            mandate=row["mandate"],
            signed=row["signed"],
            sequence=row["sequence"],
            name=row["name"],
            account=row["account"],
            concept=row["concept"],
        )
        for _number, row in _rows(content, DETAIL)
    ]


def read_answers(content):
    """What the bank says of each collection."""
    return [
        Answer(
            line=number,
            ref=row["ref"].lstrip("0") or row["ref"],
            amount=row["amount"],
            outcome="paid" if row["code"] == PAID else "returned",
            code="" if row["code"] == PAID else row["code"],
            info=row["info"],
            day=row["day"],
        )
        for number, row in _rows(content, ANSWER)
    ]
