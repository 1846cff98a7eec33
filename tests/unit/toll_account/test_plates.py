"""Plates: what is the same, what looks the same, what is not."""

import pytest

from odoo.addons.toll_account.core import plates


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("abc-123-d", "ABC123D"),
        (" A B C . 1 2 3 ", "ABC123"),
        ("ñandú 7", "NANDU7"),
        ("ＡＢＣ１２３", "ABC123"),
        ("", ""),
        (None, ""),
        ("---", ""),
    ],
)
def test_normalize(text, plate):
    assert plates.normalize(text) == plate


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OOO-111", "000-III"),
        ("DQ0-LI1", "OOO-111"),
        ("B8Z2", "88ZZ"),
        ("S5G6", "5566"),
        ("EF-10", "FE-LO"),
        ("UV-MN", "VU-NM"),
    ],
)
def test_lookalikes_fold_together(one, other):
    assert plates.lookalike(one) == plates.lookalike(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ABC1", "ABC2"), ("A11", "A1"), ("X", "Y")]
)
def test_different_plates_stay_different(one, other):
    assert plates.lookalike(one) != plates.lookalike(other)


def test_folding_is_stable():
    for row in plates.CONFUSABLE:
        for character in row:
            folded = plates.lookalike(character)
            assert folded == row[0]
            assert plates.lookalike(folded) == folded


def test_no_character_is_in_two_rows():
    joined = "".join(plates.CONFUSABLE)
    assert len(joined) == len(set(joined))
