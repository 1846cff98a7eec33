from odoo import api, models

from ..core.epc import normalize


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    @api.model
    def _search_public_tag(self, term):
        """A TAG names its account: printed number or EPC, exactly."""
        code = normalize(term or "")
        if len(code) < 6:
            code = "-"  # asked even for what no TAG looks like
        # the public may read nothing; only the account to pay for comes back
        lots_sudo = (
            self.env["stock.lot"]
            .sudo()
            .search_fetch(
                [
                    ("toll_account_id", "!=", False),
                    "|",
                    ("name", "=", code),
                    ("toll_epc", "=", code),
                ],
                ["toll_account_id"],
                limit=5,
            )
        )
        return lots_sudo.toll_account_id.ids
