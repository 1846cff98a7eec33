from psycopg2.errors import InvalidRegularExpression

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..queries import quality as queries

SEVERITIES = [("1", "Low"), ("2", "Medium"), ("3", "High")]
MODELS = [
    ("res.partner", "Customer"),
    ("toll.account", "Account"),
    ("toll.vehicle", "Vehicle"),
]
CHECKS = [
    ("duplicate_vat", "Two customers with one tax ID"),
    ("duplicate_contact", "Two customers with one name and telephone"),
    ("duplicate_email", "Two customers with one e-mail"),
    ("plate_two_accounts", "One plate in two accounts"),
    ("plate_lookalike", "Plates that are easily confused"),
    ("class_registry", "Class differs from the registry"),
    ("bad_email", "E-mail is not an address"),
    ("bad_vat", "Tax ID is not valid"),
    ("bad_plate", "Plate is not valid"),
    ("no_contact", "Neither telephone nor e-mail"),
    ("bad_postal_code", "Address does not fit its postal code"),
    ("stale", "Not verified for long"),
    ("incomplete", "Data is incomplete"),
]
CHECK_MODELS = {
    "plate_two_accounts": "toll.vehicle",
    "plate_lookalike": "toll.vehicle",
    "class_registry": "toll.vehicle",
    "bad_plate": "toll.vehicle",
    "stale": "toll.account",
    "incomplete": "toll.account",
}


class TollQualityRule(models.Model):
    _name = "toll.quality.rule"
    _description = "Data Quality Rule"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    check = fields.Selection(CHECKS, required=True, tracking=True)
    model = fields.Selection(MODELS, compute="_compute_model", store=True)
    severity = fields.Selection(SEVERITIES, required=True, default="2", tracking=True)
    pattern = fields.Char(
        tracking=True, help="Regular expression that a right value matches."
    )
    country_id = fields.Many2one("res.country", help="Only values of this country.")
    limit = fields.Integer(
        tracking=True, help="Days since the verification, or the least score."
    )
    help_text = fields.Text(
        string="What to Do", translate=True, help="Shown beside each finding."
    )
    issue_count = fields.Integer(string="Open Issues", compute="_compute_issue_count")
    last_run = fields.Datetime(readonly=True, copy=False)
    active = fields.Boolean(default=True, tracking=True)

    @api.depends("check")
    def _compute_model(self):
        for rule in self:
            rule.model = CHECK_MODELS.get(rule.check, "res.partner")

    def _compute_issue_count(self):
        counts = dict(
            self.env["toll.quality.issue"]._read_group(
                [
                    ("rule_id", "in", self.ids),
                    ("state", "in", ("open", "in_progress")),
                ],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.issue_count = counts.get(rule, 0)

    @api.constrains("pattern", "check")
    def _check_pattern(self):
        for rule in self:
            needs = rule.check in ("bad_email", "bad_vat", "bad_plate")
            if needs and not rule.pattern:
                raise ValidationError(
                    self.env._("%(rule)s needs a pattern.", rule=rule.name)
                )
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    self.env.execute_query(queries.try_pattern(rule.pattern or ""))
            except InvalidRegularExpression:
                raise ValidationError(
                    self.env._(
                        "%(pattern)s is not a regular expression.",
                        pattern=rule.pattern,
                    )
                ) from None

    def action_run(self):
        """Look for what the rules name, and for what is solved meanwhile."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(
            "toll_account.group_toll_agent,toll_account.group_toll_billing"
        ):
            raise AccessError(self.env._("You are not allowed to run the rules."))
        # the rules look at every customer of every company, in single statements
        new, _again, solved = self.sudo()._run()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(new)s new findings, %(solved)s solved.", new=new, solved=solved
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _run(self):
        """(new, changed, solved) of these rules together."""
        self.env.flush_all()
        totals = (0, 0, 0)
        self.env["toll.account"]._update_completeness()
        for rule in self:
            found = queries.CHECKS[rule.check](rule)
            query = queries.refresh(rule.id, rule.severity, found, self.env.uid)
            [row] = self.env.execute_query(query)
            totals = tuple(a + b for a, b in zip(totals, row, strict=True))
        self.env["toll.quality.issue"].invalidate_model()
        self.last_run = fields.Datetime.now()
        return totals

    @api.model
    def _cron_run(self):
        self.search([("active", "=", True)])._run()

    def action_view_issues(self):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_quality_issue_action"
        )
        return dict(
            values,
            domain=[("rule_id", "=", self.id)],
            context={"search_default_todo": 1},
        )
