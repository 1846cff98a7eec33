"""What agents say, checked word by word before anything else sees it."""

import json
import math
import re
from typing import NamedTuple

from .errors import BridgeError

TEXT = 200
MESSAGE = 500
LOG_LINES = 100
_BOOT = re.compile(r"[0-9A-Za-z-]{8,64}")
_HEX = re.compile(r"(?:[0-9A-F]{4}){2,31}")
_WORDS = re.compile(r"(?:[0-9A-F]{4}){1,32}")
_CODE = re.compile(r"[a-z_]{1,40}")


class Hello(NamedTuple):
    boot: str
    agent: str
    host: str
    protocol: str
    url: str
    firmware: str
    power: float | None
    user_memory: bool


class Poll(NamedTuple):
    boot: str


class Result(NamedTuple):
    job: int
    attempt: str
    state: str
    epc: str | None
    tid: str | None
    error: str | None
    message: str
    rssi: int | None
    seconds: float
    log: str
    user: str | None = None


def parse_hello(body):
    """
    >>> hello = parse_hello({"boot": "12345678-aa", "agent": "1.0", "host": "box"})
    >>> hello.host, hello.firmware, hello.power
    ('box', '', None)
    """
    encoder = body.get("encoder") or {}
    if not isinstance(encoder, dict):
        raise _bad("encoder")
    return Hello(
        _boot(body),
        _text(body, "agent"),
        _text(body, "host"),
        _text(encoder, "protocol"),
        _text(encoder, "url"),
        _text(encoder, "firmware"),
        _number(encoder, "power"),
        encoder.get("user_memory") is True,
    )


def parse_poll(body):
    """
    >>> parse_poll({"boot": "short"})
    Traceback (most recent call last):
    ...
    odoo.addons.toll_hw_bridge.core.errors.BridgeError: bad_value: “boot” is not valid.
    """
    return Poll(_boot(body))


def parse_result(body):
    """
    >>> result = parse_result(
    ...     {"job": 7, "attempt": "12345678-aa", "state": "done",
    ...      "epc": "3414257bf40000000000162e", "tid": "e280116060000209"})
    >>> result.epc, result.tid, result.error
    ('3414257BF40000000000162E', 'E280116060000209', None)
    """
    job, attempt = body.get("job"), body.get("attempt")
    if not isinstance(job, int) or isinstance(job, bool) or not 0 < job < 2**31:
        raise _bad("job")
    if not isinstance(attempt, str) or not _BOOT.fullmatch(attempt):
        raise _bad("attempt")
    if body.get("state") not in ("done", "failed"):
        raise _bad("state")
    error = body.get("error") or None
    if error is not None and not (isinstance(error, str) and _CODE.fullmatch(error)):
        raise _bad("error")
    rssi = _number(body, "rssi")
    return Result(
        job,
        attempt,
        body["state"],
        _hex(body, "epc"),
        _hex(body, "tid"),
        error,
        _text(body, "message", MESSAGE),
        None if rssi is None else max(-200, min(200, round(rssi))),
        max(0.0, min(86_400.0, _number(body, "seconds") or 0.0)),
        _log(body.get("log")),
        _words(body, "user"),
    )


def _bad(name):
    return BridgeError("bad_value", f"“{name}” is not valid.")


def _boot(body):
    boot = body.get("boot")
    if not isinstance(boot, str) or not _BOOT.fullmatch(boot):
        raise _bad("boot")
    return boot


def _clean(text):
    """PostgreSQL text holds neither NUL nor lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _text(body, name, limit=TEXT):
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise _bad(name)
    return _clean(str(value))[:limit]


def _number(body, name):
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(name)
    if not -1e6 < value < 1e6 or math.isnan(value):
        raise _bad(name)
    return value


def _hex(body, name):
    value = body.get(name)
    if not value:
        return None
    if not isinstance(value, str) or not _HEX.fullmatch(value.upper()):
        raise _bad(name)
    return value.upper()


def _words(body, name):
    value = body.get(name)
    if not value:
        return None
    if not isinstance(value, str) or not _WORDS.fullmatch(value.upper()):
        raise _bad(name)
    return value.upper()


def _log(lines):
    """The agent's log as text: at most so many lines of so many characters."""
    if lines is None:
        return ""
    if isinstance(lines, str):
        lines = lines.splitlines()
    if not isinstance(lines, list):
        raise _bad("log")
    texts = [
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
        for line in lines[-LOG_LINES:]
    ]
    return "\n".join(_clean(text)[:TEXT] for text in texts)
