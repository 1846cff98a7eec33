"""Serving Odoo: nothing encoded twice, nothing lost, whatever fails."""

import contextlib
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from chips import factory_chips
from conftest import AGENT
from odoo_double import KEY, OdooDouble, box
from peer import reader

ZYGOTE = Path(__file__).with_name("zygote.py")


class Station:
    """An agent as a process that can be started, killed and started again."""

    def __init__(self, folder, odoo, *options, patience=0.1):
        self.key = folder / "key"
        if not self.key.exists():
            self.key.write_text(KEY + "\n", encoding="ascii")
            self.key.chmod(0o600)
        self.log = folder / "agent.log"
        arguments = ["--odoo", odoo.url, "--key-file", self.key]
        arguments += ["--state", folder / "state", "--patience", patience, *options]
        self.words = queue.Queue()
        self.process = None
        with self.log.open("a") as log:
            self.zygote = subprocess.Popen(
                [sys.executable, ZYGOTE, AGENT, *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                bufsize=1,
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.kill()
        self.zygote.stdin.close()
        self.zygote.wait(10)

    def _listen(self):
        for line in self.zygote.stdout:
            self.words.put(line.split())

    def start(self):
        self.zygote.stdin.write("start\n")
        [word] = self.words.get(timeout=120)
        self.process = int(word)

    def wait(self):
        """Return the exit status once it has ended."""
        while True:
            try:
                words = self.words.get(timeout=120)
            except queue.Empty:
                lines = self.text().splitlines()[-15:]
                pytest.fail("it does not end:\n" + "\n".join(lines))
            if words[:2] == ["ended", str(self.process)]:
                self.process = None
                return int(words[2])

    def kill(self, how=signal.SIGKILL):
        process = self.process
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, how)

    def text(self):
        return self.log.read_text()


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


def check_exact(odoo, peer, spare=0):
    """Each job is on one TAG, whole; no TAG carries what another job left there."""
    tags = peer.report()["tags"]
    epcs = {job["epc"] for job in odoo.jobs}
    by_epc = {tag["epc"]: tag for tag in tags if tag["epc"] in epcs}
    assert len(by_epc) == sum(tag["epc"] in epcs for tag in tags), "an EPC twice"
    for job in odoo.jobs:
        done = [
            odoo.results[attempt]
            for attempt in job["attempts"]
            if odoo.results.get(attempt, {}).get("state") == "done"
        ]
        assert len(done) == 1, job
        tag = by_epc[job["epc"]]
        assert (done[0]["epc"], done[0]["tid"]) == (tag["epc"], tag["tid"])
        assert (tag["access"], tag["kill"]) == (job["access"], job["kill"])
        assert tag["locks"]["epc"] == tag["locks"]["access"] == "locked"
    for tag in tags:
        assert sum(name in epcs for name in tag["names"]) <= 1, "written over"
    assert sum(tag["writes"] > 0 for tag in tags) <= len(odoo.jobs) + spare


@pytest.mark.parametrize("protocol", ["m100", "mercury", "uhfreader18"])
def test_a_box_with_a_tenth_of_everything_disturbed(tmp_path, protocol):
    jobs = box(3)
    chips = factory_chips(4, seed=11)
    peer = reader(protocol, queue=chips, faults=0.1, seed=11, delay=0.03)
    with (
        peer,
        OdooDouble(peer.url, protocol, jobs, trouble=0.1, seed=11) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        until(odoo.finished)
        station.kill(signal.SIGTERM)
        assert station.wait() == 0
        check_exact(odoo, peer)
    shown = station.text().upper()
    assert "TRACEBACK" not in shown
    for job in jobs:
        assert job["access"] not in shown and job["kill"] not in shown
    assert KEY.upper() not in shown


KILLS = 40
WRITES = (0x24, 0x25)  # Mercury: write, lock


class Executioner:
    """Kills the agent once per life, at a moment that the seed chooses."""

    def __init__(self, station, peer, odoo, seed):
        self.station = station
        self.rng = random.Random(seed)
        self.places = []
        self.armed = False
        self._answer = peer.module.answer
        peer.module.answer = self._on_command
        odoo.before = lambda name, _body: self._pass(name, early=True)
        odoo.after = lambda name, _body: self._pass(name, early=False)

    def arm(self):
        self.kind = self.rng.choice(["write", "write", "command", "poll", "result"])
        most = {"write": 5, "command": 45}.get(self.kind, 1)
        self.count = self.rng.randint(1, most)
        self.early = self.rng.random() < 0.5
        self.armed = True

    def _on_command(self, frame):
        kinds = ("command", "write") if frame.command in WRITES else ("command",)
        for kind in kinds:
            self._pass(kind, early=True, where=f"{frame.command:02X}")
        reply = self._answer(frame)
        for kind in kinds:
            self._pass(kind, early=False, where=f"{frame.command:02X}")
        return reply

    def _pass(self, kind, early, where=""):
        if not self.armed or kind != self.kind or early != self.early:
            return
        if not self.station.process:  # the last words of the life before
            return
        self.count -= 1
        if self.count <= 0:
            self.armed = False
            self.places.append(f"{'before' if early else 'after'} {where or kind}")
            self.station.kill()


def test_killed_at_any_point_each_attempt_is_done_once(tmp_path):
    """SIGKILL at 40 moments: between any two frames, around any request to Odoo."""
    peer = reader("mercury", queue=factory_chips(7, seed=5), faults=0.02, seed=5)
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(6), trouble=0.05, seed=5) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        executioner = Executioner(station, peer, odoo, seed=5)
        for _kill in range(KILLS):
            if sum(job["state"] == "waiting" for job in odoo.jobs) < 3:
                more = box(len(odoo.jobs) + 6)[-6:]
                peer.module.plate.queue += factory_chips(6, seed=len(odoo.jobs))
                odoo.jobs += [
                    job | {"state": "waiting", "attempts": []} for job in more
                ]
            executioner.arm()
            station.start()
            assert station.wait() == -signal.SIGKILL
        station.start()
        until(odoo.finished)
        station.kill(signal.SIGTERM)
        assert station.wait() == 0
        check_exact(odoo, peer)
    places = executioner.places
    assert len(places) == KILLS
    for expected in ("before 24", "after 24", "after 25", "after result", "after poll"):
        assert expected in places, (expected, places)
    assert all(len(job["attempts"]) == 1 for job in odoo.jobs), "an attempt was lost"


def test_a_result_waits_for_the_network(tmp_path):
    peer = reader("mercury", queue=factory_chips(2))
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(1)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        odoo.refuse = (500, "server_error")
        station.start()
        until(lambda: any(name == "result" for name, _ in odoo.requests))
        station.kill()
        station.wait()
        odoo.refuse = None
        station.start()
        until(odoo.finished)
        check_exact(odoo, peer)
    names = [name for name, _body in odoo.requests]
    assert names.index("result") < len(names) - 1
    assert peer.report()["tags"][0]["names"][1:] == [odoo.jobs[0]["epc"]]


def test_a_result_that_odoo_refuses_is_kept_and_blocks_nothing(tmp_path):
    peer = reader("mercury", queue=factory_chips(3))
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(2)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        odoo.refuse = (409, "wrong_job")
        station.start()
        until(lambda: any(name == "result" for name, _ in odoo.requests))
        until(lambda: "result_refused" in station.text())
        odoo.release()
        odoo.refuse = None
        until(lambda: odoo.jobs[1]["state"] == "done")


@pytest.mark.parametrize(
    ("chips", "code"),
    [
        (factory_chips(2), "many_tags"),
        ([], "no_tag"),
    ],
)
def test_what_a_person_must_mend_is_told_once(tmp_path, chips, code):
    peer = reader("mercury", chips)
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(1)) as odoo,
        Station(tmp_path, odoo, patience=0.05) as station,
    ):
        station.start()
        until(lambda: odoo.results)
        time.sleep(0.5)
        assert [result["error"] for result in odoo.results.values()] == [code]
        peer.module.plate.chips[:] = factory_chips(1, seed=9)
        until(odoo.finished)
        check_exact(odoo, peer)


def test_a_tag_that_was_encoded_before_is_not_written_over(tmp_path):
    first, second, third = factory_chips(3)
    peer = reader("mercury", [first])
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(3)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        for job, chip in zip(odoo.jobs, (first, second), strict=False):
            peer.module.plate.chips[:] = [chip]
            until(lambda job=job: job["state"] == "done")
        until(lambda: odoo.jobs[2]["attempts"])
        peer.module.plate.chips[:] = [first]  # put back by mistake
        until(lambda: len(odoo.results) == 3)
        result = odoo.results[odoo.jobs[2]["attempts"][0]]
        assert result["error"] == "wrong_tag"
        assert odoo.jobs[0]["number"] in result["message"]
        peer.module.plate.chips[:] = [third]
        until(odoo.finished)
        peer.module.plate.done = [first, second]
        check_exact(odoo, peer)


def test_the_tag_left_on_the_plate_is_not_the_next_one(tmp_path):
    chips = factory_chips(2)
    peer = reader("m100", chips[:1])
    with (
        peer,
        OdooDouble(peer.url, "m100", box(2)) as odoo,
        Station(tmp_path, odoo, patience=0.05) as station,
    ):
        station.start()
        until(lambda: odoo.jobs[0]["state"] == "done")
        time.sleep(1)
        assert not odoo.jobs[1]["attempts"] or not set(odoo.results) & set(
            odoo.jobs[1]["attempts"]
        )
        station.kill()
        station.wait()
        station.start()  # and it is still known after a restart
        time.sleep(0.7)
        assert odoo.jobs[1]["state"] == "sent"
        peer.module.plate.chips[:] = chips[1:]
        until(odoo.finished)
        peer.module.plate.done = chips[:1]
        check_exact(odoo, peer)


def test_a_defective_tag_is_answered_and_not_used_for_the_next_number(tmp_path):
    bad, good = factory_chips(2)
    bad.defective = True
    peer = reader("mercury", queue=[bad, good])
    jobs = box(2)
    jobs[0]["most"] = 3
    with (
        peer,
        OdooDouble(peer.url, "mercury", jobs) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        until(odoo.finished)
    assert [job["state"] for job in odoo.jobs] == ["failed", "done"]
    errors = [odoo.results[a]["error"] for a in odoo.jobs[0]["attempts"]]
    assert errors == ["write_failed"] * 3
    assert good.epc.hex().upper() == jobs[1]["epc"]


def test_another_tag_than_the_interrupted_one_is_not_touched(tmp_path):
    """Killed in the middle, and the TAG is gone: Odoo hears which one it was."""
    first, second = factory_chips(2)
    peer = reader("mercury", [first])
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(1)) as odoo,
        Station(tmp_path, odoo, patience=0.05) as station,
    ):
        answer = peer.module.answer

        def kill(frame):
            if frame.command == 0x24:
                station.kill()
            return answer(frame)

        peer.module.answer = kill
        station.start()
        station.wait()
        peer.module.answer = answer
        peer.module.plate.chips[:] = [second]
        station.start()
        until(lambda: odoo.results)
        # the job comes again after that, for the first TAG only
        result = next(iter(odoo.results.values()))
        assert (result["state"], result["error"]) == ("failed", "interrupted")
        assert result["tid"] == first.tid.hex().upper()
        assert not second.writes


def test_the_cable_is_pulled_and_put_back(tmp_path):
    peer = reader("mercury", queue=factory_chips(3))
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(2)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        answer = peer.module.answer
        commands = []

        def pull(frame):
            commands.append(frame.command)
            if commands.count(0x24) in (1, 2) and frame.command == 0x24:
                peer.cut(0.2)
            return answer(frame)

        peer.module.answer = pull
        station.start()
        until(odoo.finished)
        check_exact(odoo, peer)
    assert all(len(job["attempts"]) == 1 for job in odoo.jobs)
    log = odoo.results[odoo.jobs[0]["attempts"][0]]["log"]
    assert "connection lost, opened again" in log


def test_no_reader_is_told_and_found_later(tmp_path):
    peer = reader("mercury", queue=factory_chips(2))
    with (
        peer,
        OdooDouble(peer.url + "x", "mercury", box(1)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        until(lambda: odoo.results)
        assert {r["error"] for r in odoo.results.values()} == {"cable"}
        station.kill(signal.SIGTERM)
        station.wait()
        odoo.config["url"] = peer.url
        station.start()
        until(odoo.finished)


def test_odoo_takes_the_job_back(tmp_path):
    peer = reader("mercury", [])
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(2)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        until(lambda: odoo.open)
        odoo.release()
        until(lambda: odoo.jobs[1]["attempts"])
        peer.module.plate.chips[:] = [chip] = factory_chips(1)
        until(lambda: odoo.jobs[1]["state"] == "done")
    assert chip.epc.hex().upper() == odoo.jobs[1]["epc"]
    assert not any(attempt in odoo.results for attempt in odoo.jobs[0]["attempts"])


def test_stopped_while_it_waits_it_says_nothing_and_goes_on_later(tmp_path):
    peer = reader("mercury", [])
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(1)) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        until(lambda: odoo.open)
        time.sleep(0.2)
        station.kill(signal.SIGTERM)
        assert station.wait() == 0
        assert not odoo.results
        peer.module.plate.chips[:] = factory_chips(1)
        station.start()
        until(odoo.finished)
        check_exact(odoo, peer)
    assert len(odoo.jobs[0]["attempts"]) == 1


def test_a_key_that_odoo_does_not_know(tmp_path):
    peer = reader("mercury", [])
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(1)) as odoo,
        Station(tmp_path, odoo, "--once") as station,
    ):
        station.key.write_text("selector.another", encoding="ascii")
        station.start()
        assert station.wait() == 40
    assert not odoo.requests
    assert "selector.another" not in station.text()


def test_a_test_read_writes_nothing(tmp_path):
    [chip] = factory_chips(1)
    peer = reader("m100", [chip])
    job = {"id": 5, "kind": "read", "epc": None}
    with (
        peer,
        OdooDouble(peer.url, "m100", [job]) as odoo,
        Station(tmp_path, odoo, "--once") as station,
    ):
        station.start()
        assert station.wait() == 0
    [result] = odoo.results.values()
    assert result["tid"] == chip.tid.hex().upper()
    assert result["rssi"] == -50
    assert not chip.writes


def test_once(tmp_path):
    peer = reader("mercury", factory_chips(1, defective=1))
    with (
        peer,
        OdooDouble(peer.url, "mercury", box(1)) as odoo,
        Station(tmp_path, odoo, "--once") as station,
    ):
        station.start()
        assert station.wait() == 15
        odoo.jobs.clear()
        odoo.open = None
        station.start()
        assert station.wait() == 0
    hello = next(body for name, body in odoo.requests if name == "hello")
    assert hello["encoder"]["protocol"] is None and hello["agent"]


NONSENSE = [
    {"epc": "30"},
    {"epc": 5},
    {"access": "not hex!"},
    {"lock": {"epc": "sometimes"}},
    {"lock": ["epc"]},
    {"access": None},  # a lock without a password
    {"kind": "burn"},
    {"expect_tid": "E28"},
]


def test_a_job_that_makes_no_sense_touches_nothing(tmp_path):
    [chip] = factory_chips(1)
    peer = reader("mercury", [chip])
    jobs = [
        job | {"most": 1} | change
        for job, change in zip(box(len(NONSENSE)), NONSENSE, strict=True)
    ]
    with (
        peer,
        OdooDouble(peer.url, "mercury", jobs) as odoo,
        Station(tmp_path, odoo) as station,
    ):
        station.start()
        until(odoo.finished)
    assert [result["error"] for result in odoo.results.values()] == ["protocol"] * 8
    assert "not hex!" not in str(odoo.results) + station.text()
    assert not chip.writes


def test_the_key_must_be_private_and_the_way_too(tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY, encoding="ascii")

    def serve(url):
        arguments = ["--odoo", url, "--key-file", key, "--state", tmp_path / "state"]
        return subprocess.run(
            [sys.executable, "-m", "toll_bridge_agent", *arguments, "--once"],
            cwd=AGENT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    key.chmod(0o644)
    done = serve("http://127.0.0.1:9")
    assert done.returncode == 2 and "chmod 600" in done.stderr
    key.chmod(0o600)
    done = serve("http://odoo.example.com")
    assert done.returncode == 2 and "https" in done.stderr
    done = serve("http://127.0.0.1:9")
    assert done.returncode == 40 and "unreachable" in done.stderr
    assert KEY not in done.stderr
