"""What a TAG's user memory says about its vehicle: version, class, checksum.

One byte of version, one of length, the class's code in ASCII, filled up to whole words
of two bytes with zero, and CRC-16/CCITT-FALSE over all of that.
"""

from binascii import crc_hqx

VERSION = 1
LONGEST = 12


def encode(code):
    """The bytes for a class; None where the code has no place there.

    >>> encode("C2").hex()
    '01024332d29a'
    >>> encode("AUTO").hex()
    '01044155544f14f0'
    >>> encode("") is encode("Ñ") is encode("A" * 13) is None
    True
    """
    if not code or not code.isascii() or len(code) > LONGEST:
        return None
    data = bytes([VERSION, len(code)]) + code.encode("ascii")
    data += bytes(len(data) % 2)
    return data + crc_hqx(data, 0xFFFF).to_bytes(2, "big")


def decode(data):
    """The class that these bytes name, or None where they name none.

    >>> decode(encode("MOTO2")), decode(encode("C2") + bytes(8))
    ('MOTO2', 'C2')
    >>> decode(bytes(6)) is decode(b"\\x01") is decode(b"") is None
    True
    """
    if len(data) < 4 or data[0] != VERSION or not 0 < data[1] <= LONGEST:
        return None
    end = 2 + data[1] + data[1] % 2
    if crc_hqx(data[:end], 0xFFFF) != int.from_bytes(data[end : end + 2], "big"):
        return None
    code = data[2 : 2 + data[1]]
    return code.decode("ascii") if code.isascii() else None
