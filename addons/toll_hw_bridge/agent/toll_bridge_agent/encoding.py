"""Encode one TAG so that it is right, or it is known what it is.

The order is what makes it safe: the chip's TID is read and remembered before anything
is written; the passwords come before the EPC; the lock comes last, after everything was
read back. So whatever stops it, doing it again ends the same.
"""

from dataclasses import dataclass, field

from .drivers import Bank
from .drivers.base import LOCK_AREAS, ZERO
from .errors import AgentError, BeyondMemory
from .reader import PASSING

EPC_BYTES = 12
PC_WORDS_96 = 0x3000  # the length field of the protocol control word: six words
PC_LENGTH = 0xF800
PC_ISO = 0x0100  # what follows is not a GS1 EPC
KILL_WORD, ACCESS_WORD, PC_WORD, EPC_WORD = 0, 2, 1, 2
EPC_TRIES = 5
STATES = ("open", "locked", "perma")
DEFAULT_LOCK = {"kill": "locked", "access": "locked", "epc": "locked"}


@dataclass(frozen=True)
class Wish:
    """What a TAG shall hold. `access` opens it; `new_access` replaces that."""

    epc: bytes
    access: bytes | None = field(default=None, repr=False)
    new_access: bytes | None = field(default=None, repr=False)
    kill: bytes | None = field(default=None, repr=False)
    lock: dict = field(default_factory=dict)
    user: bytes | None = None  # what the user bank begins with
    expect_tid: bytes | None = None
    expect_epc: bytes | None = None

    def __post_init__(self):
        if len(self.epc) != EPC_BYTES:
            raise ValueError("an EPC has 24 hexadecimal digits")
        if self.user is not None and (not self.user or len(self.user) % 2):
            raise ValueError("user memory is written in whole words of two bytes")
        check_lock(self.lock)
        closed = any(state != "open" for state in self.lock.values())
        if closed and (self.final_access or ZERO) == ZERO:
            raise ValueError("a lock without an access password protects nothing")

    @property
    def final_access(self):
        return self.new_access or self.access


@dataclass
class Outcome:
    epc: bytes
    tid: bytes
    rssi: int | None
    written: bool
    user: bytes | None = None


def check_lock(lock):
    for area, state in lock.items():
        if area not in LOCK_AREAS or state not in STATES:
            raise ValueError(f"cannot lock {area}={state}")


class Encoding:
    """One wish on one TAG. `bind(tid)` is called, once, before the first write."""

    def __init__(self, reader, wish, bind=None, note=None):
        self.reader = reader
        self.wish = wish
        self.bind = bind or (lambda tid: None)
        self.note = note or (lambda text: None)
        self.password = ZERO
        self.written = False

    def run(self, tag=None):
        """Encode the TAG on the reader (which may have been acquired already)."""
        wish = self.wish
        tag = tag or self.reader.acquire()
        self._check_expected(tag)
        self.note(f"tid {tag.tid.hex().upper()}")
        self.bind(tag.tid)
        try:
            if wish.final_access or wish.kill or wish.lock:
                self._write_passwords(tag)
            tag = self._write_epc(tag)
            tag = self._read_back(tag)
            user = self._write_user(tag) if wish.user else None
            if wish.lock:
                self._lock(tag)
                tag = self._read_back(tag)
        except AgentError as error:
            self._explain(error, tag)
            raise
        return Outcome(tag.epc, tag.tid, tag.rssi, self.written, user)

    def lock(self):
        """Lock the TAG on the reader as it is."""
        tag = self.reader.acquire()
        self.password = self.wish.final_access
        self._lock(tag)
        return Outcome(tag.epc, tag.tid, tag.rssi, True)

    def _check_expected(self, tag):
        wish = self.wish
        if wish.expect_tid and tag.tid != wish.expect_tid:
            raise AgentError("wrong_tag", f"TID {tag.tid.hex().upper()}")
        if wish.expect_epc and tag.epc not in (wish.expect_epc, wish.epc):
            raise AgentError("wrong_tag", f"EPC {tag.epc.hex().upper()}")

    def _write_passwords(self, tag):
        kill, access = self._open(tag)
        target, wish = tag.target, self.wish
        final = wish.final_access
        if wish.kill and kill is not None and kill != wish.kill:
            self._write(target, Bank.RESERVED, KILL_WORD, wish.kill)
        if final and access is not None and access != final:
            self._write(target, Bank.RESERVED, ACCESS_WORD, final)
            self.password = final
        if kill is None:
            self.note("passwords locked for ever, access password right")
            return
        held = self.reader.read(target, Bank.RESERVED, 0, 4, self.password)
        if held != (wish.kill or held[:4]) + (final or held[4:]):
            raise AgentError("write_failed", "the passwords read back differ")
        self.note("passwords read back")

    def _open(self, tag):
        """Find the access password in force; return (kill, access), None if unreadable.

        An unlocked TAG tells its passwords to everybody, also those that a stopped
        attempt left half written. A locked one is opened with those it may have.
        """
        candidates = [ZERO, self.wish.final_access, self.wish.access]
        failure = None
        for password in dict.fromkeys(p for p in candidates if p):
            try:
                held = self.reader.read(tag.target, Bank.RESERVED, 0, 4, password)
            except AgentError as error:
                if error.code not in ("locked", "access_denied"):
                    raise
                if error.code == "locked" and password != ZERO:
                    # the password was taken, the bank stays closed to everybody
                    self.password = password
                    return None, None
                failure = error
                continue
            self.password = held[4:]
            return held[:4], held[4:]
        raise AgentError("access_denied", failure.detail)

    def _write_epc(self, tag):
        password = self.password
        if password == ZERO and not self.wish.lock:
            password = self.wish.access or ZERO
        for last in (*[False] * EPC_TRIES, True):
            if tag.epc == self.wish.epc and tag.pc & PC_LENGTH == PC_WORDS_96:
                break
            word, data = EPC_WORD, self.wish.epc
            if tag.pc & (PC_LENGTH | PC_ISO) != PC_WORDS_96:
                word, data = PC_WORD, PC_WORDS_96.to_bytes(2) + data
            try:
                self._write(tag.target, Bank.EPC, word, data, password, tries=2)
                break
            except AgentError as error:
                if last or error.code not in PASSING:
                    raise
            # an EPC may be half written: find the TAG by what it calls itself now
            tag = self._again(tag)
        self.note("EPC written" if self.written else "holds the EPC already")
        return tag

    def _write_user(self, tag):
        """Write the user bank and return what it holds then."""
        data = self.wish.user
        if not self.reader.driver.user_memory:
            raise AgentError("no_user_memory", "this protocol cannot write it")
        place = tag.target, Bank.USER, 0, len(data) // 2
        password = self.password
        if password == ZERO and not self.wish.lock:
            password = self.wish.access or ZERO
        try:
            held = self.reader.read(*place, password)
            if held != data:
                self._write(tag.target, Bank.USER, 0, data, password)
                held = self.reader.read(*place, password)
        except BeyondMemory as error:
            raise AgentError("no_user_memory", error.detail) from error
        if held != data:
            detail = f"user memory {held.hex().upper()}"
            raise AgentError("readback_differs", detail)
        self.note("user memory read back")
        return held

    def _read_back(self, tag):
        back = self._again(tag)
        if back.epc != self.wish.epc:
            raise AgentError("readback_differs", f"EPC {back.epc.hex().upper()}")
        self.note("EPC and TID read back")
        return back

    def _again(self, tag):
        """Acquire anew; it must be the same chip."""
        again = self.reader.acquire()
        if again.tid != tag.tid:
            raise AgentError("wrong_tag", "the TAG was changed in the middle")
        return again

    def _lock(self, tag):
        lock, target = self.wish.lock, tag.target
        self.reader.lock(target, lock, self.password)
        if lock.get("access", "open") != "open" or lock.get("kill", "open") != "open":
            word = ACCESS_WORD if lock.get("access", "open") != "open" else KILL_WORD
            self._refused(self.reader.read, target, Bank.RESERVED, word, 2)
        if lock.get("epc", "open") != "open":
            pc = tag.pc.to_bytes(2)  # what it holds anyway, should it be taken
            self._refused(self.reader.write, target, Bank.EPC, PC_WORD, pc)
        self.note("locked: " + ", ".join(f"{k} {v}" for k, v in sorted(lock.items())))

    def _refused(self, operation, *arguments):
        """Make sure that the TAG refuses this to whoever has no password."""
        try:
            operation(*arguments)
        except AgentError as error:
            if error.code not in ("locked", "access_denied", "write_failed"):
                raise
            return
        raise AgentError("write_failed", "the lock has no effect")

    def _write(self, target, bank, word, data, password=None, tries=None):
        self.written = True
        chosen = self.password if password is None else password
        self.reader.write(target, bank, word, data, chosen, tries=tries)

    def _explain(self, error, tag):
        """Turn a failure on a TAG that is no longer there into what happened."""
        if error.code not in ("no_tag", "weak_signal", "write_failed"):
            return
        try:
            again = self.reader.acquire()
        except AgentError as other:
            if other.code in ("no_tag", "many_tags", "cable"):
                raise other from error
            return
        if again.tid != tag.tid:
            detail = "the TAG was changed in the middle"
            raise AgentError("wrong_tag", detail) from error
