from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.toll_tag_life import ASSIGNABLE


class TollSignup(models.TransientModel):
    _inherit = "toll.signup"

    shelf_id = fields.Many2one(
        "stock.location", string="TAG Shelf", compute="_compute_shelf_id"
    )

    @api.depends("company_id")
    def _compute_shelf_id(self):
        for signup in self:
            signup.shelf_id = signup.company_id._toll_stock_location()

    def action_fill_tags(self):
        """Take the next TAGs of the office's shelf for the vehicles without one."""
        self.ensure_one()
        empty = self.line_ids.filtered(lambda line: not line.lot_id)
        lots = self.env["stock.lot"].search(
            [
                *self._tag_domain(),
                ("id", "not in", self.line_ids.lot_id.ids),
            ],
            order="product_id, name",
            limit=len(empty),
        )
        if len(lots) < len(empty):
            raise UserError(
                self.env._(
                    "Only %(count)s TAGs are on the shelf %(shelf)s.",
                    count=len(lots),
                    shelf=self.shelf_id.display_name,
                )
            )
        for line, lot in zip(empty, lots, strict=True):
            line.lot_id = lot
        return self._reload()

    def _tag_domain(self):
        return [
            ("toll_state", "in", ASSIGNABLE),
            ("company_id", "=", self.company_id.id),
            ("location_id", "child_of", self.shelf_id.id),
        ]


class TollSignupLine(models.TransientModel):
    _inherit = "toll.signup.line"

    shelf_id = fields.Many2one(related="signup_id.shelf_id")
    lot_id = fields.Many2one("stock.lot", string="TAG")

    def _prepare_vehicle_vals(self):
        return {**super()._prepare_vehicle_vals(), "lot_id": self.lot_id.id}
