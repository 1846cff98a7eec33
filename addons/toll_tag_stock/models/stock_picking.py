from odoo import api, fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    toll_expects_tags = fields.Boolean(compute="_compute_toll_expects_tags")

    @api.depends("state", "picking_type_code", "move_ids.product_id")
    def _compute_toll_expects_tags(self):
        for picking in self:
            picking.toll_expects_tags = bool(picking._toll_open_tag_moves())

    def _toll_open_tag_moves(self):
        """Moves of incoming transfers that wait for TAGs."""
        return self.filtered(
            lambda picking: picking.picking_type_code == "incoming"
        ).move_ids.filtered(
            lambda move: (
                move.product_id.toll_is_tag
                and move.state not in ("draft", "done", "cancel")
            )
        )

    def action_toll_receive(self):
        """Say which TAGs arrived: by range, list or file."""
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_reception_action"
        )
        values["context"] = {"active_model": self._name, "active_id": self.id}
        return values

    def _send_confirmation_email(self):
        """A TAG handed over at the counter is not announced as a shipment.

        The key of the context guards nothing: all it does is to keep a mail back.
        """
        if self.env.context.get("toll_handover"):
            return None
        return super()._send_confirmation_email()
