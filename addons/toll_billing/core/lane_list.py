"""The list of TAGs that lanes accept or refuse, as it is asked for and sent."""

import json
from collections import namedtuple

KINDS = ("block", "valid")
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
COLUMNS = ("action", "tag", "epc", "plate", "class", "status", "reason", "since")
#: Versions are numbered in four bytes.
MAX_VERSION = 2**31 - 1

Query = namedtuple("Query", "kind since format")


class ListError(Exception):
    """What is wrong with a request: a word for programs, a sentence for people."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def parse_query(args, accept=""):
    """What a request for a list asks for.

    >>> parse_query({"kind": "block", "since": "7"})
    Query(kind='block', since=7, format='csv')
    >>> parse_query({"kind": "valid"}, "application/x-ndjson").format
    'jsonl'
    >>> parse_query({"kind": "grey"})
    Traceback (most recent call last):
    ...
    odoo.addons.toll_billing.core.lane_list.ListError: Say kind=block or kind=valid.
    """
    return Query(
        parse_kind(args.get("kind")),
        parse_version(args.get("since") or "0", "since"),
        _parse_format(args.get("format"), accept),
    )


def parse_kind(text):
    if text not in KINDS:
        raise ListError("bad_kind", "Say kind=block or kind=valid.")
    return text


def parse_version(value, name="version"):
    """A version as a number; 0 is the empty list before the first one.

    >>> parse_version("12"), parse_version(12)
    (12, 12)
    """
    text = str(value) if type(value) in (int, str) else ""
    if text.isascii() and text.isdigit() and int(text[:11]) <= MAX_VERSION:
        return int(text)
    raise ListError(f"bad_{name}", f"“{name}” is the number of a version.")


def _parse_format(text, accept):
    if not text:
        wants_lines = any(word in (accept or "") for word in ("ndjson", "jsonl"))
        return "jsonl" if wants_lines else "csv"
    if text not in FORMATS:
        raise ListError("bad_format", "Say format=csv or format=jsonl.")
    return text


def quote(text):
    """A word as a CSV cell.

    >>> print(quote("A"), quote("B,C"), quote('2"'), sep="; ")
    A; "B,C"; "2\"\""
    """
    if any(sign in text for sign in ',"\r\n'):
        return '"{}"'.format(text.replace('"', '""'))
    return text


def head(query, version, is_full, made_at):
    """The lines before the entries: what it is, and for CSV the columns.

    >>> print(head(Query("block", 3, "csv"), 9, False, "2026-05-04T10:00:00Z"), end="")
    # kind=block version=9 since=3 full=0 made_at=2026-05-04T10:00:00Z
    action,tag,epc,plate,class,status,reason,since
    """
    since = 0 if is_full else query.since
    if query.format == "jsonl":
        facts = {
            "kind": query.kind,
            "version": version,
            "since": since,
            "full": is_full,
            "made_at": made_at,
        }
        return json.dumps(facts) + "\n"
    return (
        f"# kind={query.kind} version={version} since={since} full={int(is_full)} "
        f"made_at={made_at}\n{','.join(COLUMNS)}\n"
    )
