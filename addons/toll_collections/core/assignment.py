"""Sharing out cases among collectors."""

from dataclasses import dataclass
from decimal import Decimal
from heapq import heapify, heappop, heappush

COUNT, AMOUNT = "count", "amount"


@dataclass
class Collector:
    """What a collector has on the desk; a capacity of 0 has no limit."""

    user: int
    cases: int = 0
    amount: Decimal = Decimal(0)
    capacity: int = 0

    def has_room(self):
        return not self.capacity or self.cases < self.capacity

    def load(self, method):
        """The smallest load comes next; the user's number settles a draw."""
        first = self.amount if method == AMOUNT else self.cases
        return first, self.cases, self.user


def share_out(cases, collectors, method=COUNT):
    """Give each (case, amount) to the collector with the least; {case: user}.

    Large amounts go first, so that desks end up alike. Who is full gets no more; what
    nobody has room for is left out.

    >>> share_out([(1, 90), (2, 50), (3, 40)], [Collector(7), Collector(8)], AMOUNT)
    {1: 7, 2: 8, 3: 8}
    >>> share_out([(1, 90), (2, 50), (3, 40)], [Collector(7), Collector(8, cases=2)])
    {1: 7, 2: 7, 3: 7}
    >>> share_out([(1, 90), (2, 50)], [Collector(7, capacity=1)])
    {1: 7}
    """
    desks = [(c.load(method), c) for c in collectors if c.has_room()]
    heapify(desks)
    shared = {}
    for case, amount in sorted(cases, key=lambda row: (-row[1], row[0])):
        if not desks:
            break
        _load, collector = heappop(desks)
        shared[case] = collector.user
        collector.cases += 1
        collector.amount += amount
        if collector.has_room():
            heappush(desks, (collector.load(method), collector))
    return shared
