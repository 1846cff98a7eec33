import io
import logging
import threading
import time
from collections import Counter
from contextlib import contextmanager

from psycopg2 import errors
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

from odoo import fields, models

from ..core import intake, pipeline
from ..queries import (
    crossing_batch,
    crossing_post,
    crossing_resolve,
    crossing_review,
    crossing_work,
    pack,
)

_logger = logging.getLogger(__name__)

#: Rows per committed chunk.
CHUNK = 100_000
#: Chunks of one file under way at once (they are posted in file order all the same).
LANES = 2
RETRIES = 5


class TollCrossingLoader(models.AbstractModel):
    """Takes chunks of crossings to their fate. Design: docs/architecture.md."""

    _name = "toll.crossing.loader"
    _description = "Toll Crossing Loader"

    # === FILES, IN TRANSACTIONS OF THEIR OWN === #
    def _load_stream(self, batch_id, stream, layout, progress=None, chunk_size=CHUNK):
        """Load what is left of a file, one committed transaction per chunk.

        A kill at any instant leaves whole chunks only; the tally says up to which
        line. Two chunks are on their way at once, each on its own connection, while
        the next ones are parsed.

        :param int batch_id: a committed batch in state loading
        :param progress: called with (lines done, seconds per stage) after each chunk
        :return: seconds per stage, summed over the lanes
        """
        with self.env.registry.cursor() as cr:
            loader = self.env(cr=cr)[self._name]
            overlaps = cr.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
            with loader._batch_lock(batch_id) as batch:
                chunks = pipeline.read_ahead(
                    intake.iter_chunks(
                        stream,
                        layout,
                        batch.operator_id._intake_context(),
                        size=chunk_size,
                        skip=batch._lines_done(),
                    )
                )
                try:
                    if overlaps:
                        loader._end(cr)
                        spent = loader._run_lanes(batch_id, chunks, progress)
                    else:  # a test's single connection
                        shared, turns = pipeline.Shared(chunks), pipeline.Turns()
                        spent = loader._run_lane(batch_id, shared, turns, progress)
                finally:
                    chunks.close()
                with loader._own_transaction():
                    cr.execute(crossing_work.create_work())
                    loader._cancel(batch, loader._is_read_committed())
            return spent

    def _run_lanes(self, batch_id, chunks, progress):
        """Run the lanes in threads, each with its own connection."""
        shared, turns = pipeline.Shared(chunks), pipeline.Turns()
        spent, failures = Counter(), []

        def run():
            try:
                with self.env.registry.cursor() as cr:
                    lane = self.env(cr=cr)[self._name]
                    spent.update(lane._run_lane(batch_id, shared, turns, progress))
            except pipeline.Aborted:
                _logger.debug("batch %s: lane stopped for the other one", batch_id)
            except BaseException as error:  # raised by the caller's thread
                failures.append(error)
                turns.abort()

        lanes = [
            threading.Thread(target=run, name=f"toll-lane-{number}", daemon=True)
            for number in range(LANES)
        ]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        if failures:
            raise failures[0]
        return spent

    def _run_lane(self, batch_id, shared, turns, progress):
        """Load every chunk that this lane draws; return the seconds per stage."""
        spent = Counter()
        batch = self.env["toll.crossing.batch"].browse(batch_id)
        while True:
            start = time.perf_counter()
            drawn = shared.draw()
            spent["wait for rows"] += time.perf_counter() - start
            if drawn is None:
                return spent
            number, chunk = drawn
            self._commit_chunk(batch, chunk, turns, number, spent)
            if progress:
                progress(chunk.done, spent)

    @contextmanager
    def _batch_lock(self, batch_id):
        """One loader per batch at a time; a killed one's lock goes with its session."""
        cr = self.env.cr
        cr.execute(crossing_batch.try_lock_batch(batch_id))
        if not cr.fetchone()[0]:
            raise intake.IntakeError(
                "busy", "This file is being loaded by another process right now."
            )
        try:
            yield self.env["toll.crossing.batch"].browse(batch_id)
        finally:
            if cr.connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
                cr.rollback()
            cr.execute(crossing_batch.unlock_batch(batch_id))

    def _commit_chunk(self, batch, chunk, turns, number, spent):
        """Load one chunk and commit; tried again whole where a rival got in between."""
        attempt = 1
        while True:
            try:
                with self._own_transaction():
                    self._load_chunk(
                        batch,
                        chunk,
                        self._is_read_committed(),
                        turns=turns,
                        number=number,
                        spent=spent,
                    )
                turns.done(number)
                return
            except pipeline.SteppedBack:
                _logger.info("batch %s: chunk waits for the one before it", batch.id)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                if attempt == RETRIES:
                    raise
                turns.step_back(number)
                attempt += 1
                _logger.info("batch %s: chunk tried again (%s)", batch.id, attempt)

    @contextmanager
    def _own_transaction(self):
        """Commit at the end, roll back on an error; READ COMMITTED where possible.

        Statement by statement snapshots let a chunk wait for a rival's wallet row
        instead of failing on it. A test's cursor is inside a transaction already.
        """
        cr = self.env.cr
        if cr.connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        try:
            yield
        except BaseException:
            cr.rollback()
            raise
        self._end(cr)

    def _end(self, cr):
        cr.commit()  # pylint: disable=invalid-commit  # the loader's own cursor

    def _is_read_committed(self):
        self.env.cr.execute("SHOW transaction_isolation")
        return self.env.cr.fetchone()[0] == "read committed"

    # === ONE CHUNK, IN THE CALLER'S TRANSACTION === #
    def _load_chunk(
        self, batch, chunk, read_committed, turns=None, number=0, spent=None
    ):
        """Stage, resolve and post one chunk.

        With ``turns`` it waits, as chunk ``number`` of its file, for the chunks before
        it: to take its keys, and to move wallets and tally (until the commit).
        """
        cr, spent = self.env.cr, Counter() if spent is None else spent
        clock = time.perf_counter()

        def lap(stage):
            nonlocal clock
            now = time.perf_counter()
            spent[stage] += now - clock
            clock = now

        large = chunk.received > 1000
        cr.execute(crossing_work.create_work())
        cr.execute(crossing_work.clear_work(large))
        cr.copy_expert(crossing_work.copy_stage(), io.StringIO(chunk.data))
        if large:
            cr.execute("ANALYZE toll_crossing_stage")
        lap("stage")
        self._resolve(batch)
        lap("resolve and rate")
        if turns:
            turns.wait_to_claim(number)
        lap("wait for turn")
        self._ensure_months(apart=turns is not None)
        self._claim(batch.operator_id.id)
        lap("keys")
        # before the next chunk claims: it takes what this one leaves of a pack
        self._use_packs(batch)
        if turns:
            turns.claimed(number)
        lap("packs")
        cr.execute(
            crossing_post.write(batch.operator_id.id, batch.company_id.id, batch.id)
        )
        lap("write")
        if turns:
            turns.wait_to_finish(number)
        lap("wait for turn")
        cr.execute(
            crossing_post.settle(batch.id, chunk.received, chunk.done, read_committed)
        )
        lap("wallets and tally")

    def _ensure_months(self, apart=False):
        """Partitions for late crossings; those of these months exist already.

        ``apart``: in a transaction that ends at once. Attaching a month locks the rows
        without a time, and the chunk before this one may be about to write some.
        """
        self.env.cr.execute(crossing_work.missing_months())
        self._attach([month for (month,) in self.env.cr.fetchall()], apart)

    def _attach(self, months, apart=False):
        if months and apart:
            with self.env.registry.cursor() as cr:
                self.env(cr=cr)["toll.crossing"]._ensure_months(months)
        elif months:
            self.env["toll.crossing"]._ensure_months(months)

    def _claim(self, operator_id):
        """Each row that counts has its natural key now, or is a duplicate."""
        cr = self.env.cr
        cr.execute(crossing_work.count_claims())
        (wanted,) = cr.fetchone()
        while wanted:
            cr.execute(crossing_post.claim(operator_id))
            wanted -= cr.rowcount
            if wanted:
                # a key that was given back meanwhile is free for the next round
                cr.execute(crossing_post.mark_repeated(operator_id))
                wanted -= cr.rowcount

    def _use_packs(self, batch):
        """Let prepaid packs cover the rows that will be charged."""
        if batch.operator_id._crossing_facts()["has_packs"]:
            self.env.cr.execute(pack.lock())
            self._cover(
                batch.operator_id.id, batch.company_id.id, self.env.cr.fetchall()
            )

    def _cover(self, operator_id, company_id, held):
        """Pack by pack, the one that ends first before the others.

        All crossings want their packs in the same order: what the first pack takes
        does not depend on the second.

        :param held: (pack, account) of the locked packs
        """
        if not held:
            return
        cr = self.env.cr
        ids = [row[0] for row in held]
        cr.execute(pack.candidates(ids, operator_id, company_id))
        if not cr.rowcount:
            return
        for rank in range(1, max(Counter(row[1] for row in held).values()) + 1):
            cr.execute(pack.cover(rank))
        cr.execute(pack.book())
        self.env["toll.account.pack"].invalidate_model(flush=False)

    def _resolve(self, batch):
        terms = batch.operator_id._crossing_terms(
            batch.company_id.id, fields.Datetime.now()
        )
        self.env.cr.execute(
            crossing_resolve.resolve(
                with_discounts=batch.operator_id._crossing_facts()["has_discounts"],
                **terms,
            )
        )

    def _cancel(self, batches, read_committed):
        """Let the operators' cancellations in these batches take effect."""
        if not batches:
            return
        cr = self.env.cr
        cr.execute(pack.lock_cancelled(batches.ids))
        covered = [row[0] for row in cr.fetchall()]
        cr.execute(crossing_review.cancel(batches.ids, read_committed))
        if covered:
            self._give_back(covered)

    def _give_back(self, crossing_ids):
        """Crossings that count no more leave their packs; these are locked."""
        self.env.cr.execute(pack.give_back(crossing_ids))
        self.env["toll.account.pack"].invalidate_model(flush=False)

    # === REVIEW === #
    def _reprocess(self, crossings):
        """Resolve held crossings again, in their own batches' and operators' terms."""
        cr, read_committed = self.env.cr, self._is_read_committed()
        moved = []
        for batch, held in crossings.grouped("batch_id").items():
            cr.execute(crossing_work.create_work())
            cr.execute(crossing_work.clear_work(False))
            cr.execute(crossing_review.stage_held(held.ids))
            self._resolve(batch)
            self._use_packs(batch)
            cr.execute(crossing_review.repost(read_committed))
            moved += [row[0] for row in cr.fetchall() if row[1] != "held"]
            self._cancel(batch, read_committed)
        self.env.invalidate_all(flush=False)
        return crossings.browse(moved)
