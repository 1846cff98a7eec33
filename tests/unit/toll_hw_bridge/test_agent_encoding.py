"""One TAG: what is written, in which order, and what is noticed."""

from dataclasses import replace

import pytest
from chips import Chip, factory_chips
from peer import MercuryModule
from toll_bridge_agent.drivers import DRIVERS
from toll_bridge_agent.encoding import DEFAULT_LOCK, Encoding, Wish
from toll_bridge_agent.errors import AgentError
from toll_bridge_agent.reader import Tag, region_of
from wire import wired

PROTOCOLS = sorted(DRIVERS)
EPC = bytes.fromhex("494D444D3330393932303339")
OTHER = bytes.fromhex("494D444D3330393932303340")
ACCESS = bytes.fromhex("11223344")
KILL = bytes.fromhex("55667788")
FULL = Wish(EPC, access=ACCESS, kill=KILL, lock=DEFAULT_LOCK)

everywhere = pytest.mark.parametrize("protocol", PROTOCOLS)


def encode(reader, wish=FULL, **options):
    return Encoding(reader, wish, **options).run()


def code_of(action, *arguments, **options):
    with pytest.raises(AgentError) as caught:
        action(*arguments, **options)
    return caught.value.code


@everywhere
def test_a_new_tag_gets_everything(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    outcome = encode(reader)
    assert (outcome.epc, outcome.tid, outcome.written) == (EPC, chip.tid, True)
    assert chip.epc == EPC
    assert bytes(chip.reserved) == KILL + ACCESS
    locked = {"kill": "locked", "access": "locked", "epc": "locked"}
    assert chip.locks == {"tid": "open", "user": "open"} | locked


@everywhere
def test_again_writes_nothing(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    encode(reader)
    outcome = encode(reader)
    assert not outcome.written
    assert len(chip.names) == 2


@everywhere
@pytest.mark.parametrize("size", [8, 16, 2])
def test_the_length_of_a_foreign_epc_becomes_96_bits(protocol, size):
    chip = Chip(bytes.fromhex("E28011606000020912345678"), b"\xab" * size)
    reader, _module = wired(protocol, [chip])
    encode(reader, Wish(EPC))
    assert chip.epc == EPC
    assert chip.pc >> 11 == 6


@everywhere
def test_a_chip_with_a_tid_of_64_bits(protocol):
    chip = Chip(bytes.fromhex("E280110C20001234"), bytes(12))
    reader, _module = wired(protocol, [chip])
    assert encode(reader).tid == chip.tid


@everywhere
def test_a_chip_without_serial_number_is_refused(protocol):
    chip = Chip(bytes.fromhex("E2801105"), bytes(12))
    reader, _module = wired(protocol, [chip])
    assert code_of(encode, reader) == "wrong_tag"
    assert not chip.writes


@everywhere
def test_no_tag_and_many_tags(protocol):
    reader, _module = wired(protocol, [])
    assert code_of(encode, reader) == "no_tag"
    chips = factory_chips(2)
    reader, _module = wired(protocol, chips)
    assert code_of(encode, reader) == "many_tags"
    assert not sum(chip.writes for chip in chips)


@everywhere
def test_the_wrong_password_changes_nothing(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    encode(reader)
    stranger = Wish(OTHER, access=bytes.fromhex("DEADBEEF"), lock=DEFAULT_LOCK)
    assert code_of(encode, reader, stranger) == "access_denied"
    assert code_of(encode, reader, Wish(OTHER)) == "locked"
    assert (chip.epc, chip.access) == (EPC, ACCESS)


@everywhere
def test_a_locked_tag_is_opened_by_its_password(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    encode(reader)
    new = bytes.fromhex("99AABBCC")
    wish = Wish(OTHER, access=ACCESS, new_access=new, lock=DEFAULT_LOCK)
    assert encode(reader, wish).epc == OTHER
    assert (chip.access, bytes(chip.reserved[:4])) == (new, KILL)


@everywhere
def test_a_lock_for_ever_stays(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    forever = Wish(EPC, access=ACCESS, lock={"epc": "perma", "access": "perma"})
    encode(reader, forever)
    assert not encode(reader, forever).written
    other = Wish(OTHER, access=ACCESS)
    assert code_of(encode, reader, other) == "locked"
    assert chip.epc == EPC


@everywhere
def test_a_defective_tag(protocol):
    reader, _module = wired(protocol, factory_chips(1, defective=1))
    assert code_of(encode, reader) == "write_failed"


@everywhere
def test_the_tag_expected_and_no_other(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    assert code_of(encode, reader, Wish(EPC, expect_tid=bytes(12))) == "wrong_tag"
    assert code_of(encode, reader, Wish(EPC, expect_epc=OTHER)) == "wrong_tag"
    assert not chip.writes
    encode(reader, Wish(EPC, expect_tid=chip.tid, expect_epc=chip.epc))
    assert chip.epc == EPC


@everywhere
def test_the_tid_is_remembered_before_the_first_write(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    moments = []
    encode(reader, bind=lambda tid: moments.append((tid, chip.writes)))
    assert moments == [(chip.tid, 0)]


@everywhere
@pytest.mark.parametrize("step", range(1, 40, 3))
def test_a_tag_changed_in_the_middle_is_noticed(protocol, step):
    """What is reported as done is done, and there is one such TAG at most."""
    first, second = factory_chips(2)
    reader, module = wired(protocol, [first])
    start = module.seen
    answer = module.answer

    def swap(frame):
        if module.seen - start == step:
            module.plate.chips = [second]
        return answer(frame)

    module.answer = swap
    try:
        outcome = encode(reader)
    except AgentError as error:
        assert error.code in ("wrong_tag", "no_tag", "weak_signal")
    else:
        [chip] = module.plate.chips
        assert (outcome.tid, chip.epc) == (chip.tid, EPC)
        assert chip.locks["epc"] == chip.locks["access"] == "locked"
    assert [first.epc, second.epc].count(EPC) < 2
    assert not (first.writes and second.writes)


@everywhere
@pytest.mark.parametrize("words", range(7))
def test_half_an_epc_is_mended(protocol, words):
    """The field failed during the write: the TAG calls itself something new."""
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    chip.bank[4 : 4 + 2 * words] = EPC[: 2 * words]
    assert encode(reader).epc == EPC
    assert bytes(chip.reserved) == KILL + ACCESS


@everywhere
def test_half_a_password_is_mended(protocol):
    [chip] = chips = factory_chips(1)
    chip.reserved[4:6] = ACCESS[:2]  # open still: a lock comes last
    reader, _module = wired(protocol, chips)
    encode(reader)
    assert bytes(chip.reserved) == KILL + ACCESS


def test_firmware_that_reads_with_metadata_only(monkeypatch):
    monkeypatch.setattr(MercuryModule, "metadata_only", True)
    [chip] = chips = factory_chips(1)
    reader, _module = wired("mercury", chips)
    assert encode(reader).tid == chip.tid


@everywhere
def test_power(protocol):
    reader, module = wired(protocol)
    assert reader.set_power(23) == 23
    assert module.power == 23


@pytest.mark.parametrize(
    ("name", "region"),
    [("MX", "us"), ("fcc", "us"), ("ETSI", "eu"), ("CN900", "cn"), ("moon", None)],
)
def test_regions(name, region):
    assert region_of(name) == region


@pytest.mark.parametrize(
    "wish",
    [
        {"epc": bytes(8)},
        {"epc": EPC, "lock": {"epc": "locked"}},  # no password: no protection
        {"epc": EPC, "access": bytes(4), "lock": {"epc": "locked"}},
        {"epc": EPC, "access": ACCESS, "lock": {"epc": "maybe"}},
        {"epc": EPC, "access": ACCESS, "lock": {"all": "locked"}},
    ],
)
def test_impossible_wishes(wish):
    with pytest.raises(ValueError):
        Wish(**wish)


def test_passwords_do_not_show():
    text = repr(FULL) + repr(Tag(EPC, bytes(12), 0x3000))
    for secret in (ACCESS, KILL):
        assert repr(secret)[2:-1] not in text and secret.hex() not in text.lower()


CLASS = bytes.fromhex("01024332D29A")


@everywhere
def test_the_class_goes_into_user_memory_and_is_read_back(protocol):
    [chip] = chips = factory_chips(1)
    reader, _module = wired(protocol, chips)
    wish = replace(FULL, user=CLASS, lock=DEFAULT_LOCK | {"user": "locked"})
    outcome = encode(reader, wish)
    assert outcome.user == CLASS == bytes(chip.user[:6])
    assert chip.locks["user"] == "locked"
    assert not encode(reader, wish).written
    other = replace(wish, user=bytes.fromhex("01014D00C0A4"))
    assert encode(reader, other).user == bytes(chip.user[:6]) == other.user


@everywhere
def test_a_chip_without_user_memory_says_so(protocol):
    chip = Chip(bytes.fromhex("E28011606000020912345678"), bytes(12), user_words=0)
    reader, _module = wired(protocol, [chip])
    assert code_of(encode, reader, replace(FULL, user=CLASS)) == "no_user_memory"
    assert chip.locks["epc"] == "open", "it is not locked half done"


def test_a_protocol_that_cannot_write_user_memory_says_so():
    reader, _module = wired("m100", factory_chips(1))
    reader.driver.user_memory = False
    assert code_of(encode, reader, replace(FULL, user=CLASS)) == "no_user_memory"
