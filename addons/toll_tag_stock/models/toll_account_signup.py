from odoo import models
from odoo.exceptions import UserError


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _sign_up_vehicles(self, vals_list):
        """Each vehicle gets the TAG that was chosen for it (lot_id), delivered."""
        lot_ids = [vals.get("lot_id") for vals in vals_list]
        given = [lot_id for lot_id in lot_ids if lot_id]
        if len(set(given)) < len(given):
            raise UserError(
                self.env._("TAGs: the same TAG is chosen for two vehicles.")
            )
        vehicles = super()._sign_up_vehicles(
            [{k: v for k, v in vals.items() if k != "lot_id"} for vals in vals_list]
        )
        if given:
            with_tag = [
                vehicle.id
                for vehicle, lot_id in zip(vehicles, lot_ids, strict=True)
                if lot_id
            ]
            self.env["stock.lot"].browse(given).toll_assign(with_tag)
        return vehicles

    def _get_device_count(self):
        self.ensure_one()
        return self.toll_tag_count
