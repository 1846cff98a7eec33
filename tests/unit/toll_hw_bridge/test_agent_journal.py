"""What stands on the disk, and what cannot be changed there afterwards."""

import pytest
from toll_bridge_agent.jobs import Job
from toll_bridge_agent.journal import Journal, JournalError

TID, OTHER = "E2801160600002091111", "E2801160600002092222"


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "state")
    yield journal
    journal.close()


def job(number=1, epc=bytes(12)):
    return Job(number, f"attempt-{number:04d}", "encode", epc, f"N{number}")


def done(one, state="done"):
    return {"job": one.id, "attempt": one.attempt, "state": state}


def test_an_attempt_is_for_one_chip(journal):
    one = job()
    journal.start(one)
    journal.start(one)  # handed out again
    journal.bind(one.attempt, TID)
    journal.bind(one.attempt, TID)
    with pytest.raises(JournalError):
        journal.bind(one.attempt, OTHER)
    with pytest.raises(JournalError):
        journal.bind("attempt-9999", TID)
    assert journal.find(one.attempt).tid == TID


def test_the_first_result_stays(journal):
    one = job()
    journal.start(one)
    journal.finish(one.attempt, done(one))
    journal.finish(one.attempt, done(one, "failed"))
    assert journal.find(one.attempt).result["state"] == "done"
    with pytest.raises(JournalError):
        journal.bind(one.attempt, TID)


def test_a_result_waits_until_it_is_taken_also_across_a_restart(tmp_path):
    one, two = job(1), job(2)
    journal = Journal(tmp_path)
    for each in (one, two):
        journal.start(each)
        journal.finish(each.attempt, done(each))
    journal.delivered(one.attempt, accepted=True)
    journal.close()
    journal = Journal(tmp_path)
    assert [entry.attempt for entry in journal.undelivered()] == [two.attempt]
    journal.delivered(two.attempt, accepted=False)
    assert not journal.undelivered()
    journal.deliver_again(two.attempt)
    assert journal.undelivered()
    journal.close()


def test_what_was_begun_is_known_and_only_an_untouched_one_forgotten(journal):
    one, two = job(1), job(2)
    journal.start(one)
    journal.start(two)
    journal.bind(two.attempt, TID)
    assert len(journal.unresolved()) == 2
    journal.forget(one.attempt)
    journal.forget(two.attempt)
    assert [entry.attempt for entry in journal.unresolved()] == [two.attempt]
    assert journal.last_touched().job == 2


def test_only_a_finished_encoding_claims_a_chip(journal):
    one = job()
    journal.start(one)
    journal.bind(one.attempt, TID)
    assert journal.encoded_as(TID) is None
    journal.finish(one.attempt, done(one))
    assert journal.encoded_as(TID).number == "N1"


def test_one_agent_per_folder(tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match="another agent"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_a_damaged_journal_is_not_replaced(tmp_path):
    """Without it nobody knows what was encoded: better no service than a wrong one."""
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is no database, and long enough to tell" * 40)
    with pytest.raises(JournalError):
        Journal(tmp_path)
    assert path.read_bytes().startswith(b"this is no database")


def test_it_is_durable_and_private(journal, tmp_path):
    [mode] = journal._db.execute("PRAGMA journal_mode").fetchone()
    [synchronous] = journal._db.execute("PRAGMA synchronous").fetchone()
    assert (mode, synchronous) == ("wal", 2)
    path = tmp_path / "state" / "journal.sqlite"
    assert path.stat().st_mode & 0o077 == 0
