"""Bank account numbers: one wrong digit of a CLABE or an IBAN is seen (000-05)."""

import pytest

from odoo.addons.toll_account.core import banks

CLABE = "032180000118359719"
IBAN = "GB82WEST12345698765432"


@pytest.mark.parametrize("number", [CLABE, IBAN])
def test_one_wrong_digit_is_seen(number):
    for place, right in enumerate(number):
        if not right.isdigit():
            continue
        for digit in "0123456789".replace(right, ""):
            with pytest.raises(banks.AccountNumberError):
                banks.clean_account(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize(
    "text", [None, "", "1234", "x" * 35, "12345é", "1234;5678", "GB82"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(banks.AccountNumberError):
        banks.clean_account(text)


def test_other_numbers_pass():
    assert banks.clean_account("12-345 678") == "12345678"
