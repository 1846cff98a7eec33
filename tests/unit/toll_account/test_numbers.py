"""Account numbers: every single wrong digit and swap of neighbours is seen (003-29)."""

import pytest

from odoo.addons.toll_account.core import numbers


def test_every_number_is_valid():
    for serial in (0, 1, 9, 100_000_001, 123_456_789, 999_999_999):
        assert numbers.is_account_number(numbers.account_number(serial))


@pytest.mark.parametrize("serial", [100_000_001, 482_917_305])
def test_one_wrong_digit_is_seen(serial):
    number = numbers.account_number(serial)
    for place, right in enumerate(number):
        for digit in "0123456789".replace(right, ""):
            wrong = number[:place] + digit + number[place + 1 :]
            assert not numbers.is_account_number(wrong)


@pytest.mark.parametrize("serial", [100_000_001, 482_917_305])
def test_swapped_neighbours_are_seen(serial):
    number = numbers.account_number(serial)
    for place in range(len(number) - 1):
        one, two = number[place : place + 2]
        if one == two or {one, two} == {"0", "9"}:  # the known gap of Luhn's formula
            continue
        swapped = number[:place] + two + one + number[place + 2 :]
        assert not numbers.is_account_number(swapped)


@pytest.mark.parametrize("serial", ["1234567890", "12a", "-1", "١٢٣"])
def test_bad_serials_are_refused(serial):
    with pytest.raises(ValueError, match="serial"):
        numbers.account_number(serial)


@pytest.mark.parametrize("text", [None, "", "abc", "1000000017", "10000000160"])
def test_what_is_no_number(text):
    assert not numbers.is_account_number(text)


def test_blanks_and_hyphens_do_not_matter():
    assert numbers.is_account_number(" 1000-0000 16 ")
    assert numbers.digits("+52 (442) 555-1234") == "524425551234"
