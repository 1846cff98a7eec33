"""A scripted reader without a line: what is written to it is answered at once."""

from chips import Plate, factory_chips
from peer import MODULES, Faults
from toll_bridge_agent.drivers import DRIVERS
from toll_bridge_agent.link import Link
from toll_bridge_agent.reader import Reader


class Wire:
    """Looks like a serial port to the link."""

    def __init__(self, module):
        self.module = module
        self.received = b""

    @property
    def in_waiting(self):
        return len(self.received)

    def write(self, data):
        for _wait, answer in self.module.feed(data):
            self.received += answer
        return len(data)

    def read(self, size):
        data, self.received = self.received[:size], self.received[size:]
        return data

    def close(self):
        self.received = b""


def wired(protocol, chips=None, faults=None):
    """Return (reader, the module behind it)."""
    chips = factory_chips(1) if chips is None else chips
    module = MODULES[protocol](Plate(chips), faults or Faults())
    reader = Reader(Link(Wire(module), DRIVERS[protocol](), patience=0.1))
    reader.identify()
    reader.prepare()
    return reader, module
