import pytest

from odoo.addons.toll_tag_stock.core import control_digits, serials
from odoo.addons.toll_tag_stock.core.errors import TagDataError

# numbers from the standards and their worked examples
GOOD = [
    ("luhn", "79927398713"),
    ("verhoeff", "2363"),
    ("mod11", "07940"),
    ("mod11", "079X"),
    ("mod97", "79444"),
]


@pytest.mark.parametrize(("rule", "number"), GOOD)
def test_known_numbers_are_right(rule, number):
    assert control_digits.check(rule, number) == number


@pytest.mark.parametrize("rule", sorted(control_digits.RULES))
def test_every_single_wrong_digit_is_found(rule):
    number = control_digits.complete(rule, ["IMDM30992039"])[0]
    for place in range(4, len(number)):
        for digit in "0123456789":
            if number[place] == digit:
                continue
            wrong = number[:place] + digit + number[place + 1 :]
            with pytest.raises(TagDataError):
                control_digits.check(rule, wrong)


@pytest.mark.parametrize("rule", [None, False, "none"])
def test_without_a_rule_every_number_is_right(rule):
    assert control_digits.check(rule, "IMDM30992039") == "IMDM30992039"


@pytest.mark.parametrize("rule", sorted(control_digits.RULES))
def test_a_range_counts_before_the_control_digits(rule):
    first, last = control_digits.complete(rule, ["ZZ0098", "ZZ0101"])
    numbers = serials.expand_range(first, last, rule=rule)
    bodies = [control_digits.split(rule, number)[0] for number in numbers]
    assert bodies == ["ZZ0098", "ZZ0099", "ZZ0100", "ZZ0101"]
    assert all(control_digits.check(rule, number) for number in numbers)


def test_a_number_that_cannot_have_one():
    with pytest.raises(TagDataError, match="no_control_digit"):
        control_digits.check("luhn", "ABC1X")
