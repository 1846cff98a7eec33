from odoo import fields, models


class TollPointDecision(models.TransientModel):
    _name = "toll.point.decision"
    _description = "Decide on Collected Payments"

    payment_ids = fields.Many2many("toll.point.payment", required=True)
    kind = fields.Selection(
        [("release", "Release"), ("give_back", "Give Back")], required=True
    )
    account_id = fields.Many2one("toll.account")
    note = fields.Char(string="Reason", required=True)

    def action_confirm(self):
        self.ensure_one()
        if self.kind == "release":
            self.payment_ids.release(self.account_id.id, self.note)
        else:
            self.payment_ids.give_back(self.note)
        return {"type": "ir.actions.act_window_close"}
