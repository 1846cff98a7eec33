from datetime import timedelta

from odoo import api, fields, models


class TollTariffVersion(models.TransientModel):
    """Make a draft from a version, with its prices changed in percent."""

    _name = "toll.tariff.version"
    _description = "Toll Tariff New Version"

    tariff_id = fields.Many2one(
        "toll.tariff", string="Made From", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="tariff_id.currency_id")
    version = fields.Char(string="New Version", required=True)
    valid_from = fields.Date(required=True)
    percent = fields.Float(
        string="Change in Percent",
        digits=(6, 3),
        help="For example 4.5, or -10 for a lower price.",
    )
    step = fields.Monetary(
        string="Round To",
        required=True,
        default=1,
        help="Changed prices are rounded to a multiple of this.",
    )
    class_ids = fields.Many2many(
        "toll.vehicle.class",
        string="Only Classes",
        help="Empty: the prices of all classes change.",
    )

    _step_positive = models.Constraint(
        "CHECK (step > 0)", "Prices are rounded to a positive amount."
    )

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "toll.tariff":
            values.setdefault("tariff_id", self.env.context.get("active_id"))
        today = fields.Date.context_today(self)
        values.setdefault("valid_from", today + timedelta(days=1))
        values.setdefault("version", fields.Date.to_string(values["valid_from"]))
        return values

    def action_create(self):
        self.ensure_one()
        tariff = self.tariff_id._new_version(
            self.version, self.valid_from, self.percent, self.step, self.class_ids.ids
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.tariff",
            "res_id": tariff.id,
            "view_mode": "form",
        }
