"""Work that overlaps but takes effect in order.

The loader parses, stages, prices and writes chunks side by side. Two things happen in
file order all the same: taking the natural keys (a file's first row with a reference is
the one that counts) and the commit (a kill leaves no hole before the last line done).
"""

import queue
import threading


class Aborted(Exception):
    """Another worker failed; this one stops without an error of its own."""


class SteppedBack(Exception):
    """An earlier piece starts again: what was claimed after it must be given up."""


class Turns:
    """Two gates that numbered pieces of work pass in order: claiming, then finishing.

    >>> turns = Turns()
    >>> turns.wait_to_claim(0)
    >>> turns.claimed(0)
    >>> turns.wait_to_claim(1)
    >>> turns.claimed(1)
    >>> turns.wait_to_finish(0)
    >>> turns.step_back(0)
    >>> turns.wait_to_finish(1)
    Traceback (most recent call last):
    ...
    odoo.addons.toll_billing.core.pipeline.SteppedBack
    >>> turns.abort()
    >>> turns.wait_to_claim(0)
    Traceback (most recent call last):
    ...
    odoo.addons.toll_billing.core.pipeline.Aborted
    """

    def __init__(self):
        self._to_claim = 0
        self._to_finish = 0
        self._aborted = False
        self._changed = threading.Condition()

    def wait_to_claim(self, number):
        """Block until every earlier number has claimed.

        :raises Aborted: when another worker gave up
        """
        self._wait(lambda: self._to_claim >= number)

    def claimed(self, number):
        """Let the next number claim, unless an earlier one has stepped back."""
        with self._changed:
            if self._to_claim == number:
                self._to_claim = number + 1
            self._changed.notify_all()

    def wait_to_finish(self, number):
        """Block until every earlier number is done.

        :raises SteppedBack: an earlier number claims anew and must not find claims of
            this one in its way
        :raises Aborted: when another worker gave up
        """
        self._wait(lambda: self._to_finish >= number or self._to_claim <= number)
        with self._changed:
            if self._to_claim <= number:
                raise SteppedBack

    def done(self, number):
        """Let the next number finish."""
        with self._changed:
            self._to_finish = number + 1
            self._changed.notify_all()

    def step_back(self, number):
        """This number was undone and will claim again."""
        with self._changed:
            self._to_claim = min(self._to_claim, number)
            self._changed.notify_all()

    def abort(self):
        """Stop everybody who waits or will wait."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()

    def _wait(self, passes):
        with self._changed:
            self._changed.wait_for(lambda: self._aborted or passes())
            if self._aborted:
                raise Aborted


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
