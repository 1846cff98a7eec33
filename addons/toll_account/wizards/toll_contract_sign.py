from odoo import fields, models


class TollContractSign(models.TransientModel):
    _name = "toll.contract.sign"
    _description = "Sign a Service Contract"

    contract_id = fields.Many2one("contract.contract", required=True)
    partner_id = fields.Many2one(related="contract_id.partner_id")
    body = fields.Html(related="contract_id.toll_condition_id.body")
    name = fields.Char(
        string="Signed By",
        required=True,
        compute="_compute_name",
        store=True,
        readonly=False,
    )
    how = fields.Selection(
        [("screen", "On screen"), ("paper", "On paper")],
        string="Signed",
        required=True,
        default="screen",
    )
    signature = fields.Binary()

    def _compute_name(self):
        for wizard in self:
            wizard.name = wizard.partner_id.name

    def action_confirm(self):
        self.ensure_one()
        self.contract_id.toll_sign(self.name, self.signature, self.how)
        return {"type": "ir.actions.act_window_close"}
