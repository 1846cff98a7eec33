"""The simulator's truth against the real intake: every line must meet its fate."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from resolver import Resolver
from score import read_truth, score

from odoo.addons.toll_billing.core.intake import (
    STAGE_COLUMNS,
    Context,
    IntakeError,
    Layout,
    file_digest,
    iter_chunks,
    open_source,
)
from odoo.addons.toll_billing.core.simulator import Noise, World, simulate

START = date(2026, 10, 30)  # over the end of daylight saving time in Tijuana
DAYS = 4


@pytest.fixture(scope="module")
def world():
    return World.invent(seed=21, accounts=1_500)


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    out = tmp_path_factory.mktemp("sim")
    names = [name for name, _value in Noise().mishaps()]
    noise = Noise(**dict.fromkeys(names, 0.4 / len(names)) | {"no_offset": 0.2})
    simulate(world, DAYS, 20_000, 9, out, START, noise=noise)
    return out


def load(world, folder):
    """Take all files through the intake; yield a result per line."""
    now = datetime.combine(START, datetime.min.time(), UTC) + timedelta(days=DAYS + 1)
    resolver = Resolver(world, now)
    zones = {plaza.code: plaza.tz for plaza in world.plazas}
    seen = set()
    outcome = {}
    for file in json.loads((folder / "world.json").read_text())["files"]:
        path = folder / file["name"]
        with path.open("rb") as fileobj:
            digest = file_digest(fileobj)
        if (file["operator"], digest) in seen:
            outcome[file["name"]] = "repeated"
            continue
        context = Context(file["operator"], zones, "America/Mexico_City")
        rows = []
        try:
            with open_source(path) as stream:
                for chunk in iter_chunks(stream, Layout.universal(), context, 777):
                    rows += chunk.data.removesuffix("\n").split("\n")
        except IntakeError:
            outcome[file["name"]] = "refused"
            continue
        seen.add((file["operator"], digest))
        outcome[file["name"]] = "loaded"
        for text in rows:
            cells = [None if cell == "\\N" else cell for cell in text.split("\t")]
            row = dict(zip(STAGE_COLUMNS, cells, strict=True))
            state, reason, amount = resolver.fate(file["operator"], row)
            yield {
                "file": file["name"],
                "line": row["line"],
                "state": state,
                "reason": reason,
                "amount": amount,
            }
    for file in json.loads((folder / "world.json").read_text())["files"]:
        assert outcome[file["name"]] == file["expected"], file["name"]


def test_every_line_meets_its_expected_fate(world, folder):
    total = score(read_truth(folder), load(world, folder))
    assert not total.wrong, "\n".join(total.wrong)
    assert (total.missing, total.unknown, total.accuracy) == (0, 0, 1.0)
    assert total.amount_expected == total.amount_got > 0


def test_ambiguous_hour_is_part_of_the_simulation(folder):
    reasons = {row["expected_reason"] for row in read_truth(folder)}
    assert "ambiguous_time" in reasons


def test_score_notices_every_kind_of_difference():
    truth = [
        {
            "file": "a.csv",
            "line": str(line),
            "expected_state": "posted",
            "expected_reason": "",
            "expected_amount": "10.00",
            "kind": "normal",
        }
        for line in range(2, 7)
    ]
    good = {"file": "a.csv", "state": "posted", "reason": None, "amount": 10.0}
    results = [
        good | {"line": 2},
        good | {"line": 3, "amount": 11},
        good | {"line": 4, "state": "held", "reason": "no_tariff"},
        good | {"line": 5, "reason": "late"},
        good | {"line": 99},
    ]
    total = score(truth, results)
    assert (len(total.wrong), total.missing, total.unknown) == (4, 1, 1)
    assert total.accuracy == pytest.approx(0.2)
    assert "posted" in total.table()
