from odoo import models
from odoo.exceptions import UserError


class TollTagSupply(models.Model):
    _inherit = "toll.tag.supply"

    def _toll_encodable_lots(self):
        """The new TAGs of these boxes, in the order of their numbers."""
        lots = self.lot_ids.filtered(lambda lot: lot.toll_state == "new")
        if not lots:
            raise UserError(
                self.env._(
                    "There is no TAG to encode in %(box)s: its TAGs have their EPC.",
                    box=", ".join(self.mapped("name")),
                )
            )
        return lots.sorted("name")

    def action_toll_encode(self):
        """A new batch with the TAGs of these boxes."""
        lots = self._toll_encodable_lots()
        batch = self.env["toll.encoding.batch"].create({})
        batch._add_lots(lots)
        return batch._action_form()
