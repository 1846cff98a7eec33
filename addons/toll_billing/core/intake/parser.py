"""The intake's front door: a stream of bytes in, chunks of staging rows out."""

from dataclasses import dataclass
from itertools import islice

from .csv_lines import CsvLines
from .errors import IntakeError
from .layout import CSV, FIXED, JSONL, STAGE_COLUMNS, XML
from .lines import LongLine, iter_blocks
from .records import FixedLines, JsonLines
from .staging import NULL
from .times import Clock
from .values import Converter
from .xml_records import XmlRecords

_BATCH = 2_048  # rows converted at once: they stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of staged rows.

    :ivar line_from: physical line (XML: record) of the first row; the header is line 1
    :ivar line_to: the same of the last row
    :ivar received: rows in ``data``
    :ivar done: data lines of the file up to and including this chunk; passing it as
        ``skip`` goes on after this chunk
    :ivar data: rows of ``STAGE_COLUMNS`` for COPY in text format, each ended by a
        line feed
    """

    line_from: int
    line_to: int
    received: int
    done: int
    data: str


def iter_chunks(stream, layout, ctx, size=50_000, skip=0):
    """Yield the staged rows of a file in chunks.

    Every physical line that is not blank and not the header gives exactly one row.

    :param stream: readable binary stream, as open_source() gives it
    :param layout: Layout
    :param ctx: Context
    :param size: rows per chunk
    :param skip: data lines that were done by an earlier run
    :raises IntakeError: when the file as a whole cannot be used
    """
    layout.check()
    clock = Clock(ctx, layout.date_format)
    converter = Converter(layout, ctx.max_length)
    if layout.kind == XML:
        records = XmlRecords(layout, clock, converter)
        batches = records.batches(stream, skip, _BATCH)
    else:
        batches = _staged(stream, layout, clock, converter, skip, min(size, _BATCH))
    return _chunks(batches, size, skip)


def _chunks(batches, size, skip):
    """Join batches of (numbers, rows) to chunks of exactly ``size`` rows."""
    numbers, rows, done = [], [], skip
    try:
        for more_numbers, more_rows in batches:
            numbers += more_numbers
            rows += more_rows
            while len(rows) >= size:
                done += size
                yield _chunk(numbers[:size], rows[:size], done)
                del numbers[:size], rows[:size]
    except IntakeError:
        # What was read before the damage is complete: it must not get lost
        if rows:
            yield _chunk(numbers, rows, done + len(rows))
        raise
    if rows:
        yield _chunk(numbers, rows, done + len(rows))


def _chunk(numbers, rows, done):
    data = "\n".join(rows) + "\n"
    return Chunk(numbers[0], numbers[-1], len(rows), done, data)


def _staged(stream, layout, clock, converter, skip, size):
    """Yield (line numbers, staged rows) of a file made of lines."""
    reader = None
    if not layout.has_header or layout.kind != CSV:
        reader = _READERS[layout.kind](layout, clock, converter)
    header_due = layout.has_header
    for numbers, lines, is_last in _data_lines(stream, size):
        if header_due:
            header_due = False
            if reader is None:
                header = _header(lines[0], layout)
                reader = CsvLines(layout, clock, converter, header)
            numbers, lines = numbers[1:], lines[1:]
        if skip:
            passed = min(skip, len(lines))
            skip -= passed
            numbers, lines = numbers[passed:], lines[passed:]
        if lines:
            yield numbers, reader.stage(lines, numbers, is_last)
    if header_due:
        raise IntakeError("empty_file", "The file holds blank lines only.")


def _data_lines(stream, size):
    """Yield (numbers, non-blank lines, whether the file ends here)."""
    pending = None
    first = 1
    for block in iter_blocks(stream):
        numbers = list(range(first, first + len(block)))
        first += len(block)
        if b"" in block or not all(map(bytes.strip, block)):
            kept = [at for at, line in enumerate(block) if line.strip()]
            numbers = [numbers[at] for at in kept]
            block = [block[at] for at in kept]
        for start in range(0, len(block), size):
            if pending:
                yield *pending, False
            pending = numbers[start : start + size], block[start : start + size]
    if pending:
        yield *pending, True


def _header(line, layout):
    if type(line) is LongLine:
        raise IntakeError("bad_header", "The first line is too long.", line=1)
    try:
        header = line.removesuffix(b"\r").decode(layout.encoding)
    except UnicodeDecodeError as error:
        raise IntakeError(
            "bad_encoding",
            f"The header is not {error.encoding}. Save the file as UTF-8, or set the "
            "encoding of the profile.",
            line=1,
        ) from None
    if "\r" in header:
        raise IntakeError(
            "line_ends",
            "The lines end with a carriage return only. Save the file with line ends "
            "LF or CR LF.",
            line=1,
        )
    return header


_READERS = {CSV: CsvLines, FIXED: FixedLines, JSONL: JsonLines}


def preview(stream, layout, ctx, limit=20):
    """Return the first rows of a file as dicts of STAGE_COLUMNS, for people.

    >>> import io
    >>> from .layout import Context, Layout
    >>> text = b"ref,occurred_at,plaza,tag\\nA1,2026-03-05T08:00:00Z,P1,imdm1\\n"
    >>> (row,) = preview(io.BytesIO(text), Layout.universal(), Context())
    >>> row["line"], row["occurred_at"], row["tag"], row["lane"]
    ('2', '2026-03-05 08:00:00', 'IMDM1', None)
    """
    rows = []
    for chunk in islice(iter_chunks(stream, layout, ctx, size=limit), 1):
        for row in chunk.data[:-1].split("\n"):
            cells = [
                None if cell == NULL else unescape(cell) for cell in row.split("\t")
            ]
            rows.append(dict(zip(STAGE_COLUMNS, cells, strict=True)))
    return rows


def unescape(cell):
    r"""Read a value of PostgreSQL's COPY text format.

    >>> unescape("a\\tb\\\\n")
    'a\tb\\n'
    """
    if "\\" not in cell:
        return cell
    parts = cell.split("\\\\")
    for code, char in _UNESCAPES:
        parts = [part.replace(code, char) for part in parts]
    return "\\".join(parts)


_UNESCAPES = (
    ("\\t", "\t"),
    ("\\n", "\n"),
    ("\\r", "\r"),
    ("\\b", "\b"),
    ("\\f", "\f"),
    ("\\v", "\v"),
)
