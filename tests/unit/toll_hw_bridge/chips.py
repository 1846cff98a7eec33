"""Virtual TAGs: the memory of a Gen2 chip, its locks and passwords, and a plate."""

import random

RESERVED, EPC, TID, USER = range(4)
AREAS = ("kill", "access", "epc", "tid", "user")
OVERRUN, LOCKED, UNSPECIFIC = 0x3, 0x4, 0xF


class Refused(Exception):
    """The chip answers with an error code."""

    def __init__(self, code):
        self.code = code
        super().__init__(f"{code:X}")


class Silent(Exception):
    """The chip does not answer: the access password was wrong."""


class Chip:
    def __init__(self, tid, epc, access=bytes(4), kill=bytes(4), user_words=8):
        self.tid = tid
        self.reserved = bytearray(kill + access)
        self.bank = bytearray(2 + 2 + 32)
        self.bank[2:4] = (len(epc) // 2 << 11).to_bytes(2)
        self.bank[4 : 4 + len(epc)] = epc
        self.user = bytearray(2 * user_words)
        self.locks = dict.fromkeys(AREAS, "open")
        self.defective = False  # takes no write
        self.names = [self.epc.hex().upper()]  # every EPC it had
        self.writes = 0
        self.rssi = -50

    @property
    def pc(self):
        return int.from_bytes(self.bank[2:4])

    @property
    def epc(self):
        return bytes(self.bank[4 : 4 + 2 * (self.pc >> 11)])

    @property
    def access(self):
        return bytes(self.reserved[4:])

    def _secured(self, password):
        if password not in (bytes(4), self.access):
            raise Silent
        return self.access in (bytes(4), password)

    def _areas(self, bank, word, count):
        if bank == RESERVED:
            areas = ["kill"] * (word < 2) + ["access"] * (word + count > 2)
            return areas, self.reserved
        memory = {EPC: self.bank, TID: self.tid, USER: self.user}[bank]
        return [AREAS[bank + 1]], memory

    def _check_open(self, areas, secured):
        for area in areas:
            locked = self.locks[area] == "locked" and not secured
            if locked or self.locks[area] == "perma":
                raise Refused(LOCKED)

    def read(self, bank, word, count, password):
        secured = self._secured(password)
        areas, memory = self._areas(bank, word, count)
        if 2 * (word + count) > len(memory) or not count:
            raise Refused(OVERRUN)
        if bank == RESERVED:
            self._check_open(areas, secured)
        return bytes(memory[2 * word : 2 * (word + count)])

    def write(self, bank, word, data, password, words=None):
        """Write; with `words`, the power goes after that many of them."""
        secured = self._secured(password)
        areas, memory = self._areas(bank, word, len(data) // 2)
        self.writes += 1
        if 2 * word + len(data) > len(memory):
            raise Refused(OVERRUN)
        if bank == TID or (bank, word) == (EPC, 0):
            raise Refused(LOCKED)
        self._check_open(areas, secured)
        if self.defective:
            raise Refused(UNSPECIFIC)
        data = data if words is None else data[: 2 * words]
        memory[2 * word : 2 * word + len(data)] = data
        if (name := self.epc.hex().upper()) != self.names[-1]:
            self.names.append(name)
        if words is not None:
            raise Refused(UNSPECIFIC)

    def lock(self, mask, action, password):
        if not self._secured(password):
            raise Refused(LOCKED)
        for position, area in enumerate(AREAS):
            shift = 2 * (len(AREAS) - 1 - position)
            asked, bits = mask >> shift & 3, action >> shift & 3
            if asked and self.locks[area] == "perma" and bits & asked != asked:
                raise Refused(LOCKED)
            if asked and self.locks[area] != "perma":
                state = "locked" if bits & 2 else "open"
                self.locks[area] = "perma" if asked & bits & 1 else state

    def report(self):
        return {
            "tid": self.tid.hex().upper(),
            "epc": self.epc.hex().upper(),
            "pc": f"{self.pc:04X}",
            "access": self.access.hex().upper(),
            "kill": bytes(self.reserved[:4]).hex().upper(),
            "locks": dict(self.locks),
            "names": self.names,
            "writes": self.writes,
            "defective": self.defective,
        }


def factory_chips(count, seed=0, defective=0):
    """Return new chips, each with a TID and a maker's EPC of its own."""
    rng = random.Random(f"chips {seed}")
    chips = []
    for number in range(count):
        tid = bytes.fromhex("E2801160") + rng.randbytes(4) + number.to_bytes(4)
        chips.append(Chip(tid, b"\xe2\x00" + rng.randbytes(8) + number.to_bytes(2)))
    for chip in rng.sample(chips, defective):
        chip.defective = True
    return chips


class Plate:
    """What lies on the reader; a feeder puts the next TAG there when one is done.

    A TAG that was written to counts as done when the reader was asked `hold` times what
    lies on it, with nothing else in between: that is a host waiting for the next one.
    """

    def __init__(self, chips=(), queue=(), hold=None):
        self.chips = list(chips)
        self.queue = list(queue)
        self.hold = hold
        self.done = []
        self._asked = 0
        if self.queue and not self.chips:
            self.chips = [self.queue.pop(0)]

    def everything(self):
        return [*self.done, *self.chips, *self.queue]

    def inventory(self):
        self._asked += 1
        if self.queue and self.hold and self._asked > self.hold:
            if any(chip.writes for chip in self.chips):
                self.done += self.chips
                self.chips = [self.queue.pop(0)]
                self._asked = 0
        return list(self.chips)

    def touched(self):
        self._asked = 0
