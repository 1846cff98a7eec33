from odoo import fields, models


class TollVehicleImport(models.TransientModel):
    _name = "toll.vehicle.import"
    _description = "Import of a Fleet's Vehicles"
    _inherit = ["toll.table.import"]

    account_id = fields.Many2one(
        "toll.account", required=True, domain="[('state', '!=', 'closed')]"
    )

    _table_columns = (
        "plate",
        "class",
        "country",
        "make",
        "model",
        "color",
        "year",
        "cost_centre",
        "driver",
    )
    _table_required = ("plate", "class")
    _template = (
        "plate,class,make,model,year,cost_centre,driver\n"
        "77-AB-1C,C2,Kenworth,T680,2022,NORTE,Luis Soto\n"
        "78-AB-1C,C5,Volvo,FH,2021,,\n"
    )

    def _resolve(self, rows):
        return self.env["toll.vehicle"]._resolve_import(
            rows, self.account_id, self._find_classes(), self._find_countries()
        )

    def _load(self, rows):
        vehicles = self.env["toll.vehicle"].create(
            [self._prepare_vehicle_vals(row) for row in rows]
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.vehicle",
            "view_mode": "list,form",
            "domain": [("id", "in", vehicles.ids)],
            "name": self.env._("Loaded Vehicles"),
        }

    def _prepare_vehicle_vals(self, row):
        return {
            "account_id": self.account_id.id,
            "plate": row["plate"],
            "country_id": row["country_id"],
            "class_id": row["class_id"],
            "make": row.get("make"),
            "model": row.get("model"),
            "color": row.get("color"),
            "year": int(row.get("year") or 0),
            "cost_centre_id": row["cost_centre_id"],
            "driver_id": row["driver_id"],
        }
