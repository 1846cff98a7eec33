from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import cycles


class TollBillingCycle(models.Model):
    """A group of accounts that are billed on the same dates."""

    _name = "toll.billing.cycle"
    _description = "Billing Cycle"
    _inherit = ["mail.thread"]
    _order = "sequence, code"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(
        default=10, help="New accounts get the first cycle of their company."
    )
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [("days", "Days of the month"), ("interval", "Every so many days or weeks")],
        required=True,
        default="days",
        tracking=True,
    )
    days = fields.Char(
        string="Days of the Month",
        default="1",
        tracking=True,
        help="Days on which a period closes, separated by commas. A period takes the "
        "crossings before the first instant of that day; 31 stands for the last day.",
    )
    interval = fields.Integer(default=1, tracking=True)
    interval_unit = fields.Selection(
        [("day", "Days"), ("week", "Weeks")], default="week", tracking=True
    )
    anchor_date = fields.Date(
        string="First Cut-off",
        tracking=True,
        help="Intervals are counted from this date.",
    )
    auto_open = fields.Boolean(
        string="Open Runs Automatically",
        default=True,
        tracking=True,
        help="On the cut-off date a run is opened and computed, ready for review.",
    )
    auto_confirm = fields.Boolean(
        string="Invoice Without Review",
        tracking=True,
        help="A run that was opened automatically and has no blocking exception is "
        "invoiced at once.",
    )
    account_ids = fields.One2many(
        "toll.account", "billing_cycle_id", string="Accounts", readonly=True
    )
    account_count = fields.Integer(compute="_compute_account_count")
    run_ids = fields.One2many("toll.billing.run", "cycle_id", string="Runs")
    run_count = fields.Integer(compute="_compute_runs")
    last_until = fields.Date(
        string="Last Cut-off", compute="_compute_runs", help="Of the latest run."
    )
    next_until = fields.Date(string="Next Cut-off", compute="_compute_runs")

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another billing cycle has this code already."
    )

    # === COMPUTE METHODS === #
    @api.depends("account_ids")
    def _compute_account_count(self):
        counts = self.env["toll.account"]._read_group(
            [("billing_cycle_id", "in", self.ids)], ["billing_cycle_id"], ["__count"]
        )
        by_cycle = {cycle.id: count for cycle, count in counts}
        for cycle in self:
            cycle.account_count = by_cycle.get(cycle.id, 0)

    @api.depends(
        "kind",
        "days",
        "interval",
        "interval_unit",
        "anchor_date",
        "run_ids.until",
        "run_ids.state",
    )
    def _compute_runs(self):
        rows = self.env["toll.billing.run"]._read_group(
            [("cycle_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["cycle_id"],
            ["until:max", "__count"],
        )
        by_cycle = {cycle.id: (until, count) for cycle, until, count in rows}
        today = fields.Date.context_today(self)
        for cycle in self:
            last, count = by_cycle.get(cycle.id, (False, 0))
            rule = cycle._get_rule(quiet=True)
            cycle.last_until = last
            cycle.run_count = count
            cycle.next_until = rule and (
                cycles.due_cutoff(rule, last or None, today)
                or cycles.next_cutoff(rule, max(last or today, today))
            )

    # === CONSTRAINTS === #
    @api.constrains("kind", "days", "interval", "interval_unit", "anchor_date")
    def _check_rule(self):
        for cycle in self:
            cycle._get_rule()

    def _get_rule(self, quiet=False):
        """The calendar of this cycle; ``quiet`` answers None for a faulty one."""
        self.ensure_one()
        try:
            if self.kind == "days":
                return cycles.Rule(days=cycles.parse_days(self.days or ""))
            return cycles.Rule(
                interval=self.interval,
                unit=self.interval_unit or "",
                anchor=self.anchor_date or None,
            )
        except cycles.CycleError as error:
            if quiet:
                return None
            raise ValidationError(self._rule_message(error.code)) from error

    def _rule_message(self, code):
        if code == "day":
            return self.env._(
                "Days of the month are numbers from 1 to 31, separated by commas."
            )
        return self.env._(
            "An interval needs a length of 1 or more and a first cut-off."
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.run_ids:
            raise UserError(
                self.env._("A cycle that was billed stays: archive it instead.")
            )

    # === RUNS === #
    def _prepare_run_vals(self, until):
        self.ensure_one()
        return {"cycle_id": self.id, "company_id": self.company_id.id, "until": until}

    def action_open_run(self):
        """Open and compute the run that is due, or the next one."""
        self.ensure_one()
        run = self.env["toll.billing.run"].create(
            self._prepare_run_vals(self._due_until() or fields.Date.context_today(self))
        )
        run.action_compute()
        return run._get_records_action()

    def _due_until(self):
        """The cut-off to be billed now, in the company's days; None: nothing is due."""
        self.ensure_one()
        today = self.company_id._toll_today()
        return cycles.due_cutoff(self._get_rule(), self.last_until or None, today)

    @api.model
    def _cron_open_runs(self):
        """Open the runs that are due; one cycle that fails does not hold up others."""
        due = self.search([("auto_open", "=", True)])
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for cycle in due:
            until = cycle._due_until()
            if until:
                cycle.with_company(cycle.company_id)._open_due_run(until)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _open_due_run(self, until):
        self.ensure_one()
        run = self.env["toll.billing.run"].create(self._prepare_run_vals(until))
        run.action_compute()
        if self.auto_confirm and not run.blocking_count:
            run.action_review()
            run.action_confirm()
        return run

    def action_view_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_billing_run_action"
        )
        return action | {
            "domain": [("cycle_id", "=", self.id)],
            "context": {"default_cycle_id": self.id},
        }

    def action_view_accounts(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Accounts"),
            "res_model": "toll.account",
            "view_mode": "list,form",
            "domain": [("billing_cycle_id", "=", self.id)],
        }

    def _spread(self, accounts):
        """Share accounts out over these cycles, evenly, to level the load."""
        order = self.sorted("account_count")
        accounts = accounts.sorted("id")
        for position, cycle in enumerate(order):
            accounts[position :: len(order)].billing_cycle_id = cycle
