from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollCashSession(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.till = cls.env["account.journal"].create(
            {"name": "Till", "code": "TILL", "type": "cash"}
        )
        cls.bank = cls.env["account.journal"].create(
            {"name": "Cash bank", "code": "CBNK", "type": "bank"}
        )
        cls.office.write({"cash_journal_id": cls.till.id, "session_required": True})
        cls.office.card_journal_id = cls.bank
        (cls.agent | cls.billing).toll_office_id = cls.office
        cls.Session = cls.env["toll.cash.session"].with_user(cls.agent)

    def _open(self, amount=200):
        return self.Session.create({"amount_opening": amount})

    def _count(self, session, total, **values):
        session.action_count()
        session.count_line_ids.unlink()
        session.write(
            {"count_line_ids": [(0, 0, {"value": total, "quantity": 1})], **values}
        )

    def test_cash_without_a_session_is_refused_with_the_way_out_000_32(self):
        account = self.account.with_user(self.agent)
        with self.assertRaises(RedirectWarning) as caught:
            account.top_up(100, "CS-0")
        action = self.env["ir.actions.server"].browse(caught.exception.args[1])
        self.assertEqual(action.code, "action = model.action_open_mine()")
        self.assertEqual(self.account.balance, 0)
        account.top_up(100, "CS-0", "card")
        self.assertEqual(self.account.balance, 100, "a card needs no till")
        self._open()
        account.top_up(100, "CS-1")
        self.assertEqual(self.account.balance, 200)

    def test_session_day_from_opening_to_the_bank_003_38(self):
        session = self._open()
        account = self.account.with_user(self.agent)
        account.top_up(500, "CS-2")
        account.top_up(300, "CS-3", "card")
        self.assertEqual(session.movement_count, 2)
        self.assertEqual(session.amount_cash, 500)
        self.assertEqual(session.amount_card, 300)
        self.assertEqual(session.amount_expected, 700)
        self._count(session, 690, amount_left=190)
        with self.assertRaisesRegex(UserError, "reason of the difference"):
            session.action_close()
        session.difference_reason = "Change given wrongly"
        session.action_close()
        self.assertEqual(session.state, "closed")
        self.assertEqual(session.difference_booked, -10)
        move = session.sudo().move_id
        self.assertEqual(move.state, "posted")
        cash = self.till.default_account_id
        self.assertEqual(
            move.line_ids.filtered(lambda line: line.account_id == cash).balance, -10
        )
        self.assertEqual(self.Session.new({}).amount_opening, 190)

        deposit = (
            self.env["toll.cash.deposit"]
            .with_user(self.accountant)
            .create({"office_id": self.office.id, "bank_journal_id": self.bank.id})
        )
        deposit.action_collect()
        self.assertEqual(deposit.amount, 500)
        with self.assertRaisesRegex(UserError, "slip"):
            deposit.action_deposit()
        deposit.slip_number = "0045"
        deposit.action_deposit()
        self.assertEqual(session.state, "deposited")
        balance = sum(
            self.env["account.move.line"]
            .search([("account_id", "=", cash.id), ("parent_state", "=", "posted")])
            .mapped("balance")
        )
        self.assertEqual(balance, 500 - 10 - 500, "opening money was there before")
        with self.assertRaisesRegex(UserError, "at the bank already"):
            deposit.action_deposit()

    @mute_logger("odoo.sql_db")
    def test_one_open_session_per_agent_and_till(self):
        self._open()
        with self.assertRaises(UniqueViolation) as caught, self.env.cr.savepoint():
            self._open()
        self.assertIn("_open_uniq", str(caught.exception))

    def test_counting_till_takes_no_money(self):
        session = self._open()
        session.action_count()
        with self.assertRaises(RedirectWarning):
            self.account.with_user(self.agent).top_up(100, "CS-4")
        session.action_resume()
        self.account.with_user(self.agent).top_up(100, "CS-4")
        self.assertEqual(session.amount_cash, 100)

    def test_till_gives_no_more_than_it_has(self):
        self.account.top_up(1000, "CS-5")
        session = (
            self.env["toll.cash.session"]
            .with_user(self.billing)
            .create({"amount_opening": 100})
        )
        account = self.account.with_user(self.billing)
        with self.assertRaisesRegex(UserError, "The till has"):
            account.refund(150, "CS-6", "cash")
        account.refund(80, "CS-7", "cash")
        self.assertEqual(session.amount_expected, 20)

    def test_agent_cannot_write_the_state_or_the_result(self):
        session = self._open()
        for values in (
            {"state": "closed"},
            {"difference_booked": 5},
            {"journal_id": self.bank.id},
            {"amount_counted": 5},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                session.write(values)
        self.account.with_user(self.agent).top_up(100, "CS-8")
        with self.assertRaisesRegex(UserError, "has begun"):
            session.amount_opening = 0
        with self.assertRaisesRegex(UserError, "Press Count first"):
            session.count_line_ids = [(0, 0, {"value": 1, "quantity": 1})]
        with self.assertRaisesRegex(UserError, "kept"):
            session.sudo().unlink()

    def test_agent_sees_only_the_own_session(self):
        session = self._open()
        seen = self.env["toll.cash.session"].with_user(self.billing).search([])
        self.assertNotIn(session.id, seen.ids)
        seen = self.env["toll.cash.session"].with_user(self.accountant).search([])
        self.assertIn(session.id, seen.ids)
        with self.assertRaises(AccessError):
            self.Session.create({"user_id": self.billing.id})
        with self.assertRaises(AccessError):
            self.env["toll.cash.session"].with_user(self.analyst).search([])

    def test_accounting_opens_a_wrong_count_again(self):
        session = self._open(0)
        self._count(session, 7, difference_reason="found")
        session.action_close()
        move = session.sudo().move_id
        with self.assertRaises(AccessError):
            session.action_reopen()
        session.with_user(self.accountant).action_reopen()
        self.assertEqual(session.state, "counting")
        self.assertTrue(move.reversal_move_ids)
        self.assertFalse(session.sudo().move_id)

    def test_other_company_does_not_see_it(self):
        session = self._open()
        company = self._create_company("Other tills")
        self.accountant.write(
            {"company_ids": [(4, company.id)], "company_id": company.id}
        )
        seen = (
            self.env["toll.cash.session"]
            .with_user(self.accountant)
            .with_context(allowed_company_ids=company.ids)
            .search([])
        )
        self.assertNotIn(session.id, seen.ids)

    def test_reports_say_what_was_counted(self):
        session = self._open()
        self.account.with_user(self.agent).top_up(100, "CS-9")
        self._count(session, 300)
        session.action_close()
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("toll_account.report_cash_session", session.ids)[0]
            .decode()
        )
        for text in (session.name, "CS-9", "300.00", self.account.number):
            self.assertIn(text, html)
        deposit = self.env["toll.cash.deposit"].create(
            {
                "office_id": self.office.id,
                "bank_journal_id": self.bank.id,
                "slip_number": "77-1",
            }
        )
        deposit.action_collect()
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("toll_account.report_cash_deposit", deposit.ids)[0]
            .decode()
        )
        self.assertIn("77-1", html)
        self.assertIn(session.name, html)

    def test_office_dashboard_counts_tills_and_money(self):
        self._open()
        self.account.with_user(self.agent).top_up(100, "CS-10")
        office = self.office.with_user(self.manager)
        office.invalidate_recordset()
        self.assertEqual(office.open_session_count, 1)
        self.assertEqual(office.amount_today, 100)
        self.assertEqual(office.amount_in_tills, 300)

    def test_form_counts_by_notes(self):
        session = self._open()
        session.action_count()
        values = session.count_line_ids.mapped("value")
        self.assertEqual(values, sorted(values, reverse=True))
        with Form(session) as form, form.count_line_ids.edit(0) as line:
            line.quantity = 2
        self.assertEqual(session.amount_counted, 2 * values[0])
