import secrets
from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.toll_account.queries import retention as account_queries

from ..queries import plate_retention as queries
from ..queries import retention as billing_queries

#: Crossings per transaction.
BATCH = 5000
CAPTURES = "captures"
#: Months in which something had to stay are looked at again after so long.
AGAIN_AFTER = timedelta(days=27)
SCOPE = {"data_class", "company_id"}


class TollRetention(models.Model):
    """Plates and vehicles of old crossings; the crossings stay for the books."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.retention"

    data_class = fields.Selection(
        selection_add=[("plate", "Plates of crossings")],
        ondelete={"plate": "cascade"},
    )

    def init(self):
        self.env.cr.execute(queries.create_marks())
        return super().init()

    @api.model
    def _get_swept(self):
        return super()._get_swept() | {"plate": {"pseudonymise"}}

    # Whose crossings a rule is for depends on the other rules too.

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._forget_months()
        return rules

    def write(self, vals):
        if SCOPE & vals.keys():
            self._forget_months()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _forget_months(self):
        if any(rule.data_class == "plate" for rule in self):
            self.env.cr.execute(queries.forget_marks())

    def action_deactivate(self):
        result = super().action_deactivate()
        # the right is checked above; a salt does not outlive its run
        self.sudo().run_ids.filtered("salt")._end("stopped")
        return result

    # === WHAT IS DUE === #

    def _get_before(self):
        """Plates go by whole months, as crossings are stored."""
        before = super()._get_before()
        if self.data_class == "plate":
            return before.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return before

    def _get_tables(self, before, swept_at=None):
        """[(table, rows about)] of the months to go through."""
        again = (swept_at or fields.Datetime.now()) - AGAIN_AFTER
        return self.env.execute_query(queries.months(self.id, before, swept_at, again))

    def _get_captures(self, before, hold=True):
        companies = self._get_company_ids()
        return billing_queries.capture_due(before, companies, hold, every=False)

    def _count_free_and_held(self, before):
        if self.data_class != "plate":
            return super()._count_free_and_held(before)
        self.env.flush_all()  # the statements read tables
        companies = self._get_company_ids()
        counts = [
            self.env.execute_query(queries.count(table, rows, before, companies))[0]
            for table, rows in self._get_tables(before)
        ]
        free, every = (
            self.env.execute_query(
                account_queries.count(self._get_captures(before, hold))
            )[0][0]
            for hold in (True, False)
        )
        counts.append((free, every - free))
        return tuple(int(sum(column)) for column in zip(*counts, strict=True))

    # === THE SWEEP === #

    def _step_plate(self, run):
        """One batch of one month, then of what hand-held devices sent; 0 at the end."""
        self.env.flush_all()  # the statements read tables
        if not run.salt:
            run.salt = secrets.token_hex(32)
        table, last, left = run._get_place()
        if not table:
            tables = self._get_tables(run.before, run.started_at)
            table = tables[0][0] if tables else CAPTURES
        if table == CAPTURES:
            return self._step_captures(run, last)
        seen, last, gone, held, open_ = self.env.execute_query(
            queries.sweep(
                table, last, BATCH, run.before, self._get_company_ids(), run.salt
            )
        )[0]
        left += held + open_
        run.count += gone
        run.held += held
        if seen == BATCH:
            run.place = f"{table} {last} {left}"
        else:
            run.place = False
            self.env.cr.execute(queries.mark(self.id, table, left, run.started_at))
        return seen or 1

    def _step_captures(self, run, after):
        due = self._get_captures(run.before)
        rows = self.env.execute_query(account_queries.batch(due, after, BATCH))
        ids = [row[0] for row in rows]
        if ids:
            self._sweep_capture(ids)
            run.count += len(ids)
            run.place = f"{CAPTURES} {ids[-1]} 0"
        return len(ids)


class TollRetentionRun(models.Model):
    _inherit = "toll.retention.run"

    place = fields.Char(readonly=True, help="Where the next batch begins.")
    salt = fields.Char(
        copy=False,
        groups=fields.NO_ACCESS,
        help="Makes the pseudonyms of this run; it goes when the run ends.",
    )

    def _get_place(self):
        """(table, id of its last row seen, rows left in it)."""
        table, last, left = (self.place or " 0 0").split(" ")
        return table, int(last), int(left)

    def _end(self, state):
        self.write({"salt": False, "place": False})
        return super()._end(state)
