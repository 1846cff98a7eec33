"""Read rate of lanes and antennas, from the intake (001-09, 001-10)."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from ..models import toll_lane_read
from .common import TollBillingCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestLaneRead(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Read = cls.env["toll.lane.read"]
        cls.env["toll.traffic.day"]._refresh()
        cls.lane, cls.lane_2 = cls.plaza.lane_ids.sorted("position")

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(toll_lane_read, "LEAST_CROSSINGS", 4))
        self.startPatcher(
            patch("odoo.addons.toll_billing.models.toll_part_read.LEAST_CROSSINGS", 4)
        )

    def _load_day(self, day, tags, plates=0, unknown=0, lane="L1"):
        rows = [{}] * tags
        rows += [{"tag": "", "plate": "CCC333C"}] * plates
        rows += [{"tag": "NOBODY"}] * unknown
        return self._load(
            *(
                self._row(
                    f"{day}-{lane}-{number}",
                    occurred_at=f"2026-04-{day:02}T{14 + number % 6}:{number:02}:00Z",
                    lane=lane,
                    **row,
                )
                for number, row in enumerate(rows)
            ),
            name=f"{day}-{lane}.csv",
        )

    def _figures(self, lane=None):
        names = ("tag", "unknown", "plate", "manual", "none")
        rows = self.Read.search([("lane_id", "=", (lane or self.lane).id)], order="day")
        return {
            str(row.day): (row.crossings, *(row[f"crossings_{n}"] for n in names))
            for row in rows
        }

    def _refresh(self):
        self.env["toll.traffic.day"]._refresh()

    def test_each_crossing_counts_once_as_it_was_identified_001_09(self):
        self._load_day(10, tags=6, plates=3, unknown=1)
        self._load_day(10, tags=2, lane="L2")
        self._load(
            self._row("late", occurred_at="2026-04-11T05:30:00Z"),  # the 10th there
            self._row("10-L1-0", occurred_at="2026-04-10T14:00:00Z"),  # sent before
            self._row("nowhere", lane="", occurred_at="2026-04-10T15:00:00Z"),
        )
        self.assertFalse(self._figures(), "nothing is counted while loading")
        self._refresh()
        expected = {"2026-04-10": (11, 7, 1, 3, 0, 0)}
        self.assertEqual(self._figures(), expected)
        self.assertEqual(self._figures(self.lane_2), {"2026-04-10": (2, 2, 0, 0, 0, 0)})
        self._refresh()
        self.assertEqual(self._figures(), expected)
        self.env["toll.traffic.day"].action_recount()
        self.assertEqual(self._figures(), expected)
        self._assert_rules_hold()

    def test_a_correction_moves_the_figures(self):
        batch = self._load_day(10, tags=4, unknown=1)
        self._refresh()
        self.assertEqual(self._figures()["2026-04-10"][:3], (5, 4, 1))
        held = self._crossings(batch).filtered(lambda c: c.state == "held")
        held.with_user(self.analyst).action_refuse("not ours")
        self._refresh()
        self.assertEqual(self._figures()["2026-04-10"][:3], (4, 4, 0))

    def test_rates_of_groups_weigh_their_crossings(self):
        self._load_day(10, tags=8, plates=2)
        self._load_day(11, tags=0, plates=2)
        self._refresh()
        [(rate,)] = self.Read._read_group(
            [("lane_id", "=", self.lane.id)], [], ["read_rate:avg"]
        )
        self.assertAlmostEqual(rate, 100 * 8 / 12)

    def test_trend_of_a_lane(self):
        self._load_day(5, tags=9, plates=1)
        self._load_day(13, tags=6, plates=4)
        self._refresh()
        lane = self.lane.with_user(self.analyst)
        self.assertAlmostEqual(lane.read_rate, 60)
        self.assertAlmostEqual(lane.read_trend, -30)
        self.assertTrue(lane.is_read_low)
        low = self.env["toll.lane"].search([("is_read_low", "=", True)])
        self.assertIn(self.lane, low)
        self.assertNotIn(self.lane_2, low)

    def test_an_alert_opens_once_and_closes_by_itself(self):
        responsible = new_test_user(
            self.env, "lanes", groups="toll_account.group_toll_analyst"
        )
        self.company.write({"toll_read_rate": 80, "toll_lane_user_id": responsible.id})
        self._load_day(14, tags=2, plates=4)
        self._load_day(14, tags=6, lane="L2")
        self.Read._cron_alert()
        self.Read._cron_alert()
        self.assertEqual(self.lane.activity_ids.user_id, responsible)
        self.assertEqual(len(self.lane.activity_ids), 1)
        self.assertIn("33.3", self.lane.activity_ids.summary)
        self.assertFalse(self.lane_2.activity_ids)
        with freeze_time("2026-04-16 12:00:00"):
            self._load_day(15, tags=9, plates=1)
            self.Read._cron_alert()
        self.assertFalse(self.lane.activity_ids)
        self.assertIn("90.0", self.lane.message_ids[0].body)

    def test_bad_antennas_are_a_campaign_until_they_are_swapped_001_10(self):
        product = self.env["product.product"].create(
            {"name": "Antenna", "toll_part_kind": "antenna"}
        )
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        parts = self.env["stock.lot"]
        for name in ("ZA1", "ZA2", "ZA3"):
            part = parts.create({"name": name, "product_id": product.id})
            self.env["stock.quant"].create(
                {
                    "product_id": product.id,
                    "lot_id": part.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": 1,
                }
            ).action_apply_inventory()
            parts |= part
        bad, good, new = parts
        bad.toll_install(self.lane, date="2026-04-01 12:00:00")
        good.toll_install(self.lane_2, date="2026-04-01 12:00:00")
        self._load_day(10, tags=6, plates=4)
        self._load_day(10, tags=10, lane="L2")
        self._refresh()
        campaign = self.env["toll.tag.campaign"].create(
            {
                "name": "Deaf antennas",
                "target": "part",
                "min_age_months": 0,
                "min_misread_rate": 20,
            }
        )
        campaign.action_find()
        self.assertEqual(campaign.line_ids.lot_id, bad)
        self.assertAlmostEqual(campaign.line_ids.misread_rate, 40)
        campaign.action_start()
        bad.toll_swap(new, date="2026-04-12 12:00:00")
        self.assertEqual(campaign.line_ids.state, "swapped")
        self._load_day(13, tags=10)
        self._refresh()
        rates = dict(
            self.env["toll.part.read"]._read_group(
                [("lot_id", "in", parts.ids)], ["lot_id"], ["read_rate:avg"]
            )
        )
        self.assertEqual(rates, {bad: 60, good: 100, new: 100})

    def test_who_reads_the_rates(self):
        self._load_day(10, tags=4)
        self._refresh()
        mine = [("lane_id", "=", self.lane.id)]
        self.assertTrue(self.Read.with_user(self.analyst).search(mine))
        with self.assertRaises(AccessError):
            self.Read.with_user(self.analyst).search(mine).write({"crossings": 9})
        nobody = new_test_user(self.env, "nobody", groups="base.group_user")
        for model in ("toll.lane.read", "toll.part.read"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(nobody).search([])
        company = self.env["res.company"].create({"name": "Other"})
        other = new_test_user(
            self.env,
            "other",
            groups="toll_account.group_toll_analyst",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.Read.with_user(other).search(mine))
