from odoo import fields, models

from ..core import plates


class TollVehicleRegistryImport(models.TransientModel):
    _name = "toll.vehicle.registry.import"
    _description = "Import of the Official Register"
    _inherit = ["toll.table.import"]

    source = fields.Char(required=True, help="Which register the list comes from.")
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="When the list was drawn up: older lists do not replace newer data.",
    )

    _table_columns = ("plate", "class", "country")
    _table_required = ("plate", "class")
    _template = "plate,class,country\nABC-123-D,AUTO,MX\n77-AB-1C,C2,MX\n"

    def _resolve(self, rows):
        classes, countries = self._find_classes(), self._find_countries()
        home = self.env.company.country_id.id
        errors, seen = [], set()
        for row in rows:
            code = row.get("country", "").upper()
            row["country_id"] = countries.get(code) if code else home
            row["class_id"] = classes.get(row["class"].upper())
            row["source"], row["date"] = self.source, self.date
            plate = plates.normalize(row["plate"])
            key = (plate, row["country_id"])
            if len(plate) < 3:
                errors.append((row["line"], "bad_plate", row["plate"]))
            elif key in seen:
                errors.append((row["line"], "repeated_plate", row["plate"]))
            if not row["class_id"]:
                errors.append((row["line"], "unknown_class", row["class"]))
            if not row["country_id"]:
                errors.append((row["line"], "unknown_country", code))
            seen.add(key)
        return errors

    def _load(self, rows):
        self.env["toll.vehicle.registry"]._upsert(rows)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_vehicle_registry_action"
        )
