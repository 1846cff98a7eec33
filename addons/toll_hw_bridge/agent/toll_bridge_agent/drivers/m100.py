"""MagicRF M100/QM100 modules (YRM100, JRD-4035 …), and R200 with other delimiters.

`HEADER TYPE CMD LENGTH(2) PARAMETERS CHECKSUM END`. Header and end may also occur
inside, so the length delimits a frame, never a search for the end.
"""

from ..errors import AgentError, BeyondMemory
from .base import ZERO, Bank, Command, Decoder, Driver, Frame, Seen, lock_bits, words_of

COMMAND, RESPONSE, NOTIFICATION = range(3)
LONGEST_PARAMETERS = 256
ERROR = 0xFF
GET_VERSION = 0x03
SET_REGION = 0x07
SET_SELECT = 0x0C
SET_SELECT_MODE = 0x12
INVENTORY = 0x22
READ = 0x39
WRITE = 0x49
LOCK = 0x82
SET_POWER = 0xB6
GET_POWER = 0xB7
ROUNDS = 3  # of one inventory: a second TAG may be silent in one round

ERRORS = {
    0x09: "weak_signal",  # read: the TAG did not answer, or its CRC was wrong
    0x10: "write_failed",
    0x12: "write_failed",  # kill
    0x13: "write_failed",  # lock
    0x14: "write_failed",  # permanent block lock
    0x15: "no_tag",
    0x16: "access_denied",
    0x17: "protocol",  # the module did not understand the command
    0x20: "weak_signal",  # no free channel
}
# the high digit of the other codes says which operation failed, the low one why
OPERATIONS = {
    0xA: "weak_signal",
    0xB: "write_failed",
    0xC: "write_failed",
    0xD: "write_failed",
    0xE: "write_failed",
}
REASONS = {0x4: "locked", 0xB: "weak_signal"}
MEMORY_OVERRUN = 0x3


def checksum(data):
    return sum(data) & 0xFF


def error(code):
    """Return the exception for an error code of the module.

    >>> error(0xB4).code, error(0x15).code, error(0xAF).code
    ('locked', 'no_tag', 'weak_signal')
    """
    detail = f"reader's code {code:02X}"
    if code in ERRORS:
        return AgentError(ERRORS[code], detail)
    operation, reason = code >> 4, code & 0xF
    if operation not in OPERATIONS:
        return AgentError("protocol", detail)
    if reason == MEMORY_OVERRUN:
        return BeyondMemory()
    return AgentError(REASONS.get(reason, OPERATIONS[operation]), detail)


class M100Decoder(Decoder):
    longest = LONGEST_PARAMETERS + 7

    def __init__(self, header, end):
        super().__init__()
        self.header, self.end = header, end

    def _take(self, buffer):
        if buffer[0] != self.header:
            return max(buffer.find(self.header), 0) or len(buffer), None
        if len(buffer) > 1 and buffer[1] > NOTIFICATION:
            return 1, None
        if len(buffer) < 5:
            return 0, None
        length = int.from_bytes(buffer[3:5])
        if length > LONGEST_PARAMETERS:
            return 1, None
        total = length + 7
        if len(buffer) < total:
            return 0, None
        body, check, end = buffer[1 : total - 2], buffer[total - 2], buffer[total - 1]
        if check != checksum(body) or end != self.end:
            return 1, None
        return total, Frame(buffer[2], bytes(buffer[5 : total - 2]), kind=buffer[1])


class M100(Driver):
    name = "m100"
    header, end = 0xBB, 0x7E
    regions = {"cn": 0x01, "us": 0x02, "eu": 0x03, "cn800": 0x04, "kr": 0x06}

    def decoder(self):
        return M100Decoder(self.header, self.end)

    def frame(self, opcode, parameters=b"", kind=COMMAND):
        body = bytes([kind, opcode]) + len(parameters).to_bytes(2) + parameters
        return bytes([self.header]) + body + bytes([checksum(body), self.end])

    def answers(self, command, frame):
        if frame.kind == COMMAND:
            return False
        if frame.command in (command.opcode, ERROR):
            return True
        # the manual's own example answers 12 with 0C
        return (command.opcode, frame.command) == (SET_SELECT_MODE, SET_SELECT)

    def identify(self):
        reply = yield from self._ask(GET_VERSION, b"\0")
        return reply.data[1:].decode("ascii", "replace").strip()

    def prepare(self):
        yield from self._ask(SET_SELECT_MODE, b"\x02")

    def set_region(self, name):
        yield from self._confirmed(SET_REGION, bytes([self.regions[name]]))

    def set_power(self, dbm):
        yield from self._confirmed(SET_POWER, round(dbm * 100).to_bytes(2))

    def get_power(self):
        reply = yield from self._ask(GET_POWER)
        return int.from_bytes(reply.data) / 100

    def inventory(self):
        seen = {}
        for _round in range(ROUNDS):
            frames = yield Command(INVENTORY, self.frame(INVENTORY), gather=True)
            for frame in frames:
                if frame.command != ERROR:
                    tag = _seen(frame.data)
                    seen[tag.epc] = tag
                elif frame.data[:1] != b"\x15":
                    raise error(frame.data[0] if frame.data else 0x17)
        return list(seen.values())

    def read(self, target, bank, word, count, password=ZERO):
        place = bytes([bank]) + word.to_bytes(2) + count.to_bytes(2)
        yield from self._select(target)
        reply = yield from self._ask(READ, password + place)
        return self._of(target, reply.data, 2 * count)

    def write(self, target, bank, word, data, password=ZERO):
        place = bytes([bank]) + word.to_bytes(2) + words_of(data).to_bytes(2)
        yield from self._select(target)
        reply = yield from self._ask(WRITE, password + place + data, timeout=1)
        _check(self._of(target, reply.data, 1))

    def lock(self, target, areas, password):
        mask, action = lock_bits(areas)
        yield from self._select(target)
        bits = (mask << 10 | action).to_bytes(3)
        reply = yield from self._ask(LOCK, password + bits, timeout=1)
        _check(self._of(target, reply.data, 1))

    def _select(self, target):
        """Let the next operations reach this TAG only."""
        if target.tid:
            bank, pointer, mask = Bank.TID, 0, target.tid
        else:
            bank, pointer, mask = Bank.EPC, 0x20, target.epc
        parameters = bytes([bank]) + pointer.to_bytes(4) + bytes([8 * len(mask), 0])
        yield from self._confirmed(SET_SELECT, parameters + mask)
        yield from self._confirmed(SET_SELECT_MODE, b"\x02")

    def _ask(self, opcode, parameters=b"", timeout=0.5):
        reply = yield Command(opcode, self.frame(opcode, parameters), timeout)
        if reply.command == ERROR:
            raise error(reply.data[0] if reply.data else 0x17)
        return reply

    def _confirmed(self, opcode, parameters):
        reply = yield from self._ask(opcode, parameters)
        _check(reply.data)

    @staticmethod
    def _of(target, data, size):
        """Return what follows the TAG's PC and EPC in an answer, if it is the TAG's."""
        length = data[0] if data else 0
        epc, rest = data[3 : 1 + length], data[1 + length :]
        if not target.tid and epc != target.epc:
            raise AgentError("wrong_tag", "another TAG answered")
        if len(rest) != size:
            raise AgentError("protocol", f"{len(rest)} bytes instead of {size}")
        return rest


class R200(M100):
    name = "r200"
    header, end = 0xAA, 0xDD


def _check(status):
    if status != b"\0":
        raise AgentError("protocol", f"status {status.hex()}")


def _seen(data):
    """Read RSSI, PC, EPC and CRC of an inventory's notification."""
    if len(data) < 5:
        raise AgentError("protocol", "inventory answer too short")
    rssi = int.from_bytes(data[:1], signed=True)
    return Seen(data[3:-2], int.from_bytes(data[1:3]), rssi)
