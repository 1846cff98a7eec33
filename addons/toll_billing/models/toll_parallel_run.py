import io
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core.periods import day_span

#: Fates of a row, and the field that counts each.
COUNTS = {
    "equal": "equal_count",
    "amount": "amount_count",
    "balance": "balance_count",
    "account": "account_count",
    "theirs": "theirs_count",
    "ours": "ours_count",
    "repeated": "repeated_count",
    "bad": "bad_count",
}


class TollParallelRun(models.Model):
    """Results of the system before, compared with ours, until both are the same."""

    _name = "toll.parallel.run"
    _description = "Parallel Run"
    _inherit = ["toll.approval"]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {
            "state",
            "asked_by_id",
            "asked_at",
            "approved_by_id",
            "approved_at",
            "sha256",
            "compared_at",
            "amount_theirs",
            "amount_ours",
            "amount_difference",
            *COUNTS.values(),
        }
    )
    _frozen = frozenset(
        {
            "layout_id",
            "file",
            "filename",
            "date_from",
            "date_to",
            "operator_ids",
            "tolerance",
            "tolerance_total",
            "company_id",
        }
    )

    name = fields.Char(required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    layout_id = fields.Many2one(
        "toll.parallel.layout",
        required=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    kind = fields.Selection(related="layout_id.kind", store=True)
    date_from = fields.Date(string="From", required=True, tracking=True)
    date_to = fields.Date(string="To", required=True, tracking=True)
    operator_ids = fields.Many2many(
        "toll.operator",
        string="Operators",
        help="Whose crossings the file has; empty: of all operators.",
    )
    tolerance = fields.Monetary(
        string="Tolerance of a Row", help="Up to this, amounts are equal."
    )
    tolerance_total = fields.Monetary(string="Tolerance of the Total")
    file = fields.Binary(attachment=True, copy=False)
    filename = fields.Char(copy=False)
    sha256 = fields.Char(readonly=True, copy=False, index=True)
    state = fields.Selection(
        [
            ("draft", "At Work"),
            ("asked", "To Sign Off"),
            ("approved", "Signed Off"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    compared_at = fields.Datetime(readonly=True, copy=False)
    result_ids = fields.One2many("toll.parallel.result", "run_id", readonly=True)
    equal_count = fields.Integer(string="Equal", readonly=True, copy=False)
    amount_count = fields.Integer(string="Amount Differs", readonly=True, copy=False)
    balance_count = fields.Integer(string="Balance Differs", readonly=True, copy=False)
    account_count = fields.Integer(string="Account Differs", readonly=True, copy=False)
    theirs_count = fields.Integer(string="Only Theirs", readonly=True, copy=False)
    ours_count = fields.Integer(string="Only Ours", readonly=True, copy=False)
    repeated_count = fields.Integer(
        string="Repeated in the File", readonly=True, copy=False
    )
    bad_count = fields.Integer(string="Not Understood", readonly=True, copy=False)
    difference_count = fields.Integer(
        string="Differences", compute="_compute_difference_count", store=True
    )
    equal_percent = fields.Float(
        string="Equal (%)",
        compute="_compute_difference_count",
        store=True,
        digits=(16, 3),
        aggregator="avg",
    )
    decided_count = fields.Integer(string="Decided", compute="_compute_decided")
    open_count = fields.Integer(string="To Decide", compute="_compute_decided")
    amount_theirs = fields.Monetary(string="Their Total", readonly=True, copy=False)
    amount_ours = fields.Monetary(string="Our Total", readonly=True, copy=False)
    amount_difference = fields.Monetary(
        string="Difference", readonly=True, copy=False, help="Ours less theirs."
    )
    is_within = fields.Boolean(string="Within Tolerance", compute="_compute_is_within")
    note = fields.Html()

    _dates_valid = models.Constraint(
        "CHECK (date_to >= date_from)", "A period cannot end before it begins."
    )
    _tolerance_sane = models.Constraint(
        "CHECK (tolerance >= 0 AND tolerance_total >= 0)",
        "A tolerance is not below zero.",
    )

    # === COMPUTE METHODS === #
    @api.depends(*COUNTS.values())
    def _compute_difference_count(self):
        for run in self:
            rows = sum(run[name] for name in COUNTS.values())
            run.difference_count = rows - run.equal_count
            run.equal_percent = 100 * run.equal_count / rows if rows else 0

    @api.depends("difference_count")
    def _compute_decided(self):
        counts = dict(
            self.env["toll.parallel.finding"]._read_group(
                [("run_id", "in", self.ids), ("reason", "!=", False)],
                ["run_id"],
                ["__count"],
            )
        )
        for run in self:
            run.decided_count = counts.get(run._origin, 0)
            run.open_count = run.difference_count - run.decided_count

    @api.depends("amount_difference", "tolerance_total")
    def _compute_is_within(self):
        for run in self:
            run.is_within = (
                run.currency_id.compare_amounts(
                    abs(run.amount_difference), run.tolerance_total
                )
                <= 0
            )

    @api.constrains("date_from", "date_to")
    def _check_days(self):
        for run in self:
            if run.date_to - run.date_from > timedelta(days=400):
                raise ValidationError(
                    self.env._("Compare a year at most, better month by month.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(run.state != "draft" for run in self):
            raise UserError(self.env._("What was signed off is kept."))

    def _get_span(self):
        """The days of the run by the company's clock, as UTC."""
        self.ensure_one()
        return day_span(self.date_from, self.date_to, str(self.company_id._toll_tz()))

    # === SIGN-OFF === #
    def _check_complete(self):
        for run in self:
            if not run.compared_at:
                raise UserError(self.env._("Compare the file first."))
            if run.open_count:
                raise UserError(
                    self.env._(
                        "%(count)s differences have no reason yet: decide on them "
                        "first.",
                        count=run.open_count,
                    )
                )

    # === LOOKING === #
    def _open(self, xmlid, **context):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return action | {"domain": [("run_id", "in", self.ids)], "context": context}

    def action_open_findings(self):
        kind = self.env.context.get("toll_kind")
        context = {f"search_default_{kind}": 1} if kind else {}
        return self._open("toll_billing.toll_parallel_finding_action", **context)

    def action_open_results(self):
        return self._open("toll_billing.toll_parallel_result_action")

    def action_export(self):
        """All differences as a file."""
        self.ensure_one()
        self.check_access("read")
        Files = self.env["toll.report.file"]
        labels = self.env["toll.parallel.finding"]._fields
        kinds = dict(labels["kind"]._description_selection(self.env))
        reasons = dict(labels["reason"]._description_selection(self.env))
        header = [
            self.env._("Kind"),
            self.env._("Line"),
            self.env._("Day"),
            self.env._("Operator"),
            self.env._("Reference"),
            self.env._("Our Account"),
            self.env._("Their Account"),
            self.env._("Plaza"),
            self.env._("Class"),
            self.env._("Theirs"),
            self.env._("Ours"),
            self.env._("Difference"),
            self.env._("Their Balance"),
            self.env._("Our Balance"),
            self.env._("Detail"),
            self.env._("Reason"),
            self.env._("Note"),
        ]
        out = io.BytesIO(Files._csv(header, []))
        out.seek(0, io.SEEK_END)
        for rows in self._fetch_differences():
            lines = [
                [kinds[kind], *cells, reasons.get(reason, ""), note]
                for kind, *cells, reason, note in rows
            ]
            out.write(Files._csv_lines(lines).encode())
        return Files._download(self, f"{self.name}.csv", out.getvalue())
