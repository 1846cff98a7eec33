"""Turn one record into one row of the staging table, whatever is in it."""

import json
import re

from .errors import FIELD_COUNT, MALFORMED, Fault, printable, shown
from .layout import REQUIRED, UNIVERSAL

NULL = "\\N"
TIMES = {"occurred_at": "plaza", "entry_at": "entry_plaza"}
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what jsonb cannot hold
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "\t": "\\t",
        "\n": "\\n",
        "\r": "\\r",
        "\b": "\\b",
        "\f": "\\f",
        "\v": "\\v",
    }
)


def escape(text):
    r"""Write a value for PostgreSQL's COPY text format.

    >>> escape("C:\\lane\t1")
    'C:\\\\lane\\t1'
    """
    return text.translate(_ESCAPES)


def raw_json(values):
    """Return the JSON object of received values as COPY text.

    >>> raw_json({"note": 'a "b"'})
    '{"note": "a \\\\\\\\"b\\\\\\\\""}'
    """
    return escape(json.dumps(_safe(values), ensure_ascii=False))


def _safe(value):
    if isinstance(value, str):
        return _UNSTORABLE.sub(lambda match: printable(match.group()), value)
    if isinstance(value, dict):
        return {_safe(key): _safe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_safe(item) for item in value]
    return value


def check_text(text):
    """Raise Fault for characters that no value may have."""
    found = _CONTROL.search(text)
    if found:
        char = found.group()
        name = "a NUL byte" if char == "\0" else f"control character {shown(char)}"
        raise Fault(f"{name} at position {found.start() + 1}")


class Stager:
    """Write staging rows, one at a time.

    :param clock: Clock for the times
    :param converter: Converter for everything else
    :param sources: target → tuple of Column that feed it
    """

    def __init__(self, clock, converter, sources):
        self._clock = clock
        self._converter = converter
        self._sources = sources

    def row(self, line, get, received, extra):
        """Return the COPY row of a record.

        :param line: number of the physical line, or of the record
        :param get: function Column → received text
        :param received: function → dict of all that was received (for faulty rows)
        :param extra: dict of received values that feed no column
        """
        faults, staged, lost = [], {}, {}
        for target in UNIVERSAL:
            text = self._text(target, get)
            if not text:
                if target in REQUIRED:
                    faults.append(Fault(f"column {target}: is empty"))
                continue
            try:
                if target in TIMES:
                    zone_of = staged.get(TIMES[target]) or staged.get("plaza", "")
                    value = self._time(target, text, zone_of, get)
                else:
                    check_value(target, text)
                    value = self._converter.convert(target, text)
            except Fault as fault:
                faults.append(fault)
                continue
            if value:
                staged[target] = value
            else:
                lost[target] = text  # such as a TAG number of dots only
        cells = [str(line)]
        cells += [
            escape(staged[target]) if target in staged else NULL for target in UNIVERSAL
        ]
        for value in extra.values():
            try:
                _check_extra(value)
            except Fault as fault:
                faults.append(fault)
        if faults:
            cells += [*_verdict(faults), raw_json(received())]
        else:
            kept = extra | lost
            cells += [NULL, NULL, raw_json(kept) if kept else NULL]
        return "\t".join(cells)

    def _time(self, target, text, plaza, get):
        # The plaza may stand in a later column than the time that needs its zone
        if not plaza:
            plaza = self._text("plaza", get)
        return self._clock.parse(text, plaza, target)

    def _text(self, target, get):
        parts = []
        for column in self._sources.get(target, ()):
            text = column.constant or self._converter.blank(get(column))
            parts.append(column.values.get(text, text))
        return "".join(parts)

    @staticmethod
    def faulty(line, fault, received):
        """Return the COPY row of a record of which no column is usable."""
        cells = [str(line), *[NULL] * len(UNIVERSAL)]
        cells += [*_verdict([fault]), raw_json(received)]
        return "\t".join(cells)


def check_value(target, text):
    """Raise Fault, naming the column, for characters that no value may have."""
    try:
        check_text(text)
    except Fault as fault:
        raise Fault(f"column {target}: {fault.detail}") from None


def _check_extra(value):
    if isinstance(value, str):
        check_text(value)


def _verdict(faults):
    codes = [fault.code for fault in faults]
    code = codes[0] if len(set(codes)) == 1 else MALFORMED
    return code, escape(printable("; ".join(fault.detail for fault in faults)))


def count_fault(found, expected, is_last):
    """Return the Fault of a row that has not as many fields as the header."""
    detail = f"{found} fields where the header has {expected}"
    if is_last and found < expected:
        detail += "; the file ends within this line: it may have been cut off"
    return Fault(detail, FIELD_COUNT)
