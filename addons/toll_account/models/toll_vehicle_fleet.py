from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import plates


class TollVehicle(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.vehicle"

    cost_centre_id = fields.Many2one(
        "toll.cost.centre",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('account_id', '=', account_id)]",
    )
    driver_id = fields.Many2one(
        "toll.driver",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('account_id', '=', account_id)]",
    )
    use_ids = fields.One2many("toll.vehicle.use", "vehicle_id", readonly=True)
    is_official = fields.Boolean(
        string="Official Vehicle",
        tracking=True,
        help="Of an authority, the police or an emergency service. It pays all the "
        "same, unless it has an exemption.",
    )
    exemption_ids = fields.One2many("toll.exemption", "vehicle_id")
    is_exempt = fields.Boolean(
        string="Exempt Today",
        compute="_compute_is_exempt",
        search="_search_is_exempt",
        compute_sudo=True,
    )
    document_ids = fields.One2many("toll.document", "vehicle_id")

    @api.depends("exemption_ids.state")
    def _compute_is_exempt(self):
        exempt = self.env["toll.exemption"]._get_exempt_vehicles(vehicles=self)
        for vehicle in self:
            vehicle.is_exempt = vehicle._origin.id in exempt

    def _search_is_exempt(self, operator, value):
        if operator != "in":
            return NotImplemented
        # which vehicles are exempt is known to whoever sees the vehicles
        exempt = self.env["toll.exemption"].sudo()._get_exempt_vehicles()
        if True in value and False in value:
            return []
        return [("id", "in" if True in value else "not in", list(exempt))]

    @api.constrains("account_id", "cost_centre_id", "driver_id")
    def _check_fleet(self):
        for vehicle in self:
            for record in (vehicle.cost_centre_id, vehicle.driver_id):
                if record and record.account_id != vehicle.account_id:
                    raise ValidationError(
                        self.env._(
                            "%(record)s is not of account %(number)s.",
                            record=record.display_name,
                            number=vehicle.account_id.number,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        vehicles = super().create(vals_list)
        used = vehicles.filtered(lambda v: v.cost_centre_id or v.driver_id)
        used._log_use()
        return vehicles

    def write(self, vals):
        if "account_id" in vals and not {"cost_centre_id", "driver_id"} & vals.keys():
            leaving = self.filtered(
                lambda v: (
                    # in a merge of accounts they go along
                    vals["account_id"]
                    not in (v.account_id.id, v.account_id.merged_into_id.id)
                    and (v.cost_centre_id or v.driver_id)
                )
            )
            if leaving:
                leaving.write({"cost_centre_id": False, "driver_id": False})
        if not {"cost_centre_id", "driver_id"} & vals.keys():
            return super().write(vals)
        before = {v: (v.cost_centre_id, v.driver_id) for v in self}
        result = super().write(vals)
        self.filtered(lambda v: (v.cost_centre_id, v.driver_id) != before[v])._log_use()
        return result

    def _log_use(self):
        """End what was so, and begin what is so now."""
        now = fields.Datetime.now()
        # the log is written by the change itself, by nobody else
        log_sudo = self.env["toll.vehicle.use"].sudo()
        current = log_sudo.search(
            [("vehicle_id", "in", self.ids), ("date_to", "=", False)]
        )
        current.date_to = now
        current.flush_recordset(["date_to"])
        log_sudo.create(
            [
                {
                    "vehicle_id": vehicle.id,
                    "driver_id": vehicle.driver_id.id,
                    "cost_centre_id": vehicle.cost_centre_id.id,
                    "date_from": now,
                    "user_id": self.env.uid,
                }
                for vehicle in self
                if vehicle.driver_id or vehicle.cost_centre_id
            ]
        )

    @api.model
    def _resolve_import(self, rows, account, classes, countries):
        """Put ids into the lines of a fleet's file; (line, code, value) per problem."""
        home = account.company_id.country_id.id
        centres = {centre.code.upper(): centre.id for centre in account.cost_centre_ids}
        drivers = {driver.name.upper(): driver.id for driver in account.driver_ids}
        errors, seen = [], {}
        for row in rows:
            line = row["line"]
            code = row.get("country", "").upper()
            centre, driver = row.get("cost_centre"), row.get("driver")
            row["country_id"] = countries.get(code) if code else home
            row["class_id"] = classes.get(row["class"].upper())
            row["cost_centre_id"] = centres.get((centre or "").upper())
            row["driver_id"] = drivers.get((driver or "").upper())
            plate = plates.normalize(row["plate"])
            year = row.get("year", "")
            for wrong, problem, value in (
                (len(plate) < 3, "bad_plate", row["plate"]),
                (plate in seen, "repeated_plate", row["plate"]),
                (not row["class_id"], "unknown_class", row["class"]),
                (not row["country_id"], "unknown_country", code),
                (centre and not row["cost_centre_id"], "unknown_cost_centre", centre),
                (driver and not row["driver_id"], "unknown_driver", driver),
                (year and not self._is_year(year), "bad_year", year),
            ):
                if wrong:
                    errors.append((line, problem, value))
            seen.setdefault(plate, row)
        # a plate may be in an account of another company: only that it is taken is told
        taken = self.sudo().search_fetch(
            [("plate_normalized", "in", list(seen)), ("date_to", "=", False)],
            ["plate_normalized", "country_id"],
        )
        for vehicle in taken:
            row = seen[vehicle.plate_normalized]
            if vehicle.country_id.id == row["country_id"]:
                errors.append((row["line"], "plate_exists", row["plate"]))
        return errors

    @api.model
    def _is_year(self, text):
        return text.isascii() and text.isdecimal() and 1900 <= int(text) <= 2100
