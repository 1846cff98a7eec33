from odoo import models
from odoo.exceptions import UserError


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _sign_up_vehicles(self, vals_list):
        return super()._sign_up_vehicles(
            [{k: v for k, v in vals.items() if k != "lot_id"} for vals in vals_list]
        )

    def _sign_up_devices(self, vehicles, vals_list):
        """Each vehicle gets the TAG that was chosen for it (lot_id), delivered."""
        result = super()._sign_up_devices(vehicles, vals_list)
        chosen = {
            vehicle.id: vals["lot_id"]
            for vehicle, vals in zip(vehicles, vals_list, strict=True)
            if vals.get("lot_id")
        }
        if len(set(chosen.values())) < len(chosen):
            raise UserError(
                self.env._("TAGs: the same TAG is chosen for two vehicles.")
            )
        if chosen:
            lots = self.env["stock.lot"].browse(chosen.values())
            lots.toll_assign(list(chosen))
        return result

    def _get_device_count(self):
        self.ensure_one()
        return self.toll_tag_count
