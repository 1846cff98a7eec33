from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core.tariff_cells import ALL_BANDS, Band, clock, windows_of
from ..queries import tariff_cell as queries

MINUTES = 60


class TollTariffBand(models.Model):
    """A window of a time band; several rows with one code make one band."""

    _name = "toll.tariff.band"
    _description = "Toll Tariff Time Band"
    _order = "tariff_id, code, minute_from"
    _rec_name = "code"

    tariff_id = fields.Many2one(
        "toll.tariff", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="tariff_id.company_id")
    code = fields.Char(required=True, help="The word that rows of the matrix refer to.")
    name = fields.Char(string="Label", translate=True)
    minute_from = fields.Integer(default=0, required=True)
    minute_to = fields.Integer(default=0, required=True)
    hour_from = fields.Float(
        string="From",
        compute="_compute_hours",
        inverse="_inverse_hour_from",
        help="Local time at the plaza; this minute belongs to the band.",
    )
    hour_to = fields.Float(
        string="To",
        compute="_compute_hours",
        inverse="_inverse_hour_to",
        help="Local time at the plaza; this minute does not belong to the band. "
        "Earlier than the start: the band runs over midnight.",
    )
    window = fields.Char(compute="_compute_window")

    _window_valid = models.Constraint(
        "CHECK (minute_from BETWEEN 0 AND 1439 AND minute_to BETWEEN 0 AND 1440"
        " AND minute_from <> minute_to)",
        "A band needs a start and an end between 00:00 and 24:00 that differ.",
    )

    def init(self):
        for statement in queries.create_row_guard(
            self._table, ("tariff_id", "code", "minute_from", "minute_to")
        ):
            self.env.execute_query(statement)

    @api.depends("minute_from", "minute_to")
    def _compute_hours(self):
        for band in self:
            band.hour_from = band.minute_from / MINUTES
            band.hour_to = band.minute_to / MINUTES

    @api.depends("minute_from", "minute_to")
    def _compute_window(self):
        for band in self:
            band.window = f"{clock(band.minute_from)}–{clock(band.minute_to)}"

    def _inverse_hour_from(self):
        for band in self:
            band.minute_from = round(band.hour_from * MINUTES)

    def _inverse_hour_to(self):
        for band in self:
            band.minute_to = round(band.hour_to * MINUTES)

    @api.constrains("code", "minute_from", "minute_to")
    def _check_window(self):
        for band in self:
            if band.code.strip() in ("", ALL_BANDS):
                raise ValidationError(
                    self.env._(
                        "“%(code)s” stands for the whole day: choose another code.",
                        code=ALL_BANDS,
                    )
                )
            try:
                windows_of(band.minute_from, band.minute_to)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Band %(code)s needs a start and an end between 00:00 and "
                        "24:00 that differ.",
                        code=band.code,
                    )
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        self.env["toll.tariff"]._check_draft_ids(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() - {"name"}:
            self.tariff_id._check_draft()
        self.env["toll.tariff"]._check_draft_ids([vals])
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_active(self):
        self.tariff_id._check_draft()

    def _to_core(self):
        return [Band(band.code, band.minute_from, band.minute_to) for band in self]
