"""The suite on a database of its own against the simulator's truth."""

import csv
import io
import json
import os
import subprocess
import sys
import uuid
from itertools import groupby
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from score import read_truth, score

ROOT = Path(__file__).resolve().parents[2]
DAYS, CROSSINGS, ACCOUNTS = "3", os.environ.get("SIM_CROSSINGS", "30000"), "400"
RESULT = (
    "COPY (SELECT b.name AS file, c.line, c.state, c.reason, c.amount"
    " FROM toll_crossing c JOIN toll_crossing_batch b ON b.id = c.batch_id)"
    " TO STDOUT WITH CSV HEADER"
)


@pytest.fixture(scope="module")
def database():
    name = f"toll_sim_{uuid.uuid4().hex[:8]}"
    subprocess.run(
        [ROOT / "scripts/db", name], check=True, env={**os.environ, "DEMO": "1"}
    )
    yield name
    subprocess.run([ROOT / "scripts/db", "--drop", name], check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, database):
    out = tmp_path_factory.mktemp("day")
    toll(
        database,
        "simulate",
        *("--days", DAYS, "--crossings", CROSSINGS, "--seed", "11"),
        *("--accounts", ACCOUNTS, "--out", str(out)),
    )
    return out


@pytest.fixture(scope="module")
def loaded(database, folder):
    files = json.loads((folder / "world.json").read_text())["files"]
    answers = []
    for operator, group in groupby(files, key=lambda file: file["operator"]):
        group = list(group)
        paths = [str(folder / file["name"]) for file in group]
        done = toll(database, "import", *paths, "--operator", operator, check=False)
        answers += zip(group, json.loads(done.stdout), strict=True)
    return answers


def toll(database, *args, check=True):
    done = subprocess.run(
        [ROOT / "scripts/odoo", "toll", *args, "-d", database, "--json"],
        capture_output=True,
        text=True,
    )
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def rows_of(database):
    command = f'eval "$(scripts/pg env)"; psql -q -d {database} -c "{RESULT}"'
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_every_file_meets_the_end_it_should(loaded):
    ends = {"loaded": "done", "repeated": "done", "refused": "refused"}
    for file, answer in loaded:
        assert answer["state"] == ends[file["expected"]], (file, answer["fault"])
        assert answer["new"] == (file["expected"] != "repeated"), file
        if file["expected"] == "loaded":
            assert answer["conserved"]
            assert answer["received"] == file["rows"]


def test_every_row_has_the_fate_reason_and_amount_of_the_truth(
    database, folder, loaded
):
    total = score(read_truth(folder), rows_of(database))
    print(total.table())
    assert total.wrong == []
    assert total.unknown == 0
    assert total.accuracy == 1


def test_loading_again_adds_nothing(database, folder, loaded):
    before = rows_of(database)
    file = next(file for file, _answer in loaded if file["expected"] == "loaded")
    done = toll(
        database, "import", str(folder / file["name"]), "--operator", file["operator"]
    )
    assert json.loads(done.stdout)[0]["new"] is False
    assert len(rows_of(database)) == len(before)


def test_every_rule_holds(database, loaded):
    done = toll(database, "check", check=False)
    assert [r for r in json.loads(done.stdout) if r["differences"]] == []
    assert done.returncode == 0
