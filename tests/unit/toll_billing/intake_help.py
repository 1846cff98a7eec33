"""Helpers of the intake's tests: build files, read staged rows back."""

import io

from odoo.addons.toll_billing.core.intake import (
    STAGE_COLUMNS,
    Context,
    Layout,
    iter_chunks,
    open_source,
)
from odoo.addons.toll_billing.core.intake.parser import unescape

HEADER = "operator,ref,occurred_at,plaza,lane,tag,plate,class,amount"
CONTEXT = Context(
    operator_code="CAPUFE",
    zones={"TJ": "America/Tijuana", "MX": "America/Mexico_City"},
    default_zone="America/Mexico_City",
)


def line(**values):
    """Return a line under HEADER; what is not given is that of a good row."""
    row = {
        "operator": "CAPUFE",
        "ref": "R1",
        "occurred_at": "2026-03-05T08:00:00Z",
        "plaza": "MX",
        "lane": "1",
        "tag": "IMDM30992039",
        "plate": "",
        "class": "A",
        "amount": "",
    } | values
    return ",".join(row[name] for name in HEADER.split(","))


def chunks(data, layout=None, context=CONTEXT, **options):
    """Return the chunks of a file given as bytes or text."""
    if isinstance(data, str):
        data = data.encode()
    with open_source(io.BytesIO(data)) as stream:
        return list(
            iter_chunks(stream, layout or Layout.universal(), context, **options)
        )


def rows(data, layout=None, context=CONTEXT, **options):
    """Return the staged rows as dicts; an empty column is None."""
    return [
        row
        for chunk in chunks(data, layout, context, **options)
        for row in read_copy(chunk.data)
    ]


def read_copy(data):
    """Read COPY text into dicts of STAGE_COLUMNS."""
    return [
        dict(zip(STAGE_COLUMNS, map(_value, text.split("\t")), strict=True))
        for text in data.removesuffix("\n").split("\n")
    ]


def _value(cell):
    return None if cell == "\\N" else unescape(cell)


def one(*lines, header=HEADER, **options):
    """Return the only staged row of a file of one data line."""
    (row,) = rows("\n".join([header, *lines]), **options)
    return row
