from odoo import api, fields, models


class TollCostCentre(models.Model):
    _name = "toll.cost.centre"
    _description = "Cost Centre of a Fleet"
    _order = "account_id, code"
    _rec_names_search = ["code", "name"]

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    code = fields.Char(required=True)
    name = fields.Char(required=True)
    vehicle_ids = fields.One2many("toll.vehicle", "cost_centre_id", string="Vehicles")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (account_id, code)", "The account has another cost centre of this code."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for centre in self:
            centre.display_name = " ".join(filter(None, (centre.code, centre.name)))
