"""When does a billing cycle close? Tables of cases, no database."""

from datetime import date, datetime

import pytest

from odoo.addons.toll_billing.core import cycles
from odoo.addons.toll_billing.core.cycles import CycleError, Rule

FORTNIGHT = Rule(interval=2, unit="week", anchor=date(2026, 1, 5))
MONTH_END = Rule(days=(31,))
TWICE = Rule(days=(1, 16))


@pytest.mark.parametrize(
    "rule, after, expected",
    [
        (TWICE, date(2026, 1, 1), date(2026, 1, 16)),
        (TWICE, date(2026, 1, 16), date(2026, 2, 1)),
        (TWICE, date(2026, 12, 20), date(2027, 1, 1)),
        (MONTH_END, date(2026, 1, 31), date(2026, 2, 28)),
        (MONTH_END, date(2028, 2, 1), date(2028, 2, 29)),
        (Rule(days=(29, 30, 31)), date(2026, 2, 1), date(2026, 2, 28)),
        (FORTNIGHT, date(2026, 1, 4), date(2026, 1, 5)),
        (FORTNIGHT, date(2026, 1, 5), date(2026, 1, 19)),
        (FORTNIGHT, date(2025, 6, 1), date(2026, 1, 5)),
        (Rule(interval=1, anchor=date(2026, 1, 5)), date(2026, 3, 1), date(2026, 3, 2)),
    ],
)
def test_next_cutoff(rule, after, expected):
    assert cycles.next_cutoff(rule, after) == expected


@pytest.mark.parametrize(
    "rule, on, expected",
    [
        (TWICE, date(2026, 1, 16), date(2026, 1, 16)),
        (TWICE, date(2026, 1, 15), date(2026, 1, 1)),
        (Rule(days=(20,)), date(2026, 1, 5), date(2025, 12, 20)),
        (MONTH_END, date(2026, 3, 30), date(2026, 2, 28)),
        (FORTNIGHT, date(2026, 1, 4), None),
        (FORTNIGHT, date(2026, 2, 1), date(2026, 1, 19)),
    ],
)
def test_last_cutoff(rule, on, expected):
    assert cycles.last_cutoff(rule, on) == expected


@pytest.mark.parametrize("rule", [TWICE, MONTH_END, FORTNIGHT, Rule(days=(30,))])
def test_next_and_last_agree_through_two_years(rule):
    day = date(2027, 1, 1)
    seen = day
    while day < date(2029, 1, 1):
        following = cycles.next_cutoff(rule, day)
        assert following > day
        assert cycles.last_cutoff(rule, following) == following
        assert cycles.last_cutoff(rule, day) <= day
        assert following >= seen
        seen = following
        day = date.fromordinal(day.toordinal() + 1)


@pytest.mark.parametrize(
    "done, today, expected",
    [
        (None, date(2026, 5, 20), date(2026, 5, 16)),
        (date(2026, 5, 1), date(2026, 5, 20), date(2026, 5, 16)),
        (date(2026, 5, 16), date(2026, 5, 20), None),
        (date(2025, 1, 1), date(2026, 5, 20), date(2026, 5, 16)),
    ],
)
def test_only_the_latest_cutoff_is_due(done, today, expected):
    assert cycles.due_cutoff(TWICE, done, today) == expected


def test_days_are_read_from_text():
    assert cycles.parse_days(" 16,1 ; 1") == (1, 16)


@pytest.mark.parametrize("text", ["", "0", "32", "1,x", "-1", ", ;"])
def test_wrong_days_are_refused(text):
    with pytest.raises(CycleError):
        cycles.parse_days(text)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"days": (0,)},
        {"interval": 0, "anchor": date(2026, 1, 1)},
        {"interval": 1},
        {"interval": 1, "unit": "year", "anchor": date(2026, 1, 1)},
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(arguments):
    with pytest.raises(CycleError):
        Rule(**arguments)


@pytest.mark.parametrize(
    "day, zone, expected",
    [
        (date(2026, 7, 1), "America/Mexico_City", datetime(2026, 7, 1, 6)),
        (date(2026, 1, 1), "America/Tijuana", datetime(2026, 1, 1, 8)),
        (date(2026, 7, 1), "America/Tijuana", datetime(2026, 7, 1, 7)),
        (date(2026, 7, 1), "UTC", datetime(2026, 7, 1)),
        # midnight does not exist that day: the first instant is 01:00 local
        (date(2018, 11, 4), "America/Sao_Paulo", datetime(2018, 11, 4, 3)),
    ],
)
def test_cutoff_is_the_first_instant_of_the_day(day, zone, expected):
    assert cycles.cutoff_instant(day, zone) == expected
