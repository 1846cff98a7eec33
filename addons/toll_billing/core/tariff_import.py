"""Read a price matrix as people keep it in a spreadsheet.

Two layouts, told apart by the header. A *list* has a column ``amount`` and one price
per line. A *matrix* has one column per vehicle class, and a heading may stand for
several classes: ``C2-C4`` or ``C2, C3``. Columns ``entry``, ``band``, ``day_type`` and
``service`` are optional in both. Words are accepted in English and Spanish.

>>> rows, faults = read_rows([["Caseta", "A", "C2-C3"], ["101", "149", "1,273.50"]])
>>> [(row.plaza, row.class_code, str(row.amount)) for row in rows]
[('101', 'A', '149'), ('101', 'C2', '1273.50'), ('101', 'C3', '1273.50')]
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

HEADINGS = {
    "plaza": "plaza",
    "caseta": "plaza",
    "exit": "plaza",
    "salida": "plaza",
    "entry": "entry",
    "entry plaza": "entry",
    "entrada": "entry",
    "class": "class",
    "clase": "class",
    "band": "band",
    "banda": "band",
    "franja": "band",
    "day type": "day_type",
    "day": "day_type",
    "tipo de dia": "day_type",
    "dia": "day_type",
    "service": "service",
    "servicio": "service",
    "amount": "amount",
    "price": "amount",
    "importe": "amount",
    "tarifa": "amount",
    "precio": "amount",
}
IGNORED = {"plaza name", "name", "nombre", "nombre de la caseta", "currency", "moneda"}
DAY_WORDS = {
    "": "any",
    "any": "any",
    "todos": "any",
    "cualquiera": "any",
    "weekday": "weekday",
    "laborable": "weekday",
    "saturday": "saturday",
    "sabado": "saturday",
    "sunday": "sunday",
    "domingo": "sunday",
    "holiday": "holiday",
    "festivo": "holiday",
}
BAND_WORDS = {"": "all", "todas": "all", "todo el dia": "all", "all day": "all"}
EMPTY = {"", "-", "–", "—", "n/a"}
_RANGE = re.compile(r"^([A-Z]+)(\d+)\s*-\s*([A-Z]*)(\d+)$")
_NUMBER = re.compile(r"^-?\d{1,3}(,\d{3})*(\.\d+)?$|^-?\d+(\.\d+)?$")
_AMBIGUOUS = re.compile(r"^-?[1-9]\d{0,2}\.\d{3}$")
_DECIMAL_COMMA = re.compile(r"^-?\d{1,3}(\.\d{3})*,\d{1,2}$|^-?\d+,\d{1,2}$")


@dataclass(frozen=True, slots=True)
class Row:
    """One price as read; ``line`` and ``column`` are those of the spreadsheet."""

    line: int
    column: str
    plaza: str
    class_code: str
    amount: Decimal
    entry: str = ""
    band: str = "all"
    day_type: str = "any"
    service: str = "toll"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where: ``code`` with the offending text."""

    line: int
    column: str
    code: str
    text: str = ""


def column_letter(index: int) -> str:
    """Name of a column as spreadsheets show it.

    >>> column_letter(0), column_letter(25), column_letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def plain(text: str) -> str:
    """Lower case, no accents, single spaces: how headings and words are compared.

    >>> plain("  Tipo_de  Día ")
    'tipo de dia'
    """
    text = unicodedata.normalize("NFKD", text.replace("_", " "))
    text = "".join(char for char in text if not unicodedata.combining(char))
    return " ".join(text.lower().split())


def text_of(value) -> str:
    """Text of a spreadsheet cell; a whole number loses its ``.0``.

    >>> text_of(101.0), text_of(None), text_of(" 7 ")
    ('101', '', '7')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def parse_amount(text: str) -> Decimal:
    """A price with or without currency sign and separators of thousands.

    What could mean two amounts is refused, not guessed.

    >>> [str(parse_amount(t)) for t in ("$1,041.00", "64,50", "1.041,50", "149")]
    ['1041.00', '64.50', '1041.50', '149']
    >>> parse_amount("1.041")
    Traceback (most recent call last):
    ...
    ValueError: 1.041
    """
    text = text.replace("$", "").replace("\u00a0", "").replace(" ", "")
    if _DECIMAL_COMMA.match(text):
        text = text.replace(".", "").replace(",", ".")
    elif _NUMBER.match(text) and not _AMBIGUOUS.match(text):
        text = text.replace(",", "")
    else:
        raise ValueError(text)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def read_csv(content: bytes) -> list[list[str]]:
    """Lines of a CSV file as spreadsheets write it: any separator, any usual encoding.

    >>> read_csv("Caseta;A\\n101;1,50".encode("cp1252"))
    [['Caseta', 'A'], ['101', '1,50']]
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    header = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=header.count)
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def expand_classes(heading: str) -> list[str]:
    """Class codes that a column heading stands for.

    >>> expand_classes("C2-C4"), expand_classes("b2, B3"), expand_classes("T-1")
    (['C2', 'C3', 'C4'], ['B2', 'B3'], ['T-1'])
    """
    codes = []
    for part in re.split(r"[,/;]", heading.upper()):
        part = part.strip()
        match = _RANGE.match(part)
        if match and match[3] in ("", match[1]) and int(match[2]) < int(match[4]):
            numbers = range(int(match[2]), int(match[4]) + 1)
            codes += [f"{match[1]}{number}" for number in numbers]
        elif part:
            codes.append(part)
    return codes


def _read_header(header: Sequence[str]):
    """Columns by meaning, columns by class codes, faults."""
    columns, classes, faults = {}, {}, []
    for index, heading in enumerate(header):
        word = plain(heading)
        if not word or word in IGNORED:
            continue
        meaning = HEADINGS.get(word)
        if meaning is None:
            classes[index] = expand_classes(heading)
        elif meaning in columns:
            faults.append(Fault(1, column_letter(index), "heading_twice", heading))
        else:
            columns[meaning] = index
    if "plaza" not in columns:
        faults.append(Fault(1, "", "no_plaza_column"))
    if "amount" in columns and "class" not in columns:
        faults.append(Fault(1, "", "no_class_column"))
    if "amount" not in columns and not classes:
        faults.append(Fault(1, "", "no_price_column"))
    if "amount" in columns:
        classes = {}
    return columns, classes, faults


def _day_type(text: str) -> str:
    return DAY_WORDS[plain(text)]


def _band(text: str) -> str:
    return BAND_WORDS.get(plain(text), text.strip())


def read_rows(table: Iterable[Sequence]) -> tuple[list[Row], list[Fault]]:
    """Prices and faults of a table whose first line is the header.

    Empty lines are skipped, and so are empty prices of a matrix. Every fault is found,
    not only the first.
    """
    lines = enumerate(table, start=1)
    first = next(lines, None)
    if first is None:
        return [], [Fault(1, "", "empty")]
    columns, classes, faults = _read_header([text_of(value) for value in first[1]])
    if faults:
        return [], faults
    rows = []
    for line, values in lines:
        texts = [text_of(value) for value in values]
        if any(texts):
            _read_line(line, texts, columns, classes, rows, faults)
    if not rows and not faults:
        faults.append(Fault(1, "", "empty"))
    return rows, faults + _twice(rows)


def _read_line(line, texts, columns, classes, rows, faults):
    def cell(meaning):
        index = columns.get(meaning)
        return texts[index] if index is not None and index < len(texts) else ""

    def letter(meaning):
        return column_letter(columns[meaning]) if meaning in columns else ""

    plaza = cell("plaza")
    if not plaza:
        faults.append(Fault(line, letter("plaza"), "no_plaza"))
        return
    try:
        day_type = _day_type(cell("day_type"))
    except KeyError:
        fault = Fault(line, letter("day_type"), "bad_day_type", cell("day_type"))
        faults.append(fault)
        return
    if "amount" in columns:
        class_code = cell("class").upper()
        if not class_code:
            faults.append(Fault(line, letter("class"), "no_class"))
            return
        prices = [(letter("amount"), cell("amount"), [class_code])]
    else:
        prices = [
            (column_letter(index), texts[index], codes)
            for index, codes in classes.items()
            if index < len(texts) and texts[index] not in EMPTY
        ]
    for column, text, codes in prices:
        try:
            amount = parse_amount(text)
        except ValueError:
            faults.append(Fault(line, column, "bad_amount", text))
            continue
        if amount < 0:
            faults.append(Fault(line, column, "negative", text))
            continue
        for code in codes:
            row = Row(
                line=line,
                column=column,
                plaza=plaza,
                class_code=code,
                amount=amount,
                entry=cell("entry"),
                band=_band(cell("band")),
                day_type=day_type,
                service=cell("service").lower() or "toll",
            )
            rows.append(row)


def _twice(rows: list[Row]) -> list[Fault]:
    """Prices given a second time in the same file."""
    seen, faults = {}, []
    for row in rows:
        key = (
            row.plaza,
            row.entry,
            row.class_code,
            row.band,
            row.day_type,
            row.service,
        )
        if key in seen:
            fault = Fault(row.line, row.column, "price_twice", str(seen[key]))
            faults.append(fault)
        else:
            seen[key] = row.line
    return faults
