from odoo import api, models


class TollAccessLog(models.Model):
    _inherit = "toll.access.log"

    @api.model
    def _get_personal_models(self):
        return super()._get_personal_models() | {
            "toll.collection.case": "account_id",
            "toll.collection.contact": "case_id.account_id",
            "toll.payment.promise": "account_id",
        }
