"""A server that is killed again and again in the middle of a sync (001-08)."""

import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
from test_volume import ROOT, database, run  # noqa: F401  (a fixture)

ROWS = 150
KILLS = 3
PRICE = 10.5


@contextmanager
def serving(name, log):
    """A server of its own process group, up when this begins, killed when it ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [ROOT / "scripts/odoo", "-d", name, "--http-port", str(port)]
    command += ["--workers", "0", "--max-cron-threads", "0", "--load", "base,rpc,web"]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 300
        while not up(url):
            assert server.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.2)
        yield url, lambda: os.killpg(server.pid, signal.SIGKILL)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def up(url):
    try:
        return httpx.get(f"{url}/web/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def rows(plate):
    """Captures one minute apart, so that none looks like another one's double."""
    first = datetime.now(UTC) - timedelta(minutes=10 * ROWS)
    return [
        {
            "ref": str(uuid.uuid4()),
            "taken_at": (first + timedelta(minutes=10 * number)).isoformat(),
            "plaza": "VP",
            "lane": "1",
            "shift": "1",
            "plate": plate,
            "class": "A",
            "payment": "none",
        }
        for number in range(ROWS)
    ]


class Device:
    def __init__(self, key, captures):
        self.headers = {"Authorization": f"Bearer {key}"}
        self.captures = captures
        self.answer = None
        self.seconds = None

    def sync(self, url):
        """Send everything; the answer stays, if there is one."""
        body = {
            "app": "test",
            "sent_at": datetime.now(UTC).isoformat(),
            "queue": len(self.captures),
            "lang": "en",
            "captures": self.captures,
        }
        begun = time.monotonic()
        try:
            response = httpx.post(
                f"{url}/toll/handheld/api/sync",
                json=body,
                headers=self.headers,
                timeout=300,
            )
        except httpx.HTTPError:
            return
        assert response.status_code == 200, response.text
        self.seconds = time.monotonic() - begun
        self.answer = response.json()["results"]


def test_a_killed_server_loses_and_doubles_nothing(database, tmp_path):  # noqa: F811
    log = tmp_path / "server.log"
    made = run("handheld_world.py", database, tmp_path, VOLUME_STEP="build")
    device = Device(made["key"], rows(made["plate"]))
    delay, unanswered = 1.0, 0
    for _try in range(12):
        device.answer = None
        with serving(database, log) as (url, kill):
            sync = threading.Thread(target=device.sync, args=(url,))
            sync.start()
            time.sleep(delay)
            kill()
            sync.join()
        if device.answer is None:
            unanswered += 1
            delay *= 1.3  # a little further next time
        else:
            delay /= 2  # it was too late: everything had been said
        if unanswered == KILLS:
            break
    assert unanswered >= 1, "no kill came in the middle"
    with serving(database, log) as (url, _kill):
        device.sync(url)
        first = device.answer
        device.sync(url)
    assert [row["ref"] for row in first] == [row["ref"] for row in device.captures]
    assert {row["state"] for row in device.answer} == {"posted"}
    assert device.answer == first
    found = run("handheld_world.py", database, tmp_path, VOLUME_STEP="count")
    assert found == {
        "captures": ROWS,
        "refs": ROWS,
        "states": ["posted"],
        "crossings": ROWS,
        "charged": ROWS * PRICE,
        "spent": ROWS * PRICE,
        "received": ROWS,
        "differences": [],
    }
