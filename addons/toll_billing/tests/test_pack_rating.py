"""Packs at the crossing: what they cover, in order, once, and back again (004-12)."""

import random
from datetime import timedelta
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import discounts, packs
from .discount_common import make_grant, make_plan
from .pack_common import PackCommon, make_pack
from .test_exemption_rating import grant as exempt


@tagged("post_install", "-at_install")
class TestPackRating(PackCommon):
    # === WHAT IS COVERED === #
    def test_oldest_crossings_are_covered_once_004_12(self):
        held = self._buy()
        self.assertEqual(self.prepaid.balance, 380)
        rows = [self._row(f"R{n}", occurred_at=self._hour(n)) for n in (3, 1, 2)]
        self.assertEqual(self._cross(*rows), {"R3": 100, "R1": 0, "R2": 0})
        self.assertEqual(self.prepaid.balance, 280)
        self.assertEqual((held.state, held.crossings_left), ("used", 0))
        self.assertEqual((held.amount_used, held.amount_unused), (200, 0))
        second = self.env["toll.crossing"].search([("ref", "=", "R2")])
        self.assertEqual((second.amount, second.amount_discount), (100, 100))
        self.assertEqual(second.discount_plan_id, held.pack_id.plan_id)
        first = self.env["toll.crossing"].search([("ref", "=", "R1")])
        self.assertEqual(
            first.with_user(self.agent).explanation["discounts"],
            [
                {
                    "kind": "pack",
                    "plan": held.pack_id.name,
                    "code": held.pack_id.code,
                    "pack": held.name,
                    "pack_kind": "crossings",
                    "left": 1,
                    "given": 2,
                    "amount": 100,
                }
            ],
        )
        # the same rows in another file
        again = self._load(*rows, self._row("R4"), name="again.csv")
        self.assertEqual((again.duplicate, again.posted), (3, 1))
        self.assertEqual((held.crossings_used, len(held.use_ids)), (2, 2))
        self.assertEqual(self.prepaid.balance, 180)
        self._assert_rules_hold()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env.cr.execute("DELETE FROM toll_account_pack_use")

    def test_strange_vehicle_plaza_class_service_hour(self):
        other = self.env["toll.vehicle"].create(
            {
                "account_id": self.prepaid.id,
                "plate": "DDD-444-D",
                "class_id": self.auto.id,
                "date_from": self.now - timedelta(days=30),
            }
        )
        parking = self.env["toll.service"].search([("code", "=", "parking")])
        strange = self.env["toll.account.pack"]
        weekend = self.day.weekday() > 4
        for values in (
            {"plaza_ids": [Command.set(self.plaza_2.ids)]},
            {"class_ids": [Command.set(self.truck.ids)]},
            {"service_ids": [Command.set(parking.ids)]},
            {"hour_from": 13, "hour_to": 12},
            {
                "on_weekday": weekend,
                "on_saturday": not weekend,
                "on_sunday": False,
                "on_holiday": False,
            },
        ):
            strange |= self._hold(**values)
        mine = self._hold(vehicle=other, is_per_vehicle=True)
        charged = self._cross(
            self._row("R1", occurred_at=self._at(self.day, 12, 30)),
            self._row("R2", tag="", plate="DDD444D"),
            self._row("R3", tag="TEST00000002", **{"class": "C"}),
        )
        self.assertEqual(charged, {"R1": 100, "R2": 0, "R3": 250})
        self.assertFalse(sum(strange.mapped("crossings_used")))
        self.assertEqual(mine.crossings_used, 1)

    def test_days_of_the_plaza_and_late_crossings(self):
        """Midnight in Mexico City; what arrives after the end still counts."""
        yesterday = self.day - timedelta(days=1)
        held = self._hold(kind="pass", validity=1)
        self.assertEqual((held.date_from, held.date_to), (yesterday, yesterday))
        self.env["toll.account.pack"]._cron_look_after()
        self.assertEqual(held.state, "expired")
        self.assertEqual((held.amount_expired, held.amount_unused), (120, 120))
        moments = [
            (yesterday, 11, 59),
            (yesterday, 12, 0),
            (yesterday, 23, 59),
            (self.day, 0, 0),
        ]
        rows = [
            self._row(f"R{n}", occurred_at=self._at(*moment))
            for n, moment in enumerate(moments)
        ]
        # the first one was before the purchase
        charged = self._cross(*rows)
        self.assertEqual(charged, {"R0": 100, "R1": 0, "R2": 0, "R3": 100})
        self.assertEqual((held.state, held.crossings_used), ("expired", 2))
        self.assertEqual(held.amount_expired, 0, "it was used after all")

    def test_first_use_begins_it(self):
        held = self._hold(
            kind="pass", start="first_use", begin_days=30, validity=2, price=10
        )
        self.assertFalse(held.date_from)
        rows = [
            self._row(f"R{n}", occurred_at=self._at(self.day + timedelta(n - 1), 23, 0))
            for n in (0, 1)
        ]
        self.assertEqual(self._cross(*rows), {"R0": 0, "R1": 0})
        self.assertEqual(held.date_from, self.day - timedelta(days=1))
        self.assertEqual(held.date_to, self.day)

    def test_credit_pays_a_part_of_the_last_one(self):
        held = self._hold(kind="credit", amount_given=250, price=200)
        rows = [self._row(f"R{n}", occurred_at=self._hour(n)) for n in range(4)]
        self.assertEqual(self._cross(*rows), {"R0": 0, "R1": 0, "R2": 50, "R3": 100})
        self.assertEqual((held.state, held.amount_left), ("used", 0))
        self.assertEqual(held.crossings_used, 3)
        last = self.env["toll.crossing"].search([("ref", "=", "R2")])
        self.assertEqual(last.explanation["discounts"][0]["left"], 0)
        self._assert_rules_hold()

    def test_most_per_crossing_and_the_pack_that_ends_first(self):
        late = self._hold(kind="pass", amount_most=30, validity=60, price=1)
        soon = self._hold(crossings_given=1, validity=10, price=1)
        rows = [self._row(f"R{n}", occurred_at=self._hour(n)) for n in range(2)]
        self.assertEqual(self._cross(*rows), {"R0": 0, "R1": 70})
        self.assertEqual((soon.crossings_used, late.crossings_used), (1, 1))

    # === OTHER DISCOUNTS === #
    def test_exemption_goes_before_and_the_better_discount(self):
        half = make_plan(self, percent=50)
        make_grant(self, half, self.prepaid)
        held = self._hold(kind="credit", amount_given=130, price=1)
        weak = self._hold(kind="pass", amount_most=40, price=1)
        rows = [self._row(f"R{n}", occurred_at=self._hour(n)) for n in range(2)]
        # 30 of credit are less than the 50 of the discount: they wait
        self.assertEqual(self._cross(*rows), {"R0": 0, "R1": 50})
        self.assertEqual((held.amount_left, weak.crossings_used), (30, 0))
        exempt(self, self.prepaid, self.day, self.now.date() + timedelta(days=30))
        self.assertEqual(self._cross(self._row("FREE"), name="f.csv"), {"FREE": 0})
        self.assertEqual(held.amount_left, 30)

    # === PYTHON AND DATABASE === #
    def test_python_and_database_agree(self):
        """Random packs and crossings of two accounts: the same pack, the same cents."""
        chance = random.Random(5)
        half = make_plan(self, percent=50)
        make_grant(self, half, self.prepaid)
        held = self.env["toll.account.pack"]
        for number in range(14):
            held |= self._hold(
                account=self.prepaid if number % 2 else self.postpaid,
                at=self.bought_at - timedelta(days=chance.randrange(6)),
                kind=chance.choice(["crossings", "credit", "pass"]),
                start=chance.choice(["purchase", "first_use"]),
                begin_days=chance.choice([3, 30]),
                validity=chance.randrange(1, 8),
                crossings_given=chance.randrange(1, 6),
                amount_given=chance.choice([90, 333.33, 700]),
                amount_most=chance.choice([0, 0, 40, 75.55]),
                plaza_ids=[Command.set(chance.choice([[], [], [self.plaza_2.id]]))],
                hour_from=chance.choice([0, 0, 6]),
                hour_to=chance.choice([0, 12]),
            )
        before = {pack.id: self._core(pack) for pack in held}
        rows = []
        for number in range(120):
            truck = number % 3 == 0
            rows.append(
                self._row(
                    f"R{number}",
                    occurred_at=self._hour(-chance.randrange(0, 140)),
                    plaza=chance.choice(["P1", "P2"]),
                    **({"tag": "TEST00000002", "class": "C"} if truck else {}),
                )
            )
        crossings = self._crossings(self._load(*rows))
        self.assertEqual(set(crossings.mapped("state")), {"posted"})
        self.lines = {crossing.line: crossing for crossing in crossings}
        uses = self.env["toll.account.pack.use"].search([])
        found = {
            use.crossing_id.line: (use.pack_id.id, Decimal(str(use.amount)))
            for use in uses
        }
        expected = {}
        for account in self.prepaid | self.postpaid:
            mine = crossings.filtered(lambda c, a=account: c.account_id == a)
            trips = [
                packs.Trip(
                    c.line,
                    c.occurred_at,
                    self._local(c).date(),
                    Decimal(str(c.amount)),
                    Decimal(str(c.amount / 2 if account == self.prepaid else 0)),
                )
                for c in mine
            ]
            expected |= packs.cover(
                trips, [before[p.id] for p in held if p.account_id == account]
            )
        self.assertEqual(found, expected)
        self.assertGreater(len(found), 25)
        self.assertEqual(
            {p.kind for p in uses.pack_id}, {"crossings", "credit", "pass"}
        )
        self._assert_rules_hold()

    def _local(self, crossing):
        plaza = crossing.plaza_id.with_context(tz=crossing.plaza_id.tz)
        return fields.Datetime.context_timestamp(plaza, crossing.occurred_at)

    def _core(self, held):
        """A pack as ``core.packs`` knows it."""
        offer = held.pack_id
        plazas, hour_from, hour_to = offer.plaza_ids, offer.minute_from, offer.minute_to

        def reaches(trip):
            crossing = self.lines[trip.id]
            local = self._local(crossing)
            return (
                crossing.occurred_at >= held.valid_from
                and (not plazas or crossing.plaza_id in plazas)
                and discounts.is_within(
                    local.hour * 60 + local.minute, hour_from, hour_to
                )
            )

        left = held.crossings_left if held.kind == "crossings" else held.amount_left
        return packs.Pack(
            held.id,
            held.kind,
            held.date_from or None,
            held.date_to,
            Decimal(str(left)),
            Decimal(str(offer.amount_most)),
            offer.validity_unit,
            offer.validity,
            reaches,
        )

    # === CHANGES OF FATE === #
    def test_cancelled_crossing_gives_its_part_back(self):
        held = self._hold()
        rows = [self._row(f"R{n}", occurred_at=self._hour(n)) for n in range(2)]
        self._cross(*rows)
        self.assertEqual(held.state, "used")
        cancel = self._row("R1", occurred_at=self._hour(1), status="cancelled")
        for name in ("c.csv", "d.csv"):
            self._load(cancel, self._row(name), name=name)
            self.env.invalidate_all()
        # what came with the first cancellation was rated before it
        self.assertEqual((held.crossings_used, held.state), (2, "used"))
        self.assertEqual(sorted(held.use_ids.mapped("quantity")), [-1, 1, 1, 1])
        self.assertEqual(self.prepaid.balance, 400)
        self._assert_rules_hold()

    def test_held_crossing_takes_its_pack_when_it_is_released(self):
        held = self._hold()
        crossing = self._crossings(self._load(self._row("R1", **{"class": "C"})))
        self.assertEqual((crossing.state, held.crossings_used), ("held", 0))
        crossing.with_user(self.analyst).action_correct({"policy": "registered"})
        self.assertEqual((crossing.state, crossing.amount_charged), ("posted", 0))
        self.assertEqual(held.crossings_used, 1)
        self._assert_rules_hold()

    def test_late_exemption_gives_a_part_back(self):
        held = self._hold(kind="pass", amount_most=40)
        crossing = self._crossings(self._load(self._row("R1")))
        self.assertEqual(crossing.amount_charged, 60)
        late = exempt(
            self, self.prepaid, self.day, self.now.date() + timedelta(days=30)
        )
        late.with_user(self.manager).action_propose_correction()
        other = self.analyst_2.copy({"login": "second_manager"})
        other.group_ids = self.manager.group_ids
        late.correction_ids.with_user(other).action_approve()
        self.assertEqual((crossing.state, held.crossings_used), ("offset", 0))
        self.assertEqual(self.prepaid.balance, 500)
        self._assert_rules_hold()

    def test_event_uses_the_last_one(self):
        held = self._hold(crossings_given=1)
        events = [
            {
                "ref": f"E{n}",
                "occurred_at": self._hour(n),
                "plaza": "P1",
                "lane": "L1",
                "tag": "TEST00000001",
                "class": "A",
            }
            for n in (2, 1)
        ]
        self.env["toll.crossing.loader"]._prepare_events(is_local=True)
        batch = self.env["toll.crossing.batch"]
        fates = batch._load_events(self.operator, events)
        self.assertEqual([fate["amount"] for fate in fates], ["100.00", "0.00"])
        (again,) = batch._load_events(self.operator, events[1:])
        self.assertEqual((again["state"], again["amount"]), ("duplicate", "0.00"))
        self.env.invalidate_all()
        self.assertEqual((held.state, held.crossings_used), ("used", 1))
        self._assert_rules_hold()

    def test_check_finds_a_use_too_many(self):
        held = self._hold()
        self._cross(self._row("R1"))
        held.crossings_used = 2
        self.env.flush_all()
        found = {r["code"]: r["differences"] for r in self.env["toll.check"].run()}
        self.assertIn(held.name, found["billing-pack"][0])

    def test_without_packs_nothing_is_looked_for(self):
        self.assertFalse(self.operator._crossing_facts()["has_packs"])
        other = self.operator.copy({"code": "T2", "name": "Other Roads"})
        make_pack(self, operator_ids=[Command.set(other.ids)])
        self.assertFalse(self.operator._crossing_facts()["has_packs"])
        make_pack(self)
        self.assertTrue(self.operator._crossing_facts()["has_packs"])
        with self.assertRaises(UserError):
            self.env["toll.account.pack.use"].search([]).create({})
