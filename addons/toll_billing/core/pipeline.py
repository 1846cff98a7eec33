"""Work that overlaps but takes effect in order.

The loader parses, stages and prices chunks side by side, but posts them one after the
other in file order: a file's first row with a reference is the one that counts, and a
kill leaves no hole before the last finished line.
"""

import queue
import threading


class Aborted(Exception):
    """Another worker failed; this one stops without an error of its own."""


class Turns:
    """Lets numbered pieces of work pass one by one, in order.

    >>> turns = Turns()
    >>> with turns.of(0):
    ...     "first"
    'first'
    >>> turns.abort()
    >>> turns.wait(5)
    Traceback (most recent call last):
    ...
    odoo.addons.toll_billing.core.pipeline.Aborted
    """

    def __init__(self):
        self._next = 0
        self._aborted = False
        self._changed = threading.Condition()

    def wait(self, number):
        """Block until every earlier number is done.

        :raises Aborted: when another worker gave up
        """
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or self._next >= number)
            if self._aborted:
                raise Aborted

    def done(self, number):
        """Let the next number pass."""
        with self._changed:
            self._next = max(self._next, number + 1)
            self._changed.notify_all()

    def abort(self):
        """Stop everybody who waits or will wait."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()

    def of(self, number):
        """Context of one turn: waits on entry, lets the next pass on a clean exit."""
        return _Turn(self, number)


class _Turn:
    def __init__(self, turns, number):
        self._turns, self._number = turns, number

    def __enter__(self):
        self._turns.wait(self._number)

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self._turns.done(self._number)


def read_ahead(items, depth=2):
    """Run an iterator in a thread, at most ``depth`` items ahead.

    An error of the iterator is raised to the reader; closing ends the thread.

    >>> list(read_ahead(iter("abc"), depth=1))
    ['a', 'b', 'c']
    """
    ready, stop, end = queue.Queue(depth), threading.Event(), object()

    def put(item):
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def run():
        try:
            for item in items:
                if not put((item, None)):
                    return
            put((end, None))
        except BaseException as error:  # handed over and raised below
            put((end, error))

    threading.Thread(target=run, name="toll-read-ahead", daemon=True).start()
    try:
        while True:
            item, error = ready.get()
            if error:
                raise error
            if item is end:
                return
            yield item
    finally:
        stop.set()


class Shared:
    """An iterator that several threads draw numbered items from, each item once.

    >>> shared = Shared(iter("ab"))
    >>> shared.draw(), shared.draw(), shared.draw()
    ((0, 'a'), (1, 'b'), None)
    """

    def __init__(self, items):
        self._items = enumerate(items)
        self._lock = threading.Lock()

    def draw(self):
        """Return (number, item), or None at the end."""
        with self._lock:
            return next(self._items, None)
