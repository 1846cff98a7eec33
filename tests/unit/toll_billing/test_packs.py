"""What packs cover, on plain values (004-12, X10)."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from odoo.addons.toll_billing.core.packs import Pack, Trip, cover, last_day, worth

DAY = date(2026, 3, 10)


def trips(count, price=100):
    return [
        Trip(n, datetime(2026, 3, 10, 8) + timedelta(hours=n), DAY, Decimal(price))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("first", "unit", "length", "last"),
    [
        (date(2026, 1, 31), "day", 1, date(2026, 1, 31)),
        (date(2026, 2, 28), "day", 2, date(2026, 3, 1)),
        (date(2028, 1, 31), "month", 1, date(2028, 2, 28)),
        (date(2026, 12, 1), "month", 2, date(2027, 1, 31)),
        (date(2026, 2, 15), "calendar", 1, date(2026, 2, 28)),
        (date(2026, 11, 30), "calendar", 3, date(2027, 1, 31)),
    ],
)
def test_last_day(first, unit, length, last):
    assert last_day(first, unit, length) == last


def test_no_more_than_was_bought_and_each_crossing_once():
    chance = random.Random(3)
    for _case in range(50):
        held = [
            Pack(
                n,
                chance.choice(["crossings", "credit", "pass"]),
                DAY,
                DAY + timedelta(chance.randrange(3)),
                left=Decimal(chance.randrange(1, 6)),
                most=Decimal(chance.choice([0, 30])),
            )
            for n in range(4)
        ]
        found = cover(trips(12, price=chance.choice([1, 40])), held)
        for pack in held:
            parts = [part for number, part in found.values() if number == pack.id]
            assert all(part > 0 for part in parts)
            if pack.kind == "crossings":
                assert len(parts) <= pack.left
            elif pack.kind == "credit":
                assert sum(parts) <= pack.left


def test_begins_with_the_first_crossing_or_not_at_all():
    pack = Pack(1, "pass", None, DAY, length=2)
    late = Trip(9, datetime(2026, 3, 11, 8), DAY + timedelta(1), Decimal(5))
    later = Trip(10, datetime(2026, 3, 12, 8), DAY + timedelta(2), Decimal(5))
    assert set(cover([*trips(1), late, later], [pack])) == {0, 9}
    assert cover([late], [pack]) == {}


def test_credit_that_is_less_than_the_discount_waits():
    credit = Pack(1, "credit", DAY, DAY, left=Decimal(30))
    trip = Trip(1, datetime(2026, 3, 10, 8), DAY, Decimal(100), Decimal(50))
    assert cover([trip], [credit]) == {}
    assert cover(trips(1), [credit]) == {0: (1, Decimal(30))}


def test_worth_is_rounded_once():
    assert worth(Decimal(100), Decimal(1), Decimal(3)) == Decimal("33.33")
    assert worth(Decimal(100), Decimal(0), Decimal(0)) == 0
