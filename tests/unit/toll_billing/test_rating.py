"""Rating one crossing (001-12): borders of day, band, version and clock change."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from odoo.addons.toll_billing.core.rating import (
    AmbiguousTariff,
    Facts,
    NoTariff,
    Tariff,
    change_percent,
    day_type,
    local_time,
    rate,
    split_tax,
)
from odoo.addons.toll_billing.core.tariff_cells import Band, Rate

MEXICO = "America/Mexico_City"
TIJUANA = "America/Tijuana"
MADRID = "Europe/Madrid"
PLAZA, AUTO, TRUCK, ENTRY = 7, 2, 5, 3


def row(id_, amount, **values):
    values.setdefault("plaza", PLAZA)
    values.setdefault("class_", AUTO)
    return Rate(id_, amount=Decimal(str(amount)), **values)


def price(rows, utc, zone=MEXICO, holidays=(), bands=(), **facts):
    tariff = Tariff(1, "v", date(2000, 1, 1), tuple(rows), bands=tuple(bands))
    moment = datetime.fromisoformat(utc)
    return rate(
        Facts(PLAZA, facts.pop("class_", AUTO), moment, zone, **facts),
        [tariff],
        holidays,
    )


NIGHT = [row(1, 149), row(2, 120, band="night")]
BANDS = [Band("night", 22 * 60, 6 * 60)]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2025-06-10T21:59:59", 149),
        ("2025-06-10T22:00:00", 120),
        ("2025-06-10T23:59:59", 120),
        ("2025-06-11T00:00:00", 120),
        ("2025-06-11T05:59:59", 120),
        ("2025-06-11T06:00:00", 149),
    ],
)
def test_band_over_midnight(local, expected):
    utc = datetime.fromisoformat(local) + timedelta(hours=6)
    assert price(NIGHT, utc.isoformat(), bands=BANDS).amount == expected


SUNDAYS = [row(1, 149), row(2, 180, day_type="sunday"), row(3, 200, day_type="holiday")]


@pytest.mark.parametrize(
    ("local", "kind", "expected"),
    [
        ("2027-01-30T23:59:59", "saturday", 149),
        ("2027-01-31T00:00:00", "sunday", 180),
        ("2027-01-31T23:59:59", "sunday", 180),
        ("2027-02-01T00:00:00", "holiday", 200),
        ("2027-02-02T00:00:00", "weekday", 149),
    ],
)
def test_midnight_decides_the_day(local, kind, expected):
    utc = datetime.fromisoformat(local) + timedelta(hours=6)
    charge = price(SUNDAYS, utc.isoformat(), holidays={date(2027, 2, 1)})
    assert (charge.day_type, charge.amount) == (kind, expected)


def test_holiday_on_a_sunday_is_a_holiday():
    first_of_may = date(2022, 5, 1)
    assert first_of_may.weekday() == 6
    charge = price(SUNDAYS, "2022-05-01T18:00:00", holidays={first_of_may})
    assert (charge.day_type, charge.amount, charge.rate.id) == ("holiday", 200, 3)


def test_holiday_without_own_price_pays_the_price_of_any_day():
    rows = [row(1, 149), row(2, 180, day_type="sunday")]
    assert price(rows, "2022-05-01T18:00:00", holidays={date(2022, 5, 1)}).amount == 149


def test_night_of_sunday_names_both():
    rows = [
        row(1, 149),
        row(2, 120, band="night"),
        row(3, 180, day_type="sunday"),
        row(4, 150, band="night", day_type="sunday"),
    ]
    # Sunday 25 May 2025, 23:00 and, an hour later, Monday 00:00 local time
    assert price(rows, "2025-05-26T05:00:00", bands=BANDS).rate.id == 4
    assert price(rows, "2025-05-26T06:00:00", bands=BANDS).rate.id == 2


OLD = Tariff(1, "2021", date(2021, 2, 3), (row(1, 122),), date(2025, 1, 10))
NEW = Tariff(2, "2025", date(2025, 1, 10), (row(2, 149),))


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2025-01-10T05:59:59", ("2021", 122)),
        ("2025-01-10T06:00:00", ("2025", 149)),
        ("2021-02-03T06:00:00", ("2021", 122)),
        ("2024-06-30T12:00:00", ("2021", 122)),
        ("2026-11-22T12:00:00", ("2025", 149)),
    ],
)
def test_version_changes_at_local_midnight(utc, expected):
    facts = Facts(PLAZA, AUTO, datetime.fromisoformat(utc), MEXICO)
    charge = rate(facts, [OLD, NEW])
    assert (charge.tariff.version, charge.amount) == expected


def test_before_the_first_version():
    facts = Facts(PLAZA, AUTO, datetime(2021, 2, 3, 5, 59, 59), MEXICO)
    with pytest.raises(NoTariff, match="no_version"):
        rate(facts, [OLD, NEW])


def test_two_versions_in_force_are_refused():
    twin = Tariff(3, "2025b", date(2025, 1, 10), (row(3, 150),))
    with pytest.raises(AmbiguousTariff, match="two_versions"):
        rate(Facts(PLAZA, AUTO, datetime(2025, 5, 1), MEXICO), [NEW, twin])


def test_two_rows_are_refused():
    with pytest.raises(AmbiguousTariff, match="two_rates"):
        price([row(1, 149), row(2, 150)], "2025-05-01T12:00:00")


@pytest.mark.parametrize(
    "facts",
    [
        {"class_": TRUCK},
        {"service": "parking"},
        {"entry": ENTRY},
    ],
)
def test_no_row_for_the_crossing(facts):
    with pytest.raises(NoTariff, match="no_rate"):
        price([row(1, 149)], "2025-05-01T12:00:00", **facts)


def test_entry_and_exit_give_their_own_price():
    rows = [row(1, 149), row(2, 66, entry=ENTRY)]
    assert price(rows, "2025-05-01T12:00:00", entry=ENTRY).amount == 66
    assert price(rows, "2025-05-01T12:00:00").amount == 149


PEAK = [row(1, 100), row(2, 130, band="peak")]
SMALL_HOURS = [Band("peak", 2 * 60, 3 * 60)]


@pytest.mark.parametrize(
    ("utc", "zone", "local", "expected"),
    [
        # Tijuana, 9 March 2025: 02:00 does not exist, 01:59:59 is followed by 03:00
        ("2025-03-09T09:59:59", TIJUANA, "2025-03-09 01:59:59", 100),
        ("2025-03-09T10:00:00", TIJUANA, "2025-03-09 03:00:00", 100),
        # Tijuana, 2 November 2025: 01:00-02:00 happens twice
        ("2025-11-02T08:30:00", TIJUANA, "2025-11-02 01:30:00", 100),
        ("2025-11-02T09:30:00", TIJUANA, "2025-11-02 01:30:00", 100),
        ("2025-11-02T10:00:00", TIJUANA, "2025-11-02 02:00:00", 130),
        # Madrid, 26 October 2025: 02:00-03:00 happens twice, both in the band
        ("2025-10-26T00:30:00", MADRID, "2025-10-26 02:30:00", 130),
        ("2025-10-26T01:30:00", MADRID, "2025-10-26 02:30:00", 130),
        ("2025-10-26T02:00:00", MADRID, "2025-10-26 03:00:00", 100),
        # Mexico City had summer time until 2022 and has none since
        ("2022-07-01T07:30:00", MEXICO, "2022-07-01 02:30:00", 130),
        ("2025-07-01T07:30:00", MEXICO, "2025-07-01 01:30:00", 100),
    ],
)
def test_clock_change(utc, zone, local, expected):
    charge = price(PEAK, utc, zone, bands=SMALL_HOURS)
    assert (str(charge.local), charge.amount) == (local, expected)


def test_aware_moments_of_any_zone_are_the_same_moment():
    offset = timezone(timedelta(hours=-6))
    expected = local_time(datetime(2025, 1, 10, 6), MEXICO)
    assert local_time(datetime(2025, 1, 10, 6, tzinfo=UTC), MEXICO) == expected
    assert local_time(datetime(2025, 1, 10, 0, tzinfo=offset), MEXICO) == expected


def test_day_types():
    week = [day_type(date(2025, 11, 17) + timedelta(days=n)) for n in range(7)]
    assert week == ["weekday"] * 5 + ["saturday", "sunday"]


@pytest.mark.parametrize(
    ("amount", "percent", "rounding", "expected"),
    [
        ("149", "16", "0.01", ("128.45", "20.55")),
        ("116", "16", "0.01", ("100.00", "16.00")),
        ("0", "16", "0.01", ("0.00", "0.00")),
        ("149", "0", "0.01", ("149.00", "0.00")),
        ("5400", "19", "1", ("4538", "862")),
    ],
)
def test_tax_inside_the_price(amount, percent, rounding, expected):
    net, tax = split_tax(Decimal(amount), Decimal(percent), Decimal(rounding))
    assert (net, tax) == (Decimal(expected[0]), Decimal(expected[1]))
    assert net + tax == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "percent", "step", "expected"),
    [
        ("149", "0", "1", "149"),
        ("149", "4.5", "1", "156"),
        ("149", "-100", "1", "0"),
        ("64", "3.9", "0.5", "66.5"),
        ("10", "5", "1", "11"),
    ],
)
def test_percent_change_rounds_half_up_to_the_step(amount, percent, step, expected):
    got = change_percent(Decimal(amount), Decimal(percent), Decimal(step))
    assert got == Decimal(expected)
