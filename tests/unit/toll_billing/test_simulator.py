"""The simulated world: reproducible, complete, physically possible."""

import csv
import gzip
import json
from argparse import Namespace
from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest

from odoo.addons.toll_billing.core.intake import file_digest
from odoo.addons.toll_billing.core.simulator import (
    LOADED,
    REFUSED,
    REPEATED,
    Noise,
    Tariffs,
    World,
    run,
    simulate,
)
from odoo.addons.toll_billing.core.simulator.traffic import (
    Traffic,
    generator,
    share_out,
)

START = date(2026, 3, 5)
WORLD = World.invent(seed=3, accounts=400)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    out = tmp_path_factory.mktemp("sim")
    summary = simulate(WORLD, 3, 6_000, 11, out, START)
    return out, summary


def truth(out):
    with (out / "truth.csv").open() as file:
        return list(csv.DictReader(file))


def lines_of(path):
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return data.split(b"\n")[1:-1]


def test_same_seed_same_bytes(tmp_path):
    for name in ("a", "b"):
        simulate(World.invent(3, 50), 2, 400, 5, tmp_path / name, START)
    first = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert first == second


def test_other_seed_other_crossings(tmp_path):
    for seed in (1, 2):
        simulate(WORLD, 1, 200, seed, tmp_path / str(seed), START)
    assert (tmp_path / "1/truth.csv").read_text() != (
        tmp_path / "2/truth.csv"
    ).read_text()


def test_truth_has_every_line_of_every_file_once(simulated):
    out, summary = simulated
    rows = truth(out)
    told = Counter(row["file"] for row in rows)
    assert len({(row["file"], row["line"]) for row in rows}) == len(rows)
    assert len(rows) == summary["lines"]
    files = json.loads((out / "world.json").read_text())["files"]
    for file in files:
        assert told[file["name"]] == file["rows"]
        if file["expected"] == LOADED:
            assert len(lines_of(out / file["name"])) == file["rows"]
    listed = {file["name"] for file in files} | {"truth.csv", "world.json"}
    assert {path.name for path in out.iterdir()} == listed


def test_every_kind_of_file_occurs(simulated):
    out, _summary = simulated
    files = json.loads((out / "world.json").read_text())["files"]
    assert {file["expected"] for file in files} == {LOADED, REFUSED, REPEATED}
    digests = Counter()
    for file in files:
        with (out / file["name"]).open("rb") as fileobj:
            digests[file_digest(fileobj)] += 1
    repeated = sum(1 for file in files if file["expected"] == REPEATED)
    assert sum(digests.values()) - len(digests) == repeated


def test_every_kind_of_mishap_can_occur(tmp_path):
    names = [name for name, _value in Noise().mishaps()]
    noise = Noise(**dict.fromkeys(names, 1 / len(names)))
    simulate(WORLD, 2, 4_000, 1, tmp_path, START, noise=noise)
    rows = truth(tmp_path)
    kinds = {row["kind"] for row in rows}
    assert {"bounce", "double_read", "repeat", "repeat_later", "late"} <= kinds
    assert {"plate_only", "plate_misread", "damaged", "file_again"} <= kinds
    reasons = {row["expected_reason"] for row in rows}
    assert reasons >= {
        "",
        "unknown_tag",
        "unknown_plate",
        "unassigned_tag",
        "blocked_tag",
        "class_mismatch",
        "no_identity",
        "unknown_plaza",
        "unknown_lane",
        "unknown_class",
        "other_operator",
        "future",
        "too_old",
        "repeated",
        "malformed",
        "field_count",
        "bad_encoding",
        "line_too_long",
    }


def test_without_noise_everything_is_posted(tmp_path):
    summary = simulate(
        WORLD, 1, 500, 1, tmp_path, START, noise=Noise.none(), spoil=False
    )
    assert (summary["lines"], summary["expected_posted"]) == (500, 500)
    assert all(Decimal(row["expected_amount"]) > 0 for row in truth(tmp_path))


def test_number_of_true_crossings_is_exact(simulated):
    out, summary = simulated
    again = {"bounce", "double_read", "repeat", "repeat_later", "file_again"}
    true = sum(1 for row in truth(out) if row["kind"] not in again)
    assert true == summary["crossings"] == 6_000


def test_no_vehicle_is_at_two_places_at_once():
    crossings = Traffic(WORLD, generator(1)).day(START, 2_000)
    by_vehicle = {}
    for crossing in crossings:
        by_vehicle.setdefault(crossing.vehicle, []).append(crossing)
    overlaps = 0
    for passed in by_vehicle.values():
        passed.sort(key=lambda crossing: crossing.at)
        for one, two in zip(passed, passed[1:], strict=False):
            if one.plaza is not two.plaza:
                way = abs(one.plaza.km - two.plaza.km) * 1000
                same_road = one.plaza.road == two.plaza.road
                overlaps += same_road and two.at - one.at < way / 40
    assert overlaps <= len(crossings) / 1000


def test_traffic_follows_the_day():
    hours = Counter(
        (crossing.at // 3600 - 6) % 24
        for crossing in Traffic(WORLD, generator(1)).day(START, 5_000)
    )
    assert sum(hours[hour] for hour in (7, 8, 17, 18)) > 3 * sum(
        hours[hour] for hour in (1, 2, 3, 4)
    )


def test_shares_of_days_add_up():
    days = [date(2026, 3, day) for day in range(1, 15)]
    assert sum(share_out(100_003, days)) == 100_003


def test_world_survives_its_own_dict(tmp_path):
    data = json.loads(json.dumps(WORLD.to_dict()))
    simulate(World.from_dict(data), 1, 300, 4, tmp_path / "a", START)
    simulate(WORLD, 1, 300, 4, tmp_path / "b", START)
    assert (tmp_path / "a/truth.csv").read_bytes() == (
        tmp_path / "b/truth.csv"
    ).read_bytes()


def test_run_takes_options_and_plain_values(tmp_path):
    args = Namespace(days=1, crossings=100, seed=1, out=str(tmp_path), start=START)
    assert run(args, WORLD.to_dict())["crossings"] == 100
    assert run(args, None)["crossings"] == 100


@pytest.mark.parametrize(
    "change, message",
    [
        ({"vehicles": []}, "no vehicles"),
        ({"lanes": []}, "no plaza with lanes"),
    ],
)
def test_impossible_worlds_say_why(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        simulate(World.from_dict(WORLD.to_dict() | change), 1, 10, 1, tmp_path, START)


def test_vehicles_cross_only_once_they_are_registered(tmp_path):
    data = WORLD.to_dict()
    for vehicle in data["vehicles"]:
        vehicle["known_from"] = "2026-06-01T00:00:00"
    with pytest.raises(ValueError, match="No vehicle is registered"):
        simulate(World.from_dict(data), 1, 10, 1, tmp_path, START)


CELL = {"operator": "A", "plaza": "P", "class": "AUTO"}


@pytest.mark.parametrize(
    "at, expected",
    [
        ("2026-03-05T12:00", "10"),
        ("2026-03-05T22:00", "7"),
        ("2026-03-07T12:00", "12"),
        ("2026-03-16T12:00", "15"),
        ("2025-12-31T12:00", None),
    ],
)
def test_tariffs_by_date_day_type_and_band(at, expected):
    tariffs = Tariffs(
        [
            CELL | {"amount": "10", "day_types": 1, "minute_to": 1320},
            CELL | {"amount": "7", "day_types": 1, "minute_from": 1320},
            CELL | {"amount": "12", "day_types": 6},
            CELL | {"amount": "15", "day_types": 8},
        ]
    )
    for cell in tariffs.cells:
        cell["valid_from"] = "2026-01-01"
    tariffs = Tariffs(tariffs.cells, [{"date": "2026-03-16", "operator": None}])
    price = tariffs.price("A", "P", "", "AUTO", datetime.fromisoformat(at))
    assert price == (expected and Decimal(expected))


def test_too_much_noise_is_refused(tmp_path):
    with pytest.raises(ValueError, match="more than 1"):
        simulate(WORLD, 1, 10, 1, tmp_path, START, noise=Noise(late=0.9, bounce=0.9))
