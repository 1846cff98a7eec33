from odoo import api, models


class TollAccessLog(models.Model):
    _inherit = "toll.access.log"

    @api.model
    def _get_personal_models(self):
        return super()._get_personal_models() | {
            "stock.lot": "toll_account_id",
            "toll.tag.assignment": "account_id",
        }
