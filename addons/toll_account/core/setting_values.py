"""What people write as the new value of a setting."""

import math

YES = {"yes", "sí", "si", "true", "1"}
NO = {"no", "false", "0"}


def parse(kind: str, text: str):
    """Return the value of a field of this kind; ValueError where it is none.

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
    """
    text = (text or "").strip()
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
