from odoo import api, fields, models


class TollVehicleClass(models.Model):
    _name = "toll.vehicle.class"
    _description = "Toll Vehicle Class"
    _order = "sequence, code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    axles = fields.Integer(default=2, required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another vehicle class has this code already."
    )
    _axles_positive = models.Constraint(
        "CHECK (axles >= 0)", "A class cannot have a negative number of axles."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for vehicle_class in self:
            vehicle_class.display_name = (
                f"{vehicle_class.code} {vehicle_class.name or ''}".strip()
            )
