from odoo import models

from ..core.epc import normalize


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _find_public(self, term):
        """A TAG names its account as well: printed number or EPC, exactly."""
        code = normalize(term or "")
        # the public may read nothing; only the account to pay for comes back
        lots_sudo = self.env["stock.lot"].sudo()
        # asked always, so that TAGs and plates take the same time
        found = lots_sudo.search(
            [
                ("toll_account_id", "!=", False),
                "|",
                ("name", "=", code),
                ("toll_epc", "=", code),
            ],
            limit=2,
        ).toll_account_id
        by_plate = super()._find_public(term)
        if len(code) >= 6 and len(found) == 1 and not by_plate:
            return found if found.state in ("active", "suspended") else by_plate
        return by_plate
