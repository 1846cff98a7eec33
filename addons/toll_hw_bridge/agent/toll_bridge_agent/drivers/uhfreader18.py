"""The UHFReader18 family: Chafon CF-RU5xxx and CF-MU, ZK-RFID10x, IQRFID-5102 …

`LENGTH ADDRESS COMMAND DATA CRC(2, low byte first)`, the length being that of what
follows it; an answer has a status before its data. There is no header to search for:
only the CRC tells a frame from rubbish.

Operations reach a TAG by its EPC only. So before each one the chip's TID is read and
compared, which the other protocols can leave to the reader.
"""

from ..errors import AgentError, BeyondMemory
from .base import ZERO, Bank, Command, Decoder, Driver, Frame, Seen, exactly, words_of

HEARTBEAT = bytes.fromhex("560000000000")
BROADCAST = 0xFF
INVENTORY = 0x01
READ = 0x02
WRITE = 0x03
LOCK = 0x06
GET_INFO = 0x21
SET_REGION = 0x22
SET_POWER = 0x2F
REPORT = 0xEE  # pushed by a reader that works on its own

OK = 0x00
INVENTORY_ENDS = (0x00, 0x01, 0x02, 0x03, 0x04)
NO_TAG = 0xFB
TAG_ERROR = 0xFC
STATUS = {
    0x05: "access_denied",
    0x09: "write_failed",
    0x0A: "write_failed",
    0x0B: "write_failed",  # the TAG does not know the command
    0x0C: "access_denied",
    0x13: "write_failed",
    0x14: "protocol",
    0xF9: "weak_signal",  # execution failed
    0xFA: "weak_signal",
    NO_TAG: "no_tag",
}
TAG_CODES = {0x00: "write_failed", 0x04: "locked", 0x0B: "weak_signal"}
MEMORY_OVERRUN = 0x03
PROTECT = {"open": 0, "locked": 2, "perma": 3}
SELECT = {"kill": 0, "access": 1, "epc": 2, "tid": 3, "user": 4}
MODELS = {0x09: "UHFReader18"}


def crc(data):
    """Return the reflected CCITT CRC-16.

    >>> crc(bytes.fromhex("040001")).to_bytes(2, "little").hex()
    'db4b'
    """
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _bit in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value


def frame(command, data=b"", address=0):
    body = bytes([len(data) + 4, address, command]) + data
    return body + crc(body).to_bytes(2, "little")


def error(status, data=b""):
    """Return the exception for a status, and the TAG's own code after it.

    >>> error(0xFB).code, error(0xFC, b"\\x04").code, error(0xFF).code
    ('no_tag', 'locked', 'protocol')
    """
    detail = f"reader's status {status:02X}{data[:1].hex().upper()}"
    if status == TAG_ERROR:
        code = data[0] if data else 0x0F
        if code == MEMORY_OVERRUN:
            return BeyondMemory()
        return AgentError(TAG_CODES.get(code, "write_failed"), detail)
    return AgentError(STATUS.get(status, "protocol"), detail)


class Uhfreader18Decoder(Decoder):
    longest = 256

    def __init__(self, commands=False):
        """Decode answers, or what a host sends when `commands` is set."""
        super().__init__()
        self.start = 3 if commands else 4

    def _take(self, buffer):
        if HEARTBEAT.startswith(buffer[: len(HEARTBEAT)]):
            if len(buffer) < len(HEARTBEAT):
                return 0, None
            return len(HEARTBEAT), None
        size = buffer[0] + 1
        if size < self.start + 2:
            return 1, None
        if len(buffer) < size:
            return 0, None
        if crc(buffer[: size - 2]) != int.from_bytes(buffer[size - 2 : size], "little"):
            return 1, None
        status = buffer[3] if self.start == 4 else 0
        data = bytes(buffer[self.start : size - 2])
        return size, Frame(buffer[2], data, status, address=buffer[1])


class Uhfreader18(Driver):
    name = "uhfreader18"
    baudrate = 57600
    # highest and lowest channel; the two high bits of both together name the band
    regions = {
        "us": bytes([0x31, 0x80]),
        "kr": bytes([0x1F, 0xC0]),
        "cn": bytes([0x13, 0x40]),
    }

    def __init__(self):
        self.address = 0

    def decoder(self):
        return Uhfreader18Decoder()

    def answers(self, command, frame):
        # a command that arrived damaged is answered with the number 0
        return frame.command == command.opcode or (frame.command, frame.status) == (
            0x00,
            0xFE,
        )

    def identify(self):
        request = frame(GET_INFO, address=BROADCAST)
        reply = _check((yield Command(GET_INFO, request)))
        if len(reply.data) < 7:
            raise AgentError("protocol", "reader information too short")
        self.address = reply.address
        model = MODELS.get(reply.data[2], f"model {reply.data[2]:02X}")
        return f"{model} firmware {reply.data[0]}.{reply.data[1]}"

    def set_region(self, name):
        _check((yield self._command(SET_REGION, self.regions[name])))

    def set_power(self, dbm):
        _check((yield self._command(SET_POWER, bytes([round(dbm)]))))

    def get_power(self):
        reply = _check((yield self._command(GET_INFO)))
        if len(reply.data) < 7:
            raise AgentError("protocol", "reader information too short")
        return float(reply.data[6])

    def inventory(self):
        request = frame(INVENTORY, address=self.address)
        frames = yield Command(INVENTORY, request, timeout=3, gather=True)
        seen = {}
        for reply in frames:
            if reply.status == NO_TAG:
                continue
            if reply.status not in INVENTORY_ENDS:
                raise error(reply.status, reply.data)
            seen |= {epc: Seen(epc) for epc in _epcs(reply.data)}
        return list(seen.values())

    def read(self, target, bank, word, count, password=ZERO):
        if bank != Bank.TID:
            yield from self._confirm(target)
        return (yield from self._read(target, bank, word, count, password))

    def write(self, target, bank, word, data, password=ZERO):
        yield from self._confirm(target)
        place = _of(target) + bytes([bank, word]) + data + password
        request = bytes([words_of(data)]) + place
        _check((yield self._command(WRITE, request, 2)))

    def lock(self, target, areas, password):
        for area, state in areas.items():
            yield from self._confirm(target)
            choice = bytes([SELECT[area], PROTECT[state]])
            request = _of(target) + choice + password
            _check((yield self._command(LOCK, request, 2)))

    def _read(self, target, bank, word, count, password=ZERO):
        request = _of(target) + bytes([bank, word, count]) + password
        reply = _check((yield self._command(READ, request, 2)))
        return exactly(reply.data, 2 * count)

    def _confirm(self, target):
        """Make sure that the TAG with this EPC is the chip that is meant."""
        if target.tid:
            words = words_of(target.tid)
            if (yield from self._read(target, Bank.TID, 0, words)) != target.tid:
                raise AgentError("wrong_tag", "another TAG with the same EPC answered")

    def _command(self, opcode, data=b"", timeout=1):
        return Command(opcode, frame(opcode, data, self.address), timeout)


def _of(target):
    return bytes([words_of(target.epc)]) + target.epc if target.epc else b"\0"


def _check(reply):
    if reply.status != OK:
        raise error(reply.status, reply.data)
    return reply


def _epcs(data):
    """Yield the EPCs of an inventory's answer: their number, then length and EPC."""
    position = 1
    for _tag in range(data[0] if data else 0):
        size = data[position] if position < len(data) else 0
        epc = data[position + 1 : position + 1 + size]
        if not size or len(epc) != size:
            raise AgentError("protocol", "inventory answer too short")
        yield epc
        position += 1 + size
