from odoo import api, fields, models
from odoo.exceptions import UserError


class TollAccountMerge(models.TransientModel):
    _name = "toll.account.merge"
    _description = "Merge of Accounts"

    account_ids = fields.Many2many(
        "toll.account",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    target_id = fields.Many2one(
        "toll.account",
        string="Account that Goes on",
        compute="_compute_target_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', account_ids)]",
    )
    note = fields.Char(string="Reason", required=True)
    is_confirmed = fields.Boolean(
        string="I have compared the customers and know that this cannot be undone"
    )

    @api.depends("account_ids")
    def _compute_target_id(self):
        for wizard in self:
            opened = wizard.account_ids.filtered(lambda a: a.state == "active")
            wizard.target_id = (opened or wizard.account_ids).sorted("id")[:1]

    def action_merge(self):
        self.ensure_one()
        if len(self.account_ids) < 2:
            raise UserError(self.env._("Choose two accounts or more."))
        if not self.target_id:
            raise UserError(self.env._("Choose the account that goes on."))
        if not self.is_confirmed:
            raise UserError(self.env._("Tick the box: a merge cannot be undone."))
        target = self.account_ids.merge_into(self.target_id, self.note)
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.account",
            "res_id": target.id,
            "view_mode": "form",
        }
