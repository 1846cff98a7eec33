"""What this agent began and finished, on the disk before anything depends on it.

An attempt is started when it was taken, bound to a chip (TID) before the first write
to it, and then has a result, which waits until Odoo took it. So after a loss of power
it is known which TAG an attempt may have touched, and no result is lost. Passwords are
not kept here.
"""

import fcntl
import json
import os
import sqlite3
import time
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE attempt (
    attempt TEXT PRIMARY KEY,
    job INTEGER NOT NULL,
    number TEXT,
    epc TEXT,
    tid TEXT,
    started REAL NOT NULL,
    state TEXT,
    result TEXT,
    delivery TEXT
) WITHOUT ROWID;
CREATE INDEX attempt_tid ON attempt (tid) WHERE tid IS NOT NULL;
CREATE INDEX attempt_waiting ON attempt (started) WHERE delivery = 'waiting';
CREATE INDEX attempt_open ON attempt (started) WHERE result IS NULL;
PRAGMA user_version = 1;
"""
COLUMNS = "attempt, job, number, epc, tid, started, state, result, delivery"


class JournalError(Exception):
    """The journal cannot be used; nothing must be encoded without it."""


@dataclass(frozen=True)
class Entry:
    attempt: str
    job: int
    number: str | None
    epc: str | None
    tid: str | None
    started: float
    state: str | None  # done or failed, as reported
    result: dict | None
    delivery: str | None  # waiting, accepted, refused


class Journal:
    def __init__(self, folder):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = open(folder / "lock", "a")  # held as long as this runs
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(f"another agent uses {folder}") from error
        except OSError as error:
            raise JournalError(f"cannot use {folder}: {error}") from error
        path = folder / "journal.sqlite"
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            os.chmod(path, 0o600)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            if not self._db.execute("PRAGMA user_version").fetchone()[0]:
                self._db.executescript(f"BEGIN;{SCHEMA}COMMIT;")
        except sqlite3.Error as error:
            raise JournalError(f"cannot read {path}: {error}") from error

    def close(self):
        self._db.close()
        self._lock.close()

    def start(self, job):
        self._db.execute(
            "INSERT INTO attempt (attempt, job, number, epc, started)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (job.attempt, job.id, job.number, job.epc.hex().upper(), time.time()),
        )

    def bind(self, attempt, tid):
        """From now on this attempt is for this chip and no other."""
        changed = self._db.execute(
            "UPDATE attempt SET tid = ? WHERE attempt = ? AND result IS NULL"
            " AND (tid IS NULL OR tid = ?)",
            (tid, attempt, tid),
        ).rowcount
        if not changed:
            raise JournalError(f"attempt {attempt} is not open for {tid}")

    def finish(self, attempt, result):
        """Keep the result; the first one stays."""
        self._db.execute(
            "UPDATE attempt SET state = ?, result = ?, delivery = 'waiting'"
            " WHERE attempt = ? AND result IS NULL",
            (result["state"], json.dumps(result), attempt),
        )

    def deliver_again(self, attempt):
        self._set_delivery(attempt, "waiting")

    def delivered(self, attempt, accepted):
        self._set_delivery(attempt, "accepted" if accepted else "refused")

    def _set_delivery(self, attempt, delivery):
        self._db.execute(
            "UPDATE attempt SET delivery = ? WHERE attempt = ? AND result IS NOT NULL",
            (delivery, attempt),
        )

    def forget(self, attempt):
        """Odoo took the job back before a TAG was touched."""
        self._db.execute(
            "DELETE FROM attempt WHERE attempt = ? AND tid IS NULL AND result IS NULL",
            (attempt,),
        )

    def find(self, attempt):
        return next(self._entries("attempt = ?", attempt), None)

    def undelivered(self):
        return list(self._entries("delivery = 'waiting' ORDER BY started"))

    def unresolved(self):
        """Return what was begun and has no result: the agent was stopped meanwhile."""
        return list(self._entries("result IS NULL ORDER BY started"))

    def encoded_as(self, tid):
        """Return the last attempt that encoded this chip, or None."""
        where = "tid = ? AND state = 'done' ORDER BY started DESC LIMIT 1"
        return next(self._entries(where, tid), None)

    def last_touched(self):
        """Return the last attempt that had a TAG."""
        where = "tid IS NOT NULL ORDER BY started DESC LIMIT 1"
        return next(self._entries(where), None)

    def _entries(self, where, *values):
        query = f"SELECT {COLUMNS} FROM attempt WHERE {where}"
        for row in self._db.execute(query, values).fetchall():
            *head, result, delivery = row
            yield Entry(*head, json.loads(result) if result else None, delivery)
