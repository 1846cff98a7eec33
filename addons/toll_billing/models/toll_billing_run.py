from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import cycles
from ..queries import billing_run as queries

# what a run is made of, one file each
from . import (  # noqa: F401
    res_company_billing,
    toll_billing_run_exception,
    toll_invoice_issuer,
    toll_invoice_mass,
    toll_invoice_settle,
    toll_invoice_stage,
    toll_invoice_verify,
)


class TollBillingRun(models.Model):
    """One closing of a cycle: statements, review, invoices."""

    _name = "toll.billing.run"
    _description = "Billing Run"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "until desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {
            "state",
            "computed_at",
            "reviewed_by_id",
            "reviewed_at",
            "statement_count",
            "crossing_count",
            "amount_total",
            "is_running",
            "mass_count",
        }
    )
    #: What the statements of a run were computed from.
    _frozen = frozenset({"cycle_id", "account_id", "company_id", "until"})

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    cycle_id = fields.Many2one(
        "toll.billing.cycle",
        index=True,
        ondelete="restrict",
        check_company=True,
        help="Empty: an invoice on demand for one account.",
    )
    account_id = fields.Many2one(
        "toll.account",
        string="Only this Account",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Bill this account alone, whatever its cycle.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    until = fields.Date(
        string="Cut-off",
        required=True,
        tracking=True,
        help="Crossings before the first instant of this date, in the company's time "
        "zone, are billed.",
    )
    invoice_date = fields.Date(
        copy=False,
        tracking=True,
        help="Date of the invoices; empty stands for the day on which they are issued.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("reviewed", "Reviewed"),
            ("invoiced", "Invoiced"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    computed_at = fields.Datetime(readonly=True, copy=False)
    reviewed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    reviewed_at = fields.Datetime(readonly=True, copy=False)
    statement_ids = fields.One2many("toll.statement", "run_id", readonly=True)
    exception_ids = fields.One2many(
        "toll.billing.run.exception", "run_id", readonly=True
    )
    exception_count = fields.Integer(compute="_compute_exception_count")
    blocking_count = fields.Integer(compute="_compute_exception_count")
    statement_count = fields.Integer(string="Statements", readonly=True, copy=False)
    crossing_count = fields.Integer(string="Crossings", readonly=True, copy=False)
    amount_total = fields.Monetary(string="Usage", readonly=True, copy=False)
    previous_run_id = fields.Many2one(
        "toll.billing.run", compute="_compute_previous", string="Run Before"
    )
    previous_statement_count = fields.Integer(compute="_compute_previous")
    previous_crossing_count = fields.Integer(compute="_compute_previous")
    previous_amount = fields.Monetary(compute="_compute_previous")
    change_percent = fields.Float(
        string="Change (%)",
        compute="_compute_previous",
        digits=(16, 1),
        help="Usage compared with the run before of this cycle.",
    )
    invoiced_count = fields.Integer(
        string="Statements Invoiced", compute="_compute_progress"
    )
    progress = fields.Float(compute="_compute_progress", help="Part already invoiced.")
    is_running = fields.Boolean(
        string="In Progress",
        readonly=True,
        copy=False,
        help="Jobs are invoicing this run.",
    )
    mass_count = fields.Integer(
        string="Issued in Bulk",
        readonly=True,
        copy=False,
        help="Invoices written by set; the others were issued one by one.",
    )

    # === COMPUTE METHODS === #
    @api.depends("exception_ids.level")
    def _compute_exception_count(self):
        for run in self:
            run.exception_count = len(run.exception_ids)
            run.blocking_count = len(
                run.exception_ids.filtered(lambda e: e.level == "blocking")
            )

    @api.depends("cycle_id", "until", "amount_total")
    def _compute_previous(self):
        for run in self:
            before = self.browse()
            if run.cycle_id and run.until:
                before = self.search(
                    [
                        ("cycle_id", "=", run.cycle_id.id),
                        ("until", "<", run.until),
                        ("state", "=", "invoiced"),
                    ],
                    order="until desc, id desc",
                    limit=1,
                )
            run.previous_run_id = before
            run.previous_statement_count = before.statement_count
            run.previous_crossing_count = before.crossing_count
            run.previous_amount = before.amount_total
            run.change_percent = (
                (run.amount_total / before.amount_total - 1) * 100
                if before.amount_total
                else 0
            )

    def _compute_progress(self):
        counts = self.env["toll.statement"]._read_group(
            [("run_id", "in", self.ids), ("state", "=", "invoiced")],
            ["run_id"],
            ["__count"],
        )
        by_run = {run.id: count for run, count in counts}
        for run in self:
            run.invoiced_count = by_run.get(run.id, 0)
            run.progress = (
                100 * run.invoiced_count / run.statement_count
                if run.statement_count
                else 0
            )

    # === CRUD === #
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            owner = self.env["toll.account"].browse(vals.get("account_id")) or self.env[
                "toll.billing.cycle"
            ].browse(vals.get("cycle_id"))
            if owner:
                vals.setdefault("company_id", owner.company_id.id)
        runs = super().create(vals_list)
        for run in runs:
            if not (run.cycle_id or run.account_id):
                raise UserError(self.env._("Choose a billing cycle or an account."))
            if run.name == "/":
                run.name = run._get_default_name()
        return runs

    def write(self, vals):
        if self._frozen & vals.keys():
            computed = self.filtered("computed_at")
            computed._check_state("draft")
            # its statements are others now: it is computed again before the review
            computed.sudo().computed_at = False
        return super().write(vals)

    def _get_default_name(self):
        scope = self.account_id.number or self.cycle_id.code
        return f"{scope}/{self.until:%Y-%m-%d}/{self.id}"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.filtered(lambda run: run.statement_ids):
            raise UserError(
                self.env._("Cancel the run first: it gives its crossings back.")
            )

    # === ACTIONS === #
    def action_compute(self):
        """Make the statements, or make them again from what is unbilled now."""
        for run in self._take("draft"):
            run._lock_company()
            run._release()
            run._compute_statements()
        return True

    def action_review(self):
        """Say that somebody looked at the run; from here on it can be invoiced."""
        for run in self._take("draft"):
            if not run.computed_at:
                raise UserError(self.env._("Compute the run first."))
            if run.blocking_count:
                raise UserError(
                    self.env._(
                        "Run %(name)s has exceptions that must be solved first: "
                        "%(messages)s",
                        name=run.name,
                        messages="\n".join(
                            run.exception_ids.filtered(
                                lambda e: e.level == "blocking"
                            ).mapped("message")
                        ),
                    )
                )
            run._set_state("reviewed", "reviewed", "draft")
            run.write(
                {"reviewed_by_id": self.env.uid, "reviewed_at": fields.Datetime.now()}
            )
        return True

    def action_reopen(self):
        """Back to draft, to compute again."""
        for run in self._take("reviewed"):
            if run.is_running or run.invoiced_count:
                raise UserError(self.env._("Invoices of this run were issued already."))
            run._set_state("draft", "draft", "reviewed")
        return True

    def action_confirm(self):
        """Issue and post the invoices, and settle those of prepaid accounts.

        A run that nobody reviewed is reviewed by whoever confirms it. Large runs go on
        in background jobs, unless the context says ``toll_synchronous``.
        """
        wait = self.env.context.get("toll_synchronous")
        draft = self.filtered(lambda run: run.state == "draft")
        draft.action_review()
        for run_sudo in self._take("reviewed"):
            if run_sudo.statement_count > self._get_chunk() and not wait:
                run_sudo.is_running = True
                # the jobs go on as whoever confirmed
                run_sudo.sudo(False)._delay_issue()
            else:
                while not run_sudo._issue_chunk():
                    pass
        return True

    def action_cancel(self):
        """Drop the statements and give the crossings back to the next run."""
        for run in self._take("draft", "reviewed"):
            if run.is_running or run.invoiced_count:
                raise UserError(
                    self.env._(
                        "Invoices of run %(name)s were issued already: credit them.",
                        name=run.name,
                    )
                )
            run._lock_company()
            run._release()
            run.state = "cancelled"
        return True

    # === STATEMENTS === #
    def _execute(self, query: SQL):
        return self.env.execute_query(query)

    def _lock_company(self):
        """Only one run of a company takes or gives back crossings at a time."""
        self.ensure_one()
        ((locked,),) = self._execute(queries.try_lock(self.company_id.id))
        if not locked:
            raise UserError(
                self.env._(
                    "Another run of %(company)s is being computed; try again in a "
                    "minute.",
                    company=self.company_id.name,
                )
            )

    def _until_instant(self):
        return cycles.cutoff_instant(self.until, self.company_id._toll_tz())

    def _compute_statements(self):
        """Claim the crossings by set, and note what a reviewer should look at."""
        self.ensure_one()
        until = self._until_instant()
        self.env.flush_all()
        self.env.cr.execute(queries.insert_statements(self, until))
        self.env.cr.execute(queries.claim(self, until))
        self._claim_charges()
        self._settle_discounts()
        self.env.cr.execute(queries.fill_balances(self))
        self._update_totals()
        self._check_conservation()
        self.computed_at = fields.Datetime.now()
        self.exception_ids.unlink()
        self.env["toll.billing.run.exception"].create(
            self._prepare_exceptions_vals(until)
        )

    def _update_totals(self):
        self._forget_statements()
        ((statements, crossings, amount),) = self._execute(queries.totals(self))
        self.write(
            {
                "statement_count": statements,
                "crossing_count": crossings,
                "amount_total": amount,
            }
        )

    def _check_conservation(self):
        """Σ statements = Σ crossings claimed less their volume discounts."""
        ((crossings, amount),) = self._execute(queries.claimed_totals(self))
        if crossings != self.crossing_count or self.currency_id.compare_amounts(
            amount, self.amount_total
        ):
            raise UserError(
                self.env._(
                    "Run %(name)s does not add up: %(crossings)s crossings of "
                    "%(amount)s were claimed, its statements say %(count)s of "
                    "%(total)s. Nothing was kept.",
                    name=self.name,
                    crossings=crossings,
                    amount=amount,
                    count=self.crossing_count,
                    total=self.amount_total,
                )
            )

    def _release(self):
        """Give back the crossings of statements that were not invoiced."""
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(queries.release(self))
        dropped = [row[0] for row in self._execute(queries.delete_statements(self))]
        self.env["ir.attachment"].search(
            [("res_model", "=", "toll.statement"), ("res_id", "in", dropped)]
        ).unlink()
        self.exception_ids.unlink()
        self._update_totals()

    def _forget_statements(self):
        """The statements were written in SQL: what the cache knows is stale."""
        self.env["toll.statement"].invalidate_model()
        self.env["toll.statement.line"].invalidate_model()
        self.env["toll.crossing"].invalidate_model(["statement_id"])
        self.invalidate_recordset(["statement_ids", "invoiced_count", "progress"])

    def _set_state(self, state, statement_state, from_state):
        self.env.flush_all()
        self.env.cr.execute(queries.mark_reviewed(self, statement_state, from_state))
        self._forget_statements()
        self.state = state
