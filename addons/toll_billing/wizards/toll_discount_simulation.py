from datetime import timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import discounts, rating

MAX_CROSSINGS = 50_000


class TollDiscountSimulation(models.TransientModel):
    """What would an account have saved in a month with a plan?"""

    _name = "toll.discount.simulation"
    _description = "Discount Simulation"

    plan_id = fields.Many2one(
        "toll.discount.plan", required=True, domain="[('kind', '!=', 'pack')]"
    )
    account_id = fields.Many2one("toll.account", required=True)
    vehicle_id = fields.Many2one(
        "toll.vehicle", domain="[('account_id', '=', account_id)]"
    )
    month = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self) - relativedelta(months=1),
        help="Any day of the month.",
    )
    currency_id = fields.Many2one(related="plan_id.currency_id")
    crossing_count = fields.Integer(string="Crossings", compute="_compute_result")
    discounted_count = fields.Integer(
        string="With this Discount", compute="_compute_result"
    )
    amount_charged = fields.Monetary(string="Charged", compute="_compute_result")
    amount_saved = fields.Monetary(
        string="Would Have Saved",
        compute="_compute_result",
        help="Beside the discounts that the crossings had.",
    )

    @api.depends("plan_id", "account_id", "vehicle_id", "month")
    def _compute_result(self):
        for simulation in self:
            crossings = simulation._get_crossings()
            saved = simulation.plan_id._simulate(crossings)
            simulation.crossing_count = len(crossings)
            simulation.discounted_count = len(saved)
            simulation.amount_charged = sum(crossings.mapped("amount_charged"))
            simulation.amount_saved = sum(saved.values())

    def _get_crossings(self):
        """Charged crossings of the month, by the clocks of their plazas."""
        Crossing = self.env["toll.crossing"]
        if not (self.plan_id and self.account_id and self.month):
            return Crossing
        first = self.month.replace(day=1)
        following = first + relativedelta(months=1)
        domain = [
            ("account_id", "=", self.account_id.id),
            ("state", "=", "posted"),
            ("occurred_at", ">=", first - timedelta(days=1)),
            ("occurred_at", "<", following + timedelta(days=1)),
        ]
        if self.vehicle_id:
            domain.append(("vehicle_id", "=", self.vehicle_id.id))
        found = Crossing.search(domain, order="occurred_at, id", limit=MAX_CROSSINGS)
        if len(found) == MAX_CROSSINGS:
            raise UserError(
                self.env._("Too many crossings to simulate: choose a vehicle.")
            )
        return found.filtered(lambda c: first <= c._get_local().date() < following)


class TollCrossing(models.Model):
    _inherit = "toll.crossing"

    def _get_local(self):
        """Wall clock at the plaza."""
        tz = self.plaza_id.tz or self.operator_id.tz or "UTC"
        return rating.local_time(self.occurred_at, tz)


class TollDiscountPlan(models.Model):
    _inherit = "toll.discount.plan"

    def _simulate(self, crossings):
        """{crossing: what this plan alone would take off it}, in Python.

        The same rules as the queries that rate and bill; grants are not asked for.
        """
        if not self or not crossings:
            return {}
        covered = crossings.filtered(self._covers)
        rounding = Decimal(str(self.currency_id.rounding))
        plan = self._get_core()
        if self.kind != "rate":
            paid = [_paid(crossing) for crossing in covered]
            return discounts.volume_discounts(plan, paid, rounding)
        saved = {}
        for crossing in covered:
            paid = _paid(crossing)
            discount, _plan = discounts.best_at_crossing([plan], paid.amount, rounding)
            if discount > paid.discount:
                saved[crossing.id] = discount - paid.discount
        return saved

    def _covers(self, crossing):
        """Is this crossing within the limits of the plan?"""
        local = crossing._get_local()
        limits = (
            (self.operator_ids, crossing.operator_id),
            (self.plaza_ids, crossing.plaza_id),
            (self.class_ids, crossing.class_id),
        )
        if any(limit and value not in limit for limit, value in limits):
            return False
        if self.service_ids and crossing.service not in self.service_ids.mapped("code"):
            return False
        day = local.date()
        if day < self.date_from or (self.date_to and day > self.date_to):
            return False
        if crossing.currency_id != self.currency_id or crossing.amount_charged <= 0:
            return False
        if self.kind != "rate":
            return True
        holidays = self.env["toll.holiday"]._get_dates(
            crossing.operator_id, crossing.company_id, day, day
        )
        return bool(
            self[f"on_{rating.day_type(day, holidays)}"]
            and discounts.is_within(
                rating.minute_of(local), self.minute_from, self.minute_to
            )
        )

    def action_simulate(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_discount_simulation_action"
        )
        return action | {"context": {"default_plan_id": self.id}}


def _paid(crossing):
    return discounts.Paid(
        crossing.id,
        crossing._get_local(),
        Decimal(str(crossing.amount)),
        Decimal(str(crossing.amount_discount)),
        vehicle=crossing.vehicle_id.id,
        plaza=crossing.plaza_id.id,
        direction=crossing.direction or "",
    )
