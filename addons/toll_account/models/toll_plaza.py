from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get


class TollPlaza(models.Model):
    _name = "toll.plaza"
    _description = "Toll Plaza"
    _inherit = ["mail.thread"]
    _order = "operator_id, code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, copy=False, tracking=True)
    name = fields.Char(required=True, tracking=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, index=True, ondelete="restrict", tracking=True
    )
    company_id = fields.Many2one(
        related="operator_id.company_id", store=True, index=True
    )
    road_id = fields.Many2one(
        "toll.road",
        index=True,
        ondelete="restrict",
        domain="[('operator_id', '=', operator_id)]",
    )
    kind = fields.Selection(
        [
            ("open", "Open: pays here"),
            ("entry", "Entry of a closed road"),
            ("exit", "Exit of a closed road"),
        ],
        required=True,
        default="open",
        tracking=True,
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        compute="_compute_tz",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Operating day, shift and time band are computed in this zone.",
    )
    km = fields.Float(string="Kilometre", digits=(16, 3))
    is_modernised = fields.Boolean(
        string="Modernised", help="Decides which review procedure applies."
    )
    lane_ids = fields.One2many("toll.lane", "plaza_id", string="Lanes", copy=True)
    lane_count = fields.Integer(compute="_compute_lane_count")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (operator_id, code)", "The operator has another plaza with this code."
    )

    @api.depends("operator_id")
    def _compute_tz(self):
        for plaza in self:
            plaza.tz = plaza.tz or plaza.operator_id.tz or "UTC"

    @api.depends("lane_ids")
    def _compute_lane_count(self):
        counts = dict(
            self.env["toll.lane"]._read_group(
                [("plaza_id", "in", self.ids)], ["plaza_id"], ["__count"]
            )
        )
        for plaza in self:
            plaza.lane_count = counts.get(plaza, 0)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for plaza in self:
            plaza.display_name = f"{plaza.code} {plaza.name or ''}".strip()
