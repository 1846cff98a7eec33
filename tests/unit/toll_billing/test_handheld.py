"""What hand-held devices say, and the list they carry (001-08)."""

import random
import uuid
from datetime import datetime, timedelta

import pytest

from odoo.addons.toll_billing.core import handheld, tag_list

NOON = datetime(2026, 3, 1, 12)


def row(**values):
    return {
        "ref": str(uuid.uuid4()),
        "taken_at": "2026-03-01T12:00:00Z",
        "plaza": "P1",
        "payment": "tag",
        **values,
    }


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"ref": None}, "ref"),
        ({"ref": "1; DROP TABLE"}, "ref"),
        ({"ref": 7}, "ref"),
        ({"taken_at": None}, "taken_at"),
        ({"taken_at": "2026-03-01T12:00:00"}, "taken_at"),
        ({"taken_at": "9999-12-31T23:59:59-12:00"}, "taken_at"),
        ({"taken_at": "1999-01-01T00:00:00Z"}, "taken_at"),
        ({"taken_at": 12}, "taken_at"),
        ({"plaza": ""}, "plaza"),
        ({"plaza": ["P1"]}, "plaza"),
        ({"payment": "card"}, "payment"),
        ({"payment": None}, "payment"),
        ({"plate": "x" * 65}, "plate"),
        ({"note": "x" * 501}, "note"),
        ({"tag": True}, "tag"),
        ({"cancels": "nothing"}, "cancels"),
    ],
)
def test_bad_rows_name_what_is_wrong(values, name):
    with pytest.raises(handheld.RowFault) as fault:
        handheld.parse_capture(row(**values))
    assert fault.value.name == name


@pytest.mark.parametrize("value", [None, 7, "row", []])
def test_what_is_no_row(value):
    with pytest.raises(handheld.RowFault):
        handheld.parse_capture(value)


def test_an_undo_needs_no_plaza():
    capture = handheld.parse_capture(
        row(cancels=str(uuid.uuid4()), plaza=None, payment=None)
    )
    assert (capture.plaza, capture.payment) == ("", "none")


def test_text_that_cannot_be_stored_is_mended():
    assert handheld.parse_capture(row(note=" a\x00b\ud800 ")).note == "ab?"


@pytest.mark.parametrize("seconds", [-86_400, -3, 0, 1, 3, 86_400])
def test_a_corrected_time_is_the_servers(seconds):
    skew = handheld.measure_skew(NOON - timedelta(seconds=seconds), NOON)
    happened = NOON - timedelta(minutes=5)
    shown = happened - timedelta(seconds=seconds)
    off = handheld.correct(shown, skew) - happened
    assert abs(off) <= handheld.JITTER


def test_codes_are_read_as_people_type_them():
    for seed in range(200):
        numbers = random.Random(seed).randbytes(12)
        code = handheld.make_code(numbers)
        selector, text = handheld.split_code(code)
        assert text.startswith(selector)
        typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert handheld.split_code(typed) == (selector, text)


@pytest.mark.parametrize("text", [None, "", "123", "0" * 13, "0" * 11 + "!", 7, ["0"]])
def test_what_is_no_code(text):
    assert handheld.split_code(text) is None


def make_list(states, **header):
    salt = "5a17"
    entries = [
        (tag_list.fingerprint(salt, value), -state, state, place)
        for value, state, place in states
    ]
    data = b"".join(entry[0] + bytes(entry[2:]) for entry in sorted(entries))
    return tag_list.pack({"salt": salt, "classes": ["A", "B"], **header}, data)


def test_the_list_finds_all_and_only_what_is_in_it():
    stolen = tag_list.STATES.index("stolen")
    states = [(f"TAG{n:05}", 1 + n % stolen, n % 2) for n in range(500)]
    file = make_list(states)
    for value, state, place in states:
        assert tag_list.find(file, value) == (tag_list.STATES[state], "AB"[place])
    for n in range(500):
        assert tag_list.find(file, f"NOT{n:05}") == ("unknown", None)


def test_the_graver_of_two_states_counts():
    assert tag_list.find(make_list([("X", 1, 0), ("X", 7, 255)]), "X") == (
        "stolen",
        None,
    )


def test_an_empty_list_knows_nothing():
    assert tag_list.find(make_list([]), "X") == ("unknown", None)
