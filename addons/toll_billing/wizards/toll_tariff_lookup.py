from markupsafe import Markup

from odoo import api, fields, models

from ..core.rating import RatingError, local_time


class TollTariffLookup(models.TransientModel):
    """What would a vehicle pay at a plaza at a time, and why."""

    _name = "toll.tariff.lookup"
    _description = "Toll Price Lookup"

    operator_id = fields.Many2one("toll.operator", domain="[('is_charger', '=', True)]")
    plaza_id = fields.Many2one(
        "toll.plaza",
        domain="[('kind', '!=', 'entry'), ('operator_id', '=?', operator_id)]",
    )
    entry_plaza_id = fields.Many2one(
        "toll.plaza",
        string="Entry",
        domain="[('operator_id', '=?', operator_id)]",
        help="Only where the price depends on where the vehicle entered.",
    )
    class_id = fields.Many2one("toll.vehicle.class")
    service_id = fields.Many2one(
        "toll.service",
        default=lambda self: self.env["toll.service"].search(
            [("code", "=", "toll")], limit=1
        ),
    )
    occurred_at = fields.Datetime(string="Time", default=fields.Datetime.now)
    local_time = fields.Char(
        string="Time at the Plaza", compute="_compute_result", compute_sudo=False
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_result", compute_sudo=False
    )
    amount = fields.Monetary(
        string="Price", compute="_compute_result", compute_sudo=False
    )
    has_price = fields.Boolean(compute="_compute_result", compute_sudo=False)
    explanation = fields.Html(compute="_compute_result", compute_sudo=False)

    @api.onchange("plaza_id")
    def _onchange_plaza_id(self):
        if self.plaza_id:
            self.operator_id = self.plaza_id.operator_id

    @api.onchange("operator_id")
    def _onchange_operator_id(self):
        if self.plaza_id.operator_id != self.operator_id:
            self.plaza_id = self.entry_plaza_id = False

    @api.depends("plaza_id", "entry_plaza_id", "class_id", "service_id", "occurred_at")
    def _compute_result(self):
        for lookup in self:
            lookup.update(lookup._get_result())

    def _get_result(self):
        result = {
            "local_time": False,
            "currency_id": False,
            "amount": 0,
            "has_price": False,
            "explanation": False,
        }
        if not (
            self.plaza_id and self.class_id and self.service_id and self.occurred_at
        ):
            return result
        plaza = self.plaza_id._origin
        tariffs = self.env["toll.tariff"]
        local = local_time(self.occurred_at, plaza.tz)
        result["local_time"] = f"{local:%Y-%m-%d %H:%M} ({plaza.tz})"
        try:
            charge = tariffs._get_charge(
                plaza,
                self.class_id._origin,
                self.occurred_at,
                self.entry_plaza_id._origin,
                self.service_id.code,
            )
        except RatingError as error:
            result["explanation"] = self._get_refusal(error.code)
            return result
        explanation = tariffs._explain(charge.rate.id, self.occurred_at, plaza)
        result.update(
            currency_id=tariffs.browse(charge.tariff.id).currency_id.id,
            amount=float(charge.amount),
            has_price=True,
            explanation=Markup("<ul>%s</ul>")
            % Markup().join(
                Markup("<li>%s</li>") % line for line in explanation["text"]
            ),
        )
        return result

    def _get_refusal(self, code):
        return {
            "no_version": self.env._(
                "%(operator)s has no tariff version in force on that day.",
                operator=self.plaza_id.operator_id.name,
            ),
            "no_rate": self.env._(
                "The version in force has no price for this class, service and entry "
                "at %(plaza)s.",
                plaza=self.plaza_id.display_name,
            ),
        }.get(code, self.env._("Two prices hold at the same time: check the tariff."))
