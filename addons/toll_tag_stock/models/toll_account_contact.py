from odoo import api, models

from ..core.epc import normalize


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    @api.model
    def _get_contact_ways(self, term):
        """A TAG is the surest way: its printed number or its EPC."""
        ways = super()._get_contact_ways(term)
        code = normalize(term)
        if len(code) < 6:
            return ways
        found = self.env["stock.lot"].search(
            [
                ("toll_account_id", "!=", False),
                "|",
                ("name", "ilike", code),
                ("toll_epc", "=", code),
            ],
            limit=20,
        )
        if not found:
            return ways
        label = self.env._("TAG")
        return [(label, [("id", "in", found.toll_account_id.ids)]), *ways]
