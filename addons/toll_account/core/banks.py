"""Bank account numbers that customers give for their money.

>>> clean_account("0321 8000 0118 3597 19")
'032180000118359719'
>>> clean_account("gb82 west 1234 5698 7654 32")
'GB82WEST12345698765432'
"""

from stdnum.iso7064 import mod_97_10

CLABE_WEIGHTS = (3, 7, 1)


class AccountNumberError(ValueError):
    """The text is not a bank account number; its first argument says why."""


def clabe_check_digit(number: str) -> str:
    """Return the last digit of a Mexican CLABE, from the 17 before it.

    >>> clabe_check_digit("03218000011835971")
    '9'
    """
    total = sum(
        int(digit) * CLABE_WEIGHTS[place % 3] % 10
        for place, digit in enumerate(number[:17])
    )
    return str(-total % 10)


def clean_account(text: str | None) -> str:
    """Return the number as it is stored: a CLABE, an IBAN or another number.

    >>> clean_account("032180000118359710")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    AccountNumberError: check_digit
    """
    number = "".join((text or "").split()).replace("-", "").upper()
    if not number.isascii() or not number.isalnum() or not 5 <= len(number) <= 34:
        raise AccountNumberError("format")
    if number.isdecimal():
        if len(number) == 18 and clabe_check_digit(number) != number[-1]:
            raise AccountNumberError("check_digit")
        return number
    if number[:2].isalpha():
        if not mod_97_10.is_valid(number[4:] + number[:4]):
            raise AccountNumberError("check_digit")
    return number
