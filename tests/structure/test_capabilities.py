"""docs/capabilities.md has one row for each thing the product must do."""

import re
from collections import Counter

import addon_files as files
import pytest

DOCUMENT = files.ROOT / "docs" / "capabilities.md"
COUNTS = {"000": 40, "001": 16, "002": 30, "003": 39, "004": 34}
IDS = [
    f"{source}-{number:02d}"
    for source, count in COUNTS.items()
    for number in range(1, count + 1)
] + [f"X{number}" for number in range(1, 28)]
ROW = re.compile(r"^\|\s*\**`?(?P<id>\d{3}-\d{2}|X\d+)`?\**\s*\|(?P<rest>.*)\|\s*$")
TEST = re.compile(r"`([\w./-]+\.(?:py|js))(?:::?[\w.:\[\]-]+)?`")


def rows():
    if not DOCUMENT.is_file():
        return []
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    return [(m["id"], m["rest"]) for m in map(ROW.match, lines) if m]


ROWS = rows()
COUNT = Counter(name for name, _rest in ROWS)


@pytest.mark.parametrize("name", IDS)
def test_capability_has_one_row(name):
    assert COUNT[name] == 1, f"{COUNT[name]} rows for {name} in docs/capabilities.md"


def test_no_row_for_an_unknown_capability():
    assert not set(COUNT) - set(IDS)


@pytest.mark.parametrize(("name", "rest"), ROWS, ids=[name for name, _rest in ROWS])
def test_named_tests_exist(name, rest):
    missing = [path for path in TEST.findall(rest) if not (files.ROOT / path).exists()]
    assert not missing, f"{name}: no such file: {missing}"
