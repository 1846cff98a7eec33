from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagCampaign(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2020-01-05 10:00:00"):
            cls.old = cls._receive("ZZCA00000001", "ZZCA00000003")
        cls.fresh = cls._receive("ZZCA00000011", "ZZCA00000015")
        cls.vehicles = cls.vehicle | cls.vehicle_2
        for number in range(3, 6):
            cls.vehicles |= cls._create_vehicle(cls.account, f"TST-00{number}-C")
        cls.old.toll_assign(cls.vehicles[:3])
        cls.fresh[:2].toll_assign(cls.vehicles[3:])
        cls.account.partner_id.email = "ana@example.com"

    def _campaign(self, **vals):
        return (
            self.env["toll.tag.campaign"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Test renewal",
                    "product_ids": [(6, 0, self.product.ids)],
                    "unit_cost": 100,
                    "min_age_months": 60,
                    **vals,
                }
            )
        )

    def test_the_old_ones_are_candidates_001_10(self):
        campaign = self._campaign()
        campaign.action_find()
        campaign.action_find()
        self.assertEqual(campaign.line_ids.lot_id, self.old)
        self.assertTrue(
            all(age >= 60 for age in campaign.line_ids.mapped("age_months"))
        )
        self.assertEqual(campaign.amount_planned, 300)
        other = self._campaign()
        other.action_find()
        self.assertFalse(other.line_ids, "a TAG is in one open campaign only")

    def test_age_since_the_first_assignment(self):
        campaign = self._campaign(age_basis="assigned")
        campaign.action_find()
        self.assertFalse(campaign.line_ids)

    def test_misread_tags_come_first(self):
        rates = {self.fresh[0]: 40.0, self.fresh[1]: 5.0, self.old[2]: 10.0}
        campaign = self._campaign(min_misread_rate=20)
        with patch.object(
            type(campaign), "_get_misread_rates", lambda self, lots: rates
        ):
            campaign.action_find()
        self.assertEqual(
            campaign.line_ids.sorted("id").lot_id.mapped("name"),
            (self.fresh[0] | self.old[2] | self.old[:2]).mapped("name"),
        )

    def test_the_budget_is_a_limit(self):
        campaign = self._campaign(budget=250)
        campaign.action_find()
        self.assertEqual(len(campaign.line_ids), 2)
        campaign.action_start()
        campaign.line_ids[0].action_refuse()
        campaign.action_find()
        self.assertEqual(len(campaign.line_ids), 3)

    def test_from_contact_to_result(self):
        campaign = self._campaign(budget=1000)
        with self.assertRaisesRegex(UserError, "Find the candidates"):
            campaign.action_start()
        campaign.action_find()
        line = campaign.line_ids.with_user(self.agent)[0]
        with self.assertRaisesRegex(UserError, "Start campaign"):
            line.action_swap()
        campaign.action_start()
        campaign.action_contact()
        self.assertEqual(set(campaign.line_ids.mapped("state")), {"contacted"})
        self.assertIn(line.lot_id.name, line.message_ids[0].body)
        self.assertEqual(line.message_ids[0].partner_ids, self.account.partner_id)
        with (
            self.assertRaisesRegex(UserError, "when the appointment is"),
            self.cr.savepoint(),
        ):
            line.state = "appointment"
        line.write({"state": "appointment", "appointment_at": "2026-12-01 10:00:00"})
        with (
            self.assertRaisesRegex(UserError, "with its button"),
            self.cr.savepoint(),
        ):
            line.state = "swapped"
        action = line.action_swap()
        wizard = (
            self.env["toll.tag.replace"]
            .with_user(self.agent)
            .with_context(**action["context"])
            .create({"new_lot_id": self.fresh[2].id})
        )
        self.assertEqual(wizard.reason, "renewal")
        wizard.action_replace()
        self.assertEqual((line.state, line.new_lot_id), ("swapped", self.fresh[2]))
        self.assertEqual(line.lot_id.toll_state, "stocked")
        self.assertEqual(campaign.swapped_count, 1)
        self.assertAlmostEqual(campaign.swapped_rate, 100 / 3)
        self.assertEqual((campaign.amount_spent, campaign.amount_left), (100, 900))
        campaign.action_done()
        with self.assertRaises(UserError):
            campaign.unlink()
        again = self._campaign()
        again.action_find()
        self.assertEqual(again.line_ids.lot_id, self.old - line.lot_id)

    def test_without_an_address_it_is_a_call(self):
        self.account.partner_id.email = False
        campaign = self._campaign()
        campaign.action_find()
        campaign.action_start()
        campaign.line_ids[0].with_user(self.agent).action_contact()
        self.assertEqual(campaign.line_ids[0].activity_ids.user_id, self.manager)

    def test_a_swap_is_not_claimed_by_hand(self):
        campaign = self._campaign()
        campaign.action_find()
        campaign.action_start()
        line = campaign.line_ids[0].with_user(self.agent)
        with self.assertRaises(AccessError):
            line.write({"state": "swapped", "new_lot_id": self.fresh[3].id})
        with self.assertRaises(AccessError):
            campaign.write({"state": "done"})

    def test_an_agent_runs_no_campaign(self):
        campaign = self._campaign()
        with self.assertRaises(AccessError):
            campaign.with_user(self.agent).action_find()
        with self.assertRaises(AccessError):
            self.env["toll.tag.campaign"].with_user(self.agent).create({"name": "X"})
