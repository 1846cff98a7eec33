"""ThingMagic's Mercury serial protocol: M5e, M6e, M6e Nano, M7e Hecto and clones.

`FF LENGTH OPCODE DATA CRC(2)`; an answer has two bytes of status before its data.
"""

from ..errors import AgentError, BeyondMemory
from .base import ZERO, Command, Decoder, Driver, Frame, Seen, lock_bits, words_of

HEADER = 0xFF
VERSION = 0x03
BOOT = 0x04
READ_MULTIPLE = 0x22
WRITE_DATA = 0x24
LOCK = 0x25
READ_DATA = 0x28
GET_BUFFER = 0x29
CLEAR_BUFFER = 0x2A
GET_READ_POWER = 0x62
SET_ANTENNA = 0x91
SET_READ_POWER = 0x92
SET_PROTOCOL = 0x93
SET_WRITE_POWER = 0x94
SET_REGION = 0x97

GEN2 = b"\x00\x05"
METADATA = 0x10  # option bit: some firmware reads data only with it
SELECT_EPC, SELECT_TID = 0x01, 0x02
RSSI = b"\x00\x02"  # metadata wanted of an inventory
OPERATION_MS = 500
SEARCH_MS = 150

OK = 0x0000
BAD_LENGTH, BAD_OPCODE, BAD_PARAMETER = 0x100, 0x101, 0x105
NO_TAG = 0x400
GENERAL_TAG_ERROR = 0x40A
STATUS = {
    NO_TAG: "no_tag",
    0x403: "locked",  # written, but the lock failed
    0x404: "weak_signal",
    0x405: "weak_signal",
    0x406: "write_failed",
    0x408: "write_failed",
    0x40C: "access_denied",
    0x40E: "write_failed",
    0x411: "weak_signal",
    0x420: "write_failed",
    0x424: "locked",
    0x42B: "weak_signal",
    0x42F: "write_failed",
    0x503: "cable",  # antenna not connected
    0x504: "weak_signal",
    0x505: "cable",
}
OVERRUN = (0x409, 0x423)  # no such address
_TABLE = (
    *(0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7),
    *(0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF),
)


def crc(data):
    """Return the vendor's own CRC of length, opcode and what follows.

    It shifts the data in from below, so it is not CRC-16/CCITT-FALSE.

    >>> f"{crc(bytes.fromhex('0003')):04X}"
    '1D0C'
    """
    value = 0xFFFF
    for byte in data:
        value = ((value << 4 | byte >> 4) ^ _TABLE[value >> 12]) & 0xFFFF
        value = ((value << 4 | byte & 0xF) ^ _TABLE[value >> 12]) & 0xFFFF
    return value


def frame(opcode, data=b""):
    body = bytes([len(data), opcode]) + data
    return bytes([HEADER]) + body + crc(body).to_bytes(2)


def error(status, password=ZERO):
    """Return the exception for a status.

    A wrong access password makes the TAG silent, which the reader calls a general
    error: with a password, that is what it most probably was.

    >>> error(0x400).code, error(0x40A, b"1234").code, error(0x40A).code
    ('no_tag', 'access_denied', 'weak_signal')
    """
    detail = f"reader's status {status:04X}"
    if status in OVERRUN:
        return BeyondMemory()
    if status == GENERAL_TAG_ERROR:
        code = "weak_signal" if password == ZERO else "access_denied"
        return AgentError(code, detail)
    return AgentError(STATUS.get(status, "protocol"), detail)


class MercuryDecoder(Decoder):
    longest = 255 + 7

    def __init__(self, commands=False):
        """Decode answers, or what a host sends when `commands` is set."""
        super().__init__()
        self.start = 3 if commands else 5

    def _take(self, buffer):
        if buffer[0] != HEADER:
            return max(buffer.find(HEADER), 0) or len(buffer), None
        if len(buffer) < 2:
            return 0, None
        end = self.start + buffer[1]
        if len(buffer) < end + 2:
            return 0, None
        if crc(buffer[1:end]) != int.from_bytes(buffer[end : end + 2]):
            return 1, None
        status = int.from_bytes(buffer[3 : self.start])
        return end + 2, Frame(buffer[2], bytes(buffer[self.start : end]), status)


class Mercury(Driver):
    name = "mercury"
    regions = {"us": 0x01, "eu": 0x08, "kr": 0x09, "cn": 0x06, "cn800": 0x0A}

    def __init__(self):
        self.metadata = False  # until this reader turns out to want it

    def decoder(self):
        return MercuryDecoder()

    def identify(self):
        reply = yield self._command(VERSION)
        if reply.status == BAD_OPCODE:  # still in its boot loader
            yield self._command(BOOT, timeout=2)
            reply = yield self._command(VERSION)
        _check(reply)
        hardware, firmware = reply.data[4:8], reply.data[12:16]
        return f"Mercury {hardware.hex('.')} firmware {firmware.hex('.')}"

    def prepare(self):
        _check((yield self._command(SET_PROTOCOL, GEN2)))
        _check((yield self._command(SET_ANTENNA, b"\x01\x01")))

    def set_region(self, name):
        _check((yield self._command(SET_REGION, bytes([self.regions[name]]))))

    def set_power(self, dbm):
        value = round(dbm * 100).to_bytes(2)
        _check((yield self._command(SET_READ_POWER, value)))
        _check((yield self._command(SET_WRITE_POWER, value)))

    def get_power(self):
        reply = _check((yield self._command(GET_READ_POWER, b"\x00")))
        # with an option the reader echoes it before the power
        return int.from_bytes(reply.data[-2:]) / 100

    def inventory(self):
        _check((yield self._command(CLEAR_BUFFER)))
        search = b"\x00\x00\x03" + SEARCH_MS.to_bytes(2)
        reply = yield self._command(READ_MULTIPLE, search, SEARCH_MS / 1000 + 0.5)
        if reply.status == NO_TAG:
            return []
        _check(reply)
        seen = {}
        for _fetch in range(16):  # a plate holds a few TAGs, an answer about ten
            reply = yield self._command(GET_BUFFER, RSSI + b"\x00")
            if reply.status == NO_TAG:
                break
            tags = list(_buffered(_check(reply).data))
            seen |= {tag.epc: tag for tag in tags}
            if len(tags) < 2:
                break
        _check((yield self._command(CLEAR_BUFFER)))
        return list(seen.values())

    def read(self, target, bank, word, count, password=ZERO):
        reply = yield self._read(target, bank, word, count, password)
        if reply.status in (BAD_LENGTH, BAD_PARAMETER) and not self.metadata:
            self.metadata = True
            reply = yield self._read(target, bank, word, count, password)
        _check(reply, password)
        # what was asked for comes last, after the option's echo
        if len(reply.data) - 2 * count not in (0, 1, 3):
            raise AgentError("protocol", f"{len(reply.data)} bytes, {2 * count} wanted")
        return reply.data[-2 * count :]

    def _read(self, target, bank, word, count, password):
        option, select = _select(target)
        head = bytes([option | METADATA, 0, 0]) if self.metadata else bytes([option])
        place = bytes([bank]) + word.to_bytes(4) + bytes([count])
        data = OPERATION_MS.to_bytes(2) + head + place + password + select
        return self._command(READ_DATA, data, 1)

    def write(self, target, bank, word, data, password=ZERO):
        words_of(data)
        option, select = _select(target)
        place = bytes([option]) + word.to_bytes(4) + bytes([bank])
        head = OPERATION_MS.to_bytes(2) + place + password + select
        _check((yield self._command(WRITE_DATA, head + data, 1)), password)

    def lock(self, target, areas, password):
        mask, action = lock_bits(areas)
        option, select = _select(target)
        head = OPERATION_MS.to_bytes(2) + bytes([option]) + password
        bits = mask.to_bytes(2) + action.to_bytes(2)
        _check((yield self._command(LOCK, head + bits + select, 1)), password)

    @staticmethod
    def _command(opcode, data=b"", timeout=0.5):
        return Command(opcode, frame(opcode, data), timeout)


def _select(target):
    """Return the option byte and the fields that single out the TAG."""
    if target.tid:
        return SELECT_TID, bytes(4) + bytes([8 * len(target.tid)]) + target.tid
    return SELECT_EPC, bytes([8 * len(target.epc)]) + target.epc


def _check(reply, password=ZERO):
    if reply.status != OK:
        raise error(reply.status, password)
    return reply


def _buffered(data):
    """Yield the TAGs of an answer to GET_BUFFER with RSSI as its metadata."""
    if data[:2] != RSSI or len(data) < 4:
        raise AgentError("protocol", "unknown metadata in the inventory")
    position = 4
    for _tag in range(data[3]):
        rssi = int.from_bytes(data[position : position + 1], signed=True)
        size = int.from_bytes(data[position + 1 : position + 3]) // 8
        tag = data[position + 3 : position + 3 + size]
        if len(tag) != size or size < 4:
            raise AgentError("protocol", "inventory answer too short")
        yield Seen(tag[2:-2], int.from_bytes(tag[:2]), rssi)
        position += 3 + size
