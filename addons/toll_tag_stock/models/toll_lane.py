from odoo import api, fields, models
from odoo.exceptions import UserError


class TollLane(models.Model):
    _name = "toll.lane"
    _inherit = ["toll.lane", "mail.thread", "mail.activity.mixin"]

    location_id = fields.Many2one(
        "stock.location",
        string="Place in Stock",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Where the parts in the lane stand. Made when the first one is installed.",
    )
    part_ids = fields.One2many("stock.lot", "toll_lane_id", string="Installed Parts")
    part_count = fields.Integer(string="Parts", compute="_compute_part_count")

    @api.depends("part_ids")
    def _compute_part_count(self):
        counts = dict(
            self.env["stock.lot"]._read_group(
                [("toll_lane_id", "in", self.ids)], ["toll_lane_id"], ["__count"]
            )
        )
        for lane in self:
            lane.part_count = counts.get(lane, 0)

    def parts_on(self, date):
        """The parts that were in these lanes on a day."""
        self.check_access("read")
        rows = self.env["toll.lane.installation"]
        day = fields.Date.to_date(date)
        if not day:
            raise UserError(self.env._("Say which day."))
        domain = rows._domain_on(day)
        return rows.search(domain & fields.Domain("lane_id", "in", self.ids)).lot_id

    def _get_place(self, company):
        """The stock location of this lane, made on demand; in superuser mode."""
        self.ensure_one()
        if not self.location_id:
            self.plaza_id.lock_for_update()
            self.location_id = self.env["stock.location"].create(
                {
                    "name": self.code,
                    "usage": "internal",
                    "location_id": self.plaza_id._get_lanes_place(company).id,
                    "company_id": company.id,
                }
            )
        if self.location_id.company_id != company:
            raise UserError(
                self.env._("%s belongs to another company.", self.display_name)
            )
        return self.location_id

    def action_view_parts(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_lane_installation_action"
        )
        values["domain"] = [("lane_id", "=", self.id)]
        values["context"] = {"create": False, "search_default_open": 1}
        return values

    def action_install(self):
        """Choose a part for this lane."""
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_part_move_action"
        )
        values["context"] = {
            "default_operation": "install",
            "default_lane_id": self.id,
        }
        return values


class TollPlaza(models.Model):
    _inherit = "toll.plaza"

    lanes_location_id = fields.Many2one(
        "stock.location",
        string="Lanes in Stock",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _get_lanes_place(self, company):
        """What the stock locations of the lanes stand below; in superuser mode.

        Outside the warehouses: what is in a lane is not there to be sold or reserved.
        """
        self.ensure_one()
        if not self.lanes_location_id:
            self.lanes_location_id = self.env["stock.location"].create(
                {
                    "name": self.env._("Lanes %s", self.code),
                    "usage": "view",
                    "company_id": company.id,
                }
            )
        return self.lanes_location_id
