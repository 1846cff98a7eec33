from odoo import fields, models
from odoo.exceptions import UserError


class StockPicking(models.Model):
    _inherit = "stock.picking"

    toll_encoding_batch_ids = fields.One2many(
        "toll.encoding.batch", "picking_id", string="Encoding Batches"
    )
    toll_encoding_batch_count = fields.Integer(
        string="Encoding", compute="_compute_toll_encoding_batch_count"
    )
    toll_can_encode = fields.Boolean(compute="_compute_toll_can_encode")

    def _compute_toll_encoding_batch_count(self):
        counts = dict(
            self.env["toll.encoding.batch"]
            .sudo()  # a number; the batches themselves have their own rules
            ._read_group([("picking_id", "in", self.ids)], ["picking_id"], ["__count"])
        )
        for picking in self:
            picking.toll_encoding_batch_count = counts.get(picking, 0)

    def _compute_toll_can_encode(self):
        ready = self.filtered(lambda picking: picking.state == "done")
        waiting = {
            picking
            for [picking] in self.env["stock.move.line"]
            .sudo()  # whether TAGs wait is not more than the transfer shows
            ._read_group(
                [
                    ("picking_id", "in", ready.ids),
                    ("lot_id.toll_state", "=", "new"),
                ],
                ["picking_id"],
            )
        }
        for picking in self:
            picking.toll_can_encode = picking in waiting

    def _toll_encodable_lots(self):
        self.ensure_one()
        lots = self.move_line_ids.lot_id.filtered(lambda lot: lot.toll_state == "new")
        if self.state != "done" or not lots:
            raise UserError(
                self.env._(
                    "There is no TAG to encode in %(transfer)s: the transfer must be "
                    "done and its TAGs new, without an EPC.",
                    transfer=self.name,
                )
            )
        return lots

    def action_toll_encode(self):
        """A new batch with the TAGs that came in this transfer."""
        self.ensure_one()
        lots = self._toll_encodable_lots()
        batch = self.env["toll.encoding.batch"].create({"picking_id": self.id})
        batch._add_lots(lots)
        return batch._action_form()

    def action_toll_encoding_batches(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_hw_bridge.toll_encoding_batch_action"
        )
        return {**values, "domain": [("picking_id", "=", self.id)], "context": {}}
