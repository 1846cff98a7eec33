from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CollectionsCase


@tagged("post_install", "-at_install")
class TestPortfolio(CollectionsCase):
    """003-06: what is owed, since when, in which segment, on whose desk."""

    def test_debt_falls_into_bands_003_06(self):
        (account,) = self._accounts(1)
        for amount, days in ((10, 30), (20, 31), (40, 90), (80, 91), (500, -5)):
            self._invoice(account, amount, days)
        self._refresh()
        case = self._case(account)
        self.assertEqual(
            (case.amount_1, case.amount_2, case.amount_3, case.amount_4),
            (10, 20, 40, 80),
        )
        self.assertEqual((case.amount_due, case.amount_not_due), (150, 500))
        self.assertEqual(case.since, self.today - timedelta(days=91))
        self.assertEqual(case.amount_now, 150)
        self.assertEqual(case.item_ids.mapped("amount_open"), [80, 40, 20, 10, 500])

    def test_bands_follow_the_company(self):
        self.company.write({"toll_band_1": 5, "toll_band_2": 10, "toll_band_3": 15})
        (account,) = self._accounts(1)
        self._invoice(account, 10, 6)
        self._refresh()
        self.assertEqual(self._case(account).amount_2, 10)
        labels = self.Case.fields_get(["amount_2", "amount_4"], ["string"])
        self.assertIn("6", labels["amount_2"]["string"])
        self.assertIn("15", labels["amount_4"]["string"])
        with self.assertRaises(ValidationError):
            self.company.toll_band_3 = 10

    def test_credit_pays_the_oldest_first(self):
        (account,) = self._accounts(1)
        self._invoice(account, 100, 100)
        self._invoice(account, 50, 10)
        refund = self._invoice(account, 120, 1, move_type="out_refund")
        self.assertEqual(refund.state, "posted")
        self._refresh()
        case = self._case(account)
        self.assertEqual((case.amount_4, case.amount_1), (0, 30))
        self.assertEqual(case.amount_due, 30)

    def test_wallet_below_zero_is_a_debt_of_prepaid_accounts_only(self):
        prepaid, postpaid, allowed = (
            self._accounts(1, "prepaid"),
            self._accounts(1, "postpaid"),
            self._accounts(1, "prepaid"),
        )
        allowed.credit_limit = 100
        for account in (prepaid, postpaid, allowed):
            self._overdraw(account, 70, days=40)
        self._refresh()
        case = self._case(prepaid)
        self.assertEqual((case.amount_wallet, case.amount_2), (70, 70))
        self.assertEqual(case.amount_now, 70)
        self.assertFalse(self._case(postpaid) | self._case(allowed))

    def test_wallet_is_below_zero_since_it_last_was_not(self):
        (account,) = self._accounts(1, "prepaid")
        self._overdraw(account, 30, days=50)
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": account.id,
                    "kind": "topup",
                    "amount": 40,
                    "ref": "collections-since",
                    "occurred_at": self.env["toll.crossing"]
                    .search([("account_id", "=", account.id)])
                    .occurred_at
                    + timedelta(days=10),
                }
            ]
        )
        self._overdraw(account, 25, days=20)
        self._refresh()
        case = self._case(account)
        self.assertEqual(case.amount_wallet, 15)
        self.assertLessEqual(abs((self.today - case.since).days - 20), 1)

    def test_refresh_is_idempotent_and_closes_what_is_paid(self):
        case = self._open_case(100)
        self._refresh()
        again = self._refresh()
        self.assertEqual(again, {"opened": 0, "changed": 0, "closed": 0})
        self._pay(case.item_ids.move_id)
        self.assertEqual(self._refresh()["closed"], 1)
        self.assertEqual((case.state, case.close_reason), ("closed", "paid"))
        self.assertEqual((case.amount_due, case.amount_closed), (0, 100))
        self._invoice(case.account_id, 60, 5)
        self.assertEqual(self._refresh()["opened"], 1)
        self.assertNotEqual(self._case(case.account_id), case)

    def test_small_debts_and_days_of_grace_are_left_alone(self):
        self.company.write({"toll_case_min_amount": 50, "toll_case_grace_days": 7})
        small, young, old = self._accounts(3)
        self._invoice(small, 49, 30)
        self._invoice(young, 100, 7)
        invoice = self._invoice(old, 100, 8)
        self._refresh()
        self.assertFalse(self._case(small) | self._case(young))
        case = self._case(old)
        self.assertTrue(case)
        self._pay(invoice, 60)
        self._refresh()
        self.assertEqual((case.state, case.close_reason), ("closed", "small"))

    @mute_logger("odoo.sql_db")
    def test_an_account_has_one_open_case(self):
        case = self._open_case()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            case.copy({"state": "open"}).flush_recordset()

    def test_first_segment_that_fits(self):
        late = self._segment("Late", sequence=1, days_from=91)
        big = self._segment("Big", sequence=2, amount_from=1000)
        firm = self._segment("Firm", sequence=3, person="company")
        office = self.env["toll.office"].create({"code": "COLL", "name": "Coll"})
        local = self._segment("Local", sequence=4, office_ids=office.ids)
        fleet = self._segment("Fleet", sequence=5, vehicles_from=2)
        rest = self._segment("Rest", sequence=9)
        accounts = self._accounts(7)
        cases = {}
        expected = (late, big, firm, local, fleet, rest, late)
        for account, segment in zip(accounts, expected, strict=True):
            self._invoice(
                account,
                2000 if segment in (late, big) else 100,
                100 if segment == late else 10,
            )
            cases[account] = segment
        accounts[2].partner_id.is_company = True
        accounts[3].office_id = office
        self.env["toll.vehicle"].create(
            [
                {
                    "plate": f"COL-{n}",
                    "account_id": accounts[4].id,
                    "class_id": self.vehicle_class.id,
                }
                for n in range(2)
            ]
        )
        self._refresh()
        for account, segment in cases.items():
            self.assertEqual(self._case(account).segment_id, segment, account.number)
        late.active = False
        self._refresh()
        self.assertEqual(self._case(accounts[0]).segment_id, big)

    def test_cases_are_shared_out_alike_up_to_the_capacity(self):
        self._segment(team_id=self.team.id)
        self.team.member_ids[1].capacity = 1
        accounts = self._accounts(5)
        for account in accounts:
            self._invoice(account, 100, 10)
        self._refresh()
        users = accounts.collection_case_ids.mapped("user_id.id")
        cases = accounts.collection_case_ids
        self.assertEqual(len(cases.filtered(lambda c: c.user_id == self.colleague)), 1)
        self.assertEqual(len(cases.filtered(lambda c: c.user_id == self.collector)), 4)
        self.assertEqual(cases.team_id, self.team)
        self.assertTrue(all(cases.mapped("next_action_date")), users)

    def test_amounts_are_shared_out_alike(self):
        self._segment(team_id=self.team.id)
        self.team.method = "amount"
        accounts = self._accounts(3)
        for account, amount in zip(accounts, (900, 500, 400), strict=True):
            self._invoice(account, amount, 10)
        self._refresh()
        first, second, third = (self._case(account) for account in accounts)
        self.assertNotEqual(first.user_id, second.user_id)
        self.assertEqual(second.user_id, third.user_id)

    def test_another_segment_moves_the_case_unless_a_person_said_who_keeps_it(self):
        other = self.env["toll.collection.team"].create(
            {"name": "Late Team", "method": "manual"}
        )
        self._segment("Small", sequence=1, amount_to=150, team_id=self.team.id)
        self._segment("Big", sequence=2, team_id=other.id)
        moving, staying = self._accounts(2)
        for account in (moving, staying):
            self._invoice(account, 100, 10)
        self._refresh()
        self._case(staying).with_user(self.supervisor).action_assign(
            self.collector, self.team, "Knows the customer"
        )
        for account in (moving, staying):
            self._invoice(account, 100, 10)
        self._refresh()
        self.assertEqual(self._case(moving).team_id, other)
        self.assertFalse(self._case(moving).user_id)
        self.assertEqual(self._case(staying).user_id, self.collector)
        self._case(staying).with_user(self.supervisor).action_unpin()
        self._refresh()
        self.assertEqual(self._case(staying).team_id, other)

    def test_assigning_in_bulk_needs_a_reason_and_a_collector(self):
        cases = self._open_case() | self._open_case()
        wizard = (
            self.env["toll.collection.assign"]
            .with_user(self.supervisor)
            .with_context(active_ids=cases.ids)
            .create({"user_id": self.collector.id, "reason": "Holidays"})
        )
        wizard.action_assign()
        self.assertEqual(cases.user_id, self.collector)
        self.assertIn("Holidays", cases[0].message_ids[0].body)
        supervised = cases.with_user(self.supervisor)
        with self.assertRaisesRegex(UserError, "why"):
            supervised.action_assign(self.colleague, None, " ")
        with self.assertRaisesRegex(UserError, "not a collector"):
            supervised.action_assign(self.billing_user, None, "Because")
        with self.assertRaises(AccessError):
            cases.with_user(self.collector).action_assign(self.colleague, None, "Me")

    def test_another_company_is_not_touched(self):
        case = self._open_case()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.Case._refresh(company)
        self.assertEqual(case.state, "open")

    def test_contact_sets_the_next_action(self):
        case = self._open_case(user=self.collector)
        result = self.env.ref("toll_collections.toll_contact_result_call_back")
        contact = (
            self.env["toll.collection.contact"]
            .with_user(self.collector)
            .create(
                {"case_id": case.id, "result_id": result.id, "note": "At work till six"}
            )
        )
        self.assertEqual(contact.user_id, self.collector)
        self.assertEqual(case.next_action_date, contact.next_action_date)
        self.assertEqual(case.last_result_id, result)
        with self.assertRaises(UserError):
            contact.sudo().note = "Never said"
        with self.assertRaises(UserError):
            contact.sudo().unlink()
        future = contact.contact_at + timedelta(days=2)
        with self.assertRaisesRegex(UserError, "future"):
            contact.create(
                {"case_id": case.id, "result_id": result.id, "contact_at": future}
            )
