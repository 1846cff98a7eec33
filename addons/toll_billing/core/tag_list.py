"""The list that a hand-held device carries: states of TAGs and plates, no names.

A JSON header, then one entry of seven bytes for each TAG number, EPC and plate: five
bytes of the salted hash, the state, and the class as a place in the header's list; in
the order of the hashes, each once, with its gravest state. Whoever holds the list can
ask it about a number, and cannot read numbers out of it.

A header with ``"since"`` begins what has changed since a version: entries to put in the
place of those with the same hash; the state ``REMOVED`` takes them out.
"""

import hashlib
import json
import struct
from bisect import bisect_left

HASH = 5
ENTRY = HASH + 2
#: By gravity: of two states of the same number the later one counts.
STATES = (
    "unknown",
    "valid",
    "exempt",
    "low",
    "unassigned",
    "blocked",
    "lost",
    "stolen",
)
REMOVED = 255


def fingerprint(salt, value):
    """What stands in the list for a number.

    >>> fingerprint("salt", "ABC123").hex()
    'a6ff4afd4d'
    """
    return hashlib.sha256((salt + value).encode()).digest()[:HASH]


def epoch(list_id, header):
    """What must be the same for a list and its changes.

    >>> epoch(1, {"salt": "x"}) == epoch(1, {"salt": "y"})
    False
    """
    text = json.dumps([list_id, header], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pack(header, data):
    """The file as it is sent."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack(">I", len(text)) + text + data


def unpack(file):
    """(header, entries) of a file.

    >>> unpack(pack({"salt": "x"}, b"1234567"))
    ({'salt': 'x'}, b'1234567')
    """
    (size,) = struct.unpack(">I", file[:4])
    return json.loads(file[4 : 4 + size]), file[4 + size :]


def merge(file, changes):
    """A list after its changes, as the device keeps it.

    >>> old = pack({"salt": "x"}, b"aaaaa\\1\\0" + b"ccccc\\1\\0")
    >>> news = b"aaaaa\\xff\\0" + b"bbbbb\\5\\0"
    >>> merge(old, pack({"salt": "x", "since": 1}, news))[-14:]
    b'bbbbb\\x05\\x00ccccc\\x01\\x00'
    """
    entries = {}
    for part in (file, changes):
        header, data = unpack(part)
        for at in range(0, len(data), ENTRY):
            entries[data[at : at + HASH]] = data[at + HASH : at + ENTRY]
    kept = sorted((key, v) for key, v in entries.items() if v[0] != REMOVED)
    del header["since"]
    header["count"] = len(kept)
    return pack(header, b"".join(key + value for key, value in kept))


def find(file, value):
    """(state, class) of a number, as the device finds it.

    >>> entry = fingerprint("x", "ABC123") + bytes([7, 1])
    >>> file = pack({"salt": "x", "classes": ["A", "B"], "complete": True}, entry)
    >>> find(file, "ABC123"), find(file, "ABC124")
    (('stolen', 'B'), ('unknown', None))
    """
    header, data = unpack(file)
    wanted = fingerprint(header["salt"], value)
    numbers = range(len(data) // ENTRY)
    at = bisect_left(numbers, wanted, key=lambda n: data[n * ENTRY : n * ENTRY + HASH])
    entry = data[at * ENTRY : (at + 1) * ENTRY]
    if not entry.startswith(wanted):
        return "unknown", None
    state, place = entry[HASH:]
    classes = header["classes"]
    return STATES[state], classes[place] if place < len(classes) else None
