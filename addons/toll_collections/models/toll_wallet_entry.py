from odoo import fields, models

from odoo.addons.toll_account.queries import wallet

from ..queries import write_off as queries


class TollWalletEntry(models.Model):
    _inherit = "toll.wallet.entry"

    kind = fields.Selection(selection_add=[(queries.KIND, "Write-off")])

    def init(self):
        result = super().init()
        self.env.cr.execute(wallet.allow_kind(queries.KIND))
        return result
