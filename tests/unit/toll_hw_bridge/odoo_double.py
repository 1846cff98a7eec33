"""Plays Odoo's side of the wire contract, with the losses of a real network."""

import contextlib
import json
import random
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "selector.a-secret-of-the-encoder"


class OdooDouble:
    """Jobs are handed out in order, one attempt at a time, as Odoo does.

    `trouble` is the share of requests that meet with one: answers lost after they were
    acted on, connections dropped before, 500s, and rubbish.
    """

    def __init__(self, url, protocol, jobs, trouble=0.0, seed=0, **config):
        self.config = {
            "encoder": "Table 1",
            "protocol": protocol,
            "url": url,
            "region": "us",
            "power_dbm": 20.0,
            "poll_seconds": 0.2,
        } | config
        self.jobs = [dict(job, state="waiting", attempts=[]) for job in jobs]
        self.trouble = trouble
        self.rng = random.Random(f"odoo {seed}")
        self.open = None  # the attempt that was handed out
        self.results = {}  # attempt -> the first result
        self.repeated = 0
        self.requests = []
        self.refuse = None  # (status, code) of every result
        self.before = self.after = lambda name, body: None
        self._lock = threading.Lock()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size))
                double.serve(self, self.path.rsplit("/", 1)[-1], body)

            def log_message(self, *_arguments):
                """Nothing on the screen."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_request: None  # a killed agent's connection
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.http.shutdown()
        self.http.server_close()

    def serve(self, handler, name, body):
        trouble = self.rng.random() < self.trouble and self.rng.choice(
            ["drop", "lose", "500", "rubbish", "429"]
        )
        if handler.headers.get("Authorization") != f"Bearer {KEY}":
            return answer(handler, 401, {"error": "unauthorized"})
        if trouble == "drop":
            handler.close_connection = True
            return None
        if trouble == "500":
            return answer(handler, 500, {"error": "server_error"})
        if trouble == "429":
            return answer(handler, 429, {"error": "too_many_requests"})
        self.before(name, body)
        with self._lock:
            self.requests.append((name, body))
            status, reply = getattr(self, name)(body)
        self.after(name, body)
        if trouble == "lose":
            handler.close_connection = True
            return None
        if trouble == "rubbish":
            return answer(handler, 200, None)
        return answer(handler, status, reply)

    def hello(self, _body):
        return 200, self.config | {"server_time": "2026-01-01T00:00:00Z"}

    def poll(self, _body):
        if not self.open:
            job = next((job for job in self.jobs if job["state"] == "waiting"), None)
            if not job:
                return 200, {"job": None}
            job["state"] = "sent"
            job["attempts"].append(str(uuid.uuid4()))
            self.open = job
        job = self.open
        order = {key: job[key] for key in job if key not in ("state", "attempts")}
        return 200, {"job": order | {"attempt": job["attempts"][-1]}}

    def result(self, body):
        if self.refuse:
            status, code = self.refuse
            return status, {"error": code, "message": "as the test wants"}
        job = next((j for j in self.jobs if body["attempt"] in j["attempts"]), None)
        if not job or job["id"] != body["job"]:
            return 409, {"error": "unknown_attempt"}
        first = self.results.setdefault(body["attempt"], body)
        if first is not body:
            self.repeated += 1
            if first != body:
                return 409, {"error": "result_differs"}
            answer = {"accepted": True, "job_state": job["state"], "repeated": True}
            return 200, answer
        good = body["state"] == "done" and body.get("epc") == job.get("epc")
        if job.get("kind") == "read":
            good = body["state"] == "done"
        job["state"] = "done" if good else "waiting"
        if not good and body.get("tid"):
            job["expect_tid"] = body["tid"]  # it may carry the code already
        if len(job["attempts"]) >= job.get("most", 20) and not good:
            job["state"] = "failed"
        self.open = None
        return 200, {"accepted": True, "job_state": job["state"], "repeated": False}

    def finished(self):
        return all(job["state"] in ("done", "failed") for job in self.jobs)

    def release(self):
        """Take back what was handed out."""
        with self._lock:
            if self.open:
                self.open["state"] = "cancelled"
            self.open = None


def answer(handler, status, reply):
    data = b"<html>" if reply is None else json.dumps(reply).encode()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it was killed
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


def box(count, **more):
    """Return the jobs of a box of TAGs."""
    rng = random.Random("box")
    return [
        {
            "id": 100 + number,
            "epc": f"34{rng.randbytes(9).hex().upper()}{number:04X}",
            "access": rng.randbytes(4).hex().upper(),
            "kill": rng.randbytes(4).hex().upper(),
            "lock": {"epc": "locked", "access": "locked", "kill": "locked"},
            "expect_tid": None,
            "expect_epc": None,
            "number": f"TEST{number:08d}",
            "position": number + 1,
            "total": count,
        }
        | more
        for number in range(count)
    ]
