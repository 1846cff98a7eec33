from odoo import models

from ..queries import crossing_batch as queries


class TollAccount(models.Model):
    _inherit = "toll.account"

    def _get_reserved_by_account(self):
        """Held crossings that are surely this account's lower what is available."""
        reserved = dict(super()._get_reserved_by_account())
        for account_id, amount in self.env.execute_query(
            queries.held_by_account(self._origin.ids)
        ):
            reserved[account_id] = float(reserved.get(account_id, 0)) + float(amount)
        return reserved

    def action_open_crossings(self):
        """Show the crossings of these accounts."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        return action | {
            "domain": [("account_id", "in", self.ids)],
            "context": {"search_default_posted": 1, "create": False},
        }
