"""Turn the rows of a tariff version into cells that never overlap.

A row names a plaza (and an entry plaza where the road is closed), a vehicle class, a
service, a time band and a day type. ``all`` and ``any`` stand for every hour and every
day. Where several rows reach the same minute, the row that names more wins: band and
day type before one of the two before none. Two rows that name equally much are a
mistake of the tariff, never a silent choice.

>>> rows = [
...     Rate(1, plaza=7, class_=2, amount=Decimal("149")),
...     Rate(2, plaza=7, class_=2, amount=Decimal("120"), band="night"),
... ]
>>> for cell in compile_cells(rows, [Band("night", 22 * 60, 6 * 60)]):
...     print(cell.rate, clock(cell.minute_from), clock(cell.minute_to), cell.amount)
2 00:00 06:00 120.00
1 06:00 22:00 149.00
2 22:00 24:00 120.00
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

DAY_MINUTES = 1440
ALL_BANDS = "all"
ANY_DAY = "any"
DAY_BITS = {"weekday": 1, "saturday": 2, "sunday": 4, "holiday": 8}
ANY_DAY_BITS = sum(DAY_BITS.values())
CENT = Decimal("0.01")

Windows = Mapping[str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class Band:
    """One window of a time band; an end not after its start runs over midnight."""

    code: str
    minute_from: int
    minute_to: int


@dataclass(frozen=True, slots=True)
class Rate:
    """One row of a tariff version; ``entry`` 0 means that no entry plaza counts."""

    id: int
    plaza: int
    class_: int
    amount: Decimal
    entry: int = 0
    band: str = ALL_BANDS
    day_type: str = ANY_DAY
    service: str = "toll"

    @property
    def place(self) -> tuple[int, int, str]:
        return (self.plaza, self.entry, self.service)

    @property
    def key(self) -> tuple[int, int, str, int]:
        return (*self.place, self.class_)

    @property
    def bits(self) -> int:
        return day_bits(self.day_type)

    @property
    def score(self) -> int:
        """How much the row names beyond its key: 0, 1 or 2."""
        return (self.band != ALL_BANDS) + (self.day_type != ANY_DAY)


@dataclass(frozen=True, slots=True)
class Cell:
    """A price for some minutes of some kinds of day; cells of one key never meet."""

    rate: int
    plaza: int
    entry: int
    class_: int
    service: str
    minute_from: int
    minute_to: int
    day_types: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a version from being activated.

    ``code`` is one of bad_band, unknown_band, negative, foreign_plaza, duplicate,
    overlap, gap, missing_class; ``rates`` are the ids of the rows concerned.
    """

    code: str
    rates: tuple[int, ...] = ()
    values: Mapping = field(default_factory=dict)


class TariffError(ValueError):
    """The rows cannot be compiled; ``problems`` says why."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__(", ".join(problem.code for problem in self.problems))


def clock(minute: int) -> str:
    """Write a minute of the day as a clock does.

    >>> clock(0), clock(1439), clock(1440)
    ('00:00', '23:59', '24:00')
    """
    return f"{minute // 60:02d}:{minute % 60:02d}"


def day_bits(day_type: str) -> int:
    """Bit mask of the days that a day type stands for.

    >>> day_bits("any"), day_bits("sunday")
    (15, 4)
    """
    return ANY_DAY_BITS if day_type == ANY_DAY else DAY_BITS[day_type]


def day_names(bits: int) -> tuple[str, ...]:
    """Names of the day types in a bit mask.

    >>> day_names(12)
    ('sunday', 'holiday')
    """
    return tuple(name for name, bit in DAY_BITS.items() if bits & bit)


def round_money(amount: Decimal, rounding: Decimal = CENT) -> Decimal:
    """Round half up to a multiple of the currency's smallest unit.

    >>> round_money(Decimal("10.005")), round_money(Decimal("12.3"), Decimal("0.5"))
    (Decimal('10.01'), Decimal('12.5'))
    """
    steps = (amount / rounding).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return steps * rounding


def windows_of(minute_from: int, minute_to: int) -> tuple[tuple[int, int], ...]:
    """Cut a window at midnight.

    >>> windows_of(360, 600), windows_of(1320, 360), windows_of(1320, 0)
    (((360, 600),), ((0, 360), (1320, 1440)), ((1320, 1440),))
    """
    if not (0 <= minute_from < DAY_MINUTES and 0 <= minute_to <= DAY_MINUTES):
        raise ValueError("minutes of a band lie between 0 and 1440")
    if minute_from == minute_to:
        raise ValueError("a band needs a start and an end that differ")
    if minute_to == 0:
        minute_to = DAY_MINUTES
    if minute_from < minute_to:
        return ((minute_from, minute_to),)
    return ((0, minute_to), (minute_from, DAY_MINUTES))


def band_windows(bands: Iterable[Band]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Windows per band code; a code may have several, and they are merged.

    >>> band_windows([Band("peak", 420, 540), Band("peak", 540, 600)])["peak"]
    ((420, 600),)
    """
    raw = defaultdict(list)
    for band in bands:
        raw[band.code].extend(windows_of(band.minute_from, band.minute_to))
    result = {ALL_BANDS: ((0, DAY_MINUTES),)}
    for code, windows in raw.items():
        merged = []
        for start, end in sorted(windows):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        result[code] = tuple(merged)
    return result


def covers(windows: Windows, code: str, minute: int) -> bool:
    """Tell whether a minute of the day lies in a band."""
    return any(start <= minute < end for start, end in windows.get(code, ()))


def _resolve(rows: list[Rate], windows: Windows):
    """Cells and problems of the rows of one key."""
    cuts = {0, DAY_MINUTES}
    for row in rows:
        for window in windows[row.band]:
            cuts.update(window)
    cuts = sorted(cuts)
    won, ties, gaps = defaultdict(int), defaultdict(int), defaultdict(int)
    for span in zip(cuts, cuts[1:], strict=False):
        reaching = [row for row in rows if covers(windows, row.band, span[0])]
        for bit in DAY_BITS.values():
            there = [row for row in reaching if row.bits & bit]
            if not there:
                gaps[span] |= bit
                continue
            score = max(row.score for row in there)
            best = [row for row in there if row.score == score]
            if len(best) == 1:
                won[span, best[0].id] |= bit
            else:
                ties[span, tuple(row.id for row in best)] |= bit
    return won, ties, gaps


def _merge(spans: Mapping) -> list[tuple]:
    """Join neighbouring spans of the same owner and days: (owner, days, from, to)."""
    result, last = [], {}
    for (span, owner), bits in sorted(spans.items(), key=lambda item: item[0][0]):
        place = last.get((owner, bits))
        if place is not None and result[place][3] == span[0]:
            result[place] = (owner, bits, result[place][2], span[1])
        else:
            last[owner, bits] = len(result)
            result.append((owner, bits, *span))
    return result


def _by_key(rates: Iterable[Rate]) -> dict[tuple, list[Rate]]:
    groups = defaultdict(list)
    for rate in rates:
        groups[rate.key].append(rate)
    return groups


def compile_cells(
    rates: Iterable[Rate], bands: Iterable[Band] = (), rounding: Decimal = CENT
) -> list[Cell]:
    """Cells of a version, prices rounded once by the currency.

    Raises TariffError where two rows claim the same minute with equal right, or where a
    row names a band that does not exist. Hours without a price give no cell.
    """
    windows = band_windows(bands)
    rates = list(rates)
    unknown = [rate for rate in rates if rate.band not in windows]
    if unknown:
        raise TariffError(
            Problem("unknown_band", (rate.id,), {"band": rate.band}) for rate in unknown
        )
    cells, problems = [], []
    for key, rows in _by_key(rates).items():
        won, ties, _gaps = _resolve(rows, windows)
        problems += _overlaps(ties)
        plaza, entry, service, class_ = key
        amounts = {row.id: round_money(row.amount, rounding) for row in rows}
        for rate_id, bits, start, end in _merge(won):
            cells.append(
                Cell(
                    rate=rate_id,
                    plaza=plaza,
                    entry=entry,
                    class_=class_,
                    service=service,
                    minute_from=start,
                    minute_to=end,
                    day_types=bits,
                    amount=amounts[rate_id],
                )
            )
    if problems:
        raise TariffError(problems)
    return cells


def _overlaps(ties) -> list[Problem]:
    return [
        Problem("overlap", owners, {"days": bits, "from": start, "to": end})
        for owners, bits, start, end in _merge(ties)
    ]


def _row_problems(rate: Rate, windows: Windows, plazas) -> list[Problem]:
    problems = []
    if rate.band not in windows:
        problems.append(Problem("unknown_band", (rate.id,), {"band": rate.band}))
    if rate.amount < 0:
        problems.append(Problem("negative", (rate.id,), {"amount": rate.amount}))
    if plazas is not None:
        foreign = {rate.plaza, rate.entry} - {0} - set(plazas)
        if foreign:
            problems.append(
                Problem("foreign_plaza", (rate.id,), {"plazas": sorted(foreign)})
            )
    return problems


def _missing_classes(rates: list[Rate], required) -> list[Problem]:
    """Places without a price for some class that the road must admit."""
    by_service, by_place = defaultdict(set), defaultdict(set)
    for rate in rates:
        by_service[rate.service].add(rate.class_)
        by_place[rate.place].add(rate.class_)
    problems = []
    for place, present in by_place.items():
        expected = by_service[place[2]] | set(required.get(place[2], ()))
        missing = expected - present - set(required.get("-", ()))
        if missing:
            problems.append(
                Problem(
                    "missing_class",
                    (),
                    {"place": place, "classes": tuple(sorted(missing))},
                )
            )
    return problems


def check(
    rates: Iterable[Rate],
    bands: Iterable[Band] = (),
    *,
    plazas: Iterable[int] | None = None,
    required: Mapping[str, Iterable[int]] | None = None,
) -> list[Problem]:
    """Everything that keeps a version from being activated, in reading order.

    ``required`` gives per service the classes that every place must price; its key
    ``"-"`` lists classes that the road does not admit.

    >>> row = Rate(1, plaza=7, class_=2, amount=Decimal("-1"), band="nigth")
    >>> [problem.code for problem in check([row])]
    ['unknown_band', 'negative']
    """
    rates, bands = list(rates), list(bands)
    problems, sound = [], []
    for band in bands:
        try:
            windows_of(band.minute_from, band.minute_to)
        except ValueError:
            problems.append(Problem("bad_band", (), {"band": band.code}))
        else:
            sound.append(band)
    windows = band_windows(sound)
    plazas = None if plazas is None else set(plazas)
    for rate in rates:
        problems += _row_problems(rate, windows, plazas)
    known = [rate for rate in rates if rate.band in windows]
    for rows in _by_key(known).values():
        problems += _key_problems(rows, windows)
    return problems + _missing_classes(rates, required or {})


def _key_problems(rows: list[Rate], windows: Windows) -> list[Problem]:
    """Duplicates, overlaps and hours without a price among the rows of one key."""
    same = defaultdict(list)
    for row in rows:
        same[row.band, row.day_type].append(row)
    problems = [
        Problem("duplicate", tuple(row.id for row in group))
        for group in same.values()
        if len(group) > 1
    ]
    first = [group[0] for group in same.values()]
    _won, ties, gaps = _resolve(first, windows)
    problems += _overlaps(ties)
    owner = rows[0].id
    merged = _merge({(span, owner): bits for span, bits in gaps.items()})
    for _owner, bits, start, end in merged:
        problems.append(
            Problem("gap", (owner,), {"days": bits, "from": start, "to": end})
        )
    return problems
