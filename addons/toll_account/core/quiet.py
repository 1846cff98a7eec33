"""Hours in which a customer does not want to be called or written to.

>>> is_quiet(23.5, 22, 7), is_quiet(12, 22, 7), is_quiet(7, 22, 7)
(True, False, False)
>>> is_quiet(14, 13, 15), is_quiet(9, 0, 0)
(True, False)
"""


def is_quiet(hour: float, start: float, end: float) -> bool:
    """Tell whether an hour of the day lies in the quiet ones, also over midnight."""
    if start == end:
        return False
    if start < end:
        return start <= hour < end
    return hour >= start or hour < end


def hours_left(hour: float, start: float, end: float) -> float:
    """Return how long the quiet hours last from now on; 0 outside them.

    >>> hours_left(23.5, 22, 7), hours_left(6, 22, 7), hours_left(12, 22, 7)
    (7.5, 1, 0)
    """
    return (end - hour) % 24 if is_quiet(hour, start, end) else 0
