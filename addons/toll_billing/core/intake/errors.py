"""What the intake says when a file or a row cannot be used.

A file that cannot be used at all raises :class:`IntakeError`; a row that cannot be
used is still staged, with the code and the detail of its :class:`Fault`.
"""

import re

MALFORMED = "malformed"
AMBIGUOUS_TIME = "ambiguous_time"
LINE_TOO_LONG = "line_too_long"
BAD_ENCODING = "bad_encoding"
FIELD_COUNT = "field_count"
FAULT_CODES = (
    MALFORMED,
    AMBIGUOUS_TIME,
    LINE_TOO_LONG,
    BAD_ENCODING,
    FIELD_COUNT,
)

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class IntakeError(Exception):
    """The file as a whole cannot be loaded.

    :ivar code: stable word for programs, e.g. ``missing_column``
    :ivar message: English sentence that says what is wrong and what to do
    :ivar line: physical line of the file, where one is to blame
    :ivar column: name of the column, where one is to blame
    """

    def __init__(self, code, message, line=None, column=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column


class Fault(Exception):
    """One row, or one value of it, cannot be used."""

    def __init__(self, detail, code=MALFORMED):
        super().__init__(detail)
        self.code = code
        self.detail = detail


def shown(value, limit=60):
    r"""Quote a received value for a message: short, and safe to print.

    >>> shown("12,5x")
    "'12,5x'"
    >>> shown("a\x00b")
    "'a\\x00b'"
    >>> shown("x" * 100, limit=5)
    "'xxxxx…'"
    """
    text = value if len(value) <= limit else value[:limit] + "…"
    return f"'{printable(text)}'"


def printable(text):
    r"""Write control characters and lone surrogates as visible escapes.

    PostgreSQL stores neither NUL nor half a surrogate pair, so what was received is
    kept in a form that can be stored and still be recognised.

    >>> printable("a\x00b\ud800")
    'a\\x00b\\ud800'
    """
    return _UNPRINTABLE.sub(_escape, text)


def _escape(match):
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
