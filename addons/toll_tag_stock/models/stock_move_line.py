from odoo import models
from odoo.exceptions import UserError


class StockMoveLine(models.Model):
    _inherit = "stock.move.line"

    def _action_done(self):
        """Keep the TAG's state in step with where it stands.

        A TAG in a customer's hands leaves them through return, loss or replacement
        only, so that its assignment ends in the same transaction.
        """
        lines = self.filtered(lambda line: line.product_id.toll_is_tag)
        if lines and not self.env.context.get("toll_transfer"):
            lines._toll_check_not_assigned()
        res = super()._action_done()
        tag_lines = lines.exists().filtered("lot_id")
        if tag_lines:
            tag_lines._toll_follow_stock()
        return res

    def _toll_check_not_assigned(self):
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
