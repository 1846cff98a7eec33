from odoo import api, fields, models

from ..models.stock_lot_part import DESTINATIONS


class TollPartMove(models.TransientModel):
    """Installing, taking out or swapping a part of a lane."""

    _name = "toll.part.move"
    _description = "Move a Lane Part"

    operation = fields.Selection(
        [("install", "Install"), ("remove", "Take out"), ("swap", "Swap")],
        required=True,
        default="install",
    )
    lot_id = fields.Many2one("stock.lot", string="Part", required=True)
    company_id = fields.Many2one(related="lot_id.company_id")
    part_kind = fields.Selection(related="lot_id.toll_part_kind")
    lane_id = fields.Many2one(
        "toll.lane", compute="_compute_lane", store=True, readonly=False
    )
    position = fields.Char(
        compute="_compute_lane",
        store=True,
        readonly=False,
        help="Which of the lane's antennas, cameras … it is: 1, 2, front, left …",
    )
    new_lot_id = fields.Many2one("stock.lot", string="New Part")
    destination = fields.Selection(DESTINATIONS, string="Old Part Goes to")
    place_id = fields.Many2one(
        "stock.location",
        help="Empty: the workshop for a repair, otherwise your stock.",
    )
    scrap_reason_id = fields.Many2one("toll.tag.scrap.reason", string="Reason")
    date = fields.Datetime(help="Empty: this moment.")
    note = fields.Char()

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "stock.lot":
            values["lot_id"] = next(
                iter(self.env.context.get("active_ids") or ()), False
            )
        swap = values.get("operation") == "swap"
        values.setdefault("destination", "repair" if swap else "stock")
        return values

    @api.depends("lot_id")
    def _compute_lane(self):
        for wizard in self:
            wizard.lane_id = wizard.lot_id.toll_lane_id or wizard.lane_id
            wizard.position = wizard.lot_id.toll_position or wizard.position or "1"

    def action_confirm(self):
        self.ensure_one()
        if self.operation == "install":
            self.lot_id.toll_install(self.lane_id, self.position, self.date, self.note)
            return {"type": "ir.actions.act_window_close"}
        leaving = {
            "destination": self.destination,
            "place": self.place_id,
            "date": self.date,
            "reason": self.scrap_reason_id,
            "note": self.note,
        }
        if self.operation == "swap":
            self.lot_id.toll_swap(self.new_lot_id, **leaving)
        else:
            self.lot_id.toll_uninstall(**leaving)
        return {"type": "ir.actions.act_window_close"}
