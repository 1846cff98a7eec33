from datetime import date, timedelta

from odoo import api, models, tools


class TollOperator(models.Model):
    _inherit = "toll.operator"  # pylint: disable=consider-merging-classes-inherited

    def _crossing_window(self, now):
        """Times and days in which this operator's crossings are accepted.

        ``latest`` and ``earliest`` are UTC times, the authorisation is counted in the
        plaza's own days.
        """
        self.ensure_one()
        return {
            "latest": now + timedelta(minutes=self.future_tolerance_minutes),
            "earliest": now - timedelta(days=self.max_age_days),
            "authorised": self.state == "authorised" and self.is_charger,
            "authorised_from": self.authorised_from or date.min,
            "authorised_to": self.authorised_to or date.max,
        }

    @tools.ormcache("self.id")
    def _plaza_zones(self):
        """Time zone of each plaza by code, for times that come without an offset."""
        return {plaza.code: plaza.tz for plaza in self.plaza_ids}


class TollPlaza(models.Model):
    _inherit = "toll.plaza"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & {"code", "tz", "operator_id", "active"}:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
