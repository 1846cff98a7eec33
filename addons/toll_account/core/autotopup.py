"""When to charge again, and when a day begins.

>>> [str(retry_wait(n)) for n in (1, 2, 3, 9)]
['1:00:00', '4:00:00', '16:00:00', '1 day, 0:00:00']
"""

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
