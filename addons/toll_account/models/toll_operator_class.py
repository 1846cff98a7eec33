from odoo import fields, models


class TollOperatorClass(models.Model):
    _name = "toll.operator.class"
    _description = "Class Code of a Toll Operator"
    _order = "operator_id, code"
    _rec_name = "code"

    operator_id = fields.Many2one(
        "toll.operator", required=True, index=True, ondelete="cascade"
    )
    code = fields.Char(required=True, help="As the operator writes it in its files.")
    class_id = fields.Many2one(
        "toll.vehicle.class",
        string="Our Class",
        required=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="operator_id.company_id", store=True)

    _code_uniq = models.Constraint(
        "UNIQUE (operator_id, code)", "The operator's code is mapped already."
    )
