"""Volume discounts and caps: what they come to (000-10)."""

from datetime import date, datetime, timedelta

from odoo.tests import tagged

from .discount_common import make_grant, make_plan
from .discount_volume_common import DiscountVolumeCase


@tagged("post_install", "-at_install")
class TestDiscountVolume(DiscountVolumeCase):
    # === AMOUNTS === #
    def test_steps_by_count_reach_invoice_and_wallet(self):
        plan = self._volume()
        self._use(100, 100, 100, 100, 100, 100)
        balance = self.account.balance
        statement = self._bill()
        # the 3rd and 4th 10 %, the 5th and 6th 50 %
        self.assertEqual(statement.amount_volume, 120)
        self.assertEqual(
            (
                statement.amount_gross,
                statement.amount_discount,
                statement.amount_total,
                statement.move_id.amount_total,
            ),
            (600, 120, 480, 480),
        )
        line = statement.discount_line_ids
        self.assertEqual(
            (line.plan_id, line.amount, line.crossing_count, line.period),
            (plan, 120, 4, date(2026, 2, 1)),
        )
        entry = self.env["toll.wallet.entry"].search(
            [("account_id", "=", self.account.id), ("kind", "=", "discount")]
        )
        self.assertEqual(entry.amount, 120)
        self.assertLess(entry.occurred_at, statement.period_to)
        self.assertEqual(self.account.balance, balance + 600)
        self.assertEqual(statement.amount_adjustment, 0)
        self.assertEqual(statement.closing_balance, -480)
        tax = statement.move_id.amount_tax
        self.assertAlmostEqual(tax, 480 - statement.move_id.amount_untaxed, 2)

    def test_below_the_first_step_nothing(self):
        self._volume()
        self._use(100, 100)
        self.assertEqual(self._bill().amount_volume, 0)

    def test_step_for_all(self):
        self._volume((3, 10), is_whole=True)
        self._use(100, 50, 33.33)
        self.assertEqual(self._bill().amount_volume, 18.33)

    def test_fleet_by_money_splits_on_the_border(self):
        self._volume((150, 10), measure="amount", purpose="fleet")
        self._use(100, 100, 100)
        self.assertEqual(self._bill().amount_volume, 15)

    def test_cap_per_vehicle_and_month(self):
        plan = make_plan(
            self, kind="cap", amount_cap=200, scope="vehicle", is_automatic=True
        )
        one, two = self.vehicles
        self._use(100, 100, vehicle=one)
        self._use(100, 100, 50, vehicle=two)
        statement = self._bill()
        self.assertEqual(statement.amount_volume, 50)
        self.assertEqual(statement.discount_line_ids.plan_id, plan)

    def test_cap_per_day_in_the_plazas_days(self):
        make_plan(
            self,
            kind="cap",
            amount_cap=100,
            scope="vehicle",
            period="day",
            is_automatic=True,
        )
        # 23:00, 23:30, 00:00 and 00:30 in Mexico
        self._use(
            80,
            80,
            80,
            80,
            vehicle=self.vehicles[0],
            start=datetime(2026, 2, 11, 5),
            step=timedelta(minutes=30),
        )
        self.assertEqual(self._bill().amount_volume, 120)

    def test_months_begin_at_the_plazas_midnight(self):
        self._volume((2, 50))
        # 31 January 23:30, 1 February 00:00 and 00:30 in Mexico
        self._use(
            10, 10, 10, start=datetime(2026, 2, 1, 5, 30), step=timedelta(minutes=30)
        )
        statement = self._bill()
        self.assertEqual(statement.amount_volume, 5)
        self.assertEqual(statement.discount_line_ids.period, date(2026, 2, 1))

    def test_vehicles_count_apart_or_together(self):
        self._volume((2, 10), scope="vehicle")
        for vehicle in self.vehicles:
            self._use(100, vehicle=vehicle)
        self.assertEqual(self._bill().amount_volume, 0)
        self._volume((2, 10))
        self._use(100, start=datetime(2026, 3, 5))
        self._use(100, start=datetime(2026, 3, 6), vehicle=self.vehicles[0])
        self.assertEqual(self._bill(until=date(2026, 4, 1)).amount_volume, 10)

    def test_operators_and_services_keep_their_taxes(self):
        """Each line of the invoice has its own reduction, in its own tax."""
        plan = self._volume((1, 10))
        self._use(100, plaza=self.plaza_a)
        self._use(40, plaza=self.plaza_b)
        self._use(60, service="parking", plaza=self.plaza_b)
        statement = self._bill()
        self.assertEqual(
            statement.move_id.invoice_line_ids.mapped("price_total"),
            [100, -10, 40, -4, 60, -6],
        )
        reduced = statement.move_id.invoice_line_ids.sorted("sequence")
        for charge, discount in zip(reduced[::2], reduced[1::2], strict=True):
            self.assertEqual(charge.tax_ids, discount.tax_ids)
            self.assertIn(plan.name, discount.name)
        self.assertEqual(sorted(statement.line_ids.mapped("amount_volume")), [4, 6, 10])

    def test_limits_and_grants(self):
        plan = self._volume((1, 50), is_automatic=False)
        other = self._accounts(1)
        self._use(100)
        self._use(100, account=other)
        make_grant(self, plan, other)
        run = self._billed()
        self.assertEqual(self._statement(run).amount_volume, 0)
        self.assertEqual(self._statement(run, other).amount_volume, 50)
        self.assertRules()

    def test_grant_of_a_vehicle_and_its_days(self):
        plan = self._volume((1, 50), is_automatic=False)
        make_grant(
            self,
            plan,
            self.account,
            vehicle_id=self.vehicles[0].id,
            date_from="2026-02-02",
        )
        self._use(100, 100, 100, vehicle=self.vehicles[0])
        self._use(100, 100, 100, vehicle=self.vehicles[1])
        self.assertEqual(self._bill().amount_volume, 100)

    def test_best_plan_of_each_crossing(self):
        frequent = self._volume((1, 30))
        cap = make_plan(self, kind="cap", amount_cap=100, is_automatic=True)
        self._use(100, 100)
        lines = self._bill().discount_line_ids
        self.assertEqual(
            {(line.plan_id, line.amount) for line in lines},
            {(frequent, 30), (cap, 100)},
        )

    def test_discount_at_the_crossing_counts_where_it_is_better(self):
        self._volume((1, 30))
        self._use(100, discount=10)
        self._use(100, discount=60)
        statement = self._bill()
        self.assertEqual(statement.amount_volume, 20)
        self.assertEqual(statement.amount_total, 110)

    def test_cap_may_leave_nothing_to_charge(self):
        self._volume((1, 100))
        self._use(100)
        statement = self._bill()
        self.assertEqual((statement.amount_total, statement.state), (0, "invoiced"))
        self.assertFalse(statement.move_id)
        self.assertEqual(self.account.balance, 0)
