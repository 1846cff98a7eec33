"""The plate of a station: waits until the right TAG lies there, alone.

After a job, its TAG stays on the plate until somebody takes it away. So a job for
another number never begins with the TAG of the job before. What a person has to mend
(no TAG, several, a wrong one) is said once, not every time Odoo asks again.
"""

import time
from dataclasses import dataclass

from .errors import AgentError

PAUSE = 0.2
LOOK_CLOSER = 15  # looks at an unchanged EPC before the chip's TID is read again
# seconds until it is reported
REPORTED_AFTER = {"no_tag": 30, "many_tags": 3, "weak_signal": 5}
INTERRUPTED_AFTER = 15


@dataclass
class Left:
    """The TAG that the last attempt left on the plate."""

    tid: bytes
    job: int
    epc: bytes | None = None


class Plate:
    def __init__(self, journal, hurry=1.0):
        self.journal = journal
        self.hurry = hurry
        self.left = None
        self.told = None
        if last := journal.last_touched():
            self.left = Left(bytes.fromhex(last.tid), last.job)

    def leave(self, job, tid, epc):
        if tid:
            self.left = Left(tid, job.id, epc)

    def wait(self, reader, job, bound, between):
        """Return the TAG for the job. `between` is called between two looks.

        A `bound` attempt has touched a TAG already: it is that one or none.
        """
        troubles = {}
        looks = 0
        while True:
            reader.restart_clock()
            trouble, tag = self._look(reader, job, bound, looks)
            looks += 1
            if tag:
                self.told = None
                return tag
            if trouble:
                self._tell(trouble, troubles, bound)
            else:
                troubles.clear()
            between()
            time.sleep(PAUSE * self.hurry)

    def _look(self, reader, job, bound, looks):
        """Return (trouble, TAG): one of them, or none when it is the last one's TAG."""
        try:
            seen = reader.sole()
            left = self.left if self.left and self.left.job != job.id else None
            if left and seen.epc == left.epc and (looks + 1) % LOOK_CLOSER:
                return None, None
            tag = reader.acquire()
        except AgentError as error:
            # a hand may still be moving it
            if error.code not in (*REPORTED_AFTER, "wrong_tag"):
                raise
            return error, None
        if left and tag.tid == left.tid and tag.tid not in (bound, job.expect_tid):
            left.epc = tag.epc
            return None, None
        trouble = self._unfit(job, tag, bound)
        return trouble, None if trouble else tag

    def _unfit(self, job, tag, bound):
        """Return why this is not the TAG for the job."""
        text = tag.tid.hex().upper()
        wanted = bound or job.expect_tid
        if wanted:
            if tag.tid != wanted:
                return AgentError("wrong_tag", f"TID {text}")
            return None
        before = self.journal.encoded_as(text)
        if before and before.epc != job.epc.hex().upper():
            name = before.number or before.epc
            return AgentError("wrong_tag", f"TID {text} was encoded as {name}")
        return None

    def _tell(self, trouble, troubles, bound):
        now = time.monotonic()
        since = troubles.setdefault(trouble.code, now)
        for code in set(troubles) - {trouble.code}:
            del troubles[code]
        limit = INTERRUPTED_AFTER if bound else REPORTED_AFTER.get(trouble.code, 0)
        if now - since < limit * self.hurry:
            return
        if bound:
            raise AgentError("interrupted", str(trouble))
        if self.told != str(trouble):
            self.told = str(trouble)
            raise trouble
