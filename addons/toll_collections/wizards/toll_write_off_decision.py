from odoo import fields, models


class TollWriteOffDecision(models.TransientModel):
    _name = "toll.write.off.decision"
    _description = "Refuse or Take Back a Write-off"

    write_off_ids = fields.Many2many("toll.write.off", required=True)
    kind = fields.Selection(
        [("refuse", "Refuse"), ("take_back", "Take Back")], required=True
    )
    note = fields.Char(string="Reason", required=True)

    def action_confirm(self):
        self.ensure_one()
        if self.kind == "refuse":
            self.write_off_ids._refuse(self.note)
        else:
            self.write_off_ids._take_back(self.note)
        return {"type": "ir.actions.act_window_close"}
