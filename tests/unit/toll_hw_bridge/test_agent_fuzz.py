"""Whatever comes over the line: no surprise, no hoarding, the next frame is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peer import MODULES
from toll_bridge_agent.drivers import DRIVERS, Bank, Frame, Target
from toll_bridge_agent.drivers.base import lock_bits
from toll_bridge_agent.errors import AgentError
from toll_bridge_agent.jobs import BadJob, parse

PROTOCOLS = sorted(DRIVERS)
FEW = settings(max_examples=60, deadline=None)
TARGET = Target(bytes(12), bytes.fromhex("E28011606000020912345678"))


def good(protocol, payload):
    """Return an answer of the protocol with the payload."""
    module = MODULES[protocol]
    if protocol in ("m100", "r200"):
        return DRIVERS[protocol]().frame(0x39, payload, kind=1)
    return module.frame(0x28, data=payload)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(chunks=st.lists(st.binary(max_size=600), max_size=20))
def test_rubbish_is_never_hoarded(protocol, chunks):
    decoder = DRIVERS[protocol]().decoder()
    for chunk in chunks:
        decoder.feed(chunk)
        assert decoder.pending <= decoder.longest
    decoder.idle()
    assert not decoder.pending


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(
    rubbish=st.binary(max_size=80),
    payload=st.binary(max_size=40),
    step=st.integers(1, 60),
)
def test_a_good_frame_is_found_behind_rubbish(protocol, rubbish, payload, step):
    decoder = DRIVERS[protocol]().decoder()
    frame = good(protocol, payload)
    # rubbish may, by chance, make a frame with the first one's beginning
    stream = rubbish + frame + frame
    found = []
    for start in range(0, len(stream), step):
        found += decoder.feed(stream[start : start + step])
    found += decoder.idle()
    assert payload in [one.data for one in found]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(payload=st.binary(min_size=1, max_size=40), cut=st.integers(1, 200))
def test_a_good_frame_is_found_behind_half_a_frame(protocol, payload, cut):
    decoder = DRIVERS[protocol]().decoder()
    frame = good(protocol, payload)
    found = decoder.feed(frame[: cut % len(frame)])
    found += decoder.idle()
    found += decoder.feed(frame)
    assert [one.data for one in found] == [payload]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(payload=st.binary(max_size=40), bit=st.integers(0, 10_000))
def test_a_flipped_bit_is_noticed(protocol, payload, bit):
    frame = bytearray(good(protocol, payload))
    bit %= 8 * len(frame)
    frame[bit // 8] ^= 1 << bit % 8
    decoder = DRIVERS[protocol]().decoder()
    found = decoder.feed(bytes(frame)) + decoder.idle()
    assert payload not in [one.data for one in found]


ANSWERS = st.builds(
    Frame,
    command=st.sampled_from([0x39, 0xFF, 0x28, 0x01]),
    data=st.binary(max_size=40),
    status=st.sampled_from([0, 0, 0, 1, 0x400, 0x424, 0xFB, 0xFC, 0xFE]),
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(answers=st.lists(ANSWERS, min_size=1, max_size=20))
def test_any_answer_is_understood_or_refused(protocol, answers):
    """A well-formed frame with any content raises nothing but the protocol's error."""
    for name, *arguments in (
        ("identify",),
        ("inventory",),
        ("get_power",),
        ("read", TARGET, Bank.TID, 0, 6),
        ("write", TARGET, Bank.EPC, 2, bytes(12)),
        ("read", TARGET, Bank.USER, 0, 4),
        ("write", TARGET, Bank.USER, 0, bytes(8)),
        ("lock", TARGET, {"epc": "locked"}, bytes(4)),
    ):
        operation = getattr(DRIVERS[protocol](), name)(*arguments)
        answer = None
        for frame in [*answers, *[Frame(0xFF, b"\x17", 0xFF)] * 20]:
            try:
                command = operation.send(answer)
            except (StopIteration, AgentError):
                break
            answer = [frame] if command.gather else frame
        else:
            pytest.fail("the conversation never ends")


@given(
    areas=st.dictionaries(
        st.sampled_from(["kill", "access", "epc", "tid", "user"]),
        st.sampled_from(["open", "locked", "perma"]),
        min_size=1,
    )
)
def test_a_lock_acts_only_where_it_masks(areas):
    mask, action = lock_bits(areas)
    assert 0 < mask < 1 << 10
    assert action & ~mask == 0


@given(user=st.binary(max_size=80))
def test_user_memory_is_whole_words_or_no_job(user):
    body = {"id": 1, "attempt": "12345678", "epc": "30" * 12, "user": user.hex()}
    if len(user) % 2 or len(user) > 64:
        with pytest.raises(BadJob):
            parse(body)
    else:
        assert parse(body).wish().user == (user or None)
