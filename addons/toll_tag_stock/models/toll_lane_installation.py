from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.fields import Domain

from .product_template import PART_KINDS
from .stock_lot_part import DESTINATIONS


class TollLaneInstallation(models.Model):
    """Which part was where in a lane, from when to when."""

    _name = "toll.lane.installation"
    _description = "Part in a Lane"
    _inherit = ["toll.lot.period"]

    lot_id = fields.Many2one(string="Part")
    product_id = fields.Many2one(related="lot_id.product_id", store=True, index=True)
    company_id = fields.Many2one(related="lot_id.company_id", store=True, index=True)
    part_kind = fields.Selection(PART_KINDS, string="Kind of Part", required=True)
    lane_id = fields.Many2one("toll.lane", required=True, ondelete="restrict")
    plaza_id = fields.Many2one(related="lane_id.plaza_id", store=True, index=True)
    position = fields.Char(required=True)
    date_to = fields.Datetime(help="Empty while the part is in the lane.")
    is_open = fields.Boolean(string="Installed")
    on_date = fields.Date(
        string="Installed on",
        compute="_compute_on_date",
        search="_search_on_date",
        help="Search for a day to see what was in the lanes on it.",
    )
    end_reason = fields.Selection([("removed", "Taken out"), ("swapped", "Swapped")])
    destination = fields.Selection(DESTINATIONS, string="Went to")
    picking_id = fields.Many2one(string="Installation Transfer")
    return_picking_id = fields.Many2one(string="Removal Transfer")
    end_user_id = fields.Many2one(string="Taken out by")

    _lot_excl = models.Constraint(
        "EXCLUDE USING gist (lot_id WITH =, tsrange(date_from, date_to) WITH &&)",
        "This part was in a lane already at that time: choose a later date.",
    )
    _position_excl = models.Constraint(
        "EXCLUDE USING gist (lane_id WITH =, part_kind WITH =, position WITH =, "
        "tsrange(date_from, date_to) WITH &&)",
        "The position had another part at that time: choose a later date.",
    )
    _dates_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A part cannot leave a lane before it came.",
    )
    _lane_date_from_idx = models.Index("(lane_id, date_from)")

    @api.depends("lot_id.name", "lane_id.display_name")
    def _compute_display_name(self):
        for row in self:
            names = (row.lot_id.name, row.lane_id.display_name)
            row.display_name = " → ".join(filter(None, names))

    def _compute_on_date(self):
        self.on_date = False

    def _search_on_date(self, operator, value):
        """What was in the lanes at some time of a day, by the user's clock."""
        if operator != "in":
            return NotImplemented
        return Domain.OR(
            self._domain_on(fields.Date.to_date(day)) for day in value if day
        )

    @api.model
    def _domain_on(self, day):
        zone = pytz.timezone(self.env.user.tz or "UTC")
        first, last = (
            zone.localize(datetime.combine(at, time()))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
            for at in (day, day + timedelta(days=1))
        )
        ended = Domain("date_to", "=", False) | Domain("date_to", ">", first)
        return Domain("date_from", "<", last) & ended
