from odoo import fields, models


class TollVehicleUse(models.Model):
    """Who drove a vehicle for which cost centre, from when to when."""

    _name = "toll.vehicle.use"
    _description = "Driver and Cost Centre in Time"
    _order = "date_from desc, id desc"
    _rec_name = "vehicle_id"

    vehicle_id = fields.Many2one(
        "toll.vehicle", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="vehicle_id.company_id", store=True, index=True, precompute=True
    )
    driver_id = fields.Many2one(
        "toll.driver", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    cost_centre_id = fields.Many2one(
        "toll.cost.centre", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    date_from = fields.Datetime(string="From", required=True, readonly=True)
    date_to = fields.Datetime(string="Until", readonly=True)
    user_id = fields.Many2one("res.users", string="Entered by", readonly=True)

    _one_at_a_time = models.Constraint(
        "EXCLUDE USING gist (vehicle_id WITH =, tsrange(date_from, date_to) WITH &&)",
        "A vehicle has one driver and one cost centre at a time.",
    )
