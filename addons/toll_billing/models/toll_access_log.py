from odoo import api, models


class TollAccessLog(models.Model):
    _inherit = "toll.access.log"

    @api.model
    def _get_personal_models(self):
        return super()._get_personal_models() | {
            "toll.crossing": "account_id",
            "toll.statement": "account_id",
            "toll.discount.grant": "account_id",
            "account.move": "toll_account_id",
        }
