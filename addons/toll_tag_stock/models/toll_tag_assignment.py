from odoo import api, fields, models

END_REASONS = [
    ("returned", "Returned"),
    ("lost", "Lost"),
    ("stolen", "Stolen"),
    ("defective", "Defective"),
    ("renewal", "Renewal"),
]


class TollTagAssignment(models.Model):
    """Who held a TAG, on which vehicle, from when to when."""

    _name = "toll.tag.assignment"
    _description = "TAG Assignment"
    _inherit = ["toll.lot.period"]

    lot_id = fields.Many2one(string="TAG")
    vehicle_id = fields.Many2one(
        "toll.vehicle", required=True, index=True, ondelete="restrict"
    )
    account_id = fields.Many2one(
        "toll.account", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        related="account_id.company_id",
        store=True,
        index=True,
    )
    date_to = fields.Datetime(help="Empty while the customer has the TAG.")
    end_reason = fields.Selection(END_REASONS)
    picking_id = fields.Many2one(string="Delivery")
    return_picking_id = fields.Many2one(string="Return")

    _lot_excl = models.Constraint(
        "EXCLUDE USING gist (lot_id WITH =, tsrange(date_from, date_to) WITH &&)",
        "This TAG is already assigned at that time. Somebody may have assigned it "
        "while you were working: open it again to see to whom.",
    )
    _vehicle_excl = models.Constraint(
        "EXCLUDE USING gist (vehicle_id WITH =, tsrange(date_from, date_to) WITH &&)",
        "This vehicle already has a TAG at that time. Replace or return that one "
        "first.",
    )
    _dates_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "An assignment cannot end before it begins.",
    )
    _lot_date_from_idx = models.Index("(lot_id, date_from)")

    @api.depends("lot_id.name", "vehicle_id.plate")
    def _compute_display_name(self):
        for assignment in self:
            names = (assignment.lot_id.name, assignment.vehicle_id.plate)
            assignment.display_name = " → ".join(filter(None, names))
