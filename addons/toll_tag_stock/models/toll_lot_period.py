from odoo import api, fields, models


class TollLotPeriod(models.AbstractModel):
    """Where a numbered piece was, from when to when.

    Rows are written by the piece's own methods; users read them. Exclusion constraints
    hold against concurrent transactions too: no piece is in two places at once.
    """

    _name = "toll.lot.period"
    _description = "Period of a Numbered Piece"
    _order = "date_from desc, id desc"

    lot_id = fields.Many2one(
        "stock.lot", required=True, index=True, ondelete="restrict"
    )
    date_from = fields.Datetime(string="From", required=True)
    date_to = fields.Datetime(string="To", help="Empty while it lasts.")
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")
    replaced_by_id = fields.Many2one(
        "stock.lot", string="Replaced by", index="btree_not_null"
    )
    picking_id = fields.Many2one("stock.picking", index="btree_not_null")
    return_picking_id = fields.Many2one("stock.picking", index="btree_not_null")
    note = fields.Char()
    end_user_id = fields.Many2one("res.users", string="Ended by")

    _lot_excl = models.Constraint(
        "EXCLUDE USING gist (lot_id WITH =, tsrange(date_from, date_to) WITH &&)",
        "It was somewhere else at that time.",
    )
    _dates_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "It cannot end before it begins.",
    )

    @api.depends("date_to")
    def _compute_is_open(self):
        for row in self:
            row.is_open = not row.date_to

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        if True in value and False in value:
            return []
        return [("date_to", "=" if True in value else "!=", False)]

    def _end(self, date, reason, note=None, pickings=None, **vals):
        """Close these rows; the caller has checked who may and when.

        ``pickings``: {lot id: id of the transfer that brought it back}.
        """
        for row in self:
            row.write(
                {
                    "date_to": date,
                    "end_reason": reason,
                    "return_picking_id": (pickings or {}).get(row.lot_id.id),
                    "note": note or row.note,
                    "end_user_id": self.env.uid,
                    **vals,
                }
            )
