from odoo import fields, models


class TollAccountStateChange(models.TransientModel):
    _name = "toll.account.state.change"
    _description = "Suspend or Close Accounts"

    account_ids = fields.Many2many("toll.account", required=True)
    state = fields.Selection(
        [("suspended", "Suspend"), ("closed", "Close")], required=True
    )
    reason_id = fields.Many2one(
        "toll.state.reason", required=True, domain="[('state', '=', state)]"
    )
    note = fields.Char()

    def action_confirm(self):
        self.ensure_one()
        if self.state == "closed":
            self.account_ids.action_close(self.reason_id, self.note)
        else:
            self.account_ids.action_suspend(self.reason_id, self.note)
        return {"type": "ir.actions.act_window_close"}
