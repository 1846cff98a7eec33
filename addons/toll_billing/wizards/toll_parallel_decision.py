from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.toll_parallel_finding import KINDS, REASONS


class TollParallelDecision(models.TransientModel):
    """Why differences are there: those chosen, or all of a kind."""

    _name = "toll.parallel.decision"
    _description = "Decide on Differences"

    run_id = fields.Many2one("toll.parallel.run", required=True, readonly=True)
    finding_ids = fields.Many2many("toll.parallel.finding", readonly=True)
    finding_count = fields.Integer(
        string="Chosen", compute="_compute_finding_count", readonly=True
    )
    kind = fields.Selection(KINDS, help="Empty: all that are not decided yet.")
    reason = fields.Selection(REASONS, required=True, default="accepted")
    note = fields.Char(help="What was found out.")

    @api.depends("finding_ids")
    def _compute_finding_count(self):
        for wizard in self:
            wizard.finding_count = len(wizard.finding_ids)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        context = self.env.context
        if context.get("active_model") == "toll.parallel.finding":
            findings = self.env["toll.parallel.finding"].browse(context["active_ids"])
            if len(findings.run_id) > 1:
                raise UserError(self.env._("Choose differences of one run."))
            values |= {"run_id": findings.run_id.id, "finding_ids": findings.ids}
        elif context.get("active_model") == "toll.parallel.run":
            values["run_id"] = context.get("active_id")
        return values

    def action_decide(self):
        self.ensure_one()
        self.run_id._decide(
            [self.kind] if self.kind and not self.finding_ids else None,
            self.reason,
            (self.note or "").strip(),
            ids=self.finding_ids.ids,
        )
        return {"type": "ir.actions.client", "tag": "soft_reload"}
