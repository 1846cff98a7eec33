from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..core import plates


class TollVehicle(models.Model):
    _name = "toll.vehicle"
    _description = "Toll Vehicle"
    _inherit = ["mail.thread"]
    _order = "plate_normalized, id desc"
    _rec_name = "plate"

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, ondelete="restrict", tracking=True
    )
    partner_id = fields.Many2one(
        related="account_id.partner_id", store=True, string="Customer"
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    plate = fields.Char(required=True, tracking=True)
    plate_normalized = fields.Char(
        compute="_compute_plate_normalized",
        store=True,
        precompute=True,
        index=True,
        help="The plate as it is compared: capital letters and digits only.",
    )
    plate_lookalike = fields.Char(
        compute="_compute_plate_normalized",
        store=True,
        precompute=True,
        index=True,
        help="The plate with characters folded that are easily confused, like O and 0.",
    )
    country_id = fields.Many2one(
        "res.country",
        required=True,
        ondelete="restrict",
        default=lambda self: self._default_country_id(),
    )
    state_id = fields.Many2one(
        "res.country.state",
        ondelete="restrict",
        domain="[('country_id', '=', country_id)]",
    )
    class_id = fields.Many2one(
        "toll.vehicle.class",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    make = fields.Char()
    model = fields.Char()
    color = fields.Char()
    year = fields.Integer()
    date_from = fields.Datetime(
        string="From",
        required=True,
        default=fields.Datetime.now,
        tracking=True,
        help="Crossings from this moment on belong to the account.",
    )
    date_to = fields.Datetime(
        string="Until",
        tracking=True,
        copy=False,
        help="From this moment on the vehicle does not belong to the account any more.",
    )
    lookalike_ids = fields.Many2many(
        "toll.vehicle",
        string="Look-alike Plates",
        compute="_compute_lookalike_ids",
        help="Vehicles of other accounts whose plate can be taken for this one.",
    )
    active = fields.Boolean(default=True)

    _period_valid = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The vehicle cannot leave the account before it comes to it.",
    )
    _plate_once = models.Constraint(
        "EXCLUDE USING gist (country_id WITH =, plate_normalized WITH =,"
        " tsrange(date_from, date_to) WITH &&)",
        "A vehicle with this plate belongs to an account already at that time.",
    )

    _plate_trgm_idx = models.Index("USING gin (plate_normalized gin_trgm_ops)")

    @api.model
    def _default_country_id(self):
        return self.env.company.country_id

    @api.depends("plate")
    def _compute_plate_normalized(self):
        for vehicle in self:
            vehicle.plate_normalized = plates.normalize(vehicle.plate)
            vehicle.plate_lookalike = plates.lookalike(vehicle.plate)

    @api.depends("plate_lookalike", "account_id")
    def _compute_lookalike_ids(self):
        found = self.search(
            [
                (
                    "plate_lookalike",
                    "in",
                    [p for p in self.mapped("plate_lookalike") if p],
                )
            ]
        )
        for vehicle in self:
            vehicle.lookalike_ids = found.filtered(
                lambda other, vehicle=vehicle: (
                    other.plate_lookalike == vehicle.plate_lookalike
                    and other.account_id != vehicle.account_id
                )
            )

    @api.depends("plate", "class_id.code")
    def _compute_display_name(self):
        for vehicle in self:
            code = vehicle.class_id.code
            vehicle.display_name = (
                f"{vehicle.plate} ({code})" if code else vehicle.plate
            )

    @api.onchange("country_id")
    def _onchange_country_id(self):
        if self.state_id.country_id != self.country_id:
            self.state_id = False

    @api.constrains("plate")
    def _check_plate(self):
        for vehicle in self:
            if len(vehicle.plate_normalized or "") < 3:
                raise ValidationError(
                    self.env._(
                        "%(plate)s is not a number plate: it needs at least three "
                        "letters or digits.",
                        plate=vehicle.plate,
                    )
                )

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if operator in Domain.NEGATIVE_OPERATORS or not isinstance(value, str):
            return domain
        normalized = plates.normalize(value)
        if not normalized:
            return domain
        # The same plate, and those that a camera or a person may take for it.
        return Domain.OR(
            [
                Domain(domain),
                Domain("plate_normalized", "like", normalized),
                Domain("plate_lookalike", "=", plates.lookalike(value)),
            ]
        )

    @api.model_create_multi
    def create(self, vals_list):
        # A vehicle that has just left another account must have left it in the
        # database, where the period is checked.
        self.flush_model(["date_from", "date_to", "plate_normalized", "country_id"])
        return super().create(vals_list)

    def action_archive(self):
        """A vehicle that leaves does so now, and keeps its history."""
        self._end()
        return super().action_archive()

    def action_unarchive(self):
        now = fields.Datetime.now()
        if self.filtered(lambda v: v.date_to and v.date_to <= now):
            raise UserError(
                self.env._(
                    "This vehicle has left the account. Register it again instead: the "
                    "time in between does not belong to the account."
                )
            )
        return super().action_unarchive()

    def _end(self, date=None):
        """Take the vehicles off their accounts."""
        date = date or fields.Datetime.now()
        for vehicle in self.filtered(lambda v: not v.date_to or v.date_to > date):
            vehicle.write({"date_to": max(date, vehicle.date_from), "active": False})
