"""Read CSV by whole columns; only rows that need it are looked at one by one.

A block of lines is split, turned into columns, and each column is converted at once.
A converter answers None for a value that it cannot take; the rows of such values, and
lines with control characters, a wrong number of fields or bytes of another encoding,
go through the Stager, which says what is wrong. Both ways give the same rows.
"""

import csv
import re
from itertools import repeat

from .columns import Columns
from .errors import BAD_ENCODING, LINE_TOO_LONG, Fault, IntakeError, shown
from .lines import KEPT, MAX_LINE, LongLine
from .staging import Stager, count_fault

_SPECIAL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\\\\]")
_SPECIAL_TABBED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\\\\]")
# Bytes of lines that need no second look: printable, and whatever UTF-8 is made of
_CLEAN = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), 0x0A} - {0x22, 0x5C})
_LINE = "_line"


class CsvLines:
    """Stage the lines of a CSV file.

    :param layout: Layout of kind CSV
    :param clock: Clock
    :param converter: Converter
    :param header: text of the header line; None when the layout has none
    """

    def __init__(self, layout, clock, converter, header=None):
        self._encoding = layout.encoding
        self._clock = clock
        self._converter = converter
        self._header = None if header is None else header.strip()
        self._width = None
        self._labels = []
        self._extra = []
        if header is None:
            self._delimiter = layout.delimiter or ","
            self._index = {
                column: column.position - 1
                for column in layout.columns
                if not column.constant
            }
        else:
            self._delimiter = layout.delimiter or sniff(header)
            self._index = self._bind(layout, self._read_names(header))
        sources = {}
        for column in layout.bound_columns:
            if column.constant or column in self._index:
                sources[column.target] = (*sources.get(column.target, ()), column)
        layout.check_targets(set(sources), line=1)
        tabbed = self._delimiter == "\t"
        self._special = _SPECIAL_TABBED if tabbed else _SPECIAL
        self._clean = _CLEAN + b"\t" if tabbed else _CLEAN
        self._stager = Stager(clock, converter, sources)
        self._columns = None
        if Columns.can_take(layout, sources):
            single = {target: columns[0] for target, columns in sources.items()}
            self._columns = Columns(converter, clock, single, self._index, self._extra)

    # Header

    def _read_names(self, header):
        try:
            names = next(csv.reader([header], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            message = f"The header cannot be read ({error}). Correct its quotes."
            raise IntakeError("bad_header", message, line=1) from None
        return [name.strip() for name in names]

    def _bind(self, layout, names):
        """Return Column → index in the line."""
        where = {}
        for index, name in enumerate(names):
            key = name.casefold()
            if key and key in where:
                raise IntakeError(
                    "duplicate_column",
                    f"Column {name} stands twice in the header. Remove or rename one.",
                    line=1,
                    column=name,
                )
            where[key] = index
        wanted = {
            column: column.name.strip().casefold()
            for column in layout.bound_columns
            if not column.constant
        }
        bound = {column: where[key] for column, key in wanted.items() if key in where}
        if not bound:
            raise IntakeError(
                "missing_header",
                f"The first line is no header: {shown(self._header)} names none of the "
                "expected columns. Put the column names in the first line.",
                line=1,
            )
        for column in layout.columns:  # what a profile names must be there
            if column in wanted and column not in bound:
                raise IntakeError(
                    "missing_column",
                    f"Column {column.name} is missing. Add it to the header, or choose "
                    "the profile that describes this file.",
                    line=1,
                    column=column.name,
                )
        self._width = len(names)
        self._labels = [name or f"column {at + 1}" for at, name in enumerate(names)]
        used = set(bound.values())
        self._extra = [
            (at, label) for at, label in enumerate(self._labels) if at not in used
        ]
        return bound

    # Many lines

    def stage(self, lines, numbers, is_last):
        """Return the COPY rows of non-blank lines (bytes), in their order.

        :param numbers: physical line numbers of the lines
        :param is_last: whether the file's last line is among them
        """
        data = b"\n".join(lines)
        rest = data.translate(None, self._clean)
        quoted = b'"' in rest
        if (
            self._columns is None
            or rest.strip(b'"\r')
            or LongLine in set(map(type, lines))
        ):
            return self._stage_mixed(lines, numbers, is_last)
        try:
            text = data.decode(self._encoding)
        except UnicodeDecodeError:
            return self._stage_mixed(lines, numbers, is_last)
        if b"\r" in rest:
            text = text.replace("\r\n", "\n").removesuffix("\r")
        if "\r" in text or not text.isascii() and self._special.search(text):
            return self._stage_mixed(lines, numbers, is_last)
        return self._stage_texts(text.split("\n"), numbers, is_last, quoted)

    def _stage_mixed(self, lines, numbers, is_last):
        """Stage lines of which some need a look of their own."""
        out = [None] * len(lines)
        clean, where = [], []
        last = len(lines) - 1
        for at, line in enumerate(lines):
            text = self._decode(line)
            if text is None or self._columns is None or self._special.search(text):
                out[at] = self._stage_one(line, numbers[at], is_last and at == last)
            else:
                clean.append(text)
                where.append(at)
        if clean:
            rows = self._stage_texts(
                clean,
                [numbers[at] for at in where],
                is_last and where[-1] == last,
                any('"' in text for text in clean),
            )
            for at, row in zip(where, rows, strict=True):
                out[at] = row
        return out

    def _decode(self, line):
        if type(line) is LongLine:
            return None
        try:
            return line.removesuffix(b"\r").decode(self._encoding)
        except UnicodeDecodeError:
            return None

    def _stage_texts(self, texts, numbers, is_last, quoted):
        """Stage lines without control characters, by columns."""
        if quoted:
            counts, columns = self._split_quoted(texts)
        else:
            counts, columns = self._split(texts)
        if counts is None:
            last = len(texts) - 1
            return [
                self._stage_text(text, number, is_last and at == last)
                for at, (text, number) in enumerate(zip(texts, numbers, strict=True))
            ]
        if columns is None:
            return self._stage_uneven(counts, texts, numbers, is_last, quoted)
        rows = self._columns.stage(columns, numbers)
        if None in rows:
            for at, row in enumerate(rows):
                if row is None:
                    rows[at] = self._stage_text(texts[at], numbers[at], False)
        return rows

    def _split(self, texts):
        """Return (fields of each line, columns); no columns where fields differ."""
        delimiter = self._delimiter
        counts = list(map(str.count, texts, repeat(delimiter)))
        if self._width is None:
            self._width = counts[0] + 1
        width = self._width
        if counts.count(width - 1) != len(counts):
            return [count + 1 for count in counts], None
        # One split for all lines: a list per line costs more than its fields
        fields = delimiter.join(texts).split(delimiter)
        return counts, [fields[at::width] for at in range(width)]

    def _split_quoted(self, texts):
        """The same for lines with quotes; no counts where a quote is wrong."""
        if self._delimiter == "\t":
            return None, None  # a quoted field may hold a tab, which columns must not
        try:
            rows = list(csv.reader(texts, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None, None
        if len(rows) != len(texts):
            return None, None  # an open quote has swallowed a line
        counts = list(map(len, rows))
        if self._width is None:
            self._width = counts[0]
        if counts.count(self._width) != len(counts):
            return counts, None
        return counts, list(zip(*rows, strict=True))

    def _stage_uneven(self, counts, texts, numbers, is_last, quoted):
        """Stage lines of which some have not as many fields as the header."""
        width, last = self._width, len(texts) - 1
        even = [at for at, count in enumerate(counts) if count == width]
        out = [None] * len(texts)
        if even:
            rows = self._stage_texts(
                [texts[at] for at in even],
                [numbers[at] for at in even],
                is_last and even[-1] == last,
                quoted,
            )
            for at, row in zip(even, rows, strict=True):
                out[at] = row
        for at, count in enumerate(counts):
            if count != width:
                fault = count_fault(count, width, is_last and at == last)
                out[at] = self._stager.faulty(numbers[at], fault, {_LINE: texts[at]})
        return out

    # Single lines

    def _stage_one(self, line, number, is_last):
        if type(line) is LongLine:
            fault = Fault(
                f"the line is longer than {MAX_LINE // 1024} KiB; "
                f"its first {KEPT} characters are kept",
                LINE_TOO_LONG,
            )
            text = line.decode(self._encoding, "backslashreplace")
            return self._stager.faulty(number, fault, {_LINE: text})
        try:
            text = line.removesuffix(b"\r").decode(self._encoding)
        except UnicodeDecodeError as error:
            return self._stager.faulty(
                number,
                encoding_fault(error),
                {_LINE: line.decode(self._encoding, "backslashreplace")},
            )
        return self._stage_text(text, number, is_last)

    def _stage_text(self, text, number, is_last):
        try:
            fields = next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            fault = Fault(f"quotes: {error}")
            return self._stager.faulty(number, fault, {_LINE: text})
        if self._width is None:
            self._width = len(fields)
        if len(fields) != self._width:
            fault = count_fault(len(fields), self._width, is_last)
            return self._stager.faulty(number, fault, {_LINE: text})
        if self._header is not None and text.strip() == self._header:
            fault = Fault("the header line is repeated")
            return self._stager.faulty(number, fault, {_LINE: text})
        extra = {
            name: fields[index] for index, name in self._extra if fields[index].strip()
        }
        names = self._labels or [f"column {at + 1}" for at in range(len(fields))]
        return self._stager.row(
            number,
            lambda column: fields[self._index[column]],
            lambda: dict(zip(names, fields, strict=True)),
            extra,
        )


def sniff(header):
    """Return the delimiter of a universal header.

    >>> sniff("ref;occurred_at;plaza")
    ';'
    """
    return ";" if header.count(";") > header.count(",") else ","


def encoding_fault(error):
    """Return the Fault of a line whose bytes are not of the file's encoding."""
    byte = error.object[error.start]
    return Fault(
        f"byte 0x{byte:02X} at position {error.start + 1} is not {error.encoding}; "
        "save the file as UTF-8, or set the encoding of the profile",
        BAD_ENCODING,
    )
