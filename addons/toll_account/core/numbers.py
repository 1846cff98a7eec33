"""Account numbers: a serial number and a Luhn check digit.

>>> account_number(100000001)
'1000000016'
>>> is_account_number("1000000016"), is_account_number("1000000061")
(True, False)
"""

from stdnum import luhn
from stdnum.exceptions import ValidationError as NumberError

DIGITS = 9


def account_number(serial: int | str) -> str:
    """Return the number that carries this serial.

    >>> account_number(7)
    '0000000075'
    """
    body = str(serial).zfill(DIGITS)
    if not (body.isascii() and body.isdecimal()) or len(body) > DIGITS:
        raise ValueError(f"{serial!r} is not a serial of up to {DIGITS} digits")
    return body + luhn.calc_check_digit(body)


def is_account_number(text: str | None) -> bool:
    """Tell whether the check digit is right.

    >>> is_account_number("10000 00016"), is_account_number("hello")
    (True, False)
    """
    number = compact(text)
    if len(number) != DIGITS + 1:
        return False
    try:
        luhn.validate(number)
    except NumberError:
        return False
    return True


def compact(text: str | None) -> str:
    """Return the number without the blanks and hyphens people write in it.

    >>> compact("10 000-000 16")
    '1000000016'
    """
    return "".join((text or "").split()).replace("-", "")


def digits(text: str | None) -> str:
    """Return only the digits, as telephones are compared.

    >>> digits("+52 (55) 1234-5678")
    '525512345678'
    """
    return "".join(c for c in text or "" if c.isascii() and c.isdigit())
