"""What a result means, and what happens to the TAG next."""

#: The TAG itself does not do what it should: counts against it.
TAG_FAULTS = frozenset(
    {"locked", "access_denied", "write_failed", "readback_differs", "weak_signal"}
)
#: The TAG is sound, and not what its policy takes for granted: a person decides.
UNFIT_FAULTS = frozenset({"no_user_memory"})
#: The person at the station has to do something: says nothing about the TAG.
HANDLING_FAULTS = frozenset({"no_tag", "many_tags", "wrong_tag", "cancelled"})
#: The encoder or its cable: says nothing about the TAG either.
STATION_FAULTS = frozenset({"cable", "timeout", "protocol", "interrupted"})
KNOWN = TAG_FAULTS | UNFIT_FAULTS | HANDLING_FAULTS | STATION_FAULTS

LONGEST_PAUSE = {True: 5, False: 60}


def judge(state, epc, tid, wanted_epc, expected_tid, user=None, wanted_user=None):
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
    >>> judge("done", "AA", "E280", "AA", None, "0102", "0103")
    'readback_differs'

    An agent that says nothing of the user memory it was to write is too old.

    >>> judge("done", "AA", "E280", "AA", None, None, "0103")
    'protocol'
    """
    if state != "done":
        return None
    if expected_tid and tid and tid != expected_tid:
        return "wrong_tag"
    if epc != wanted_epc or not tid:
        return "readback_differs"
    if wanted_user and not user:
        return "protocol"
    if wanted_user and user != wanted_user:
        return "readback_differs"
    return None


def next_step(code, faults, max_attempts):
    """After a fault: "again", "ask" a person, or "reject" what failed too often.

    >>> next_step("write_failed", 1, 3), next_step("write_failed", 3, 3)
    ('again', 'reject')
    >>> next_step("no_tag", 99, 3), next_step("no_user_memory", 0, 3)
    ('again', 'ask')
    """
    if code in UNFIT_FAULTS:
        return "ask"
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
    if code in TAG_FAULTS | UNFIT_FAULTS:
        return 0
    return min(2 ** min(repeated, 6), LONGEST_PAUSE[code in HANDLING_FAULTS])
