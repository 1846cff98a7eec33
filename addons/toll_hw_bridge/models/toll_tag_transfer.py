from odoo import api, models


class TollTagTransfer(models.AbstractModel):
    _inherit = "toll.tag.transfer"

    @api.model
    def _shift(self, lots, destination, origin):
        """Move these TAGs within the warehouse; those that are elsewhere stay there."""
        locations = self._locations(lots)
        inside = lots.filtered(
            lambda lot: (
                lot.id in locations
                and locations[lot.id].usage == "internal"
                and locations[lot.id] != destination
            )
        )
        groups = inside.grouped(lambda lot: (locations[lot.id], lot.product_id))
        for (source, _product), group in groups.items():
            move = self.env["stock.move"].create(
                {
                    **self._prepare_move_vals(group, source, destination),
                    "origin": origin,
                }
            )
            move.picked = True
            move.with_context(toll_transfer=True)._action_done()
