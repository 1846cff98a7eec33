"""Real processes, real commits, real kills, each on a database of its own."""

import json
import os
import subprocess
import uuid
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@pytest.fixture
def database():
    name = f"toll_volume_{uuid.uuid4().hex[:8]}"
    subprocess.run([ROOT / "scripts/db", name], check=True, cwd=ROOT)
    yield name
    subprocess.run([ROOT / "scripts/db", "--drop", name], check=True, cwd=ROOT)


def run(script, database, path, **variables):
    """Run a script of this folder in ``odoo shell`` and return its RESULT."""
    done = subprocess.run(
        [ROOT / "scripts/odoo", "shell", "-d", database, "--no-http"],
        input=f"exec(compile(open({str(HERE / script)!r}).read(), {script!r}, 'exec'))",
        env={
            **os.environ,
            "VOLUME_DIR": str(HERE),
            "VOLUME_FILE": str(path),
            **variables,
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    for line in done.stdout.splitlines():
        if "RESULT " in line:
            return json.loads(line.split("RESULT ", 1)[1])
    pytest.fail(
        f"{script} gave no result:\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
    )


def test_fifty_kills_end_like_one_clean_run(database, tmp_path):
    killed = run("kill_loader.py", database, tmp_path / "day.csv")
    assert killed["kills"] == 50
    assert killed["states"] == ["done"] * killed["files"]
    assert killed["differences"] == []
    other = f"{database}_c"
    subprocess.run([ROOT / "scripts/db", other], check=True, cwd=ROOT)
    try:
        files = str(killed["files"])
        clean = run("clean_load.py", other, tmp_path / "c.csv", VOLUME_FILES=files)
    finally:
        subprocess.run([ROOT / "scripts/db", "--drop", other], check=True, cwd=ROOT)
    assert killed["totals"] == clean["totals"]
    assert killed["received"] == clean["received"]


def test_two_loaders_and_ten_topup_clients(database, tmp_path):
    result = run("concurrent_load.py", database, tmp_path / "day.csv")
    assert result["failed"] == 0
    assert result["topups"] == 100
    assert result["wrong_wallets"] == 0
    assert result["differences"] == []


def test_deadlocks_between_chunks_lose_nothing(database, tmp_path):
    rows = 20_000
    result = run("troubled_load.py", database, tmp_path / "day.csv")
    assert result["troubles"] > 5
    assert (result["state"], result["received"]) == ("done", rows)
    # every 97th row repeats the reference of the 7th before it; every 89th is damaged
    repeated = [n for n in range(97, rows, 97) if n % 89 and (n - 7) % 89]
    assert result["duplicate"] == len(repeated)
    assert result["differences"] == []


def test_events_go_on_after_a_dropped_connection(database, tmp_path):
    result = run("dropped_connection.py", database, tmp_path / "unused")
    assert result["dropped"] >= 1
    assert result["states"] == ["posted"] * 3
    assert result["differences"] == []
