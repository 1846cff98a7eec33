from odoo import fields, models


class TollSalesChannel(models.Model):
    _name = "toll.sales.channel"
    _description = "Sales Channel"
    _order = "sequence, id"
    _rec_names_search = ["code", "name"]

    sequence = fields.Integer(default=10)
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another channel has this code already."
    )
