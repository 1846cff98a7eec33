"""003-06: cases are shared out alike."""

import pytest

from odoo.addons.toll_collections.core.ageing import is_ascending, spans
from odoo.addons.toll_collections.core.assignment import (
    AMOUNT,
    COUNT,
    Collector,
    share_out,
)


@pytest.mark.parametrize("method", [COUNT, AMOUNT])
def test_desks_end_up_alike(method):
    cases = [(n, 10 + n % 7) for n in range(300)]
    desks = [Collector(user) for user in (1, 2, 3)]
    shared = share_out(cases, desks, method)
    assert len(shared) == 300
    loads = [desk.amount if method == AMOUNT else desk.cases for desk in desks]
    assert max(loads) - min(loads) <= (16 if method == AMOUNT else 1)


def test_what_is_on_the_desk_counts():
    shared = share_out([(1, 5), (2, 5)], [Collector(1, cases=2), Collector(2)])
    assert shared == {1: 2, 2: 2}


def test_nobody_gets_more_than_the_capacity():
    desks = [Collector(1, cases=1, capacity=2), Collector(2, cases=9, capacity=9)]
    assert share_out([(n, 1) for n in range(5)], desks) == {0: 1}


def test_without_collectors_cases_wait():
    assert share_out([(1, 5)], []) == {}


def test_the_same_question_has_the_same_answer():
    cases = [(n, 10) for n in range(10)]
    once = share_out(cases, [Collector(1), Collector(2)])
    again = share_out(cases[::-1], [Collector(2), Collector(1)])
    assert once == again


@pytest.mark.parametrize(
    ("limits", "good"),
    [((30, 60, 90), True), ((30, 20, 90), False), ((-1, 2, 3), False)],
)
def test_bands_grow(limits, good):
    assert is_ascending(limits) is good


def test_bands_have_no_gap():
    assert spans((5, 10, 20)) == [(0, 5), (6, 10), (11, 20), (21, None)]
