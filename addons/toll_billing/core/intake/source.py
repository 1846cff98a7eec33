"""Open what was received: plain or gzip, checked before the first row is used."""

import hashlib
import os
import zlib
from contextlib import contextmanager

from .errors import IntakeError

BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
# First bytes of what people send instead of a text file
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"Rar!", "a RAR archive"),
)
_TRUNCATED = (
    "The gzip file ends too early: it was cut off on its way. Send it again; "
    "nothing of it was loaded."
)
_DAMAGED = (
    "The gzip file is damaged ({error}). Send it again; nothing of it was loaded."
)


class GzipStream:
    """Readable stream over gzip data, in bounded memory, with exact errors.

    The standard library's reader is slower here, and does not tell a cut file from
    a damaged one.
    """

    def __init__(self, raw):
        self._raw = raw
        self._inflate = zlib.decompressobj(wbits=31)
        self._pending = b""
        self._began = False
        self._ended = False

    def read(self, size=-1):  # pylint: disable=method-required-super
        """Return up to ``size`` bytes (all of them when negative)."""
        if size < 0:
            return b"".join(iter(lambda: self.read(BLOCK), b""))
        parts, wanted = [], size
        while wanted > 0 and not self._ended:
            part = self._next(wanted)
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _next(self, size):
        if self._inflate.eof and not self._start_member():
            return b""
        data = self._pending or self._raw.read(BLOCK >> 2)
        if not data:
            if self._began:
                raise IntakeError("truncated_gzip", _TRUNCATED)
            self._ended = True
            return b""
        self._began = True
        try:
            part = self._inflate.decompress(data, size)
        except zlib.error as error:
            message = _DAMAGED.format(error=error)
            raise IntakeError("damaged_gzip", message) from None
        self._pending = self._inflate.unconsumed_tail
        return part

    def _start_member(self):
        """Go on with a further gzip member; False at the end of the file."""
        rest = self._inflate.unused_data or self._raw.read(BLOCK >> 2)
        rest = rest.lstrip(b"\0")  # gzip allows zero padding after the last member
        if not rest:
            self._ended = True
            return False
        if not _GZIP.startswith(rest[:2]):
            message = _DAMAGED.format(error="other data follows its end")
            raise IntakeError("damaged_gzip", message)
        self._pending = rest
        self._inflate = zlib.decompressobj(wbits=31)
        return True


def file_digest(fileobj):
    """Return the SHA-256 of a file object as hex, and leave it at its start.

    >>> import io
    >>> file_digest(io.BytesIO(b""))[:8]
    'e3b0c442'
    """
    digest = hashlib.sha256()
    fileobj.seek(0)
    while block := fileobj.read(BLOCK):
        digest.update(block)
    fileobj.seek(0)
    return digest.hexdigest()


@contextmanager
def open_source(source, check=True):
    """Open a path or a seekable binary file object as a stream of plain bytes.

    gzip is recognised by its content, not by its name. With ``check`` it is first
    read through, so that a damaged file is refused before any of its rows is used.

    >>> import gzip, io
    >>> with open_source(io.BytesIO(gzip.compress(b"a;b"))) as stream:
    ...     stream.read()
    b'a;b'
    """
    if isinstance(source, str | os.PathLike):
        with open(source, "rb") as fileobj:
            yield _open(fileobj, check)
    else:
        yield _open(source, check)


def _open(fileobj, check):
    fileobj.seek(0)
    head = fileobj.read(8)
    fileobj.seek(0)
    if not head:
        raise IntakeError("empty_file", "The file is empty. Send it again.")
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            raise IntakeError(
                "wrong_format",
                f"The file is {name}. Send the crossings as text (CSV or the agreed "
                "layout), plain or compressed with gzip.",
            )
    if not head.startswith(_GZIP):
        return fileobj
    if check:
        stream = GzipStream(fileobj)
        while stream.read(BLOCK):
            pass
        fileobj.seek(0)
    return GzipStream(fileobj)
