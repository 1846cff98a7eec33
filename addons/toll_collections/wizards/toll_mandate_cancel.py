from odoo import fields, models


class TollMandateCancel(models.TransientModel):
    _name = "toll.mandate.cancel"
    _description = "Cancel a Mandate"

    mandate_ids = fields.Many2many("account.banking.mandate", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.mandate_ids._toll_check_keeper()
        self.mandate_ids._toll_cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
