from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollTopup(TollCommon):
    def test_top_up_is_in_the_wallet_and_in_the_books_000_02(self):
        entry = self.account.top_up(500, "T1", "cash")
        self.assertEqual(self.account.balance, 500)
        self.assertEqual((entry.kind, entry.amount, entry.ref), ("topup", 500, "T1"))
        payment = entry.payment_id
        self.assertEqual(payment.toll_account_id, self.account)
        self.assertEqual(payment.move_id.state, "posted")
        deposit = self.company.toll_deposit_account_id
        lines = payment.move_id.line_ids
        self.assertEqual(
            lines.filtered(lambda line: line.account_id == deposit).balance, -500
        )
        self.assertEqual(entry.move_id, payment.move_id)

    def test_same_reference_is_money_once(self):
        first = self.account.top_up(500, "T2")
        self.assertEqual(self.account.top_up(500, "T2"), first)
        self.assertEqual(self.account.balance, 500)
        self.assertEqual(self.account.payment_count, 1)

    def test_same_reference_for_something_else_is_refused(self):
        self.account.top_up(500, "T3")
        with self.assertRaisesRegex(UserError, "used before"):
            self.account.top_up(501, "T3")
        with self.assertRaisesRegex(UserError, "used before"):
            self._create_account().top_up(500, "T3")

    def test_limits_of_the_company(self):
        for amount in (0, -5, 49.99, 50000.01, 60.001):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                self.account.top_up(amount)
        self.assertEqual(self.account.balance, 0)

    def test_what_is_no_number_is_refused(self):
        for amount in (None, "100", True, float("nan"), float("inf")):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                self.account.top_up(amount, ref=f"bad {amount}")
            with self.subTest(amount=amount), self.assertRaises(UserError):
                self.account.refund(amount, ref=f"bad {amount}")

    def test_closed_and_draft_accounts_take_no_money(self):
        draft = self._create_account(activate=False)
        with self.assertRaisesRegex(UserError, "not open"):
            draft.top_up(100)
        self.account.action_close()
        with self.assertRaisesRegex(UserError, "not open"):
            self.account.top_up(100)

    def test_suspended_account_takes_money(self):
        self.account.action_suspend("debt")
        self.account.top_up(100)
        self.assertEqual(self.account.balance, 100)

    def test_payment_of_a_wallet_cannot_be_undone(self):
        payment = self.account.top_up(100, "T4").payment_id
        for call in (
            payment.action_draft,
            payment.action_cancel,
            payment.move_id.button_draft,
            payment.unlink,
        ):
            with self.assertRaisesRegex(UserError, "cannot be undone"):
                call()

    def test_refund_gives_back_no_more_than_there_is(self):
        self.account.top_up(100, "T5")
        with self.assertRaisesRegex(UserError, "cannot be given back"):
            self.account.refund(100.01)
        entry = self.account.refund(40, "T6")
        self.assertEqual((entry.kind, entry.amount), ("refund", -40))
        self.assertEqual(entry.payment_id.payment_type, "outbound")
        self.assertEqual(self.account.balance, 60)
        self.assertEqual(self.account.refund(40, "T6"), entry)
        self.assertEqual(self.account.balance, 60)

    def test_office_journal_takes_the_cash_003_38(self):
        journal = self.env["account.journal"].create(
            {"name": "Till", "code": "TIL1", "type": "cash"}
        )
        self.office.cash_journal_id = journal
        self.agent.toll_office_id = self.office
        entry = self.account.with_user(self.agent).top_up(100, "T7")
        payment = entry.sudo().payment_id
        self.assertEqual(payment.journal_id, journal)
        self.assertEqual(payment.toll_office_id, self.office)

    def test_counter_wizard_as_agent_000_32(self):
        wizard = Form(
            self.env["toll.topup"]
            .with_user(self.agent)
            .with_context(default_account_id=self.account.id)
        )
        wizard.amount = 250
        self.assertEqual(wizard.balance_after, 250)
        record = wizard.save()
        action = record.action_confirm_print()
        self.assertEqual(action["type"], "ir.actions.report")
        record.action_confirm()
        self.assertEqual(self.account.balance, 250, "a second click takes no money")

    def test_card_needs_a_voucher(self):
        wizard = self.env["toll.topup"].create(
            {"account_id": self.account.id, "amount": 100, "method": "card"}
        )
        with self.assertRaisesRegex(UserError, "card slip"):
            wizard.action_confirm()
        wizard.document = "AUTH 4471"
        wizard.action_confirm()
        self.assertEqual(self.account.payment_ids.payment_reference, "AUTH 4471")

    def test_receipt_shows_amount_and_balance(self):
        self.account.top_up(100, "T8")
        payment = self.account.top_up(150, "T9").payment_id
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "toll_account.report_topup_receipt", payment.ids
        )
        text = html.decode()
        self.assertIn("T9", text)
        self.assertIn("250.00", text)
        self.assertIn(self.account.number, text)

    def test_two_companies_keep_two_deposits(self):
        company = self._create_company("Second issuer")
        account = (
            self.env["toll.account"]
            .with_company(company)
            .create({"partner_id": self.partner.id, "company_id": company.id})
        )
        self.assertTrue(company.toll_deposit_account_id)
        self.assertNotEqual(
            company.toll_deposit_account_id, self.company.toll_deposit_account_id
        )
        account.action_activate()
        entry = account.top_up(100, "T10")
        self.assertEqual(entry.company_id, company)
        self.assertEqual(entry.payment_id.company_id, company)
