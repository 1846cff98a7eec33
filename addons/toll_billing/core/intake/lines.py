"""Cut a byte stream into physical lines, in memory that does not depend on the file.

A physical line is a record. A line that is longer than any record can be is passed on
as a :class:`LongLine`: its beginning is kept, the rest is skipped while it streams by.
"""

from .errors import IntakeError
from .source import BLOCK

MAX_LINE = 64 * 1024
KEPT = 500
_UTF8_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class LongLine(bytes):
    """The beginning of a line that is too long to be a record."""


def check_encoding(head):
    """Refuse encodings whose characters are wider than a byte.

    >>> try:
    ...     check_encoding("ref;plaza".encode("utf-16-le"))
    ... except IntakeError as error:
    ...     print(error.message)
    The file is UTF-16. Save it again as UTF-8 and send that.
    """
    names = [name for bom, name in _WIDE_BOMS if head.startswith(bom)]
    if not names and head.count(0) * 4 >= len(head):
        names = ["UTF-16"]  # without a mark: every second byte is zero
    if not names:
        return
    raise IntakeError(
        "bad_encoding",
        f"The file is {names[0]}. Save it again as UTF-8 and send that.",
        line=1,
    )


def iter_blocks(stream, block_size=BLOCK):
    """Yield lists of lines as bytes, without their line feed, in file order.

    The lines of all lists together are the file's physical lines; a last line
    without line feed is one too. A byte order mark of UTF-8 is dropped.
    """
    tail = b""
    first = True
    while True:
        block = stream.read(block_size)
        if first and block:
            while len(block) < 4 and (more := stream.read(4)):
                block += more
            check_encoding(block[:4096])
            block = block.removeprefix(_UTF8_BOM)
            first = False
            if not block:
                continue
        if not block:
            break
        lines = (tail + block).split(b"\n")
        tail = lines.pop()
        if lines and len(max(lines, key=len)) > MAX_LINE:
            lines = [_cut(line) for line in lines]
        if len(tail) > MAX_LINE:
            tail, rest = _skip_line(stream, tail, block_size)
            lines.append(tail)
            # The tail ended inside this block: what follows it is not yet cut
            tail = rest if rest is not None else b""
            if b"\n" in tail:
                *more, tail = tail.split(b"\n")
                lines += [_cut(line) for line in more]
            if rest is None:
                yield lines
                return
        if lines:
            yield lines
    if tail:
        yield [_cut(tail)]


def _cut(line):
    return LongLine(line[:KEPT]) if len(line) > MAX_LINE else line


def _skip_line(stream, begin, block_size):
    """Skip to the end of a long line: (its beginning, what follows; None at EOF)."""
    begin = LongLine(begin[:KEPT])
    while block := stream.read(block_size):
        _, found, rest = block.partition(b"\n")
        if found:
            return begin, rest
    return begin, None
