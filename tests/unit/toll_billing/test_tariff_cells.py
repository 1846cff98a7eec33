"""Compiling a tariff version into cells (001-12, 004-29)."""

import random
from decimal import Decimal

import pytest

from odoo.addons.toll_billing.core.tariff_cells import (
    ANY_DAY_BITS,
    DAY_BITS,
    DAY_MINUTES,
    Band,
    Rate,
    TariffError,
    band_windows,
    check,
    compile_cells,
    covers,
    windows_of,
)

NIGHT = Band("night", 22 * 60, 6 * 60)
PEAK = Band("peak", 7 * 60, 9 * 60)
RUSH = Band("rush", 8 * 60, 10 * 60)


def row(id_, amount=100, **values):
    values.setdefault("plaza", 7)
    values.setdefault("class_", 2)
    return Rate(id_, amount=Decimal(str(amount)), **values)


def flat(cells):
    return sorted((c.minute_from, c.minute_to, c.day_types, c.rate) for c in cells)


@pytest.mark.parametrize(
    ("rows", "bands", "expected"),
    [
        pytest.param([row(1)], [], [(0, 1440, 15, 1)], id="one price all year"),
        pytest.param(
            [row(1), row(2, band="night")],
            [NIGHT],
            [(0, 360, 15, 2), (360, 1320, 15, 1), (1320, 1440, 15, 2)],
            id="band over midnight is cut at midnight",
        ),
        pytest.param(
            [row(1), row(2, day_type="sunday"), row(3, day_type="holiday")],
            [],
            [(0, 1440, 3, 1), (0, 1440, 4, 2), (0, 1440, 8, 3)],
            id="day types beside the rest",
        ),
        pytest.param(
            [
                row(1),
                row(2, band="peak"),
                row(3, day_type="sunday"),
                row(4, band="peak", day_type="sunday"),
            ],
            [PEAK],
            [
                (0, 420, 4, 3),
                (0, 420, 11, 1),
                (420, 540, 4, 4),
                (420, 540, 11, 2),
                (540, 1440, 4, 3),
                (540, 1440, 11, 1),
            ],
            id="the row naming both wins",
        ),
        pytest.param(
            [row(1), row(2, band="peak")],
            [PEAK, Band("peak", 17 * 60, 19 * 60)],
            [
                (0, 420, 15, 1),
                (420, 540, 15, 2),
                (540, 1020, 15, 1),
                (1020, 1140, 15, 2),
                (1140, 1440, 15, 1),
            ],
            id="a band of two windows",
        ),
        pytest.param(
            [row(1, band="peak"), row(2, band="late")],
            [Band("peak", 0, 720), Band("late", 720, 0)],
            [(0, 720, 15, 1), (720, 1440, 15, 2)],
            id="bands that touch and end at midnight",
        ),
        pytest.param(
            [row(1), row(2, entry=3), row(3, service="parking"), row(4, class_=5)],
            [],
            [(0, 1440, 15, n) for n in (1, 2, 3, 4)],
            id="other entry, service or class is another key",
        ),
    ],
)
def test_compile(rows, bands, expected):
    assert flat(compile_cells(rows, bands)) == expected


@pytest.mark.parametrize(
    ("rows", "bands", "code", "owners"),
    [
        pytest.param([row(1), row(2)], [], "overlap", (1, 2), id="same row twice"),
        pytest.param(
            [row(1), row(2, band="peak"), row(3, band="rush")],
            [PEAK, RUSH],
            "overlap",
            (2, 3),
            id="bands that cross",
        ),
        pytest.param(
            [row(1), row(2, band="peak"), row(3, day_type="sunday")],
            [PEAK],
            "overlap",
            (2, 3),
            id="band against day type",
        ),
        pytest.param(
            [row(1, band="nope")], [], "unknown_band", (1,), id="unknown band"
        ),
    ],
)
def test_compile_refuses(rows, bands, code, owners):
    with pytest.raises(TariffError) as caught:
        compile_cells(rows, bands)
    assert (caught.value.problems[0].code, caught.value.problems[0].rates) == (
        code,
        owners,
    )


def test_overlap_names_days_and_hours():
    rows = [row(1), row(2, band="peak"), row(3, band="rush", day_type="any")]
    (problem,) = [p for p in check(rows, [PEAK, RUSH]) if p.code == "overlap"]
    assert problem.values == {"days": ANY_DAY_BITS, "from": 480, "to": 540}


@pytest.mark.parametrize(
    ("rows", "options", "codes"),
    [
        pytest.param([row(1)], {}, [], id="sound"),
        pytest.param([row(1, amount=0)], {}, [], id="free is a price"),
        pytest.param([row(1, amount=-1)], {}, ["negative"], id="negative"),
        pytest.param(
            [row(1)], {"plazas": [8]}, ["foreign_plaza"], id="other operator's plaza"
        ),
        pytest.param(
            [row(1, entry=9)],
            {"plazas": [7]},
            ["foreign_plaza"],
            id="other operator's entry plaza",
        ),
        pytest.param([row(1), row(2)], {}, ["duplicate"], id="duplicate"),
        pytest.param(
            [row(1, day_type="weekday")], {}, ["gap"], id="weekends without price"
        ),
        pytest.param(
            [row(1, band="peak")], {"bands": [PEAK]}, ["gap", "gap"], id="hours open"
        ),
        pytest.param(
            [row(1)],
            {"required": {"toll": [2, 3]}},
            ["missing_class"],
            id="class of the operator not priced",
        ),
        pytest.param(
            [row(1)],
            {"required": {"toll": [2, 3], "-": [3]}},
            [],
            id="class not admitted",
        ),
        pytest.param(
            [row(1), row(2, class_=3), row(3, plaza=8)],
            {},
            ["missing_class"],
            id="class priced at another plaza only",
        ),
        pytest.param(
            [row(1, service="parking")],
            {"required": {"toll": [2, 3]}},
            [],
            id="classes of a service do not bind another",
        ),
        pytest.param(
            [row(1)], {"bands": [Band("x", 60, 60)]}, ["bad_band"], id="empty band"
        ),
        pytest.param(
            [row(1)], {"bands": [Band("x", 1440, 60)]}, ["bad_band"], id="24:00 start"
        ),
    ],
)
def test_check(rows, options, codes):
    assert [problem.code for problem in check(rows, **options)] == codes


def test_prices_are_rounded_once_by_the_currency():
    (cell,) = compile_cells([row(1, "10.125")])
    assert cell.amount == Decimal("10.13")
    (cell,) = compile_cells([row(1, "5400.5")], rounding=Decimal("1"))
    assert cell.amount == Decimal("5401")


@pytest.mark.parametrize("window", [(-1, 5), (1440, 5), (0, 1441), (60, 60), (0, 0)])
def test_window_out_of_the_day(window):
    with pytest.raises(ValueError):
        windows_of(*window)


def test_every_minute_has_the_price_of_its_most_specific_row():
    """Random versions: cells tile the day and agree with a plain search of the rows."""
    rng = random.Random(7)
    compiled = 0
    for _round in range(400):
        bands = []
        for code in "abc":
            start, end = rng.randrange(1440), rng.randrange(1441)
            if start != end:
                bands.append(Band(code, start, end))
        codes = ["all", *(band.code for band in bands)]
        days = ["any", *DAY_BITS]
        pairs = rng.sample(
            [(band, day) for band in codes for day in days], rng.randint(1, 5)
        )
        rows = [
            row(number, number, band=band, day_type=day)
            for number, (band, day) in enumerate(pairs, start=1)
        ]
        if any(p.code == "overlap" for p in check(rows, bands)):
            with pytest.raises(TariffError):
                compile_cells(rows, bands)
            continue
        compiled += 1
        cells = compile_cells(rows, bands)
        windows = band_windows(bands)
        for minute in rng.sample(range(DAY_MINUTES), 60) + [0, DAY_MINUTES - 1]:
            for bit in DAY_BITS.values():
                hit = [
                    cell.rate
                    for cell in cells
                    if cell.day_types & bit
                    and cell.minute_from <= minute < cell.minute_to
                ]
                there = [
                    r for r in rows if r.bits & bit and covers(windows, r.band, minute)
                ]
                best = max(there, key=lambda r: r.score, default=None)
                assert hit == ([best.id] if best else [])
    assert compiled > 100
