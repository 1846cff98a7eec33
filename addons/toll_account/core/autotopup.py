"""When to charge again, and when a day begins.

>>> [str(retry_wait(n)) for n in (1, 2, 3, 9)]
['1:00:00', '4:00:00', '16:00:00', '1 day, 0:00:00']
"""

import math
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

LONGEST = timedelta(days=1)


def retry_wait(failures):
    """How long to wait after so many failures in a row: 1 h, 4 h, 16 h, a day."""
    return min(timedelta(hours=4 ** max(failures - 1, 0)), LONGEST)


def day_start(now, zone):
    """UTC time (naive) at which the day of ``now`` (naive UTC) began in ``zone``.

    >>> from datetime import datetime
    >>> day_start(datetime(2026, 3, 1, 3, 0), "America/Mexico_City")
    datetime.datetime(2026, 2, 28, 6, 0)
    """
    local = now.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC).replace(tzinfo=None)


def learned_amount(used, days, weeks, step, low, high):
    """(used a week, amount of a charge) by what was used in so many days.

    The amount lasts so many weeks; it is rounded up to a step, then kept in its bounds.

    >>> learned_amount(1120, 56, 2, 50, 100, 1000)
    (140.0, 300)
    >>> learned_amount(1120, 56, 8, 50, 100, 1000)
    (140.0, 1000)
    >>> learned_amount(-5, 14, 2, 50, 120, 1000)
    (0.0, 120)
    >>> learned_amount(600, 14, 1, 100, 50, 1000)
    (300.0, 300)
    """
    week = max(used, 0) * 7 / max(days, 1)
    steps = math.ceil(round(week * weeks / step, 6))
    return week, min(max(steps * step, low), high)
