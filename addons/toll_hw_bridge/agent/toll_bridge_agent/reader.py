"""A reader with one TAG on it: the operations, tried again where that can help."""

import time
from dataclasses import dataclass, replace

from .drivers import DRIVERS, Bank, Target
from .drivers.base import ZERO
from .errors import AgentError, BeyondMemory
from .link import Link, open_port

TRIES = 6
LOOKS = 3  # before it is said that there is no TAG
# worth another try: the line or the air may have been disturbed
PASSING = ("timeout", "protocol", "weak_signal", "write_failed", "no_tag")
# the reader cannot always tell a wrong password from a disturbed answer
DOUBTFUL = ("access_denied", "wrong_tag")
TID_WORDS = (6, 4)  # a shorter TID names the chip's model, not the chip
REGION_NAMES = {
    "us": ("us", "na", "fcc", "america", "mx", "northamerica"),
    "eu": ("eu", "etsi", "europe"),
    "cn": ("cn", "china", "cn900"),
    "cn800": ("cn800",),
    "kr": ("kr", "korea"),
}


@dataclass(frozen=True)
class Tag:
    """The TAG on the reader."""

    epc: bytes
    tid: bytes
    pc: int
    rssi: int | None = None

    @property
    def target(self):
        return Target(self.epc, self.tid)


def region_of(name):
    """Return the drivers' name of a region, or None.

    >>> region_of("FCC"), region_of("mx"), region_of("north_america"), region_of("?")
    ('us', 'us', 'us', None)
    """
    plain = "".join(letter for letter in (name or "").lower() if letter.isalnum())
    for region, names in REGION_NAMES.items():
        if plain in names:
            return region
    return None


class Reader:
    def __init__(self, link, tries=TRIES, timeout=None):
        self.link = link
        self.driver = link.driver
        self.tries = tries
        self.retries = 0
        self.firmware = ""
        self._timeout = timeout
        self.restart_clock()

    @classmethod
    def open(cls, url, protocol, baudrate=None, patience=1.0, timeout=None):
        driver = DRIVERS[protocol]()
        port = open_port(url, baudrate or driver.baudrate)
        reader = cls(Link(port, driver, patience), timeout=timeout)
        try:
            reader.firmware = reader.identify()
            reader.prepare()
        except AgentError:
            reader.close()
            raise
        return reader

    def close(self):
        self.link.close()

    def restart_clock(self):
        self._deadline = time.monotonic() + self._timeout if self._timeout else None

    # the reader itself

    def identify(self):
        return self._do(self.driver.identify)

    def prepare(self):
        self._do(self.driver.prepare)

    def set_region(self, name):
        """Return whether this reader knows the region."""
        region = region_of(name)
        if region not in self.driver.regions:
            return False
        self._do(self.driver.set_region, region)
        return True

    def set_power(self, dbm):
        """Set the power and return what the reader then says."""
        self._do(self.driver.set_power, dbm)
        return self.get_power()

    def get_power(self):
        return self._do(self.driver.get_power)

    # the TAG

    def inventory(self):
        return self._do(self.driver.inventory)

    def sole(self):
        """Return the only TAG in the field as the inventory sees it."""
        for _look in range(LOOKS):
            if seen := self.inventory():
                break
        else:
            raise AgentError("no_tag")
        if len(seen) > 1:
            raise AgentError("many_tags", f"{len(seen)} TAGs")
        return seen[0]

    def acquire(self):
        """Return the only TAG in the field with its chip's TID."""
        seen = self.sole()
        target = Target(seen.epc)
        tid = self._tid(target)
        pc = seen.pc
        if pc is None:
            word = self.read(replace(target, tid=tid), Bank.EPC, 1, 1)
            pc = int.from_bytes(word)
        return Tag(seen.epc, tid, pc, seen.rssi)

    def read(self, target, bank, word, count, password=ZERO):
        return self._do(self.driver.read, target, bank, word, count, password)

    def write(self, target, bank, word, data, password=ZERO, tries=None):
        write = self.driver.write
        return self._do(write, target, bank, word, data, password, tries=tries)

    def lock(self, target, areas, password):
        return self._do(self.driver.lock, target, areas, password)

    def _tid(self, target):
        for words in TID_WORDS:
            try:
                tid = self.read(target, Bank.TID, 0, words)
            except BeyondMemory:
                continue
            if any(tid):
                return tid
        raise AgentError("wrong_tag", "its chip has no serial number")

    def _do(self, operation, *arguments, tries=None):
        tried = 0
        while True:
            tried += 1
            try:
                return self.link.run(operation(*arguments))
            except BeyondMemory:
                raise
            except AgentError as error:
                most = (tries or self.tries) if error.code in PASSING else 1
                most = 3 if error.code in DOUBTFUL else most
                if tried >= most or self._late():
                    raise
                self.retries += 1
                self.link.settle()

    def _late(self):
        return self._deadline is not None and time.monotonic() > self._deadline
