from odoo import api, fields, models

END_REASONS = [
    ("returned", "Returned"),
    ("lost", "Lost"),
    ("stolen", "Stolen"),
    ("defective", "Defective"),
    ("renewal", "Renewal"),
]


class TollTagAssignment(models.Model):
    """Who held a TAG, on which vehicle, from when to when.

    Rows are written by the TAG's own methods; users read them. The two exclusion
    constraints hold against concurrent transactions too.
    """

    _name = "toll.tag.assignment"
    _description = "TAG Assignment"
    _order = "date_from desc, id desc"

    lot_id = fields.Many2one(
        "stock.lot", string="TAG", required=True, index=True, ondelete="restrict"
    )
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
    date_from = fields.Datetime(string="From", required=True)
    date_to = fields.Datetime(string="To", help="Empty while the customer has the TAG.")
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")
    end_reason = fields.Selection(END_REASONS)
    replaced_by_id = fields.Many2one(
        "stock.lot", string="Replaced by", index="btree_not_null"
    )
    picking_id = fields.Many2one(
        "stock.picking", string="Delivery", index="btree_not_null"
    )
    return_picking_id = fields.Many2one(
        "stock.picking", string="Return", index="btree_not_null"
    )
    note = fields.Char()
    end_user_id = fields.Many2one("res.users", string="Ended by")

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

    @api.depends("date_to")
    def _compute_is_open(self):
        for assignment in self:
            assignment.is_open = not assignment.date_to

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        if True in value and False in value:
            return []
        return [("date_to", "=" if True in value else "!=", False)]

    def _end(self, date, reason, note=None):
        """Close these rows; the caller has checked who may and when."""
        for assignment in self:
            assignment.write(
                {
                    "date_to": date,
                    "end_reason": reason,
                    "note": note or assignment.note,
                    "end_user_id": self.env.uid,
                }
            )
