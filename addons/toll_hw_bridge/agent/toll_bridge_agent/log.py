"""One line per event on standard error, as key=value; systemd's journal keeps it."""

import os
import sys
import time

UNDER_SYSTEMD = "JOURNAL_STREAM" in os.environ  # which adds the time itself


def line(level, event, **fields):
    """Return the line.

    >>> line("info", "result", job=7, message='no "TAG"', tid=None)
    'level=info event=result job=7 message="no \\\\"TAG\\\\""'
    """
    words = {"level": level, "event": event} | fields
    shown = (f"{key}={_quoted(value)}" for key, value in words.items())
    return " ".join(text for text in shown if not text.endswith("=None"))


def _quoted(value):
    text = str(value)
    if text and text.isprintable() and not set(text) & set(' "=\\'):
        return text
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def info(event, **fields):
    _write("info", event, fields)


def warning(event, **fields):
    _write("warning", event, fields)


def error(event, **fields):
    _write("error", event, fields)


def _write(level, event, fields):
    stamp = "" if UNDER_SYSTEMD else time.strftime("%Y-%m-%dT%H:%M:%S%z ")
    sys.stderr.write(f"{stamp}{line(level, event, **fields)}\n")
    sys.stderr.flush()
