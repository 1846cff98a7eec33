"""How long a balance lasts.

>>> days_left(available=300, used=900, days=30)
10
>>> days_left(300, 0, 30) is None
True
>>> days_left(-20, 900, 30)
0
"""

from decimal import Decimal

HORIZON = 365


def days_left(available, used, days):
    """Whole days that ``available`` lasts if use goes on as in the last ``days``.

    None where nothing was used: then nobody can say. More than a year is a year.

    >>> days_left("99.99", "100", 1), days_left(1_000_000, 1, 30)
    (0, 365)
    """
    used, available = Decimal(str(used)), Decimal(str(available))
    if used <= 0 or days <= 0:
        return None
    if available <= 0:
        return 0
    return min(int(available * days / used), HORIZON)


def days_of_use(first_days_ago, window):
    """Over how many days to spread the use: a new customer has no month yet.

    >>> days_of_use(3, 30), days_of_use(90, 30), days_of_use(0, 30)
    (7, 30, 7)
    """
    return max(min(first_days_ago, window), 7)
