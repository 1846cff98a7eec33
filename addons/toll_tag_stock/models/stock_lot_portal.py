from odoo import models


class StockLot(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "stock.lot"

    def _toll_portal_status(self):
        """What the customer may do with this TAG: {blocked, by_customer}."""
        self.ensure_one()
        current = self.toll_status_ids.filtered(lambda row: not row.date_to)[:1]
        blocked = self.toll_state == "blocked" or current.status == "blocked"
        return {
            "blocked": blocked,
            "by_customer": self.toll_state == "blocked"
            and current.reason == "customer_request",
        }
