from odoo import models

from .. import queries


class TollCommissionRule(models.Model):
    _inherit = "toll.commission.rule"

    def _get_source(self, start, end):
        if self.basis != "tag":
            return super()._get_source(start, end)
        self.env["toll.tag.assignment"].flush_model()
        return queries.commission.tags_handed_over(start, end)
