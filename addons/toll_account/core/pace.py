"""How many pages a second one process takes on."""


class Pace:
    """At most ``rate`` a second on average, with a reserve for ``burst`` seconds.

    >>> pace = Pace(burst=2)
    >>> [pace.take(2, now) for now in (0, 0, 0, 0, 0, 1, 1, 1)]
    [True, True, True, True, False, True, True, False]
    >>> pace.take(0, 1), Pace().take(5, 0)
    (True, True)
    """

    def __init__(self, burst: float = 2.0):
        self.burst = burst
        self._left: float | None = None
        self._at = 0.0

    def take(self, rate: float, now: float) -> bool:
        """Tell whether one more is fine now; a rate of 0 knows no limit."""
        if rate <= 0:
            return True
        reserve = rate * self.burst
        left = reserve if self._left is None else self._left
        left = min(reserve, left + max(0.0, now - self._at) * rate)
        self._at = now
        fine = left >= 1
        self._left = left - 1 if fine else left
        return fine
