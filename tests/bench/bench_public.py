"""Public pages at a fixed rate, beside Odoo's own page, and what happens above it.

Runs inside ``scripts/odoo shell``. Requests go out on a timetable whether or not the
server keeps up, each on a connection of its own, as those of many visitors do. A mix of
start page, tariffs, legal texts, sign-up and quick top-up (form, look-up, confirmed
amount) is measured at the goal, then Odoo's own page (/contactus) at the same rate,
then the mix at a multiple of it while a member of staff reads from the back office.
"""

import http.client
import itertools
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, os.environ["BENCH_WORLD"])
sys.path.insert(0, f"{os.environ['BENCH_ROOT']}/tests/bench")
import world
from server import free_port, start_server

RATE = int(os.environ.get("BENCH_PUBLIC_RATE", "100"))
SECONDS = int(os.environ.get("BENCH_PUBLIC_SECONDS", "30"))
ABOVE = int(os.environ.get("BENCH_PUBLIC_ABOVE", "4"))
WORKERS = int(os.environ.get("BENCH_PUBLIC_WORKERS", "2"))
# as many connections as wait in the server's own queue; a reverse proxy keeps the rest
CLIENTS = int(os.environ.get("BENCH_PUBLIC_CLIENTS", str(8 * WORKERS)))
TIMEOUT = 20
# a visitor (or a proxy) who has waited so long in line goes away
PATIENCE = 5
BROWSER = {"Accept-Language": "es-MX,es", "User-Agent": "Mozilla/5.0 (X11; Linux)"}
ACCOUNTS = 50
MIX = [
    ("home", "/toll"),
    ("tariffs", "/toll/tariffs"),
    ("topup", "/toll/topup"),
    ("legal", "/toll/legal"),
    ("look-up", "/toll/topup"),
    ("tariffs", "/toll/tariffs"),
    ("signup", "/toll/signup"),
    ("confirm", "/toll/topup"),
    ("legal", "/toll/legal/conditions"),
    ("legal", "/toll/legal/privacy"),
]
OWN = [("contactus", "/contactus")]


def children(pid):
    """Process ids of the server and its workers."""
    tasks = Path(f"/proc/{pid}/task")
    found = [pid]
    for task in tasks.glob("*/children"):
        for child in task.read_text().split():
            found += children(int(child))
    return found


def cpu(pid):
    """Seconds of processor that the server's processes have used."""
    ticks = 0
    for child in children(pid):
        try:
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def ask(port, path, body=None, cookie=None):
    """(status, text, cookies) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        headers = {**BROWSER, **({"Cookie": cookie} if cookie else {})}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        cookies = "; ".join(
            part.split(";")[0] for part in answer.headers.get_all("Set-Cookie", [])
        )
        return answer.status, text, cookies
    finally:
        connection.close()


class Visitor:
    """A visitor who has the form before him: cookie and token."""

    def __init__(self, port):
        _status, text, self.cookie = ask(port, "/toll/topup")
        self.token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]

    def body(self, name, number):
        # every second plate is a customer's
        form = {"csrf_token": self.token, "plate": f"V{number % (2 * ACCOUNTS):05d}"}
        if name == "confirm":
            form["amount"] = "200"
        return urlencode(form)


class Load:
    """Sends request n at start + n / rate, from whichever client is free."""

    def __init__(self, port, mix, rate, visitors=()):
        self._port, self._mix, self._rate = port, mix, rate
        self._visitors = visitors
        self._numbers = itertools.count()
        self.times, self.given_up = {}, 0
        self.codes, self.errors = Counter(), []

    def run(self, seconds):
        self._start, self._count = time.perf_counter() + 0.5, int(self._rate * seconds)
        clients = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.seconds = time.perf_counter() - self._start
        return self

    def _client(self):
        while (number := next(self._numbers)) < self._count:
            name, path = self._mix[number % len(self._mix)]
            due = self._start + number / self._rate
            time.sleep(max(0.0, due - time.perf_counter()))
            if time.perf_counter() - due > PATIENCE:
                self.given_up += 1
                continue
            body = cookie = None
            if name in ("look-up", "confirm"):
                visitor = self._visitors[number % len(self._visitors)]
                body, cookie = visitor.body(name, number), visitor.cookie
            try:
                status, _text, _cookies = ask(self._port, path, body, cookie)
                self.codes[status] += 1
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(f"{path}: {error!r}")
                status = 0
            taken = time.perf_counter() - due
            self.times.setdefault(name if status == 200 else str(status), []).append(
                taken
            )

    def result(self):
        served = sorted(
            t for name, times in self.times.items() if name != "0" for t in times
        )
        answer = {
            "rate": self._rate,
            "requests": self._count,
            "answers_per_s": round(len(served) / self.seconds, 1),
            "failures": len(self.errors),
            "given_up": self.given_up,
            "status": dict(sorted(self.codes.items())),
            "p50_ms": share(served, 0.5),
            "p95_ms": share(served, 0.95),
            "p99_ms": share(served, 0.99),
            "p95_ms_by_page": {
                name: share(sorted(times), 0.95)
                for name, times in sorted(self.times.items())
            },
        }
        if self.errors:
            answer["first_failure"] = self.errors[0][:200]
        return answer


def share(times, part):
    if not times:
        return None
    return round(times[min(len(times) - 1, int(len(times) * part))] * 1000, 1)


class Staff(threading.Thread):
    """A member of staff who opens a list of accounts every half second."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self._port, self._end = port, threading.Event()
        self.times, self.failures = [], 0
        self.login()

    def login(self):
        _status, text, cookie = ask(self._port, "/web/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]
        form = {"csrf_token": token, "login": "admin", "password": "admin"}
        _status, _text, new = ask(self._port, "/web/login", urlencode(form), cookie)
        self.cookie = new or cookie

    def run(self):
        params = {
            "model": "toll.account",
            "method": "web_search_read",
            "args": [],
            "kwargs": {
                "domain": [],
                "specification": {"number": {}, "balance": {}},
                "limit": 80,
            },
        }
        body = json.dumps({"jsonrpc": "2.0", "params": params})
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        while not self._end.wait(0.5):
            start = time.perf_counter()
            connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=TIMEOUT
            )
            try:
                connection.request("POST", "/web/dataset/call_kw", body, headers)
                answer = json.loads(connection.getresponse().read())
                self.failures += "result" not in answer
            except (OSError, ValueError, http.client.HTTPException):
                self.failures += 1
            finally:
                connection.close()
            self.times.append(time.perf_counter() - start)

    def stop(self):
        self._end.set()
        self.join(TIMEOUT)
        times = sorted(self.times)
        return {
            "reads": len(times),
            "failures": self.failures,
            "p50_ms": share(times, 0.5),
            "p95_ms": share(times, 0.95),
        }


def measure(server, load, seconds):
    before = cpu(server.pid)
    result = load.run(seconds).result()
    used = cpu(server.pid) - before
    answers = max(1, result["requests"] - result["given_up"])
    result["server_cpu_ms_per_answer"] = round(used * 1000 / answers, 2)
    return result


def cpu_by_page(server, port, visitors, count=60):
    """Milliseconds of the server's processor per page, one request after the other."""
    answer = {}
    for name, path in dict([*MIX, *OWN, ("login", "/web/login")]).items():
        visitor = visitors[0]
        before = cpu(server.pid)
        for number in range(count):
            body = None
            if name in ("look-up", "confirm"):
                body = visitor.body(name, number)
            ask(port, path, body, visitor.cookie)
        answer[name] = round((cpu(server.pid) - before) * 1000 / count, 1)
    return answer


def set_pace(rate):
    """Pages a second of each process, known to all of them at once."""
    env["ir.config_parameter"].set_param("toll_account.public_pace", str(rate))
    env.cr.commit()
    env.registry.signal_changes()


def main():
    world.build(env, ACCOUNTS, balance=1000)
    env.company.write(
        # all visitors of the benchmark have one address
        {"toll_public_lookups": 0, "toll_public_misses": 0, "toll_public_brake": 0}
    )
    set_pace(RATE)
    env["res.users"].search([("login", "=", "admin")]).password = "admin"
    env.cr.commit()
    port = free_port()
    folder = tempfile.TemporaryDirectory()
    log = Path(folder.name, "server.log")
    server = start_server(port, WORKERS, log)
    try:
        visitors = [Visitor(port) for _ in range(20)]
        Load(port, MIX + OWN, 20, visitors).run(6)  # warms every worker
        pages = cpu_by_page(server, port, visitors)
        goal = measure(server, Load(port, MIX, RATE, visitors), SECONDS)
        own = measure(server, Load(port, OWN, RATE), min(SECONDS, 10))
        # half of what was just served: the rest of the machine is for who has signed in
        set_pace(max(1, int(goal["answers_per_s"] / WORKERS / 2)))
        staff = Staff(port)
        staff.start()
        above = measure(
            server, Load(port, MIX, RATE * ABOVE, visitors), min(SECONDS, 15)
        )
        above["back_office"] = staff.stop()
    finally:
        server.terminate()
        server.wait(30)
    errors = re.findall(r" (?:ERROR|CRITICAL) .*", log.read_text())
    answer = {
        "cpu_ms_by_page": pages,
        "goal": goal,
        "contactus": own,
        "above": above,
        "logged_errors": len(errors),
    }
    if errors:
        answer["first_error"] = errors[0][:300]
    print("RESULT " + json.dumps(answer))


main()
