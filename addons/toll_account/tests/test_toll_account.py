from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..core import numbers
from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollAccount(TollCommon):
    def test_number_has_a_check_digit_003_29(self):
        self.assertTrue(numbers.is_account_number(self.account.number))
        other = self._create_account()
        self.assertNotEqual(other.number, self.account.number)

    def test_number_with_wrong_check_digit_is_refused(self):
        with self.assertRaises(UserError):
            self._create_account(number="1234567890")

    def test_search_by_any_field_004_10(self):
        self._create_vehicle("abc-12-34")
        self.partner.email = "someone@mail.example"
        self.partner.vat = "XEXX010101000"
        self.partner.ref = "OLD-77"
        number = self.account.number
        for text in (
            number,
            f"{number[:3]} {number[3:]}",
            "test cust",
            "5551234",
            "(442) 555-1234",
            "someone@mail",
            "ABC1234",
            "abc 12",
            "xexx0101",
            "old-7",
        ):
            with self.subTest(text=text):
                self.assertIn(
                    self.account,
                    self.env["toll.account"].search([("display_name", "ilike", text)]),
                )

    def test_search_does_not_find_strangers(self):
        Account = self.env["toll.account"]
        for text in ("ZZZ9999XX", "%", "___", "a%t"):
            self.assertNotIn(self.account.id, dict(Account.name_search(text)), text)

    def test_search_keeps_to_the_company_and_can_be_negated(self):
        Account = self.env["toll.account"].with_user(self.agent)
        domain = [("display_name", "ilike", self.account.number)]
        self.assertEqual(Account.search(domain), self.account)
        others = Account.search([("display_name", "not ilike", self.account.number)])
        self.assertNotIn(self.account, others)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE toll_account SET company_id = %s WHERE id = %s",
            [elsewhere.id, self.account.id],
        )
        self.env.invalidate_all()
        self.assertFalse(Account.search(domain))

    def test_state_changes_are_logged_with_reason(self):
        reason = self.env.ref("toll_account.toll_state_reason_debt")
        self.account.with_user(self.agent).action_suspend(reason, "Letter 12")
        log = self.account.state_log_ids[:1]
        self.assertEqual(
            (log.from_state, log.state, log.reason_id, log.note, log.user_id),
            ("active", "suspended", reason, "Letter 12", self.agent),
        )
        self.account.action_reactivate("paid")
        self.account.invalidate_recordset()
        self.assertEqual(self.account.state, "active")
        self.assertEqual(self.account.state_log_ids[:1].reason_id.code, "paid")

    def test_write_of_the_state_is_checked_and_logged(self):
        draft = self._create_account(activate=False)
        with self.assertRaises(UserError):
            draft.state = "suspended"
        draft.state = "active"
        draft.invalidate_recordset()
        self.assertEqual(draft.state_log_ids[:1].from_state, "draft")

    def test_closed_account_stays_closed(self):
        vehicle = self._create_vehicle("CLS-001")
        self.account.action_close("moved")
        self.assertTrue(self.account.closed_at)
        self.assertTrue(vehicle.date_to)
        self.assertFalse(vehicle.active)
        for method in ("action_activate", "action_suspend", "action_reactivate"):
            with self.subTest(method=method), self.assertRaises(UserError):
                getattr(self.account, method)()

    def test_closing_needs_a_settled_wallet(self):
        self.account.top_up(100, "CL-1")
        with self.assertRaisesRegex(UserError, "settle"):
            self.account.action_close()
        self.account.refund(100, "CL-2")
        self.account.action_close()
        self.assertEqual(self.account.state, "closed")

    def test_debtor_cannot_become_prepaid(self):
        self.account.payment_mode = "postpaid"
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.account.id,
                    "kind": "adjustment",
                    "amount": -10,
                    "ref": "DEBT",
                }
            ]
        )
        with self.assertRaisesRegex(UserError, "owes"):
            self.account.payment_mode = "prepaid"

    def test_available_counts_the_credit_limit(self):
        self.account.top_up(100, "AV-1")
        self.account.credit_limit = 50
        self.assertEqual(self.account.available, 150)
        self.account.low_balance_threshold = 151
        self.assertTrue(self.account.is_low_balance)

    def test_search_by_balance_and_available(self):
        self.account.top_up(300, "SB-1")
        empty = self._create_account(low_balance_threshold=10, credit_limit=5)
        both = self.account | empty

        def search(*domain):
            return self.env["toll.account"].search([*domain, ("id", "in", both.ids)])

        self.account.low_balance_threshold = 10
        self.assertEqual(search(("balance", "=", 300)), self.account)
        self.assertEqual(search(("balance", "=", 0)), empty)
        self.assertEqual(
            search(("balance", "in", [0, 300])), both.sorted("number")[::-1]
        )
        self.assertEqual(search(("balance", "!=", 300)), empty)
        self.assertEqual(search(("available", "<", 6)), empty)
        self.assertEqual(search(("is_low_balance", "=", True)), empty)
        self.assertEqual(search(("is_low_balance", "=", False)), self.account)

    def test_account_with_movements_keeps_its_company(self):
        self.account.top_up(100, "CO-1")
        company = self.env["res.company"].create({"name": "Other"})
        with self.assertRaisesRegex(UserError, "movements"):
            self.account.company_id = company

    def test_only_drafts_are_deleted(self):
        with self.assertRaises(UserError):
            self.account.unlink()
        draft = self._create_account(activate=False)
        draft.unlink()

    def test_form_opens_an_account_with_a_vehicle_000_01(self):
        form = Form(self.env["toll.account"].with_user(self.agent))
        form.partner_id = self.partner
        with form.vehicle_ids.new() as vehicle:
            vehicle.plate = "frm-100"
            vehicle.class_id = self.class_auto
        account = form.save()
        account.action_activate()
        self.assertEqual(account.vehicle_ids.plate_normalized, "FRM100")
        self.assertEqual(account.state, "active")

    def test_many_accounts_are_created_with_few_queries(self):
        Account = self.env["toll.account"]
        partner = self.partner.id
        Account.create([{"partner_id": partner} for _i in range(2)]).flush_recordset()
        # one question per number, the rest for all of them together
        with self.assertQueryCount(100 + 30):
            Account.create([{"partner_id": partner} for _i in range(100)])
            self.env.flush_all()
