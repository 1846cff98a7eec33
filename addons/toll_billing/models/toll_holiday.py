from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import holidays

CALENDARS = {"MX": holidays.mexico}


class TollHoliday(models.Model):
    """A day that tariffs may price as a holiday, at the plaza's local date."""

    _name = "toll.holiday"
    _description = "Toll Holiday"
    _order = "date, id"

    date = fields.Date(required=True, index=True)
    name = fields.Char(required=True)
    operator_id = fields.Many2one(
        "toll.operator", index=True, ondelete="cascade", help="Empty: all operators."
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=False,
        help="Empty: all companies.",
    )

    _date_uniq = models.UniqueIndex(
        "(date, COALESCE(operator_id, 0), COALESCE(company_id, 0))",
        "This day is on the list already.",
    )

    @api.model
    def _get_dates(self, operator, company, first, last):
        """Dates and names of the holidays of an operator between two days."""
        found = self.search_fetch(
            [
                ("date", ">=", first),
                ("date", "<=", last),
                ("operator_id", "in", (False, operator.id)),
                ("company_id", "in", (False, company.id)),
            ],
            ["date", "name"],
        )
        return {holiday.date: holiday.name for holiday in found}

    @api.model
    def _generate(self, country_code, first_year, last_year):
        """Enter the statutory holidays of a country; those there already stay."""
        if country_code not in CALENDARS:
            raise UserError(
                self.env._(
                    "There is no rule for the holidays of %(country)s: enter them by "
                    "hand or import them.",
                    country=country_code or "?",
                )
            )
        days = [
            day
            for year in range(first_year, last_year + 1)
            for day in CALENDARS[country_code](year)
        ]
        there = set(
            self.search(
                [("operator_id", "=", False), ("company_id", "=", False)]
            ).mapped("date")
        )
        return self.create(
            [{"date": day, "name": name} for day, name in days if day not in there]
        )

    def action_generate(self):
        """Enter this year's statutory holidays and those of the next two years."""
        self.check_access("create")
        year = fields.Date.context_today(self).year
        created = self._generate(self.env.company.country_code, year, year + 2)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%(count)s days entered.", count=len(created)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
