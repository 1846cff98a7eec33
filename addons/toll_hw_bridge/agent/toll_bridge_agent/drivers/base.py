"""What the protocols share: frames out of bytes, and operations as conversations.

Nothing here touches a port or a clock. An operation is a generator: it yields each
`Command` it wants sent and gets the reader's answer, a `Frame` (or a list of them when
it said `gather`). Whoever runs it owns the line, the timeouts and the retries.
"""

from dataclasses import dataclass
from enum import IntEnum

from ..errors import AgentError

ZERO = bytes(4)
LOCK_AREAS = ("kill", "access", "epc", "tid", "user")


class Bank(IntEnum):
    RESERVED = 0
    EPC = 1
    TID = 2
    USER = 3


@dataclass(frozen=True)
class Frame:
    command: int
    data: bytes = b""
    status: int = 0
    kind: int = 1
    address: int = 0


@dataclass(frozen=True)
class Command:
    opcode: int
    frame: bytes
    timeout: float = 0.5
    gather: bool = False  # take every answer until the line falls silent


@dataclass(frozen=True)
class Seen:
    """A TAG as an inventory sees it; not every reader tells pc and rssi."""

    epc: bytes
    pc: int | None = None
    rssi: int | None = None


@dataclass(frozen=True)
class Target:
    """Which TAG an operation is for: by its chip's TID as soon as that is known."""

    epc: bytes
    tid: bytes = b""


class Decoder:
    """Cuts frames out of a stream that may hold rubbish, and keeps little of it.

    A frame inside an unfinished one is not looked for (a TAG's memory may look like a
    frame) until `idle` says that the line fell silent: then what is unfinished stays
    unfinished, and the search goes on behind its first byte.
    """

    longest = 0

    def __init__(self):
        self._buffer = bytearray()
        self.discarded = 0

    @property
    def pending(self):
        return len(self._buffer)

    def feed(self, data):
        self._buffer += data
        return self._cut()

    def idle(self):
        frames = []
        while self._buffer:
            self._drop(1)
            frames += self._cut()
        return frames

    def reset(self):
        self._drop(len(self._buffer))

    def _drop(self, count):
        del self._buffer[:count]
        self.discarded += count

    def _cut(self):
        frames = []
        while self._buffer:
            size, frame = self._take(self._buffer)
            if not size:
                break
            if frame is None:
                self._drop(size)
            else:
                del self._buffer[:size]
                frames.append(frame)
        return frames

    def _take(self, buffer):
        """Return (bytes to remove, frame or None); (0, None) asks for more bytes."""
        raise NotImplementedError


class Driver:
    """One protocol: its frames, and the operations as conversations."""

    baudrate = 115200
    regions = {}
    user_memory = True  # whether it can read and write a TAG's user bank

    def decoder(self):
        raise NotImplementedError

    def answers(self, command, frame):
        """Say whether the frame is an answer to the command."""
        return frame.command == command.opcode

    def identify(self):
        """Return the reader's model and firmware as text."""
        raise NotImplementedError

    def prepare(self):
        """Bring the reader into the state that the other operations need."""
        yield from ()

    def set_region(self, name):
        raise NotImplementedError

    def set_power(self, dbm):
        raise NotImplementedError

    def get_power(self):
        raise NotImplementedError

    def inventory(self):
        """Return every TAG in the field, a list of `Seen`."""
        raise NotImplementedError

    def read(self, target, bank, word, count, password=ZERO):
        raise NotImplementedError

    def write(self, target, bank, word, data, password=ZERO):
        raise NotImplementedError

    def lock(self, target, areas, password):
        """Lock {area: open, locked or perma} with the access password."""
        raise NotImplementedError


def lock_bits(areas):
    """Return Gen2's (mask, action), ten bits each: kill, access, EPC, TID, user.

    The first bit of a pair says that the password is needed, the second that this is
    for ever. A reversible lock leaves the second alone.

    >>> "%03x %03x" % lock_bits({"access": "locked"})
    '080 080'
    >>> "%03x %03x" % lock_bits({"epc": "perma", "user": "open"})
    '032 030'
    """
    pairs = {"open": (0b10, 0b00), "locked": (0b10, 0b10), "perma": (0b11, 0b11)}
    mask = action = 0
    for area, state in areas.items():
        shift = 2 * (len(LOCK_AREAS) - 1 - LOCK_AREAS.index(area))
        mask |= pairs[state][0] << shift
        action |= pairs[state][1] << shift
    return mask, action


def words_of(data):
    """Return how many 16-bit words the bytes are.

    >>> words_of(bytes(12))
    6
    """
    if not data or len(data) % 2:
        raise ValueError("Gen2 memory is written in whole words of two bytes")
    return len(data) // 2


def exactly(data, size):
    if len(data) != size:
        raise AgentError("protocol", f"answer of {len(data)} bytes instead of {size}")
    return data
