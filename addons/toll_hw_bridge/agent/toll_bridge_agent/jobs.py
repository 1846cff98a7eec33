"""A job as Odoo sends it, checked before anything is done with it."""

import re
from dataclasses import dataclass, field, replace

from .encoding import Wish, check_lock

ATTEMPT = re.compile(r"[0-9A-Za-z-]{8,64}")
USER_BYTES = 64  # what one command of every protocol can write
HEX = re.compile(r"(?:[0-9A-Fa-f]{4})+")


class BadJob(ValueError):
    """Not a job that this agent understands."""


@dataclass(frozen=True)
class Job:
    id: int
    attempt: str
    kind: str
    epc: bytes
    number: str | None = None
    position: int | None = None
    total: int | None = None
    expect_tid: bytes | None = None
    expect_epc: bytes | None = None
    access: bytes | None = field(default=None, repr=False)
    kill: bytes | None = field(default=None, repr=False)
    lock: dict = field(default_factory=dict)
    user: bytes | None = None

    def wish(self, bound=None):
        """Return what the TAG shall hold; `bound` is the chip it must be."""
        wish = Wish(
            self.epc,
            access=self.access,
            kill=self.kill,
            lock=self.lock,
            user=self.user,
            expect_tid=self.expect_tid,
            expect_epc=None if bound else self.expect_epc,
        )
        return replace(wish, expect_tid=bound) if bound else wish


def parse(body):
    """Return the `Job`; BadJob says what is wrong, and never repeats a password.

    >>> parse({"id": 1, "attempt": "12345678", "epc": "30" * 12}).kind
    'encode'
    >>> parse({"id": 1, "attempt": "12345678", "epc": "30", "access": "secret"})
    Traceback (most recent call last):
    ...
    toll_bridge_agent.jobs.BadJob: epc
    """
    number, attempt = head(body)
    kind = body.get("kind") or "encode"
    if kind not in ("encode", "read"):
        raise BadJob("kind")
    lock = body.get("lock") or {}
    if not isinstance(lock, dict):
        raise BadJob("lock")
    job = Job(
        id=number,
        attempt=attempt,
        kind=kind,
        epc=_hex(body, "epc", 12) or b"",
        number=str(body["number"])[:64] if body.get("number") else None,
        position=body.get("position"),
        total=body.get("total"),
        expect_tid=_hex(body, "expect_tid"),
        expect_epc=_hex(body, "expect_epc"),
        access=_hex(body, "access", 4),
        kill=_hex(body, "kill", 4),
        lock=lock,
        user=_user(body),
    )
    if kind == "encode":
        try:
            check_lock(lock)
            job.wish()
        except (TypeError, ValueError) as error:
            raise BadJob(str(error)) from error
    return job


def head(body):
    """Return (job, attempt): what a result needs even when the rest is unusable."""
    number, attempt = body.get("id"), body.get("attempt")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadJob("id")
    if not isinstance(attempt, str) or not ATTEMPT.fullmatch(attempt):
        raise BadJob("attempt")
    return number, attempt


def _user(body):
    data = _hex(body, "user")
    if data and len(data) > USER_BYTES:
        raise BadJob("user")
    return data


def _hex(body, name, size=None):
    text = body.get(name)
    if not text:
        return None
    if not isinstance(text, str) or not HEX.fullmatch(text):
        raise BadJob(name)
    data = bytes.fromhex(text)
    if size and len(data) != size:
        raise BadJob(name)
    return data
