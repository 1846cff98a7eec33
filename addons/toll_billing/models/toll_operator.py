from datetime import date, timedelta

from odoo import api, fields, models, tools

from ..core import intake

#: Fields that ``_crossing_facts`` remembers.
FACTS = {
    "authorised_from",
    "authorised_to",
    "class_policy",
    "code",
    "company_id",
    "currency_id",
    "future_tolerance_minutes",
    "is_charger",
    "max_age_days",
    "state",
    "tz",
}


class TollOperator(models.Model):
    _inherit = "toll.operator"  # pylint: disable=consider-merging-classes-inherited

    def _crossing_terms(self, company_id, now):
        """What the intake must know of this operator (``crossing_resolve.TERMS``).

        ``latest`` and ``earliest`` are UTC times, the authorisation is counted in the
        plaza's own days.
        """
        facts = self._crossing_facts()
        return facts["terms"] | {
            "company": company_id,
            "latest": now + timedelta(minutes=facts["tolerance"]),
            "earliest": now - timedelta(days=facts["max_age"]),
        }

    @tools.ormcache("self.id")
    def _crossing_facts(self):
        """What changes with the operator only; asked for with every event."""
        self.ensure_one()
        return {
            "company_id": self.company_id.id,
            "decimals": self.currency_id.decimal_places,
            "tolerance": self.future_tolerance_minutes,
            "max_age": self.max_age_days,
            "has_discounts": self.env["toll.discount.plan"]._is_used_at(self),
            "has_packs": self.env["toll.discount.plan"]._has_packs_at(self),
            "terms": {
                "operator": self.id,
                "operator_code": self.code,
                "tz": self.tz,
                "currency": self.currency_id.name,
                "currency_id": self.currency_id.id,
                "policy": self.class_policy,
                "authorised": self.state == "authorised" and self.is_charger,
                "authorised_from": self.authorised_from or date.min,
                "authorised_to": self.authorised_to or date.max,
            },
        }

    def write(self, vals):
        if vals.keys() & FACTS:
            self.env.registry.clear_cache()
        return super().write(vals)

    def _intake_context(self):
        """What the parser of this operator's files and events must know."""
        terms = self._crossing_facts()["terms"]
        return intake.Context(
            operator_code=terms["operator_code"],
            zones=self._plaza_zones(),
            default_zone=terms["tz"],
            now=fields.Datetime.now(),
        )

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
