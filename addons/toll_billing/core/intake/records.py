"""Read fixed-width lines and JSON lines."""

import json

from .csv_lines import encoding_fault
from .errors import LINE_TOO_LONG, Fault, shown
from .lines import KEPT, MAX_LINE, LongLine
from .staging import Stager

_LINE = "_line"


class LineRecords:
    """Stage lines one at a time; subclasses say what a line holds."""

    def __init__(self, layout, clock, converter):
        self._layout = layout
        sources = {}
        for column in layout.bound_columns:
            sources[column.target] = (*sources.get(column.target, ()), column)
        self._stager = Stager(clock, converter, sources)

    def stage(self, lines, numbers, is_last):
        """Return the COPY rows of non-blank lines (bytes), in their order."""
        last = len(lines) - 1
        return [
            self._stage_line(line, number, is_last and at == last)
            for at, (line, number) in enumerate(zip(lines, numbers, strict=True))
        ]

    def _stage_line(self, line, number, is_last):
        encoding = self._layout.encoding
        received = {}
        try:
            if type(line) is LongLine:
                received = {_LINE: line.decode(encoding, "backslashreplace")}
                raise Fault(
                    f"the line is longer than {MAX_LINE // 1024} KiB; "
                    f"its first {KEPT} characters are kept",
                    LINE_TOO_LONG,
                )
            text = line.removesuffix(b"\r").decode(encoding)
            received = {_LINE: text}
            return self._stage_text(text, number, is_last)
        except UnicodeDecodeError as error:
            received = {_LINE: line.decode(encoding, "backslashreplace")}
            return self._stager.faulty(number, encoding_fault(error), received)
        except Fault as fault:
            return self._stager.faulty(number, fault, received)

    def _stage_text(self, text, number, is_last):
        raise NotImplementedError


class FixedLines(LineRecords):
    """Lines whose columns stand at fixed positions."""

    def __init__(self, layout, clock, converter):
        super().__init__(layout, clock, converter)
        columns = [column for column in layout.columns if not column.constant]
        self._slices = {
            column: slice(column.position - 1, column.position - 1 + column.width)
            for column in columns
        }
        self._least = max((column.position for column in columns), default=1)

    def _stage_text(self, text, number, is_last):
        if len(text) < self._least:
            # Trailing blanks may be missing, whole columns may not
            detail = (
                f"the line has {len(text)} characters where its last column begins "
                f"at {self._least}"
            )
            if is_last:
                detail += "; the file ends within this line: it may have been cut off"
            raise Fault(detail, "field_count")
        return self._stager.row(
            number,
            lambda column: text[self._slices[column]],
            lambda: {_LINE: text},
            {},
        )


class JsonLines(LineRecords):
    """One JSON object per line."""

    def __init__(self, layout, clock, converter):
        super().__init__(layout, clock, converter)
        self._paths = {
            column: tuple(column.name.split("."))
            for column in layout.bound_columns
            if not column.constant
        }
        self._used = {path[0] for path in self._paths.values()}
        # Numbers stay as they were written: 12.50 is not 12.5
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_object,
            parse_float=str,
            parse_int=str,
            parse_constant=_no_constant,
        )

    def _stage_text(self, text, number, is_last):
        try:
            record = self._decoder.decode(text)
        except RecursionError:
            raise Fault("the JSON is nested too deeply") from None
        except ValueError as error:
            detail = f"not a JSON object: {error}"
            if is_last:
                detail += "; the file ends within this line: it may have been cut off"
            raise Fault(detail) from None
        if not isinstance(record, dict):
            raise Fault("not a JSON object: put one object on each line")
        texts = {column: _text_at(record, path) for column, path in self._paths.items()}
        extra = {
            key: value
            for key, value in record.items()
            if key not in self._used and value not in (None, "")
        }
        return self._stager.row(number, texts.__getitem__, lambda: record, extra)


def _text_at(record, path):
    value = record
    for key in path:
        if value is None or value == "":
            return ""
        if not isinstance(value, dict):
            raise Fault(f"key {'.'.join(path)}: {key} is not inside an object")
        value = value.get(key)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        name = ".".join(path)
        raise Fault(f"key {name}: one value is expected, not a list or an object")
    return value


def _object(pairs):
    record = dict(pairs)
    if len(record) != len(pairs):
        keys = [key for key, _value in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise Fault(f"key {shown(double)} stands twice in the object")
    return record


def _no_constant(name):
    raise ValueError(f"{name} is not a number")
