from odoo import fields, models


class TollTagReplace(models.TransientModel):
    """Another TAG for the vehicle of one that is lost or does not work."""

    _name = "toll.tag.replace"
    _description = "Replace a TAG"

    old_lot_id = fields.Many2one("stock.lot", string="TAG", required=True)
    old_state = fields.Selection(related="old_lot_id.toll_state")
    vehicle_id = fields.Many2one(related="old_lot_id.toll_vehicle_id")
    company_id = fields.Many2one(related="old_lot_id.company_id")
    new_lot_id = fields.Many2one(
        "stock.lot",
        string="New TAG",
        required=True,
        domain="[('toll_state', 'in', ('encoded', 'stocked')),"
        " ('company_id', '=', company_id)]",
    )
    reason = fields.Selection(
        [
            ("defective", "Defective: it comes back"),
            ("renewal", "Renewal: it comes back and works"),
            ("lost", "Lost"),
            ("stolen", "Stolen"),
        ],
        required=True,
        default="defective",
    )
    date = fields.Datetime(help="Empty: from this moment on.")
    note = fields.Char()

    def action_replace(self):
        self.ensure_one()
        self.old_lot_id.toll_replace(self.new_lot_id, self.reason, self.date, self.note)
        return {"type": "ir.actions.act_window_close"}
