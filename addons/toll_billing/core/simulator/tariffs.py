"""What a crossing must cost, looked up the plain way.

This is on purpose another implementation than the one that rates crossings: the truth
must not repeat the mistakes of what it judges.
"""

from datetime import date
from decimal import Decimal

WEEKDAY, SATURDAY, SUNDAY, HOLIDAY = 1, 2, 4, 8


class Tariffs:
    """Prices of (operator, plaza, entry plaza, class), by date, day type and minute.

    :param cells: dicts with operator, plaza, entry_plaza (or ""), class, amount, and,
        where they are limited, service, valid_from, valid_to (exclusive), minute_from,
        minute_to (exclusive), day_types (bits 1 weekday, 2 Saturday, 4 Sunday,
        8 holiday)
    :param holidays: dicts with date and, where it is one operator's only, operator

    >>> cell = {"operator": "A", "plaza": "P", "class": "AUTO", "amount": "12.50"}
    >>> from datetime import datetime
    >>> Tariffs([cell]).price("A", "P", "", "AUTO", datetime(2026, 3, 5))
    Decimal('12.50')
    """

    def __init__(self, cells, holidays=()):
        self.cells = [dict(cell) for cell in cells]
        self.holidays = [dict(holiday) for holiday in holidays]
        self._days = {
            (holiday.get("operator") or "", _as_date(holiday["date"]))
            for holiday in self.holidays
        }
        self._index, self._fixed = {}, {}
        for cell in self.cells:
            if (cell.get("service") or "toll") != "toll":
                continue
            key = (
                cell["operator"],
                cell["plaza"],
                cell.get("entry_plaza") or "",
                cell["class"],
            )
            self._index.setdefault(key, []).append(_Cell(cell))
        for key, cells_of_key in self._index.items():
            if len(cells_of_key) == 1 and cells_of_key[0].always:
                self._fixed[key] = cells_of_key[0].amount

    @property
    def pairs(self):
        """(operator, plaza, entry plaza) that have a price."""
        return {key[:3] for key in self._index}

    def price(self, operator, plaza, entry_plaza, class_code, local):
        """Return the price at a local datetime of the plaza, or None."""
        key = (operator, plaza, entry_plaza, class_code)
        fixed = self._fixed.get(key)
        if fixed is not None:
            return fixed
        day = local.date()
        bit = self._day_type(operator, day)
        minute = local.hour * 60 + local.minute
        for cell in self._index.get(key, ()):
            if cell.holds(day, bit, minute):
                return cell.amount
        return None

    def _day_type(self, operator, day):
        if (operator, day) in self._days or ("", day) in self._days:
            return HOLIDAY
        return {5: SATURDAY, 6: SUNDAY}.get(day.weekday(), WEEKDAY)


class _Cell:
    __slots__ = ("always", "amount", "bits", "end", "minutes", "start")

    def __init__(self, cell):
        self.amount = Decimal(str(cell["amount"]))
        self.start = _as_date(cell.get("valid_from") or date.min)
        self.end = _as_date(cell.get("valid_to") or date.max)
        self.minutes = range(
            cell.get("minute_from") or 0, cell.get("minute_to") or 1440
        )
        self.bits = cell.get("day_types") or 15
        self.always = (
            self.start == date.min
            and self.end == date.max
            and len(self.minutes) == 1440
            and self.bits == 15
        )

    def holds(self, day, bit, minute):
        return (
            self.start <= day < self.end and self.bits & bit and minute in self.minutes
        )


def _as_date(value):
    if isinstance(value, str):
        return date.max if value == "infinity" else date.fromisoformat(value[:10])
    return value
