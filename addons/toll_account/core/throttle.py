"""Counting calls in the memory of one process."""

from collections import OrderedDict


class Throttle:
    """At most ``limit`` calls per key in ``window`` seconds.

    >>> throttle = Throttle(2, 60)
    >>> [throttle.allow("a", now) for now in (0, 1, 2, 61)]
    [True, True, False, True]
    >>> throttle.allow("b", 2)
    True
    """

    def __init__(self, limit, window, size=1024):
        self.limit = limit
        self.window = window
        self.size = size
        self._windows = OrderedDict()

    def allow(self, key, now):
        """Count a call; whether it is within the limit."""
        start, count = self._current(key, now)
        self._windows[key] = (start, count + 1)
        self._windows.move_to_end(key)
        if len(self._windows) > self.size:
            self._windows.popitem(last=False)
        return count < self.limit

    def _current(self, key, now):
        start, count = self._windows.get(key, (now, 0))
        return (start, count) if now - start < self.window else (now, 0)

    def clear(self):
        self._windows.clear()
