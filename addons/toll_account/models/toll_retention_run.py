from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import retention as queries
from .toll_retention import BATCH

# The nightly job may be called again on the same day, to finish.
AGAIN_AFTER = timedelta(hours=20)


class TollRetentionRun(models.Model):
    """What one sweep of one kind of data has done: the proof that data went in time."""

    _name = "toll.retention.run"
    _description = "Sweep of Old Data"
    _order = "started_at desc, id desc"
    _rec_name = "data_class"

    retention_id = fields.Many2one(
        "toll.retention",
        string="Rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    data_class = fields.Selection(
        related="retention_id.data_class", store=True, string="Data"
    )
    company_id = fields.Many2one(
        related="retention_id.company_id", store=True, index=True
    )
    action = fields.Selection(
        [("erase", "Erase"), ("pseudonymise", "Pseudonymise")], readonly=True
    )
    before = fields.Datetime(
        string="Older Than", required=True, readonly=True, help="What was older went."
    )
    started_at = fields.Datetime(required=True, readonly=True, index=True)
    ended_at = fields.Datetime(readonly=True)
    count = fields.Integer(string="Gone", readonly=True)
    held = fields.Integer(string="On Hold", readonly=True)
    failed = fields.Integer(readonly=True, help="They are tried again the next night.")
    fault = fields.Char(readonly=True)
    last_id = fields.Integer(readonly=True, aggregator=None)
    state = fields.Selection(
        [("running", "Running"), ("done", "Done"), ("stopped", "Stopped")],
        required=True,
        readonly=True,
        default="running",
        index=True,
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The log of sweeps is never deleted."))

    @api.model
    def _open(self, rule):
        """The run to go on with, or a new one; none when it ran a while ago."""
        now = fields.Datetime.now()
        last = self.search([("retention_id", "=", rule.id)], limit=1)
        if last.state == "running":
            return last
        if last and last.started_at > now - AGAIN_AFTER:
            return self.browse()
        return self.create(
            {
                "retention_id": rule.id,
                "action": rule.action,
                "before": rule._get_before(),
                "started_at": now,
            }
        )

    def _step(self):
        """One batch, within one transaction; how many rows it was, 0 at the end."""
        self.ensure_one()
        rule = self.retention_id
        if not rule.is_active or rule.action != self.action:
            self._end("stopped")
            return 0
        step = getattr(rule, f"_step_{rule.data_class}", None)
        if step:
            done = step(self)
            if not done:
                self._end("done")
            return done
        self.env.flush_all()  # the statement reads tables
        due = rule._get_due(self.before)
        rows = self.env.execute_query(queries.batch(due, self.last_id, BATCH))
        ids = [row[0] for row in rows]
        if not ids:
            self.held = rule._count_free_and_held(self.before)[1]
            self._end("done")
            return 0
        self.last_id = ids[-1]
        try:
            with self.env.cr.savepoint():
                rule._sweep(ids)
                self.env.flush_all()
            self.count += len(ids)
        except (UserError, IntegrityError):
            self._sweep_singly(rule, ids)
        return len(ids)

    def _sweep_singly(self, rule, ids):
        """A row that cannot go does not keep the others."""
        for number in ids:
            try:
                with self.env.cr.savepoint():
                    rule._sweep([number])
                    self.env.flush_all()
                self.count += 1
            except (UserError, IntegrityError) as problem:
                self.failed += 1
                self.fault = str(problem.args[0] if problem.args else problem)[:250]

    def _end(self, state):
        self.write({"state": state, "ended_at": fields.Datetime.now()})
