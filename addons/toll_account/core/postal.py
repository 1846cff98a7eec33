"""Files of postal codes: the layout of the Mexican postal service, and plain CSV.

The Mexican file is Latin-1 text: a sentence about its licence, then a header and one
line per settlement, parted by ``|``. Other countries: CSV in UTF-8 with the columns
country, code, state, municipality, settlement and city; settlement_type is optional.
"""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

COLUMNS = ("country", "code", "state", "municipality", "settlement", "city")
#: What the Mexican post calls the states (INEGI's numbers), by their ISO-like codes.
STATES = dict(
    enumerate(
        "AGU BCN BCS CAM COA COL CHP CHH CMX DUR GUA GRO HID JAL MEX MIC MOR NAY NLE"
        " OAX PUE QUE ROO SLP SIN SON TAB TAM TLA VER YUC ZAC".split(),
        start=1,
    )
)
#: Lines before the header.
PREFACE = 3


class PostalError(ValueError):
    """A file, or a line of it, that is no register of postal codes."""

    def __init__(self, code, line=0, value=""):
        super().__init__(f"{code} {line} {value}")
        self.code, self.line, self.value = code, line, value


class Row(NamedTuple):
    country: str
    code: str
    state_code: str
    state: str
    municipality: str
    settlement: str
    settlement_type: str
    city: str


def read(content: bytes, country: str = "") -> Iterator[Row]:
    r"""Rows of a register.

    >>> mexican = (
    ...     "El Catálogo no puede ser comercializado.\n"
    ...     "d_codigo|d_asenta|d_tipo_asenta|D_mnpio|d_estado|d_ciudad|d_CP|c_estado\n"
    ...     "06600|Juárez|Colonia|Cuauhtémoc|Ciudad de México|Ciudad de México|0|09\n"
    ... ).encode("latin-1")
    >>> row = next(read(mexican))
    >>> row.code, row.state_code, row.settlement, row.country
    ('06600', 'CMX', 'Juárez', 'MX')
    >>> plain = "code;state;municipality;settlement;city\n28001;Madrid;Madrid;;Madrid\n"
    >>> next(read(plain.encode(), "ES")).country
    'ES'
    >>> next(read(b"a,b\n1,2\n"))
    Traceback (most recent call last):
    ...
    odoo.addons.toll_account.core.postal.PostalError: missing_column 0 code
    """
    head = content[:8192].split(b"\n", PREFACE)[:PREFACE]
    for number, line in enumerate(head):
        if line.strip().lower().startswith(b"d_codigo|"):
            return _read_mexican(content, number)
    return _read_plain(content, country)


def _read_mexican(content, skipped):
    text = io.StringIO(content.decode("latin-1"), newline=None)
    for _line in range(skipped):
        next(text)
    names = next(text).strip().lower().split("|")
    places = {name: place for place, name in enumerate(names)}
    wanted = [
        places.get(name)
        for name in (
            "d_codigo",
            "c_estado",
            "d_estado",
            "d_mnpio",
            "d_asenta",
            "d_tipo_asenta",
            "d_ciudad",
        )
    ]
    if None in wanted:
        raise PostalError("missing_column", skipped + 1, "d_codigo … c_estado")
    for number, line in enumerate(text, start=skipped + 2):
        cells = line.rstrip("\r\n").split("|")
        if len(cells) < len(names):
            if not line.strip(" \x1a\r\n"):
                continue
            raise PostalError("short_line", number, line.strip()[:60])
        code, state_code, *rest = (cells[place].strip() for place in wanted)
        if not (code.isdigit() and len(code) == 5 and state_code.isdigit()):
            raise PostalError("bad_code", number, code)
        yield Row("MX", code, STATES.get(int(state_code), ""), *rest)


def _read_plain(content, country):
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PostalError("not_utf8") from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    for name in COLUMNS[1:]:
        if name not in names:
            raise PostalError("missing_column", 0, name)
    for number, row in enumerate(rows, start=2):
        cells = {name: (row[key] or "").strip() for name, key in names.items()}
        land = (cells.get("country") or country).upper()
        code = cells["code"]
        if not code or len(code) > 16 or len(land) != 2:
            raise PostalError("bad_code", number, code)
        yield Row(
            land,
            code,
            "",
            cells["state"],
            cells["municipality"],
            cells["settlement"],
            cells.get("settlement_type", ""),
            cells["city"],
        )


def copy_text(rows) -> tuple[io.StringIO, int]:
    r"""The rows as the text that COPY reads, and how many they are.

    >>> row = Row("MX", "1", "", "a\tb", "", "c\\d", "", "")
    >>> copy_text([row])[0].read()
    'MX\t1\t\ta b\t\tc\\\\d\t\t\n'
    """
    text, count = io.StringIO(), 0
    for row in rows:
        cells = (
            " ".join(cell.replace("\x00", "").split()).replace("\\", "\\\\")
            for cell in row
        )
        text.write("\t".join(cells) + "\n")
        count += 1
    text.seek(0)
    return text, count
