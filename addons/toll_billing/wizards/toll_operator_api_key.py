from datetime import timedelta

from odoo import fields, models

from odoo.addons.base.models.res_users import check_identity


class TollOperatorApiKey(models.TransientModel):
    _name = "toll.operator.api.key"
    _description = "New API Key of a Toll Operator"

    operator_id = fields.Many2one("toll.operator", required=True, readonly=True)
    name = fields.Char(
        string="Purpose",
        required=True,
        help="What uses the key, for example the name of the operator's server.",
    )
    days = fields.Selection(
        [("30", "1 month"), ("90", "3 months"), ("180", "6 months"), ("365", "1 year")],
        string="Valid for",
        required=True,
        default="365",
    )

    @check_identity
    def action_make(self):
        self.ensure_one()
        expires_at = fields.Datetime.now() + timedelta(days=int(self.days))
        key = self.operator_id._make_api_key(self.name, expires_at)
        self.unlink()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.users.apikeys.show",
            "name": self.env._("API Key Ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": key},
        }
