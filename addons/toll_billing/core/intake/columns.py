"""Convert the columns of many rows at once.

Each column is converted as a whole; None marks a value that needs a closer look, and
the rows of such values are left to the caller.
"""

from itertools import compress, repeat

from .errors import Fault
from .layout import REQUIRED, UNIVERSAL
from .memo import Memo
from .staging import NULL, TIMES, raw_json

_SUSPECT = frozenset("=@+-")  # where a formula begins
_VARIED = frozenset({"ref", "tag", "plate"})  # mostly different in every row


class Columns:
    """Converters of the columns of one file.

    :param converter: Converter
    :param clock: Clock
    :param sources: target → its one Column
    :param index: Column → index of its values; constants have none
    :param extra: (index, name) of the columns that feed no target
    """

    def __init__(self, converter, clock, sources, index, extra):
        self._converter = converter
        self._clock = clock
        self._columns = sources
        self._index = index
        self._extra = extra
        self._memos = {
            target: Memo(self._function(target, column))
            for target, column in sources.items()
        }
        self._raw = Memo(self._raw_of)

    @staticmethod
    def can_take(layout, sources):
        """Tell whether no column of the layout needs more than a conversion."""
        return all(
            len(columns) == 1
            and not (target in TIMES and (columns[0].values or layout.null_fill))
            for target, columns in sources.items()
        )

    def _function(self, target, column):
        def convert(text):
            text = column.constant or self._converter.blank(text)
            text = column.values.get(text, text)
            if not text:
                return None if target in REQUIRED else NULL
            try:
                # A TAG or plate of which nothing is left needs a closer look
                return self._converter.convert(target, text) or None
            except Fault:
                return None

        return convert

    def stage(self, columns, numbers):
        """Return the COPY rows of columns of values; None for a row to look at."""
        size = len(numbers)
        staged = {}
        for target, column in self._columns.items():
            if target not in TIMES:
                index = self._index.get(column)
                values = None if index is None else columns[index]
                staged[target] = self._convert(target, column, values)
        for target, plaza in TIMES.items():
            if target in self._columns:
                staged[target] = self._times(target, columns, staged, plaza, size)
        bad = set()
        for values in staged.values():
            if isinstance(values, list) and None in values:
                bad.update(at for at, value in enumerate(values) if value is None)
            elif values is None:
                bad.update(range(size))
        cells = [map(str, numbers)]
        cells += [staged.get(target) or NULL for target in UNIVERSAL]
        cells += [NULL, NULL, self._raws(columns)]
        rows = _joined(cells)
        if not bad:
            return list(map("\t".join, rows))
        return [None if at in bad else "\t".join(row) for at, row in enumerate(rows)]

    def _convert(self, target, column, values):
        """Return the texts of a column; one text (or None) where all are the same."""
        memo = self._memos[target]
        if values is None:
            return memo[""]
        if target not in _VARIED or column.values or self._converter.has_fill:
            first = values[0]
            if values.count(first) == len(values):
                return memo[first]
            return list(map(memo.__getitem__, values))
        if target == "ref":
            return self._refs(memo, values)
        return self._identifiers(target, memo, values)

    def _refs(self, memo, values):
        values = list(map(str.strip, values))
        firsts = {value[:1] for value in values}
        if (
            "" not in firsts
            and firsts.isdisjoint(_SUSPECT)
            and len(max(values, key=len)) <= self._converter.limit("ref")
        ):
            return values
        return list(map(memo.function, values))

    def _identifiers(self, target, memo, values):
        joined = "".join(values)
        if not joined:
            return NULL
        if (
            joined.isascii()
            and joined.isalnum()
            and joined.upper() == joined
            and len(max(values, key=len)) <= self._converter.limit(target)
        ):
            if "" in values:
                return [value or NULL for value in values]
            return list(values)
        return list(map(memo.__getitem__, values))

    def _times(self, target, columns, staged, plaza_target, size):
        column = self._columns[target]
        index = self._index.get(column)
        if index is None:
            values = [column.constant] * size
        else:
            values = list(map(str.strip, columns[index]))
        plazas = _as_list(staged["plaza"], size)
        if plaza_target != "plaza" and staged.get(plaza_target):
            own = _as_list(staged[plaza_target], size)
            plazas = [
                plaza if entry in (NULL, None) else entry
                for entry, plaza in zip(own, plazas, strict=True)
            ]
        if "" not in values:
            return self._clock.column(values, plazas)
        empty = None if target in REQUIRED else NULL
        if not any(values):
            return empty
        texts = self._clock.column(
            list(filter(None, values)), list(compress(plazas, values))
        )
        found = iter(texts)
        return [next(found) if value else empty for value in values]

    def _raws(self, columns):
        if not self._extra:
            return NULL
        values = zip(*(columns[index] for index, _name in self._extra), strict=True)
        return map(self._raw.__getitem__, values)

    def _raw_of(self, values):
        kept = {
            name: value
            for (_index, name), value in zip(self._extra, values, strict=True)
            if value.strip()
        }
        return raw_json(kept) if kept else NULL


def _as_list(values, size):
    return values if isinstance(values, list) else [values] * size


def _joined(cells):
    """Return the rows of cells; neighbours that never change are joined once."""
    merged = []
    for values in cells:
        if isinstance(values, str) and merged and isinstance(merged[-1], str):
            merged[-1] += "\t" + values
        else:
            merged.append(values)
    return zip(*(repeat(v) if isinstance(v, str) else v for v in merged), strict=False)
