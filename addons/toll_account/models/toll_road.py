from odoo import fields, models


class TollRoad(models.Model):
    _name = "toll.road"
    _description = "Toll Road"
    _order = "code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="operator_id.company_id", store=True)
    plaza_ids = fields.One2many("toll.plaza", "road_id", string="Plazas")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (operator_id, code)", "The operator has another road with this code."
    )
