"""A box of TAGs through the real agent, a scripted reader and the server (000-18)."""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("serial")

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "addons/toll_hw_bridge/agent"
PEER = ROOT / "tests/unit/toll_hw_bridge/peer.py"
TAGS = 50
DEFECTIVE = 2
FAULTS = 0.1
KILLS = 4
LONGEST = 420


class Station:
    """An encoder's table: a scripted reader on a pseudo-terminal, and the agent."""

    def __init__(self, folder, url, key, seed):
        self.folder = folder
        self.url = url
        self.key_file = folder / "key"
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(key, encoding="ascii")
        self.log = open(folder / "agent.log", "ab")
        self.report_file = folder / "report.json"
        arguments = {
            "--protocol": "m100",
            "--tags": TAGS,
            "--defective": DEFECTIVE,
            "--faults": FAULTS,
            "--seed": seed,
            "--delay": 0.05,
            "--report": self.report_file,
        }
        flat = [str(word) for pair in arguments.items() for word in pair]
        self.peer = subprocess.Popen(
            [sys.executable, PEER, *flat], stdout=subprocess.PIPE, text=True
        )
        self.port = self.peer.stdout.readline().strip()
        self.agent = None

    def start(self):
        self.agent = subprocess.Popen(
            [
                *(sys.executable, "-m", "toll_bridge_agent"),
                *("--odoo", self.url, "--key-file", self.key_file),
                *("--state", self.folder / "state", "--port", self.port),
                *("--patience", "0.2"),
            ],
            env={**os.environ, "PYTHONPATH": str(AGENT)},
            stderr=self.log,
        )

    def kill(self):
        """As when the power goes: without a word."""
        self.agent.kill()
        self.agent.wait()

    def unplug(self):
        self.peer.send_signal(signal.SIGUSR1)

    def stop(self):
        """End both; return what the chips hold."""
        if self.agent:
            self.agent.terminate()
            self.agent.wait(30)
        self.peer.terminate()
        self.peer.wait(30)
        self.log.close()
        return json.loads(self.report_file.read_text(encoding="utf-8"))

    def words(self):
        return (self.folder / "agent.log").read_text(encoding="utf-8")


@pytest.fixture
def box(admin):
    """Blank TAGs in stock, an encoder with a key, a batch that was started."""
    base = random.SystemRandom().randrange(10**7, 9 * 10**7) * 100
    product = admin.create(
        "product.product",
        {
            "name": f"E2E blank TAG {base}",
            "toll_is_tag": True,
            "toll_epc_scheme": "none",
            "toll_encoding_scheme": "giai96",
            "toll_company_prefix": "7501234",
            "toll_encoding_policy_id": admin.ref(
                "toll_hw_bridge.toll_encoding_policy_standard"
            ),
        },
    )
    reception = admin.create(
        "toll.tag.reception",
        {
            "product_id": product,
            "source": "range",
            "first_number": f"ZE{base + 1}",
            "last_number": f"ZE{base + TAGS}",
        },
    )
    admin.call("toll.tag.reception", "action_receive", [reception])
    lots = admin.search("stock.lot", [("product_id", "=", product)])
    assert len(lots) == TAGS
    encoder = admin.create("toll.encoder", {"name": f"E2E {base}", "poll_seconds": 1})
    key = admin.finish_key(admin.call("toll.encoder", "action_make_key", [encoder]))
    batch = admin.create(
        "toll.encoding.batch", {"encoder_ids": [(6, 0, [encoder])], "max_attempts": 2}
    )
    add = admin.create(
        "toll.encoding.add",
        {
            "batch_id": batch,
            "first_number": f"ZE{base + 1}",
            "last_number": f"ZE{base + TAGS}",
        },
    )
    admin.call("toll.encoding.add", "action_add", [add])
    admin.call("toll.encoding.batch", "action_start", [batch])
    return {"lots": lots, "encoder": encoder, "key": key, "batch": batch}


def read(admin, model, ids, *fields):
    return admin.call(model, "read", ids, list(fields))


def run_until_done(admin, station, batch):
    """Let the agent work; pull the plug and the cable now and then."""
    chance = random.Random(11)
    kills = sorted(chance.sample(range(2, TAGS - 2), KILLS))
    cuts = sorted(chance.sample(range(2, TAGS - 2), 2))
    station.start()
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        (row,) = read(
            admin, "toll.encoding.batch", [batch], "state", "done_count", "failed_count"
        )
        if row["state"] == "done" or row["failed_count"]:
            return row
        if kills and row["done_count"] >= kills[0]:
            kills.pop(0)
            time.sleep(chance.uniform(0, 0.6))
            station.kill()
            station.start()
        elif cuts and row["done_count"] >= cuts[0]:
            cuts.pop(0)
            station.unplug()
        assert station.agent.poll() is None, station.words()[-2000:]
        time.sleep(0.2)
    return row


def test_fifty_tags_with_faults_end_with_exact_stock(admin, base_url, box, tmp_path):
    seed = secrets.randbelow(10**6)
    station = Station(tmp_path, base_url, box["key"], seed)
    started = time.monotonic()
    try:
        row = run_until_done(admin, station, box["batch"])
    finally:
        report = station.stop()
    seconds = time.monotonic() - started
    words = station.words()
    assert row["state"] == "done", f"seed {seed}: {row} {words[-3000:]}"

    jobs = admin.call(
        "toll.encoding.job",
        "search_read",
        [("batch_id", "=", box["batch"])],
        ["lot_id", "state", "read_epc", "read_tid", "attempts"],
    )
    done = [job for job in jobs if job["state"] == "done"]
    rejected = [job for job in jobs if job["state"] == "rejected"]
    assert (len(done), len(rejected)) == (TAGS - DEFECTIVE, DEFECTIVE), f"seed {seed}"

    # the stock: good + defective = received
    encoder = read(admin, "toll.encoder", [box["encoder"]], "defective_location_id")
    defective_place = encoder[0]["defective_location_id"][0]
    quants = admin.call(
        "stock.quant",
        "search_read",
        [
            ("lot_id", "in", box["lots"]),
            ("quantity", "!=", 0),
            ("location_id.usage", "=", "internal"),
        ],
        ["lot_id", "location_id", "quantity"],
    )
    assert {quant["quantity"] for quant in quants} == {1.0}
    assert len(quants) == TAGS
    bad = {
        quant["lot_id"][0]
        for quant in quants
        if quant["location_id"][0] == defective_place
    }
    assert bad == {job["lot_id"][0] for job in rejected}
    lots = read(
        admin, "stock.lot", box["lots"], "toll_state", "toll_epc", "toll_tid", "name"
    )
    for lot in lots:
        wanted = "defective" if lot["id"] in bad else "stocked"
        assert lot["toll_state"] == wanted, lot

    # the chips: each holds what Odoo says, and no code twice
    chips = {chip["tid"]: chip for chip in report["tags"]}
    good = [lot for lot in lots if lot["id"] not in bad]
    assert len({lot["toll_tid"] for lot in good}) == len(good)
    for lot in good:
        chip = chips[lot["toll_tid"]]
        assert chip["epc"] == lot["toll_epc"], (seed, lot, chip)
        assert chip["locks"]["epc"] == "locked"
        assert (
            chip["names"] == [lot["toll_epc"]] or chip["names"][-1] == lot["toll_epc"]
        )
    epcs = [chip["epc"] for chip in report["tags"]]
    assert len(set(epcs)) == len(epcs), "two chips carry one code"
    passwords = {chips[lot["toll_tid"]]["access"] for lot in good}
    assert len(passwords) == len(good) and "00000000" not in passwords
    assert not [word for word in passwords if word in words.upper()]

    # nothing was counted twice, and nothing is open
    open_attempts = admin.search(
        "toll.encoding.attempt",
        [("encoder_id", "=", box["encoder"]), ("state", "=", "sent")],
    )
    assert not open_attempts
    sys.stdout.write(
        f"{TAGS} TAGs, seed {seed}: {seconds:.0f} s, "
        f"{sum(job['attempts'] for job in jobs)} attempts, faults {report['faults']}\n"
    )
