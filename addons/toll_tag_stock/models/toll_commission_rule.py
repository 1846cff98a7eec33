from odoo import api, models

from .. import queries


class TollCommissionRule(models.Model):
    _inherit = "toll.commission.rule"

    @api.model
    def _get_events(self, basis, start, end):
        if basis != "tag":
            return super()._get_events(basis, start, end)
        self.env["toll.tag.assignment"].flush_model()
        return queries.commission.tags_handed_over(start, end)
