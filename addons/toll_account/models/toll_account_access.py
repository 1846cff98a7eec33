from odoo import models


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def action_view_looks(self):
        """Who has read this account's data: on its own, or among others."""
        action = self._open_records("toll_account.toll_access_log_action")
        return action | {"domain": [("account_ids", "in", self.ids)], "context": {}}
