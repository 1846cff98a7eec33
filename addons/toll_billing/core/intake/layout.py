"""How a file is laid out, and what the parser must know of the world around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .errors import IntakeError

CSV = "csv"
FIXED = "fixed"
JSONL = "jsonl"
XML = "xml"
KINDS = (CSV, FIXED, JSONL, XML)

# Columns of the universal file; "class" is staged as class_code
UNIVERSAL = (
    "operator",
    "ref",
    "occurred_at",
    "plaza",
    "lane",
    "tag",
    "plate",
    "class",
    "direction",
    "entry_plaza",
    "entry_at",
    "service",
    "amount",
    "currency",
    "status",
)
REQUIRED = ("ref", "occurred_at", "plaza")
IDENTITY = ("tag", "plate")
STAGE_COLUMNS = (
    "line",
    *("class_code" if name == "class" else name for name in UNIVERSAL),
    "fault",
    "detail",
    "raw",
)
# Encodings in which a line feed is the byte 0x0A and nothing else is
ENCODINGS = ("utf-8", "ascii", "iso-8859-1", "iso-8859-15", "cp1252", "cp850")
MAX_LENGTH = {
    "operator": 32,
    "ref": 64,
    "plaza": 32,
    "lane": 32,
    "tag": 40,
    "plate": 20,
    "class": 32,
    "direction": 16,
    "entry_plaza": 32,
    "service": 32,
    "currency": 3,
    "status": 32,
}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Where one target column comes from.

    Several columns with the same target are joined in their order, so a date and a
    time, or a TAG's prefix and number, may stand apart.

    :ivar target: one of ``UNIVERSAL``
    :ivar name: header of a CSV, dotted key of JSON (``vehicle.plate``), or path below
        the record in XML (``vehicle/plate``, ``@id``)
    :ivar position: first character (fixed width) or column number (CSV without
        header), from 1
    :ivar width: characters (fixed width)
    :ivar constant: used instead of a received value
    :ivar values: received value → our value; a value not listed stays as it is
    """

    target: str
    name: str = ""
    position: int = 0
    width: int = 0
    constant: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


_UNIVERSAL_COLUMNS = tuple(Column(name, name=name) for name in UNIVERSAL)


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a file.

    :ivar delimiter: empty means: find out from the header, ``,`` or ``;``
    :ivar has_header: CSV: the first line names the columns; fixed width and JSON
        lines: the first line is not data
    :ivar columns: empty means: the universal columns by their own names
    :ivar date_format: empty means ISO 8601; else as for ``strptime``, or ``epoch``,
        or ``epoch_ms``
    :ivar implied_decimals: an amount of 12345 with 2 means 123.45
    :ivar null_fill: a value made only of this character is empty
    :ivar record_tag: XML element that holds one crossing
    """

    kind: str = CSV
    delimiter: str = ""
    encoding: str = "utf-8"
    has_header: bool = True
    columns: tuple[Column, ...] = ()
    date_format: str = ""
    decimal_mark: str = "."
    implied_decimals: int = 0
    null_fill: str = ""
    record_tag: str = ""

    @classmethod
    def universal(cls):
        """Return the layout of the universal crossing file."""
        return cls()

    @property
    def bound_columns(self):
        """The columns to read: those configured, or the universal ones."""
        return self.columns or _UNIVERSAL_COLUMNS

    def check(self):
        """Raise IntakeError where the layout itself cannot work."""
        if self.kind not in KINDS:
            raise IntakeError("bad_layout", f"Unknown kind of file: {self.kind}.")
        if self.encoding not in ENCODINGS:
            raise IntakeError(
                "bad_layout",
                f"Encoding {self.encoding} is not supported; "
                f"use one of {', '.join(ENCODINGS)}.",
            )
        if self.decimal_mark not in (".", ","):
            raise IntakeError("bad_layout", "The decimal mark must be . or ,")
        if self.kind == XML and not self.record_tag:
            raise IntakeError("bad_layout", "An XML layout needs the record's tag.")
        if self.kind == FIXED and not self.columns:
            raise IntakeError("bad_layout", "A fixed-width layout needs columns.")
        for column in self.columns:
            self._check_column(column)
        if self.columns:
            self.check_targets({column.target for column in self.columns})

    def _check_column(self, column):
        label = column.target
        if label not in UNIVERSAL:
            raise IntakeError("bad_layout", f"Unknown target column {label}.")
        if column.constant:
            return
        if self.kind == FIXED:
            if column.position < 1 or column.width < 1:
                raise IntakeError(
                    "bad_layout",
                    f"Column {label} needs a position and a width of at least 1.",
                    column=label,
                )
        elif self.kind == CSV and not self.has_header:
            if column.position < 1:
                raise IntakeError(
                    "bad_layout",
                    f"Column {label} needs its number, because there is no header.",
                    column=label,
                )
        elif not column.name:
            raise IntakeError(
                "bad_layout", f"Column {label} needs a source name.", column=label
            )

    @staticmethod
    def check_targets(targets, line=None):
        """Raise IntakeError when a column without which nothing works is missing."""
        for name in REQUIRED:
            if name not in targets:
                raise IntakeError(
                    "missing_column",
                    f"Column {name} is missing. Add it to the header, or choose the "
                    f"profile that describes this file.",
                    line=line,
                    column=name,
                )
        if not targets.intersection(IDENTITY):
            raise IntakeError(
                "missing_column",
                "Neither column tag nor column plate is there. At least one of them "
                "is needed to know who crossed.",
                line=line,
                column="tag",
            )


@dataclass(frozen=True, slots=True)
class Context:
    """What the parser must know besides the file.

    :ivar operator_code: the operator whose file this is (for messages only: the
        operator column is staged as received)
    :ivar zones: plaza code → name of its time zone
    :ivar default_zone: zone of a plaza that is not in ``zones``
    :ivar now: moment of the load, UTC; kept for callers, the parser has no clock
    :ivar max_length: longest accepted value per column
    """

    operator_code: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)
    default_zone: str = "UTC"
    now: datetime | None = None
    max_length: Mapping[str, int] = field(default_factory=lambda: dict(MAX_LENGTH))
