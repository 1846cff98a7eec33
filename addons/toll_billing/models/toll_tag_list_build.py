import logging
import time

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models

from ..queries import tag_list as queries
from ..queries import tag_list_build as build_queries

_logger = logging.getLogger(__name__)

#: Accounts, TAGs or vehicles of one transaction.
PIECE = 20_000
#: Seconds that one run of the job builds; the next goes on.
BUILD_SECONDS = 50
STEPS = ("balances", "tags", "vehicles", "publish")


class TollTagList(models.Model):
    """The first list of a large company, in pieces that commit.

    Whoever is killed meanwhile leaves what the next run goes on from. Lanes are told
    nothing until all is there; what changes meanwhile is in the refresh that follows.
    """

    _inherit = "toll.tag.list"  # pylint: disable=consider-merging-classes-inherited

    build_step = fields.Selection(
        [
            ("balances", "Looking at Balances"),
            ("tags", "Reading TAGs"),
            ("vehicles", "Reading Vehicles without TAG"),
            ("publish", "Nearly Done"),
        ],
        string="First List",
        readonly=True,
        help="The first list is being made; operators get it when it is whole.",
    )
    build_key = fields.Integer(readonly=True)
    build_count = fields.Integer(string="Looked Through", readonly=True)
    build_total = fields.Integer(string="To Look Through", readonly=True)
    build_progress = fields.Float(string="Made (%)", compute="_compute_build_progress")

    @api.depends("build_count", "build_total")
    def _compute_build_progress(self):
        for record in self:
            share = record.build_count / (record.build_total or 1)
            record.build_progress = 100 * min(share, 1)

    @api.model
    def _is_to_build(self, company):
        """Is there no list yet, and more than one transaction should take on?"""
        self.flush_model()
        [[answer]] = self.env.execute_query(
            build_queries.is_to_build(company.id, PIECE)
        )
        return answer

    def _is_unfinished(self):
        """Is the first list being made just now?"""
        return bool(self.build_step and not self.version)

    @api.model
    def _run(self, company, is_full=False):
        if not self._is_to_build(company):
            return super()._run(company, is_full)
        result = self._build(company)
        if result:
            # what has changed since the build began
            return {**result, **super()._run(company)}
        self._soon()
        return {}

    @api.model
    def _build(self, company):
        """Go on with the first list; {version, added, …} when it is whole."""
        deadline = time.monotonic() + BUILD_SECONDS
        with self.env.registry.cursor() as cr:
            [mark] = self.with_env(self.env(cr=cr))._look()
        while True:
            try:
                with self.env.registry.cursor() as cr:
                    cr._default_log_exceptions = False
                    env = self.env(cr=cr, su=True)
                    builder = self.with_env(env).with_context(toll_list_refresh=True)
                    result = builder._build_piece(company.with_env(env), mark)
            except SerializationFailure:
                # a rival has written the same piece: go on from there
                result = {}
            if result or time.monotonic() > deadline:
                return result

    def _build_piece(self, company, mark):
        """One transaction's worth, under the lock that refreshes take as well."""
        self.env.flush_all()
        run = self.env.execute_query
        self.env.cr.execute(queries.take_turn(company.id))
        self.env.cr.execute(queries.create_list(company.id))
        rows = run(build_queries.lock_build(company.id))
        if not rows:  # somebody has made it meanwhile
            return {"version": 1}
        [[list_id, step, key]] = rows
        now = fields.Datetime.now()
        if not step:
            [[total]] = run(build_queries.count_keys(company.id, None))
            self.env.cr.execute(build_queries.begin(list_id, now, *mark, total))
            step, key = STEPS[0], 0
        if step == "publish":
            rows = run(build_queries.publish(list_id, company.id, now))
            self.env.invalidate_all(flush=False)
            _logger.info("%s: first list, %s entries", company, rows[0][1])
            keys = ("version", "added", "changed", "removed")
            return dict(zip(keys, rows[0], strict=True))
        last, count = self._build_step(company, step, key, now)
        if not last:
            step, last = STEPS[STEPS.index(step) + 1], 0
        counted = 0 if step == "balances" else count
        self.env.cr.execute(build_queries.note_piece(list_id, step, last, counted))
        self.env.invalidate_all(flush=False)
        return {}

    def _build_step(self, company, step, key, now):
        """(last key, how many) of a piece; no key when there was nothing left."""
        run = self.env.execute_query
        if step == "balances":
            if not company.toll_tags_follow_balance:
                return 0, 0
            rows = run(build_queries.next_accounts(company.id, key, PIECE))
            ids = [account_id for (account_id,) in rows]
            self.env["toll.tag.status"].sudo()._follow_balances(company, ids)
            return (ids[-1] if ids else 0), len(ids)
        [[last, count]] = run(build_queries.take_keys(company.id, step, key, PIECE))
        if count:
            self.env.cr.execute(build_queries.write_piece(company.id, now))
        return last or 0, count

    @api.model
    def _refresh(self, company, mark=None, is_full=False):
        """In one go; what a build has left is begun anew."""
        known = self._get(company)
        if known._is_unfinished():
            self.env.cr.execute(queries.take_turn(company.id))
            self.env.cr.execute(build_queries.drop(known.id, company.id))
            self.env.invalidate_all(flush=False)
            is_full = True
        return super()._refresh(company, mark, is_full)
