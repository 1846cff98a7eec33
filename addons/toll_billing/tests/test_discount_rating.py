"""Discount plans at the crossing: resident, time band, the best one (000-10)."""

import random
from datetime import timedelta
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import discounts
from .discount_common import DiscountCommon, make_grant, make_plan
from .test_exemption_rating import grant as exempt


@tagged("post_install", "-at_install")
class TestDiscountRating(DiscountCommon):
    # === WHAT IS CHARGED === #
    def test_resident_pays_half_and_the_price_stays(self):
        plan = make_plan(self, percent=50, needs_evidence=True, purpose="resident")
        make_grant(self, plan, self.prepaid)
        batch = self._load(self._row("R1"))
        crossing = self._crossings(batch)
        self.assertEqual((crossing.amount, crossing.amount_discount), (100, 50))
        self.assertEqual(crossing.amount_charged, 50)
        self.assertEqual(crossing.discount_plan_id, plan)
        self.assertEqual(self.prepaid.balance, 450)
        self.assertEqual(batch.amount_posted, 50)
        self.assertEqual(
            crossing.with_user(self.agent).explanation["discounts"],
            [
                {
                    "kind": "plan",
                    "plan": plan.name,
                    "code": plan.code,
                    "rule": "percent",
                    "percent": 50,
                    "amount": 50,
                }
            ],
        )
        self._assert_rules_hold()

    def test_only_who_has_it(self):
        plan = make_plan(self, percent=50)
        truck = {"tag": "TEST00000002", "class": "C"}
        make_grant(self, plan, self.prepaid)
        rows = self._row("R1"), self._row("R2", **truck)
        self.assertEqual(self._charged(*rows), [50, 250])

    def test_vehicle_of_the_grant_only(self):
        plan = make_plan(self, percent=50)
        other = self.env["toll.vehicle"].create(
            {
                "account_id": self.prepaid.id,
                "plate": "DDD-444-D",
                "class_id": self.auto.id,
                "date_from": self.now - timedelta(days=30),
            }
        )
        make_grant(self, plan, self.prepaid, vehicle_id=other.id)
        row = {"tag": "", "plate": "DDD444D"}
        self.assertEqual(
            self._charged(self._row("R1"), self._row("R2", **row)), [100, 50]
        )

    def test_fixed_price_and_a_lower_tariff(self):
        make_plan(self, rule="price", price=60, is_automatic=True)
        rows = self._row("R1"), self._row("R2", plaza="P2")
        self.assertEqual(self._charged(*rows), [60, 50])

    def test_price_of_the_operator_is_lowered_too(self):
        make_plan(self, percent=10, is_automatic=True)
        self.assertEqual(self._charged(self._row("R1", amount="87.55")), [78.80])

    def test_limits_plaza_class_service(self):
        make_plan(
            self,
            percent=20,
            is_automatic=True,
            plaza_ids=[Command.set(self.plaza_2.ids)],
            class_ids=[Command.set(self.auto.ids)],
        )
        make_plan(
            self,
            percent=90,
            is_automatic=True,
            service_ids=[
                Command.set(
                    self.env["toll.service"].search([("code", "=", "parking")]).ids
                )
            ],
        )
        truck = {"tag": "TEST00000002", "class": "C"}
        rows = (
            self._row("R1"),
            self._row("R2", plaza="P2"),
            self._row("R3", plaza="P2", **truck),
            self._row("R4", service="parking", amount="30"),
        )
        self.assertEqual(self._charged(*rows), [100, 40, 125, 3])

    def test_other_operators_plan_does_not_count(self):
        other = self.operator.copy({"code": "T2", "name": "Other Roads"})
        make_plan(
            self, percent=50, is_automatic=True, operator_ids=[Command.set(other.ids)]
        )
        self.assertFalse(self.operator._crossing_facts()["has_discounts"])
        self.assertEqual(self._charged(self._row("R1")), [100])

    def test_people_or_companies(self):
        self.postpaid.partner_id.is_company = True
        self.prepaid.partner_id.is_company = False
        make_plan(self, percent=10, is_automatic=True, person_kind="company")
        truck = {"tag": "TEST00000002", "class": "C"}
        rows = self._row("R1"), self._row("R2", **truck)
        self.assertEqual(self._charged(*rows), [100, 225])

    # === WHEN === #
    def test_hours_over_midnight_by_the_plazas_clock(self):
        self.plaza.tz = "America/Tijuana"
        make_plan(self, percent=50, is_automatic=True, hour_from=22, hour_to=6)
        rows = [
            self._row(f"R{n}", occurred_at=self._at(self.day, *at, "America/Tijuana"))
            for n, at in enumerate([(21, 59), (22, 0), (5, 59), (6, 0)])
        ]
        self.assertEqual(self._charged(*rows), [100, 50, 50, 100])

    def test_kinds_of_day(self):
        make_plan(self, percent=50, is_automatic=True, on_weekday=False)
        saturday = self.day - timedelta(days=(self.day.weekday() + 2) % 7 + 7)
        self.env["toll.holiday"].search([]).unlink()
        self.env["toll.holiday"].create(
            {"date": saturday - timedelta(days=2), "name": "Fiesta"}
        )
        days = [saturday + timedelta(days=n) for n in (-2, -1, 0, 1, 2)]
        rows = [
            self._row(f"R{n}", occurred_at=self._at(day, 12, 0))
            for n, day in enumerate(days)
        ]
        self.assertEqual(self._charged(*rows), [50, 100, 50, 50, 100])

    def test_validity_in_the_plazas_days(self):
        plan = make_plan(
            self, percent=50, date_from=self.day, date_to=self.day, is_automatic=True
        )
        moments = [
            (self.day - timedelta(days=1), 23, 59),
            (self.day, 0, 0),
            (self.day, 23, 59),
            (self.day + timedelta(days=1), 0, 0),
        ]
        rows = [
            self._row(f"R{n}", occurred_at=self._at(*moment))
            for n, moment in enumerate(moments)
        ]
        self.assertEqual(self._charged(*rows), [100, 50, 50, 100])
        plan.with_user(self.manager).action_close()
        self.assertEqual(self._charged(self._row("LATE")), [50], "it was valid then")

    # === OF SEVERAL THE BEST === #
    def test_best_one_counts_and_an_exemption_before_all(self):
        make_plan(self, percent=20, is_automatic=True)
        best = make_plan(self, rule="price", price=70, is_automatic=True)
        make_plan(self, percent=30, is_automatic=True)
        crossing = self._crossings(self._load(self._row("R1")))
        self.assertEqual(crossing.discount_plan_id, best, "the older of two equals")
        self.assertEqual(crossing.amount_charged, 70)
        exemption = exempt(
            self, self.prepaid, self.day, self.now.date() + timedelta(days=30)
        )
        crossing = self._crossings(self._load(self._row("R2")))
        self.assertEqual(crossing.exemption_id, exemption)
        self.assertFalse(crossing.discount_plan_id)
        self.assertEqual(crossing.amount_charged, 0)
        self._assert_rules_hold()

    def test_python_and_database_agree(self):
        """Each crossing of a random day: the same plan and the same cents."""
        chance = random.Random(11)
        made = [
            make_plan(
                self,
                is_automatic=True,
                rule=chance.choice(["percent", "price"]),
                percent=chance.choice([5, 12.5, 33.33, 50]),
                price=chance.choice([10, 44.44, 80]),
                hour_from=chance.randrange(24),
                hour_to=chance.randrange(24),
                on_weekday=chance.random() < 0.8,
                on_sunday=chance.random() < 0.5,
                plaza_ids=[
                    Command.set(
                        chance.sample([self.plaza.id, self.plaza_2.id], 1)
                        if chance.random() < 0.5
                        else []
                    )
                ],
            )
            for _n in range(8)
        ]
        start = self.noon - timedelta(days=9)
        rows = [
            self._row(
                f"R{n}",
                occurred_at=(
                    start + timedelta(minutes=chance.randrange(9 * 1440))
                ).isoformat()
                + "Z",
                plaza=chance.choice(["P1", "P2"]),
                amount=f"{chance.randrange(1, 30000) / 100:.2f}",
            )
            for n in range(200)
        ]
        crossings = self._crossings(self._load(*rows))
        self.assertEqual(set(crossings.mapped("state")), {"posted"})
        found = 0
        for crossing in crossings:
            covering = [plan for plan in made if self._covers(plan, crossing)]
            expected = discounts.best_at_crossing(
                [plan._get_core() for plan in covering],
                Decimal(str(crossing.amount)),
            )
            self.assertEqual(
                (
                    Decimal(str(crossing.amount_discount)),
                    crossing.discount_plan_id.id or None,
                ),
                expected,
                crossing.ref,
            )
            found += bool(expected[1])
        self.assertGreater(found, 20)
        self._assert_rules_hold()

    def _covers(self, plan, crossing):
        # a free crossing is not simulated, but it was rated
        if crossing.amount_charged:
            return plan._covers(crossing)
        return plan == crossing.discount_plan_id

    # === CHANGES OF FATE === #
    def test_held_crossing_is_judged_as_of_its_time(self):
        held = self._crossings(self._load(self._row("R1", **{"class": "C"})))
        self.assertEqual(held.state, "held")
        plan = make_plan(self, percent=25, is_automatic=True)
        held.with_user(self.analyst).action_correct({"policy": "registered"})
        self.assertEqual((held.state, held.amount_charged), ("posted", 75))
        self.assertEqual(held.discount_plan_id, plan)
        self.assertEqual(self.prepaid.balance, 425)
        self._assert_rules_hold()

    def test_cancelled_crossing_gives_back_what_was_charged(self):
        make_plan(self, percent=25, is_automatic=True)
        self._load(self._row("R1"))
        self.assertEqual(self.prepaid.balance, 425)
        self._load(self._row("R1", status="cancelled"))
        self.env.invalidate_all()
        self.assertEqual(self.prepaid.balance, 500)
        self._assert_rules_hold()

    def test_rated_crossing_never_changes_its_plan(self):
        make_plan(self, percent=25, is_automatic=True)
        crossing = self._crossings(self._load(self._row("R1")))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env.cr.execute(
                "UPDATE toll_crossing_data SET discount_plan_id = NULL WHERE id = %s",
                [crossing.id],
            )

    def test_check_finds_a_discount_without_reason(self):
        self._load(self._row("R1"))
        self.env.cr.execute(
            "ALTER TABLE toll_crossing_data DISABLE TRIGGER USER;"
            "UPDATE toll_crossing_data SET amount_discount = 1 WHERE ref = 'R1';"
            "ALTER TABLE toll_crossing_data ENABLE TRIGGER USER"
        )
        found = {r["code"]: r["differences"] for r in self.env["toll.check"].run()}
        self.assertIn("without a reason", found["6-explained"][0])
