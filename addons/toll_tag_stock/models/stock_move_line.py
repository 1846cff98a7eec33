from odoo import models
from odoo.exceptions import UserError


class StockMoveLine(models.Model):
    """Stock moves a TAG or a lane part only as its own record says.

    The buttons of TAGs and parts change the record first and then move; whoever moves
    stock by any other way finds the record unchanged, and is refused.
    """

    _inherit = "stock.move.line"

    def _action_done(self):
        """Keep the state of TAGs and parts in step with where they stand."""
        tags = self.filtered("product_id.toll_is_tag")
        parts = self.filtered("product_id.toll_part_kind")
        tags._toll_check_not_assigned()
        parts._toll_check_lane()
        res = super()._action_done()
        tags.exists().filtered("lot_id")._toll_follow_stock()
        for place, group in parts.exists().grouped("location_dest_id").items():
            # who moves stock need not have a right on the part's life: its state moves
            lots_sudo = group.lot_id.sudo()
            lots_sudo.toll_part_state = lots_sudo._toll_part_state_at(place.sudo())
        return res

    def _toll_check_not_assigned(self):
        """A TAG in a customer's hands leaves them through return, loss or replacement
        only: these end its assignment first, in the same transaction."""
        held = self.lot_id.sudo().filtered("toll_vehicle_id")
        if held:
            raise UserError(
                self.env._(
                    "TAG %(tag)s is assigned to %(vehicle)s: return, report or replace "
                    "it instead of moving it.",
                    tag=held[0].name,
                    vehicle=held[0].toll_vehicle_id.display_name,
                )
            )

    def _toll_check_lane(self):
        """A part ends where its own record says: in that lane, or in none."""
        for line in self.sudo():  # the mover need not see lanes
            lanes = line.location_dest_id.toll_lane_ids
            if not lanes and not line.location_id.toll_lane_ids:
                continue
            lot, lane = line.lot_id, line.lot_id.toll_lane_id
            if not lot or (lane not in lanes if lanes else lane):
                raise UserError(
                    self.env._(
                        "Parts enter and leave a lane by the buttons Install, Take out "
                        "and Swap of the part, so that its history is kept."
                    )
                )

    def _toll_follow_stock(self):
        """A TAG that enters the warehouse is in stock; one that leaves it for scrap
        is retired."""
        by_usage = self.grouped(lambda line: line.location_dest_id.usage)
        for usage, lines in by_usage.items():
            # the mover may have no right on the TAG's life cycle: only its state moves
            lots_sudo = lines.lot_id.sudo().filtered(
                lambda lot: not lot.toll_vehicle_id
            )
            if usage == "internal":
                ready = lots_sudo.filtered(
                    lambda lot: lot.toll_state in ("new", "encoded") and lot.toll_epc
                )
                ready.write({"toll_state": "stocked"})
            elif usage == "inventory":
                lots_sudo.write({"toll_state": "retired"})
