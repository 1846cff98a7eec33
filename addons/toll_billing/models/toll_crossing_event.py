import io
import json
import logging
import os
from contextlib import contextmanager, suppress

from psycopg2 import InterfaceError, OperationalError

from odoo import api, fields, models, tools
from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..core import intake
from ..queries import crossing_batch, crossing_event, crossing_work, pack

_logger = logging.getLogger(__name__)

RETRIES = 5
#: (process, registry, cursor, uses) of connections that wait for the next event.
_KEPT = []
KEEP = 4
#: Calls after which a connection goes back to the pool: nobody vacuums its work tables,
#: and what was deleted from them leaves a trace that every later statement reads over.
MAX_USES = 1_000


class TollCrossingBatch(models.Model):
    """The day's batch of an operator's events."""

    _inherit = "toll.crossing.batch"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _load_events(self, operator, events, batch=None):
        """Take single events to their fates, in the order in which they came.

        Where ``_prepare_events`` has been: see ``_post_events``, which everybody calls.

        :param list events: dicts with the columns of the universal crossing file
        :param batch: where they belong; else to the API's batch of the day
        :return: list of dict(ref, state, reason, detail, amount, id, batch_id); a
            repeated event has the id of the first
        """
        facts = operator._crossing_facts()
        company_id = facts["company_id"] or self.env.company.id
        batch_id = batch.id if batch else self._api_batch_id(operator.id, company_id)
        # the integration user may post its operator's crossings and nothing else;
        # wallets and tariffs are none of its business
        fates = (
            self.env["toll.crossing.loader"]
            .sudo()
            ._load_events(operator, company_id, batch_id, events)
        )
        for fate in fates:
            first = fate.pop("crossing_id")
            if fate["state"] == "duplicate" and first:
                fate["id"] = first
            fate["amount"] = f"{fate['amount']:.{facts['decimals']}f}"
            fate["batch_id"] = batch_id
        return fates

    @api.model
    def _post_events(self, operator, events):
        """``_load_events`` in a transaction of its own, committed before it returns.

        For requests that do nothing else: see ``_on_kept_connection``.
        """
        return self.env["toll.crossing.loader"]._on_kept_connection(
            lambda env: self.with_env(env)._load_events(operator.with_env(env), events)
        )

    @api.model
    def _api_batch_id(self, operator_id, company_id):
        """The API's batch of the day for this operator, made by its first event."""
        name = f"API {fields.Date.context_today(self)}"
        try:
            return self._find_api_batch(operator_id, company_id, name)
        except KeyError:
            # two first events at once: the later one is tried again and finds it
            query = crossing_batch.make_api_batch(
                name, operator_id, company_id, self.env.uid
            )
            return self.env.execute_query(query)[0][0]

    @api.model
    @tools.ormcache("operator_id", "company_id", "name")
    def _find_api_batch(self, operator_id, company_id, name):
        """Its id. Batches are never deleted, so what was found once stays true.

        :raises KeyError: there is none yet (and that is not remembered)
        """
        # an operator's user has no right on batches; the rule is the key above
        batch_sudo = self.sudo().search(
            [
                ("operator_id", "=", operator_id),
                ("company_id", "=", company_id),
                ("kind", "=", "api"),
                ("name", "=", name),
            ]
        )
        if not batch_sudo:
            raise KeyError(name)
        return batch_sudo.id


class TollCrossingLoader(models.AbstractModel):
    """Events of the API: a chunk of one, in a short transaction of its own."""

    _inherit = "toll.crossing.loader"  # pylint: disable=consider-merging-classes-inherited

    def _on_kept_connection(self, work):
        """Run ``work(env)`` on a kept connection and commit.

        Odoo wipes a connection's plans and temporary tables whenever it changes hands;
        making them anew costs several times what an event costs.

        It runs again after a conflict, and after the server has dropped the connection
        meanwhile: what was committed all the same is then a duplicate of itself.
        """
        for attempt in range(1, RETRIES + 1):
            cr, uses = self._take_connection()
            if not isinstance(cr, Cursor):  # a test's: the one that we are in
                cr.close()
                self._prepare_events(is_local=True)
                return work(self.env)
            try:
                with self._kept_connection(cr, uses) as env:
                    if not uses:
                        self.with_env(env)._prepare_events(is_local=False)
                    return work(env)
            except (OperationalError, InterfaceError) as error:
                if attempt == RETRIES:
                    raise
                _logger.info("events tried again (%s): %s", attempt, error)

    def _take_connection(self):
        """A cursor that this process kept, or a new one; and how often it was used."""
        registry = self.env.registry
        while True:
            try:
                process, known, cr, uses = _KEPT.pop()
            except IndexError:
                return registry.cursor(), 0
            if process != os.getpid():  # of the process that we were forked from
                continue
            if known is registry and not (cr.closed or cr.connection.closed):
                return cr, uses
            cr.close()

    @contextmanager
    def _kept_connection(self, cr, uses):
        """Commit and keep it; after an error it goes back to Odoo's pool."""
        try:
            yield api.Environment(cr, self.env.uid, self.env.context, self.env.su)
            cr.commit()  # pylint: disable=invalid-commit  # our own connection
        except BaseException:
            # one that the server dropped cannot be rolled back, which its close does
            with suppress(InterfaceError):
                cr.close()
            raise
        if len(_KEPT) < KEEP and uses + 1 < MAX_USES:
            _KEPT.append((os.getpid(), self.env.registry, cr, uses + 1))
        else:
            cr.close()

    def _load_events(self, operator, company_id, batch_id, events):
        """Load events as one chunk and return their fates in order.

        A request runs under REPEATABLE READ: a natural key that a rival took meanwhile
        is a serialization failure, after which the whole request is tried again. Hence
        every key that could not be taken belongs to a crossing that can be seen.
        """
        cr, run = self.env.cr, crossing_event.execute
        terms = operator._crossing_terms(company_id, fields.Datetime.now())
        chunk = self._read_events(operator, events)
        facts = operator._crossing_facts()
        resolve = "toll_event_resolve"
        if facts["has_discounts"]:
            resolve += "_discounted"
        cr.execute(crossing_work.clear_work(large=False))
        cr.copy_expert(crossing_work.copy_stage(), io.StringIO(chunk.data))
        cr.execute(
            SQL(
                "%s; %s",
                run(resolve, **terms),
                run("toll_event_months"),
            )
        )
        self._attach([month for (month,) in cr.fetchall()])
        key = {"operator_id": operator.id}
        claim = run("toll_event_claim", **key), run("toll_event_repeated", **key)
        if facts["has_packs"]:
            cr.execute(SQL("; ").join((*claim, run("toll_event_packs"))))
            self._cover(operator.id, company_id, cr.fetchall())
            claim = ()
        cr.execute(
            SQL("; ").join(
                (
                    *claim,
                    run(
                        "toll_event_write",
                        company_id=company_id,
                        batch_id=batch_id,
                        **key,
                    ),
                    run(
                        "toll_event_settle",
                        batch_id=batch_id,
                        received=chunk.received,
                    ),
                    run("toll_event_fates", **key),
                )
            )
        )
        fates = cr.dictfetchall()
        if facts["has_packs"]:
            self._say_what_was_paid(fates)
        if any(fate["reason"] == "cancel_unknown" for fate in fates):
            self._cancel(self.env["toll.crossing.batch"].browse(batch_id), False)
        self.env["toll.crossing"].invalidate_model()
        return fates

    def _say_what_was_paid(self, fates):
        """A repeated event costs what the first one did, which a pack had covered."""
        first = {fate["crossing_id"] for fate in fates if fate["state"] == "duplicate"}
        if first - {None}:
            self.env.cr.execute(pack.charged(first - {None}))
            charged = dict(self.env.cr.fetchall())
            for fate in fates:
                if fate["state"] == "duplicate":
                    fate["amount"] = charged.get(fate["crossing_id"], fate["amount"])

    def _read_events(self, operator, events):
        lines = "\n".join(json.dumps(event) for event in events)
        (chunk,) = intake.iter_chunks(
            io.BytesIO(lines.encode()),
            intake.Layout(kind=intake.JSONL, has_header=False),
            operator._intake_context(),
            size=len(events) + 1,
        )
        return chunk

    def _prepare_events(self, is_local):
        """Work tables, settings and plans: once for a connection that is kept."""
        cr = self.env.cr
        cr.execute(crossing_event.begin(is_local))
        cr.execute(crossing_event.prepared())
        if not cr.fetchone()[0]:
            cr.execute(crossing_event.prepare())
