"""Short signed codes in links: a number, the last day, and a seal over both.

They go into text messages, so every character counts: 22 of them. Whoever seals keeps
the secret; here is only how it is written.

>>> code = pack(1234567, 2500, b"0123456789")
>>> code, unpack(code)
('ABLWhwnEMDEyMzQ1Njc4OQ', (1234567, 2500, b'0123456789'))
>>> unpack("short"), unpack("ñ" * 22), unpack(code + "A"), unpack("")
(None, None, None, None)
"""

import base64
import binascii
import re
import struct

SEAL = 10
_HEAD = struct.Struct(">IH")
_CODE = re.compile(r"[A-Za-z0-9_-]{22}")


def pack(number: int, day: int, seal: bytes) -> str:
    """Return the code of a number; of the seal, its first bytes."""
    raw = _HEAD.pack(number, day) + seal[:SEAL]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpack(code: str) -> tuple[int, int, bytes] | None:
    """Return number, day and seal, or None where it is no code at all."""
    if not _CODE.fullmatch(code or ""):
        return None
    try:
        raw = base64.urlsafe_b64decode(code + "==")
    except (ValueError, binascii.Error):
        return None
    number, day = _HEAD.unpack(raw[: _HEAD.size])
    return number, day, raw[_HEAD.size :]
