"""Waiting for the right TAG: what is waited out, what is said, and how often."""

import pytest
from chips import factory_chips
from toll_bridge_agent import plate as plates
from toll_bridge_agent.errors import AgentError
from toll_bridge_agent.jobs import Job
from toll_bridge_agent.journal import Journal
from toll_bridge_agent.plate import Plate
from wire import wired


class Enough(Exception):
    """The test has seen enough."""


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path)
    yield journal
    journal.close()


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let the pauses pass at once."""
    now = [1000.0]

    class Clock:
        monotonic = staticmethod(lambda: now[0])

        @staticmethod
        def sleep(seconds):
            now[0] += seconds

    monkeypatch.setattr(plates, "time", Clock)
    return now


def job(number=1, **more):
    epc = bytes([0x34]) + number.to_bytes(11)
    return Job(number, f"attempt-{number:04d}", "encode", epc, f"N{number}", **more)


def finish(journal, one, chip):
    tid = chip.tid.hex().upper()
    journal.start(one)
    journal.bind(one.attempt, tid)
    journal.finish(one.attempt, {"state": "done"})


def looks(count, then=None):
    """Return a `between` that ends the waiting after so many looks."""
    left = [count]

    def between():
        left[0] -= 1
        if left[0] == 0:
            if then is None:
                raise Enough
            then()

    return between


def told_after(clock, reader, plate, one, between, bound=None):
    start = clock[0]
    with pytest.raises(AgentError) as caught:
        plate.wait(reader, one, bound, between)
    return caught.value.code, clock[0] - start


def test_no_tag_is_said_late_and_once(journal, clock):
    reader, _module = wired("mercury", [])
    plate = Plate(journal)
    code, seconds = told_after(clock, reader, plate, job(), looks(1000))
    assert code == "no_tag" and 30 <= seconds < 31
    with pytest.raises(Enough):
        plate.wait(reader, job(), None, looks(1000))


def test_many_tags_are_said_soon_and_again_after_a_good_one(journal, clock):
    reader, module = wired("mercury", factory_chips(2))
    plate = Plate(journal)
    code, seconds = told_after(clock, reader, plate, job(), looks(1000))
    assert code == "many_tags" and 3 <= seconds < 4
    module.plate.chips = factory_chips(1)
    assert plate.wait(reader, job(), None, looks(5)).tid == module.plate.chips[0].tid
    module.plate.chips = factory_chips(2)
    assert told_after(clock, reader, plate, job(), looks(1000))[0] == "many_tags"


@pytest.mark.parametrize("protocol", ["m100", "mercury", "uhfreader18"])
def test_a_hand_that_still_moves_the_tag_is_waited_for(journal, protocol):
    [chip] = chips = factory_chips(1)
    reader, module = wired(protocol, [])
    put = looks(3, then=lambda: module.plate.chips.extend(chips))
    assert Plate(journal).wait(reader, job(), None, put).tid == chip.tid


@pytest.mark.parametrize("restart", [False, True])
def test_the_last_tag_is_not_for_another_number(journal, restart):
    first, second = factory_chips(2)
    reader, module = wired("mercury", [first])
    plate = Plate(journal)
    finish(journal, job(1), first)
    if restart:
        plate = Plate(journal)
    else:
        plate.leave(job(1), first.tid, first.epc)
    with pytest.raises(Enough):  # and nobody is troubled with it
        plate.wait(reader, job(2), None, looks(200))
    change = looks(3, then=lambda: module.plate.chips.__setitem__(0, second))
    assert plate.wait(reader, job(2), None, change).tid == second.tid


def test_the_last_tag_is_for_the_same_number_again(journal):
    [chip] = chips = factory_chips(1)
    reader, _module = wired("mercury", chips)
    plate = Plate(journal)
    plate.leave(job(1), chip.tid, chip.epc)
    assert plate.wait(reader, job(1), None, looks(2)).tid == chip.tid


def test_a_tag_of_another_number_is_said_at_once(journal, clock):
    first, second = factory_chips(2)
    reader, _module = wired("mercury", [first])
    finish(journal, job(1), first)
    finish(journal, job(2), second)
    plate = Plate(journal)
    code, seconds = told_after(clock, reader, plate, job(3), looks(1000))
    assert (code, seconds) == ("wrong_tag", 0)
    with pytest.raises(Enough):
        plate.wait(reader, job(3), None, looks(50))


def test_odoo_may_order_a_chip_by_its_tid(journal, clock):
    first, second = factory_chips(2)
    reader, module = wired("mercury", [first])
    finish(journal, job(1), first)
    wanted = job(2, expect_tid=first.tid)  # encoded anew, on purpose
    plate = Plate(journal)
    assert plate.wait(reader, wanted, None, looks(2)).tid == first.tid
    module.plate.chips = [second]
    assert told_after(clock, reader, plate, wanted, looks(9))[0] == "wrong_tag"


def test_a_bound_attempt_waits_for_its_chip_only(journal, clock):
    first, second = factory_chips(2)
    reader, module = wired("mercury", [second])
    plate = Plate(journal)
    code, seconds = told_after(clock, reader, plate, job(), looks(999), first.tid)
    assert code == "interrupted" and 15 <= seconds < 16
    module.plate.chips = [first]
    assert plate.wait(reader, job(), first.tid, looks(2)).tid == first.tid
