from odoo import api, fields, models
from odoo.exceptions import UserError

from .toll_quality_rule import SEVERITIES


class TollQualityIssue(models.Model):
    """Findings of the rules. The rules write them, people work on them."""

    _name = "toll.quality.issue"
    _description = "Data Quality Issue"
    _order = "severity desc, found_at desc, id desc"
    _rec_name = "detail"

    rule_id = fields.Many2one(
        "toll.quality.rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    model = fields.Selection(related="rule_id.model", string="Kind")
    help_text = fields.Text(related="rule_id.help_text")
    severity = fields.Selection(SEVERITIES, required=True, readonly=True, index=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    res_id = fields.Integer(required=True, readonly=True)
    other_id = fields.Integer(string="Repeats", readonly=True)
    account_id = fields.Many2one(
        "toll.account", readonly=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    vehicle_id = fields.Many2one(
        "toll.vehicle", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    detail = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("open", "Open"),
            ("in_progress", "In Progress"),
            ("solved", "Solved"),
            ("accepted", "Accepted"),
        ],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Assigned to",
        index="btree_not_null",
        ondelete="set null",
        domain="[('share', '=', False)]",
    )
    found_at = fields.Datetime(string="Found", readonly=True)
    solved_at = fields.Datetime(string="Solved", readonly=True)
    note = fields.Char(help="Why it is as it is, for whoever comes next.")

    _rule_record_uniq = models.Constraint(
        "UNIQUE (rule_id, company_id, res_id)",
        "This finding is in the list already.",
    )

    def write(self, vals):
        allowed = {"user_id", "note"}
        if not self.env.su and vals.keys() - allowed:
            raise UserError(
                self.env._("A finding changes through its buttons: take, accept.")
            )
        return super().write(vals)

    def _set_state(self, state, **vals):
        self.check_access("write")
        # the state is written by these methods only; the right is checked
        self.sudo().write({"state": state, **vals})

    def action_take(self):
        """I look after it."""
        self._set_state("in_progress", user_id=self.env.uid, solved_at=False)

    def action_accept(self):
        """It is right as it is; the reason stays written down."""
        for issue in self:
            if not (issue.note or "").strip():
                raise UserError(
                    self.env._(
                        "Write in the note why “%(detail)s” is right as it is.",
                        detail=issue.detail,
                    )
                )
        self._set_state("accepted")

    def action_solve(self):
        """Done: the next run opens it again if it is not."""
        self._set_state("solved", solved_at=fields.Datetime.now())

    def action_open_again(self):
        self._set_state("open", solved_at=False)

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    def action_merge(self):
        """Put two customers that are one together, with Odoo's own wizard."""
        self.ensure_one()
        if self.model != "res.partner" or not self.other_id:
            raise UserError(self.env._("Only customers found twice can be merged."))
        values = self.env["ir.actions.act_window"]._for_xml_id(
            "base.action_partner_merge"
        )
        context = {
            "active_model": "res.partner",
            "active_ids": [self.other_id, self.res_id],
        }
        return dict(values, context=context)

    @api.depends("detail", "rule_id.name")
    def _compute_display_name(self):
        for issue in self:
            issue.display_name = f"{issue.rule_id.name}: {issue.detail or ''}"

    @api.autovacuum
    def _gc_solved(self):
        """What was solved a year ago is no work any more."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=365)
        old = self.search(
            [("state", "=", "solved"), ("solved_at", "<", limit)], limit=10000
        )
        old.unlink()
