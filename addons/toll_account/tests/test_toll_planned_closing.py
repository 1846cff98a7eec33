from datetime import date, datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import TollCommon

CLABE = "032180000118359719"
DAY = date(2031, 5, 20)


@tagged("post_install", "-at_install")
class TestPlannedClosing(TollCommon):
    """Closing at the end of a day to come; the company counts days in Mexico."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "America/Mexico_City"
        cls.env["toll.operator"].search([("is_issuer", "=", True)]).is_issuer = False
        cls.reason = cls.env.ref("toll_account.toll_state_reason_moved")
        cls.account.user_id = cls.agent
        with freeze_time("2031-05-01 12:00:00"):
            cls.account.top_up(300, "PLAN-1")

    def _plan(self, user=None, **values):
        wizard = (
            self.env["toll.closing"]
            .with_user(user or self.billing)
            .create(
                {
                    "account_id": self.account.id,
                    "reason_id": self.reason.id,
                    "bank_account": CLABE,
                    "date": DAY,
                    **values,
                }
            )
        )
        action = wizard.action_plan()
        return self.env["toll.planned.closing"].browse(action["res_id"])

    def _night(self, at):
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 99)
        with freeze_time(at):
            self.env["toll.planned.closing"]._cron_close()

    @freeze_time("2031-05-10 12:00:00")
    def test_closes_at_the_end_of_the_companys_day_000_05(self):
        plan = self._plan()
        self.assertEqual(plan.refund_user_id, self.billing)
        self.assertEqual(self.account.closes_on, DAY)
        self.assertEqual(self.account.closes_at, datetime(2031, 5, 21, 6))
        self.assertEqual(plan.activity_ids.user_id, self.agent)
        self.assertEqual(plan.activity_ids.date_deadline, DAY)
        # the 21st in UTC, still the 20th in Mexico
        self._night("2031-05-21 05:59:00")
        self.assertEqual((self.account.state, self.account.balance), ("active", 300))
        self.account.with_user(self.agent).top_up(50, "PLAN-2")
        self._night("2031-05-21 06:01:00")
        self.assertEqual((self.account.state, self.account.balance), ("closed", 0))
        self.assertEqual(self.account.closed_at, datetime(2031, 5, 21, 6))
        self.assertEqual(self.account._get_closing_refund().amount, 350)
        self.assertEqual((plan.state, plan.activity_ids.ids), ("done", []))
        self.assertFalse(self.account.closes_on)
        self._night("2031-05-22 06:01:00")
        self.assertEqual(self.account.balance, 0)

    @freeze_time("2031-05-10 12:00:00")
    def test_can_be_withdrawn_until_the_day_is_over(self):
        plan = self._plan(self.agent)
        self.assertFalse(plan.refund_user_id, "agents give no money back")
        plan.with_user(self.agent).action_withdraw()
        self.assertFalse(self.account.closes_at)
        self._night("2031-05-22 12:00:00")
        self.assertEqual(self.account.state, "active")
        with self.assertRaisesRegex(UserError, "is withdrawn"):
            plan.action_withdraw()
        again = self._plan(self.agent)
        with (
            freeze_time("2031-05-21 07:00:00"),
            self.assertRaisesRegex(UserError, "is over"),
        ):
            again.action_withdraw()

    @freeze_time("2031-05-10 12:00:00")
    def test_money_waits_for_billing(self):
        plan = self._plan(self.agent)
        self._night("2031-05-21 07:00:00")
        self.assertEqual((self.account.state, plan.state), ("active", "planned"))
        self.assertIn("approves the refund", plan.problem)
        self.assertEqual(len(plan.activity_ids), 1)
        self._night("2031-05-22 07:00:00")
        self.assertEqual(len(plan.activity_ids), 1, "called once")
        with self.assertRaisesRegex(AccessError, "Only Billing"):
            plan.with_user(self.agent).action_approve_refund()
        plan.with_user(self.billing).action_approve_refund()
        with freeze_time("2031-05-22 08:00:00"):
            plan.with_user(self.billing).action_close_now()
        self.assertEqual((self.account.state, self.account.balance), ("closed", 0))

    @freeze_time("2031-05-10 12:00:00")
    def test_another_bank_account_is_approved_again(self):
        plan = self._plan()
        with self.assertRaisesRegex(UserError, "check digit|bank account"):
            plan.with_user(self.agent).bank_account = "032180000118359710"
        plan.with_user(self.agent).method = "cash"
        self.assertFalse(plan.refund_user_id)

    @freeze_time("2031-05-10 12:00:00")
    def test_what_a_plan_may_not_be(self):
        with self.assertRaises(UserError):  # rolls back what was refused
            self._plan(date=date(2031, 5, 9))
        with self.assertRaisesRegex(UserError, "Until which day"):
            self._plan(date=False)
        plan = self._plan()
        with self.assertRaisesRegex(UserError, "closes on 2031-05-20 already"):
            self._plan()
        with self.assertRaisesRegex(UserError, "works until"):
            plan.action_close_now()
        with self.assertRaises(AccessError):
            plan.with_user(self.agent).refund_user_id = self.agent
        with self.assertRaises(AccessError):
            self.account.with_user(self.agent).closes_at = False
        with self.assertRaises(AccessError):
            plan.with_user(self.analyst).action_withdraw()
        with self.assertRaisesRegex(UserError, "Withdraw"):
            plan.unlink()
        other = self._create_company("Elsewhere")
        self.agent.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.assertFalse(
            self.env["toll.planned.closing"].with_user(self.agent).search([])
        )

    @freeze_time("2031-05-10 12:00:00")
    def test_closing_by_hand_ends_the_plan(self):
        plan = self._plan()
        self.account._close_and_settle(self.reason, None, "cash", "HAND-1")
        self.assertEqual((plan.state, self.account.closes_on), ("done", False))
