from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _send_confirmation_email(self):
        """A TAG handed over at the counter is not announced as a shipment."""
        if self.env.context.get("toll_transfer"):
            return None
        return super()._send_confirmation_email()
