"""Public holidays that follow a rule.

Mexico: article 74 of the Federal Labour Law. Election days are set case by case and are
entered by hand.
"""

from datetime import date, timedelta

MONDAY = 0


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth given weekday of a month.

    >>> nth_weekday(2025, 2, MONDAY, 1), nth_weekday(2027, 11, MONDAY, 3)
    (datetime.date(2025, 2, 3), datetime.date(2027, 11, 15))
    """
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def mexico(year: int) -> list[tuple[date, str]]:
    """Statutory days of rest of a year, with their names.

    >>> [day.strftime("%m-%d") for day, _name in mexico(2025)]
    ['01-01', '02-03', '03-17', '05-01', '09-16', '11-17', '12-25']
    >>> [name for _day, name in mexico(2030)][5]
    'Transmisión del Poder Ejecutivo Federal'
    """
    days = [
        (date(year, 1, 1), "Año Nuevo"),
        (nth_weekday(year, 2, MONDAY, 1), "Día de la Constitución"),
        (nth_weekday(year, 3, MONDAY, 3), "Natalicio de Benito Juárez"),
        (date(year, 5, 1), "Día del Trabajo"),
        (date(year, 9, 16), "Día de la Independencia"),
        (nth_weekday(year, 11, MONDAY, 3), "Aniversario de la Revolución"),
        (date(year, 12, 25), "Navidad"),
    ]
    if year >= 2024 and (year - 2024) % 6 == 0:
        days.append((date(year, 10, 1), "Transmisión del Poder Ejecutivo Federal"))
    return sorted(days)
