"""What a concession owes its grantor (001-05)."""

from decimal import Decimal as D

import pytest

from odoo.addons.toll_billing.core.canon import (
    CanonError,
    Rule,
    Tier,
    accrue,
    split_tax,
    tiered,
)

CENT = D("0.01")
TIERS = (Tier(D(0), D(2)), Tier(D(100_000), D("3.5")), Tier(D(250_000), D(5)))


@pytest.mark.parametrize(
    ("revenue", "expected"),
    [
        ("0", "0"),
        ("99999.99", "1999.9998"),
        ("100000", "2000"),
        ("100000.01", "2000.00035"),
        ("250000", "7250"),
        ("300000", "9750"),
    ],
)
def test_tiers_are_slices(revenue, expected):
    assert tiered(D(revenue), TIERS) == D(expected)
    assert tiered(D(revenue), TIERS[::-1]) == D(expected), "whatever their order"


def test_nothing_below_the_first_tier():
    assert tiered(D(500), (Tier(D(1000), D(10)),)) == 0


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(1, "fixed", D("1500.005")), "1500.01"),
        (Rule(1, "percentage", rate=D("2.5")), "30.86"),
        (Rule(1, "percentage", rate=D(99), tiers=(Tier(D(1000), D(10)),)), "23.46"),
        (Rule(1, "share", D(1000), D(50)), "117.28"),
        (Rule(1, "crossing", D("0.125")), "0.38"),
    ],
)
def test_each_kind_rounds_once(rule, expected):
    assert accrue([rule], D("1234.56"), 3, CENT) == {1: D(expected)}


def test_share_below_its_threshold_is_nothing():
    assert accrue([Rule(1, "share", D(2000), D(50))], D("1234.56"), 3, CENT) == {}


@pytest.mark.parametrize(
    ("revenue", "missing"), [("0", "500"), ("4999.99", "0"), ("4999", "0.10")]
)
def test_minimum_is_topped_up(revenue, missing):
    rules = [Rule("min", "minimum", D(500)), Rule("p", "percentage", rate=D(10))]
    amounts = accrue(rules, D(revenue), 0, CENT)
    assert amounts.get("min", D(0)) == D(missing)
    assert sum(amounts.values()) == max(D(500), (D(revenue) / 10).quantize(CENT))


def test_currency_without_cents():
    assert accrue([Rule(1, "percentage", rate=D(10))], D(1235), 0, D(1)) == {1: D(124)}


def test_unknown_kind_is_refused():
    with pytest.raises(CanonError):
        accrue([Rule(1, "barter")], D(1), 1, CENT)


@pytest.mark.parametrize("rate", ["0", "8", "16", "21"])
def test_net_and_tax_are_the_charge(rate):
    net, tax = split_tax(D("1000.01"), D(rate), CENT)
    assert net + tax == D("1000.01")
    assert abs(net * D(rate) / 100 - tax) <= D("0.01")
