from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..core import plates
from ..queries import quality as queries


class TollVehicleRegistry(models.Model):
    """What an authority's register says about plates; vehicles are compared with it."""

    _name = "toll.vehicle.registry"
    _description = "Official Vehicle Register"
    _order = "plate_normalized"
    _rec_name = "plate"

    plate = fields.Char(required=True)
    plate_normalized = fields.Char(
        compute="_compute_plate_normalized", store=True, precompute=True
    )
    country_id = fields.Many2one(
        "res.country",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.company.country_id,
    )
    class_id = fields.Many2one(
        "toll.vehicle.class", required=True, index=True, ondelete="restrict"
    )
    source = fields.Char(help="Which register, or which list of it.")
    date = fields.Date(required=True, default=fields.Date.context_today)

    _plate_uniq = models.Constraint(
        "UNIQUE (plate_normalized, country_id)", "The register has this plate already."
    )

    @api.depends("plate")
    def _compute_plate_normalized(self):
        for line in self:
            line.plate_normalized = plates.normalize(line.plate)

    @api.model
    def _upsert(self, rows):
        """Write lines of a list; older data never replaces newer."""
        if not self.env.su and not self.has_access("create"):
            raise AccessError(self.env._("You are not allowed to load the register."))
        for start in range(0, len(rows), 5000):
            values = [
                (
                    row["plate"],
                    plates.normalize(row["plate"]),
                    row["country_id"],
                    row["class_id"],
                    row.get("source"),
                    row["date"],
                )
                for row in rows[start : start + 5000]
            ]
            self.env.execute_query(queries.upsert_registry(values, self.env.uid))
        self.invalidate_model()
