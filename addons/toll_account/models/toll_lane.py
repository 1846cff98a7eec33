from odoo import api, fields, models


class TollLane(models.Model):
    _name = "toll.lane"
    _description = "Toll Lane"
    _order = "plaza_id, position, code"
    _rec_names_search = ["code", "plaza_id"]

    plaza_id = fields.Many2one(
        "toll.plaza", required=True, index=True, ondelete="cascade"
    )
    operator_id = fields.Many2one(
        related="plaza_id.operator_id", store=True, index=True
    )
    company_id = fields.Many2one(related="plaza_id.company_id", store=True)
    code = fields.Char(required=True)
    position = fields.Integer(
        required=True,
        default=1,
        help="Place from left to right. Two lanes are neighbours when it differs by 1.",
    )
    direction = fields.Char(help="Way of travel, as the operator writes it.")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (plaza_id, code)", "The plaza has another lane with this code."
    )

    @api.depends("code", "plaza_id.code")
    def _compute_display_name(self):
        for lane in self:
            lane.display_name = f"{lane.plaza_id.code or ''}/{lane.code or ''}"
