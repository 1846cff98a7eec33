from odoo import fields, models

from ..queries import write_off as queries


class TollWalletEntry(models.Model):
    _inherit = "toll.wallet.entry"

    kind = fields.Selection(selection_add=[(queries.KIND, "Write-off")])

    def init(self):
        result = super().init()
        self.env.cr.execute(queries.allow_kind())
        return result
