from odoo import models


class TollAccount(models.Model):
    _inherit = "toll.account"

    def action_open_crossings(self):
        """Show the crossings of these accounts."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        return action | {
            "domain": [("account_id", "in", self.ids)],
            "context": {"search_default_posted": 1, "create": False},
        }
