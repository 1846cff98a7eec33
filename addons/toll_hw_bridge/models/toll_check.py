from odoo import api, models

from ..queries import encoding as queries


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"

    @api.model
    def _rules(self):
        return super()._rules() + [
            (
                "encoding_codes",
                self.env._("A TAG's EPC and TID are what was read back from its chip"),
                self._check_encoding_codes,
            ),
            (
                "encoding_rejected",
                self.env._("No TAG that an encoder rejected can be assigned"),
                self._check_encoding_rejected,
            ),
        ]

    def _check_encoding_codes(self):
        return self._tag_differences(queries.codes_differ())

    def _check_encoding_rejected(self):
        return self._tag_differences(queries.rejected_in_stock())
