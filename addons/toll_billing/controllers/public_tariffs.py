"""What a crossing costs: for everybody, from the tariffs in force."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.http import request

from odoo.addons.toll_account.controllers.portal import TollPortal
from odoo.addons.toll_account.controllers.public import TollPublic
from odoo.addons.toll_account.controllers.public_page import public_route

from ..core.rating import RatingError


class TollPublicTariffs(TollPublic):
    """Tariffs are public by law: they are read with sudo, published ones only."""

    _toll_days_ahead = 400

    @public_route("/toll/tariffs")
    def public_toll_tariffs(self, **query):
        return self._toll_page(
            "toll_billing.public_tariffs", lambda: self._toll_tariff_values(query)
        )

    def _toll_tariff_values(self, query):
        values = self._toll_tariff_choices(query)
        values.update({"error": None, "answer": None, "when": query.get("when") or ""})
        if query.get("vehicle_class") and values["plaza"] and values["vehicle_class"]:
            values.update(self._toll_tariff_answer(values, query))
        return values

    def _toll_choice(self, records, text):
        number = TollPortal._toll_int(text)
        return records.filtered(lambda record: record.id == number)

    def _toll_tariff_choices(self, query):
        today = fields.Date.today()
        # published prices and the roads they are for
        tariffs_sudo = (
            request.env["toll.tariff"]
            .sudo()
            .search(
                [
                    ("state", "=", "active"),
                    ("operator_id.state", "=", "authorised"),
                    "|",
                    ("valid_to", "=", False),
                    ("valid_to", ">", today),
                ]
            )
        )
        operators = tariffs_sudo.operator_id.sorted("name")
        operator = self._toll_choice(operators, query.get("operator")) or operators[:1]
        rates = tariffs_sudo.filtered(lambda t: t.operator_id == operator).rate_ids
        plazas = rates.plaza_id.sorted("name")
        plaza = self._toll_choice(plazas, query.get("plaza"))
        here = rates.filtered(lambda rate: rate.plaza_id == plaza)
        entries = (here or rates).entry_plaza_id.sorted("name")
        classes = rates.class_id.sorted(lambda c: (c.sequence, c.id))
        return {
            "operators": operators,
            "operator": operator,
            "plazas": plazas,
            "plaza": plaza,
            "entries": entries,
            "entry": self._toll_choice(entries, query.get("entry")),
            "classes": classes,
            "vehicle_class": self._toll_choice(classes, query.get("vehicle_class")),
        }

    def _toll_tariff_answer(self, values, query):
        env = request.env
        plaza = values["plaza"]
        moment = self._toll_tariff_moment(query.get("when"), plaza)
        if moment is None:
            return {"error": env._("Please choose a date and time of the coming year.")}
        tariffs_sudo = env["toll.tariff"].sudo()
        try:
            charge = tariffs_sudo._get_charge(
                plaza, values["vehicle_class"], moment, values["entry"] or None
            )
        except RatingError:
            return {
                "error": env._(
                    "There is no price for this. On a closed road, choose where you "
                    "enter as well."
                )
            }
        explanation = tariffs_sudo._explain(
            charge.rate.id, moment, plaza, amount=charge.amount
        )
        rate = env["toll.tariff.rate"].sudo().browse(charge.rate.id)
        return {
            "answer": {
                "amount": float(charge.amount),
                "currency": rate.currency_id,
                "lines": explanation.get("text") or [],
            }
        }

    def _toll_tariff_moment(self, text, plaza):
        """UTC time (naive) of what the visitor wrote in the plaza's time, or None."""
        now = fields.Datetime.now()
        if not text:
            return now
        try:
            local = datetime.fromisoformat(str(text)[:16]).replace(
                tzinfo=ZoneInfo(plaza.tz or "UTC")
            )
            moment = local.astimezone(UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            return None
        near = timedelta(days=self._toll_days_ahead)
        return moment if now - near <= moment <= now + near else None
