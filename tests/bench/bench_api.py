"""Single events through the HTTP API at a fixed rate: how long until the balance moved.

Runs inside ``scripts/odoo shell``. The events arrive on a timetable whether or not the
server keeps up (so waiting counts), on kept-alive connections, and each answer comes
after the wallet's commit. Ten accounts share the traffic: the worst case for locks.
"""

import http.client
import json
import os
import sys
import threading
import time
from datetime import datetime, timedelta

from odoo import fields

sys.path.insert(0, os.environ["BENCH_WORLD"])
sys.path.insert(0, f"{os.environ['BENCH_ROOT']}/tests/bench")
import world
from server import free_port, start_server

RATE = int(os.environ.get("BENCH_API_RATE", "150"))
SECONDS = int(os.environ.get("BENCH_API_SECONDS", "20"))
CLIENTS = int(os.environ.get("BENCH_API_CLIENTS", "32"))
WORKERS = int(os.environ.get("BENCH_API_WORKERS", "4"))
ACCOUNTS = 10


def make_key():
    """A key for the integration user of operator V1."""
    operator = env["toll.operator"].search([("code", "=", "V1")])
    key = operator._make_api_key("bench", fields.Datetime.now() + timedelta(days=1))
    env.cr.commit()
    return key


class Load:
    """Sends event n at start + n / RATE, from whichever client is free."""

    def __init__(self, port, key):
        self._port, self._key = port, key
        self._lock, self._next = threading.Lock(), 0
        self.latencies, self.failures = [], []

    def run(self, count):
        self._start, self._count = time.perf_counter() + 0.5, count
        clients = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
        }
        while True:
            with self._lock:
                number, self._next = self._next, self._next + 1
            if number >= self._count:
                return
            due = self._start + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            at = datetime.now().astimezone() - timedelta(minutes=1)
            event = {
                "ref": f"B{self._count}-{number}",
                "occurred_at": at.isoformat(),
                "plaza": "VP",
                "lane": "1",
                "tag": f"VOLU{number % ACCOUNTS:08d}",
                "class": "A",
            }
            try:
                connection.request(
                    "POST", "/toll/api/v1/crossings", json.dumps(event), headers
                )
                answer = connection.getresponse()
                body = json.loads(answer.read())
                if answer.status != 200 or body["results"][0]["state"] != "posted":
                    self.failures.append(body)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(repr(error))
                connection.close()
            self.latencies.append(time.perf_counter() - due)


def main():
    accounts = world.build(env, ACCOUNTS, balance=100_000)
    key = make_key()
    port = free_port()
    server = start_server(port, WORKERS)
    try:
        warm = Load(port, key)
        warm.run(RATE * 3)  # warms every worker
        load = Load(port, key)
        load.run(RATE * SECONDS)
    finally:
        server.terminate()
        server.wait(30)
    env.cr.rollback()
    env.invalidate_all()
    spent = 100_000 * ACCOUNTS - sum(accounts.mapped("balance"))
    times = sorted(load.latencies)

    def share(part):
        return round(times[min(len(times) - 1, int(len(times) * part))] * 1000, 1)

    answer = {
        "events": len(times),
        "rate": RATE,
        "workers": WORKERS,
        "failures": len(load.failures),
        "warm_up_failures": len(warm.failures),
        "first_failure": str((warm.failures + load.failures)[:1])[:300],
        "p50_ms": share(0.5),
        "p95_ms": share(0.95),
        "p99_ms": share(0.99),
        "spent": round(spent, 2),
        "expected": 10.5 * (RATE * 3 + len(times)),
    }
    print("RESULT " + json.dumps(answer))


main()
