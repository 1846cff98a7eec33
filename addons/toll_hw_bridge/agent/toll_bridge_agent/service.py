"""Serve Odoo: ask for a job, encode, answer; and survive whatever fails meanwhile."""

import os
import random
import signal
import socket
import sqlite3
import sys
import threading
import time
import uuid
from pathlib import Path

from . import __version__, jobs, log
from .drivers import DRIVERS
from .encoding import Encoding
from .errors import EXIT_SERVER, EXIT_USAGE, AgentError
from .journal import Journal, JournalError
from .plate import Plate
from .reader import Reader
from .server import Refusal, Server, SetupError, Unreachable, read_key

HELLO_SECONDS = 60
BACK_OFF = (1, 60)
KEY_REFUSED_SECONDS = 60
SLOW_RETRY_SECONDS = 60
CABLE_SECONDS = 60  # to come back, for an attempt that has touched a TAG
READ_SECONDS = 10
FINAL = ("unknown_attempt", "wrong_encoder", "wrong_job", "result_differs")


class Stopped(Exception):
    """Somebody ends the program."""


class Withdrawn(Exception):
    """Odoo no longer wants this attempt."""


def serve(options):
    """Run until SIGTERM (or one job, with --once) and return the exit status."""
    try:
        key = read_key(options.key_file)
        server = Server(options.odoo, key, options.ca_file)
        journal = Journal(options.state or _state_folder())
    except (SetupError, JournalError) as error:
        sys.stderr.write(f"toll-bridge-agent: {error}\n")
        return EXIT_USAGE
    service = Service(server, journal, options)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: service.stop.set())
    try:
        return service.run()
    except (JournalError, sqlite3.Error) as error:
        # without it no TAG is touched; systemd tries again
        log.error("journal", message=error)
        return EXIT_SERVER
    finally:
        service.close()


def _state_folder():
    if folder := os.environ.get("STATE_DIRECTORY"):
        return Path(folder.split(":")[0])
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(home) / "toll-bridge-agent"


class Service:
    def __init__(self, server, journal, options):
        self.server = server
        self.journal = journal
        self.options = options
        self.plate = Plate(journal, options.patience)
        self.stop = threading.Event()
        self.boot = str(uuid.uuid4())
        self.reader = None
        self.config = {}
        self.status = 0
        self._failures = 0
        self._next_hello = 0.0
        self._next_poll = 0.0
        self._not_before = {}  # attempt -> when its result may be sent again
        self._left_over = {entry.attempt for entry in journal.unresolved()}

    def close(self):
        self._close_reader()
        self.journal.close()

    def run(self):
        log.info("start", version=__version__, odoo=self.server.base, boot=self.boot)
        while not self.stop.is_set():
            try:
                busy = self._step()
                self._failures = 0
                if self.options.once:
                    break
                if not busy:
                    self._pause(self._poll_seconds())
            except Unreachable as error:
                if self.options.once:
                    log.error("unreachable", message=error)
                    return EXIT_SERVER
                self._back_off(error)
            except Refusal as error:
                if self.options.once:
                    log.error("refused", message=error)
                    return EXIT_SERVER
                self._refused(error)
            except Stopped:
                break
        self._last_words()
        log.info("stop")
        return self.status

    # talking to Odoo

    def _step(self):
        """Do what is next; return whether there was something to do."""
        self._deliver()
        if time.monotonic() >= self._next_hello:
            self._hello()
        body = self._poll()
        if self._left_over:
            self._resolve_left_over(body)
        if body is None:
            return False
        fresh = self._handle(body)
        self._deliver()
        return fresh

    def _hello(self):
        encoder = {
            "protocol": self._protocol(),
            "url": self._url(),
            "firmware": self.reader.firmware if self.reader else None,
            "power": self.config.get("power_now") if self.reader else None,
            "user_memory": getattr(DRIVERS.get(self._protocol()), "user_memory", False),
        }
        config = self.server.post(
            "hello",
            {
                "agent": __version__,
                "host": socket.gethostname(),
                "boot": self.boot,
                "encoder": encoder,
            },
        )
        self._next_hello = time.monotonic() + HELLO_SECONDS
        wanted = ("protocol", "url", "region", "power_dbm")
        if any(config.get(name) != self.config.get(name) for name in wanted):
            self._close_reader()
            log.info("config", **{name: config.get(name) for name in wanted})
            self.config = config
        self.config |= {"poll_seconds": config.get("poll_seconds")}

    def _poll(self):
        self._next_poll = time.monotonic() + self._poll_seconds()
        answer = self.server.post("poll", {"boot": self.boot, "wait": 0})
        if answer.get("poll_seconds"):
            self.config["poll_seconds"] = answer["poll_seconds"]
        job = answer.get("job")
        return job if isinstance(job, dict) else None

    def _deliver(self):
        """Send the results that Odoo has not taken yet, the oldest first."""
        for entry in self.journal.undelivered():
            if self._not_before.get(entry.attempt, 0) > time.monotonic():
                continue
            try:
                answer = self.server.post("result", entry.result)
            except Refusal as refusal:
                if refusal.status in (401, 403):
                    raise
                final = refusal.status == 409 and refusal.code in FINAL
                log.error("result_refused", attempt=entry.attempt, message=refusal)
                if final:
                    self.journal.delivered(entry.attempt, accepted=False)
                else:
                    retry = time.monotonic() + SLOW_RETRY_SECONDS
                    self._not_before[entry.attempt] = retry
                continue
            self.journal.delivered(entry.attempt, accepted=True)
            log.info(
                "delivered",
                attempt=entry.attempt,
                accepted=answer.get("accepted"),
                job_state=answer.get("job_state"),
            )

    def _last_words(self):
        try:
            self._deliver()
        except (Unreachable, Refusal) as error:
            log.warning("undelivered", message=error)

    def _back_off(self, error):
        low, high = BACK_OFF
        longest = min(high, low * 2**self._failures)
        seconds = error.wait or longest * random.uniform(0.5, 1)
        self._failures = min(self._failures + 1, 10)
        log.warning("unreachable", message=error, wait=round(seconds, 1))
        self._pause(seconds)

    def _refused(self, refusal):
        log.error("refused", status=refusal.status, message=refusal)
        self._next_hello = 0.0
        self._pause(KEY_REFUSED_SECONDS if refusal.status in (401, 403) else 15)

    def _pause(self, seconds):
        self.stop.wait(seconds * self.options.patience)

    def _poll_seconds(self):
        try:
            return min(max(float(self.config.get("poll_seconds") or 2), 0.2), 60)
        except (TypeError, ValueError):
            return 2.0

    # jobs

    def _handle(self, body):
        """Do the job, unless it was done before; return whether it was new."""
        try:
            number, attempt = jobs.head(body)
        except jobs.BadJob as error:
            raise Unreachable(f"not a job: {error}") from error
        entry = self.journal.find(attempt)
        if entry and entry.result:
            self._not_before.pop(attempt, None)
            self.journal.deliver_again(attempt)
            log.info("known_attempt", attempt=attempt, state=entry.state)
            return False
        try:
            job = jobs.parse(body)
        except jobs.BadJob as error:
            bare = jobs.Job(number, attempt, "encode", b"")
            self.journal.start(bare)
            self._finish(bare, AgentError("protocol", f"job not understood: {error}"))
            return True
        self._left_over.discard(attempt)
        self.journal.start(job)
        log.info("job", job=job.id, attempt=attempt, kind=job.kind, number=job.number)
        started = time.monotonic()
        lines = []
        bound = bytes.fromhex(entry.tid) if entry and entry.tid else None
        try:
            outcome = self._do(job, bound, lines)
        except (Stopped, Withdrawn) as reason:
            self.journal.forget(attempt)
            log.info("left", attempt=attempt, why=type(reason).__name__.lower())
            if isinstance(reason, Stopped):
                raise
            return False
        except AgentError as error:
            outcome = error
        self._finish(job, outcome, lines, time.monotonic() - started)
        return True

    def _do(self, job, bound, lines):
        """Encode (or read) and return the outcome. A lost cable may come back."""
        patience = CABLE_SECONDS * self.options.patience
        lost = None
        while True:
            try:
                reader = self._open_reader()
                tag = self._wait_for_tag(reader, job, bound)
                if job.kind == "read":
                    return tag

                def bind(tid):
                    nonlocal bound
                    self.journal.bind(job.attempt, tid.hex().upper())
                    bound = tid

                reader.restart_clock()
                wish = job.wish(bound)
                return Encoding(reader, wish, bind, lines.append).run(tag)
            except AgentError as error:
                if error.code in ("cable", "timeout"):
                    self._close_reader()
                if error.code != "cable" or not bound:
                    raise
                now = time.monotonic()
                lost = lost or now
                if now - lost > patience or self.stop.is_set():
                    raise
                lines.append("connection lost, opened again")
            self._pause(0.5)

    def _wait_for_tag(self, reader, job, bound):
        if job.kind == "read":
            end = time.monotonic() + READ_SECONDS * self.options.patience
            while True:
                try:
                    return reader.acquire()
                except AgentError as error:
                    if error.code != "no_tag" or time.monotonic() > end:
                        raise
                self._between(job)
        return self.plate.wait(reader, job, bound, lambda: self._between(job, bound))

    def _between(self, job, bound=None):
        """End when asked to; ask Odoo now and then whether it still wants this."""
        if self.stop.is_set():
            raise Stopped
        if time.monotonic() < self._next_poll:
            return
        try:
            self._deliver()
            if time.monotonic() >= self._next_hello:
                self._hello()
            body = self._poll()
        except (Unreachable, Refusal) as error:
            log.warning("unreachable", message=error)
            self._next_poll = time.monotonic() + 10 * self.options.patience
            return
        if not self.reader:
            raise AgentError("cancelled", "the encoder was set up anew")
        if not bound and (body or {}).get("attempt") != job.attempt:
            raise Withdrawn

    def _finish(self, job, outcome, lines=(), seconds=0.0):
        """Keep the result, then tell it."""
        result = {
            "job": job.id,
            "attempt": job.attempt,
            "seconds": round(seconds, 2),
            "log": list(lines)[-50:],
        }
        if isinstance(outcome, AgentError):
            entry = self.journal.find(job.attempt)
            result |= {
                "state": "failed",
                "error": outcome.code,
                "message": str(outcome),
                "tid": entry.tid if entry else None,
            }
            if entry and entry.tid:
                self.plate.leave(job, bytes.fromhex(entry.tid), None)
            self.status = outcome.exit_status
        else:
            result |= {
                "state": "done",
                "epc": outcome.epc.hex().upper(),
                "tid": outcome.tid.hex().upper(),
                "rssi": outcome.rssi,
            }
            if job.kind == "encode":
                self.plate.leave(job, outcome.tid, outcome.epc)
                if outcome.user is not None:
                    result["user"] = outcome.user.hex().upper()
            self.status = 0
        self.journal.finish(job.attempt, result)
        told = {name: result.get(name) for name in ("state", "error", "message", "tid")}
        log.info("result", job=job.id, attempt=job.attempt, **told)

    def _resolve_left_over(self, body):
        """Answer what was begun before a stop and is not handed out again.

        Odoo decides what becomes of it; the chip that may have been touched is named.
        """
        current = (body or {}).get("attempt")
        for attempt in self._left_over - {current}:
            entry = self.journal.find(attempt)
            if not entry or entry.result:
                continue
            job = jobs.Job(entry.job, attempt, "encode", b"", entry.number)
            self._finish(job, AgentError("interrupted"), ["stopped in the middle"])
        self._left_over &= {current}
        self._deliver()

    # the reader

    def _protocol(self):
        return self.options.protocol or self.config.get("protocol")

    def _url(self):
        return self.options.port or self.config.get("url")

    def _open_reader(self):
        if self.reader:
            return self.reader
        url, protocol = self._url(), self._protocol()
        if not url or protocol not in DRIVERS:
            raise AgentError("protocol", f"unknown encoder {protocol} at {url}")
        options = self.options
        reader = Reader.open(
            url, protocol, options.baud, options.patience, options.timeout
        )
        try:
            region = options.region or self.config.get("region")
            if region and not reader.set_region(region):
                log.warning("region", region=region, message="not known to this reader")
            self.config["power_now"] = self._set_power(reader)
        except AgentError:
            reader.close()
            raise
        self.reader = reader
        log.info("encoder", url=url, protocol=protocol, firmware=reader.firmware)
        self._next_hello = 0.0  # say which firmware it is
        return reader

    def _set_power(self, reader):
        power = self.options.power
        if power is None:
            power = self.config.get("power_dbm")
        if isinstance(power, int | float) and power > 0:
            return reader.set_power(min(power, 33))
        return reader.get_power()

    def _close_reader(self):
        if self.reader:
            self.reader.close()
        self.reader = None
