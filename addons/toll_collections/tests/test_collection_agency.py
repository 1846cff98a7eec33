import csv
import io
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CollectionsCase


@tagged("post_install", "-at_install")
class TestCollectionAgency(CollectionsCase):
    """003-06: cases with agencies, what they bring in, what they earn."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agency = cls.env["toll.collection.agency"].create(
            {
                "partner_id": cls.env["res.partner"].create({"name": "Agency"}).id,
                "commission_rate": 20,
                "placement_days": 30,
            }
        )

    def _place(self, cases, days_ago=0):
        wizard = (
            self.env["toll.collection.place"]
            .with_user(self.supervisor)
            .with_context(active_ids=cases.ids)
            .create({"agency_id": self.agency.id, "reason": "Nothing helps"})
        )
        placement = self.env["toll.collection.placement"].browse(
            wizard.action_prepare()["res_id"]
        )
        placement.with_user(self.supervisor).action_place()
        for line in placement.line_ids:
            line.placed_at -= timedelta(days=days_ago)
        return placement

    def test_payments_meanwhile_earn_the_commission(self):
        case = self._open_case(100)
        invoice = case.item_ids.move_id
        self._pay(invoice, 10, days_ago=6)
        self._refresh()
        placement = self._place(case, days_ago=5)
        self.assertEqual((case.agency_id, placement.state), (self.agency, "placed"))
        self.assertEqual(placement.amount_placed, 90)
        self._pay(invoice, 40, days_ago=2)
        self._refresh()
        line = placement.line_ids
        self.assertEqual((line.amount_recovered, line.amount_commission), (40, 8))
        self.assertEqual(self.agency.amount_commission, 8)
        placement.with_user(self.supervisor).action_recall()
        self.assertEqual((line.state, placement.state), ("recalled", "ended"))
        self.assertEqual(line.ended_on - self.today, timedelta(0))
        self.assertFalse(case.agency_id)

    def test_money_after_the_recall_earns_nothing(self):
        case = self._open_case(100)
        placement = self._place(case, days_ago=9)
        placement.with_user(self.supervisor).action_recall()
        placement.line_ids.ended_on = self.today - timedelta(days=3)
        self._pay(case.item_ids.move_id, 50, days_ago=1)
        self._refresh()
        self.assertEqual(placement.line_ids.amount_recovered, 0)

    def test_a_paid_case_leaves_the_agency_with_its_commission(self):
        case = self._open_case(100)
        placement = self._place(case, days_ago=5)
        self._pay(case.item_ids.move_id, days_ago=1)
        self._refresh()
        line = placement.line_ids
        self.assertEqual((case.state, line.state), ("closed", "closed"))
        self.assertEqual((line.amount_commission, placement.state), (20, "ended"))
        self.assertFalse(case.agency_id)

    def test_settled_commissions_stay_as_they_are(self):
        case = self._open_case(100)
        placement = self._place(case, days_ago=5)
        line = placement.line_ids.with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "Recall"):
            line.action_settle()
        with self.assertRaises(AccessError):
            line.with_user(self.supervisor).action_settle()
        self._pay(case.item_ids.move_id, 50, days_ago=1)
        placement.with_user(self.supervisor).action_recall()
        line.action_settle()
        self.assertEqual((line.is_invoiced, line.amount_commission), (True, 10))
        self._pay(case.item_ids.move_id, 50)
        self._refresh()
        self.assertEqual(line.amount_commission, 10)
        self.assertEqual(self.agency.amount_commission, 0)

    def test_the_file_has_what_is_needed_and_no_formula(self):
        case = self._open_case(100, name="=1+1", phone="+52 55 1234 5678")
        placement = self._place(case).with_user(self.supervisor)
        action = placement.action_export()
        self.assertIn("/web/content/", action["url"])
        rows = list(
            csv.reader(io.StringIO(placement._export_csv().decode("utf-8-sig")))
        )
        self.assertEqual(len(rows), 2)
        self.assertEqual(rows[1][1:3], [case.account_id.number, "'=1+1"])
        self.assertTrue(rows[1][3].startswith("'+52"))
        self.assertEqual(rows[1][6], "100.00")
        self.assertNotIn(case.partner_id.vat or "no vat", rows[1])

    def test_an_agency_case_is_not_handed_over_or_assigned_again(self):
        case = self._open_case(100)
        self._place(case)
        with self.assertRaisesRegex(UserError, "without an agency"):
            self._place(case)
        with self.assertRaisesRegex(UserError, "Recall"):
            case.with_user(self.supervisor).action_assign(
                self.collector, None, "Mine again"
            )

    def test_two_lists_with_one_case_are_not_both_handed_over(self):
        case = self._open_case(100)
        lists = self.env["toll.collection.placement"].create(
            [{"agency_id": self.agency.id} for _n in range(2)]
        )
        for placement in lists:
            placement._add_cases(case)
        lists[0].action_place()
        with self.assertRaisesRegex(UserError, "already"):
            lists[1].action_place()

    def test_terms_are_fixed_with_the_handing_over(self):
        placement = self._place(self._open_case(100)).with_user(self.supervisor)
        with self.assertRaises(UserError):
            placement.commission_rate = 90
        with self.assertRaises(UserError):
            placement.line_ids.unlink()
        with self.assertRaises(UserError):
            placement.unlink()

    def test_cases_are_recalled_in_time(self):
        late = self._place(self._open_case(100))
        early = self._place(self._open_case(100))
        late.date_to = self.today - timedelta(days=1)
        self.env["toll.collection.placement"]._cron_recall()
        self.assertEqual((late.state, early.state), ("ended", "placed"))

    def test_collectors_do_not_hand_cases_over(self):
        case = self._open_case(100, user=self.collector)
        with self.assertRaises(AccessError):
            self.env["toll.collection.placement"].with_user(self.collector).create(
                {"agency_id": self.agency.id}
            )
        with self.assertRaises(AccessError):
            case.with_user(self.collector).agency_id = self.agency
