"""Discount plans on plain values: exact amounts at the borders (000-10)."""

from datetime import datetime
from decimal import Decimal

import pytest

from odoo.addons.toll_billing.core.discounts import (
    Paid,
    RatePlan,
    Step,
    StepError,
    VolumePlan,
    best_at_crossing,
    best_by_volume,
    cap_plan,
    check_steps,
    volume_discounts,
)

D = Decimal


def steps(*pairs):
    return tuple(Step(D(start), D(percent)) for start, percent in pairs)


def paid(*amounts, **values):
    """One crossing a day of February 2026."""
    return [
        Paid(n, datetime(2026, 2, n, 8), D(amount), **values)
        for n, amount in enumerate(amounts, 1)
    ]


def amounts(found):
    return {key: str(value) for key, value in found.items()}


@pytest.mark.parametrize(
    ("price", "percent", "left"),
    [
        ("100", "50", "50.00"),
        ("45.45", "50", "22.73"),  # half a cent stays with the charge
        ("0.01", "50", "0.01"),
        ("149", "33.33", "99.34"),
        ("149", "100", "0.00"),
    ],
)
def test_percentage_is_rounded_once(price, percent, left):
    assert RatePlan(1, percent=D(percent)).pays(D(price)) == D(left)


def test_currency_without_cents():
    assert RatePlan(1, percent=D(15)).pays(D(990), D(1)) == 842


def test_fixed_price_never_raises():
    assert best_at_crossing([RatePlan(1, price=D(60))], D(50)) == (0, None)


def test_best_counts_and_the_older_of_equals():
    plans = [RatePlan(9, percent=D(20)), RatePlan(3, price=D(80))]
    assert best_at_crossing(plans, D(100)) == (20, 3)
    assert best_at_crossing(plans, D(200)) == (120, 3)
    assert best_at_crossing(plans, D(90)) == (18, 9)


@pytest.mark.parametrize("count", [9, 10, 11, 12])
def test_count_steps_at_their_border(count):
    plan = VolumePlan(1, steps((11, 10), (12, 50)))
    found = volume_discounts(plan, paid(*["10"] * count))
    expected = {11: "1.00", 12: "5.00"}
    assert amounts(found) == {n: v for n, v in expected.items() if n <= count}


def test_whole_count_step_reaches_back():
    plan = VolumePlan(1, steps((3, 10)), whole=True)
    assert not volume_discounts(plan, paid("10", "10"))
    assert amounts(volume_discounts(plan, paid("10", "10", "10"))) == {
        1: "1.00",
        2: "1.00",
        3: "1.00",
    }


def test_amount_step_splits_the_crossing_on_its_border():
    plan = VolumePlan(1, steps((150, 10), (250, 20)), measure="amount")
    assert amounts(volume_discounts(plan, paid("100", "50", "100", "100"))) == {
        3: "10.00",
        4: "20.00",
    }
    # 60 below the border, 40 above it
    assert amounts(volume_discounts(plan, paid("110", "80"))) == {2: "4.00"}


@pytest.mark.parametrize(("total", "off"), [("199.99", {}), ("200", {1: "20.00"})])
def test_whole_amount_step_is_reached_exactly(total, off):
    plan = VolumePlan(1, steps((200, 10)), measure="amount", whole=True)
    assert amounts(volume_discounts(plan, paid(total))) == off


def test_cap_exactly_reached_gives_nothing():
    cap = cap_plan(1, D(200))
    assert not volume_discounts(cap, paid("100", "100"))
    assert amounts(volume_discounts(cap, paid("100", "100", "0.01"))) == {3: "0.01"}


def test_cap_counts_what_was_really_paid():
    cap = cap_plan(1, D(100))
    crossings = paid("100", "100", discount=D(50))
    assert not volume_discounts(cap, crossings)


def test_cap_per_day_begins_again_at_midnight():
    cap = cap_plan(1, D(100), period="day")
    crossings = [
        Paid(1, datetime(2026, 2, 1, 23, 59), D(100)),
        Paid(2, datetime(2026, 2, 2, 0, 0), D(100)),
        Paid(3, datetime(2026, 2, 2, 0, 1), D(30)),
    ]
    assert amounts(volume_discounts(cap, crossings)) == {3: "30"} or amounts(
        volume_discounts(cap, crossings)
    ) == {3: "30.00"}


def test_month_and_vehicle_count_apart():
    plan = VolumePlan(1, steps((2, 10)), scope="vehicle")
    crossings = [
        Paid(1, datetime(2026, 1, 31, 23), D(10), vehicle=1),
        Paid(2, datetime(2026, 2, 1, 1), D(10), vehicle=1),
        Paid(3, datetime(2026, 2, 1, 2), D(10), vehicle=2),
        Paid(4, datetime(2026, 2, 1, 3), D(10), vehicle=1),
    ]
    assert amounts(volume_discounts(plan, crossings)) == {4: "1.00"}


def test_plaza_and_direction_count_apart():
    plan = VolumePlan(1, steps((2, 10)), scope="vehicle_plaza")
    crossings = [
        Paid(n, datetime(2026, 2, n, 8), D(10), plaza=plaza, direction=direction)
        for n, (plaza, direction) in enumerate(
            [(1, "N"), (1, "S"), (2, "N"), (1, "N")], 1
        )
    ]
    assert set(volume_discounts(plan, crossings)) == {4}


def test_better_discount_at_the_crossing_stays():
    plan = VolumePlan(1, steps((1, 20)))
    assert not volume_discounts(plan, paid("100", discount=D(50)))
    assert amounts(volume_discounts(plan, paid("100", discount=D(5)))) == {1: "15.00"}


def test_free_crossings_do_not_count():
    plan = VolumePlan(1, steps((2, 10)))
    free = Paid(1, datetime(2026, 2, 1), D(10), D(10))
    assert not volume_discounts(plan, [free, *paid("10")[:0]])
    crossings = [free, Paid(2, datetime(2026, 2, 2), D(10))]
    assert not volume_discounts(plan, crossings)


def test_each_crossing_takes_its_best_plan():
    crossings = paid("100", "100")
    frequent = VolumePlan(1, steps((1, 30)))
    cap = cap_plan(2, D(100))
    found = best_by_volume([(frequent, crossings), (cap, crossings)])
    assert found == {1: (D(30), 1), 2: (D(100), 2)}


@pytest.mark.parametrize(
    ("pairs", "measure", "code"),
    [
        ((), "count", "none"),
        (((0, 10),), "count", "start"),
        (((1.5, 10),), "count", "start"),
        (((-1, 10),), "amount", "start"),
        (((1, 0),), "count", "percent"),
        (((1, -5),), "count", "percent"),
        (((1, 100.01),), "count", "percent"),
        (((1, 10), (1, 20)), "count", "twice"),
        (((1, 20), (5, 10)), "count", "falling"),
    ],
)
def test_bad_steps_are_refused(pairs, measure, code):
    with pytest.raises(StepError) as error:
        check_steps(steps(*pairs), measure)
    assert error.value.code == code


def test_late_crossing_never_takes_back():
    plan = VolumePlan(1, steps((3, 10), (5, 40)))
    days = paid("10", "70", "30", "5", "20", "90")
    before = volume_discounts(plan, days[1:])
    after = volume_discounts(plan, days)
    assert all(after.get(key, 0) >= value for key, value in before.items())
