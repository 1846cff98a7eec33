"""Read crossing files of any layout into rows for the staging table.

>>> import io
>>> text = b"ref;occurred_at;plaza;plate\\nA1;2026-03-05T08:00:00;P1;abc-123\\n"
>>> ctx = Context(zones={"P1": "America/Mexico_City"})
>>> with open_source(io.BytesIO(text)) as stream:
...     (chunk,) = iter_chunks(stream, Layout.universal(), ctx)
>>> chunk.line_from, chunk.line_to, chunk.received
(2, 2, 1)
>>> chunk.data.split("\\t")[2:4]
['A1', '2026-03-05 14:00:00']
"""

from .errors import FAULT_CODES, Fault, IntakeError
from .layout import (
    CSV,
    ENCODINGS,
    FIXED,
    JSONL,
    KINDS,
    MAX_LENGTH,
    STAGE_COLUMNS,
    UNIVERSAL,
    XML,
    Column,
    Context,
    Layout,
)
from .parser import Chunk, iter_chunks, preview
from .source import file_digest, open_source
