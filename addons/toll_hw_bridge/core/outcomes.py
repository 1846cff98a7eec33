"""What a result means, and what happens to the TAG next."""

#: The TAG itself does not do what it should: counts against it.
TAG_FAULTS = frozenset(
    {"locked", "access_denied", "write_failed", "readback_differs", "weak_signal"}
)
#: The person at the station has to do something: says nothing about the TAG.
HANDLING_FAULTS = frozenset({"no_tag", "many_tags", "wrong_tag", "cancelled"})
#: The encoder or its cable: says nothing about the TAG either.
STATION_FAULTS = frozenset({"cable", "timeout", "protocol", "interrupted"})
KNOWN = TAG_FAULTS | HANDLING_FAULTS | STATION_FAULTS

LONGEST_PAUSE = {True: 5, False: 60}


def judge(state, epc, tid, wanted_epc, expected_tid):
    """The fault of a result, or None when the TAG is what was ordered.

    The agent's word is not enough: what it read back decides.

    >>> judge("done", "AA", "E280", "AA", None) is None
    True
    >>> judge("done", "BB", "E280", "AA", None)
    'readback_differs'
    >>> judge("done", "AA", "E281", "AA", "E280")
    'wrong_tag'
    >>> judge("done", "AA", None, "AA", None)
    'readback_differs'
    """
    if state != "done":
        return None
    if expected_tid and tid and tid != expected_tid:
        return "wrong_tag"
    if epc != wanted_epc or not tid:
        return "readback_differs"
    return None


def next_step(code, faults, max_attempts):
    """After a fault: "again", or "reject" when the TAG failed often enough.

    >>> next_step("write_failed", 1, 3), next_step("write_failed", 3, 3)
    ('again', 'reject')
    >>> next_step("no_tag", 99, 3)
    'again'
    """
    if code in TAG_FAULTS and faults >= max_attempts:
        return "reject"
    return "again"


def pause_seconds(code, repeated):
    """How long the encoder rests after the same kind of trouble so many times.

    A TAG's own fault is tried again at once; a person gets a few seconds; a broken
    cable is asked about less and less often.

    >>> [pause_seconds("cable", n) for n in (1, 2, 3, 9)]
    [2, 4, 8, 60]
    >>> [pause_seconds("no_tag", n) for n in (1, 2, 9)]
    [2, 4, 5]
    >>> pause_seconds("write_failed", 3)
    0
    """
    if code in TAG_FAULTS:
        return 0
    return min(2 ** min(repeated, 6), LONGEST_PAUSE[code in HANDLING_FAULTS])
