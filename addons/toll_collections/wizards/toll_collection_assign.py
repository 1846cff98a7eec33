from odoo import api, fields, models


class TollCollectionAssign(models.TransientModel):
    _name = "toll.collection.assign"
    _description = "Assign Collection Cases"

    case_ids = fields.Many2many(
        "toll.collection.case",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    case_count = fields.Integer(compute="_compute_case_count")
    company_id = fields.Many2one("res.company", compute="_compute_case_count")
    team_id = fields.Many2one(
        "toll.collection.team",
        domain="[('company_id', '=', company_id)]",
        help="Empty: the team stays.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("toll_collections.group_toll_collector").ids,
            )
        ],
        help="Empty: the team shares the cases out.",
    )
    reason = fields.Char(required=True)

    @api.depends("case_ids")
    def _compute_case_count(self):
        for wizard in self:
            wizard.case_count = len(wizard.case_ids)
            wizard.company_id = wizard.case_ids.company_id[:1]

    def action_assign(self):
        self.ensure_one()
        self.case_ids.action_assign(self.user_id, self.team_id, self.reason)
        return {"type": "ir.actions.act_window_close"}
