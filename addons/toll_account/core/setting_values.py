"""What people write as the new value of a setting."""

import math
from datetime import date

YES = {"yes", "sí", "si", "true", "1"}
NO = {"no", "false", "0"}


def parse(kind: str, text: str, choices: dict | None = None):
    """Return the value of a field of this kind; ValueError where it is none.

    ``choices``: {value: label} of a selection; people write either.

    >>> parse("integer", " 15 "), parse("monetary", "1500.50"), parse("boolean", "Sí")
    (15, 1500.5, True)
    >>> [parse("float", "1,500")]
    Traceback (most recent call last):
    ...
    ValueError: could not convert string to float: '1,500'
    >>> parse("float", "nan")
    Traceback (most recent call last):
    ...
    ValueError: nan
    >>> parse("selection", " every month", {"monthly": "Every month"})
    'monthly'
    >>> parse("char", " Plan A "), parse("text", ""), parse("date", "2026-03-01")
    ('Plan A', False, datetime.date(2026, 3, 1))
    """
    text = (text or "").strip()
    if kind in ("char", "text"):
        return text or False
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "selection":
        return parse_choice(text, choices or {})
    if kind == "boolean":
        if text.lower() in YES | NO:
            return text.lower() in YES
        raise ValueError(text)
    if kind == "integer":
        return int(text)
    if kind in ("float", "monetary"):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return number
    raise ValueError(kind)


def parse_choice(text: str, choices: dict):
    """Return the one choice that the text names.

    >>> parse_choice("Once", {"once": "Once"}), parse_choice("", {"once": "Once"})
    ('once', False)
    """
    if not text:
        return False
    named = text.casefold()
    found = [
        value
        for value, label in choices.items()
        if named in (str(value).casefold(), label.casefold())
    ]
    if len(found) != 1:
        raise ValueError(text)
    return found[0]
