"""Net and tax of prices that include their tax. The Odoo test compares with Odoo."""

from decimal import Decimal as D

import pytest

from odoo.addons.toll_billing.core.invoice_tax import (
    GLOBALLY,
    PER_LINE,
    Line,
    round_money,
    split,
    spread,
)


@pytest.mark.parametrize("method", [PER_LINE, GLOBALLY])
def test_total_is_the_sum_of_prices_whatever_the_lines(method):
    for cents in range(1, 400, 7):
        lines = [
            Line(D(cents) / 100, "iva", D(16)),
            Line(D(cents * 3 + 1) / 100, "iva", D(16)),
            Line(D(cents * 5 + 2) / 100, "border", D(8)),
            Line(D(cents) / 100),
        ]
        result = split(lines, method)
        assert result.total == sum(line.price for line in lines)
        assert all(
            amount == round(amount, 2) for amount in (result.untaxed, result.tax)
        )
        assert all(-line.balance == round(-line.balance, 2) for line in result.lines)


@pytest.mark.parametrize(
    "method, prices, subtotals, balances, tax",
    [
        # the tax of each line, rounded on its own
        (
            PER_LINE,
            ["105.00", "55.13"],
            ["90.52", "47.53"],
            ["90.52", "47.53"],
            "22.08",
        ),
        # the tax of the document; the first line gives the cent
        (
            GLOBALLY,
            ["105.00", "55.13"],
            ["90.52", "47.53"],
            ["90.51", "47.53"],
            "22.09",
        ),
        (PER_LINE, ["0.01"], ["0.01"], ["0.01"], "0.00"),
        (PER_LINE, ["21.53", "21.53"], ["18.56", "18.56"], ["18.56", "18.56"], "5.94"),
    ],
)
def test_known_cases(method, prices, subtotals, balances, tax):
    result = split([Line(D(price), "iva", D(16)) for price in prices], method)
    assert [line.subtotal for line in result.lines] == [D(x) for x in subtotals]
    assert [line.balance for line in result.lines] == [D(x) for x in balances]
    assert [line.total for line in result.lines] == [D(x) for x in prices]
    assert result.tax == D(tax)


def test_taxes_come_in_the_order_of_their_first_line():
    result = split(
        [Line(D(10), "b", D(8)), Line(D(10), "a", D(16)), Line(D(5), "b", D(8))],
        PER_LINE,
    )
    assert [tax.tax for tax in result.taxes] == ["b", "a"]
    assert result.taxes[0].base + result.taxes[0].amount == D(15)


@pytest.mark.parametrize(
    "delta, weights, expected",
    [
        ("0", [1, 2], [0, 0]),
        ("0.01", [1, 2], ["0", "0.01"]),
        ("-0.01", [2, 1], ["-0.01", "0"]),
        ("0.01", [1, 1], ["0.01", "0"]),
        ("0.03", [4, 3, 3], ["0.01", "0.01", "0.01"]),
        ("0.02", [0, 0], ["0.01", "0.01"]),
    ],
)
def test_cents_go_to_the_heaviest_lines_first(delta, weights, expected):
    shares = spread(D(delta), [D(w) for w in weights], D("0.01"))
    assert shares == [D(x) for x in expected]
    assert sum(shares) == D(delta)


def test_currencies_without_cents():
    assert round_money(D("10.5"), D(1)) == D(11)
    result = split(
        [Line(D(116), "iva", D(16)), Line(D(5), "iva", D(16))], PER_LINE, D(1)
    )
    assert (result.untaxed, result.tax) == (D(104), D(17))
