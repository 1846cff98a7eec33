"""A closing date in the future: crossings, final statement, TAG, refund (000-05)."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import TollBillingCommon


@tagged("post_install", "-at_install")
class TestPlannedClosingCrossings(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "America/Mexico_City"
        cls.account = cls.prepaid
        cls.plan = cls.env["toll.planned.closing"].create(
            {
                "account_id": cls.account.id,
                "date": cls.company._toll_today(),
                "reason_id": cls.env.ref("toll_account.toll_state_reason_moved").id,
                "method": "cash",
            }
        )
        cls.plan.action_approve_refund()

    def _pass_the_day(self):
        """The last day was yesterday: between the two crossings of the tests."""
        end = fields.Datetime.now() - timedelta(hours=12)
        self.plan.closes_at = self.account.closes_at = end
        return end

    def test_crossing_after_the_last_day_is_that_of_a_closed_account(self):
        end = self._pass_the_day()
        before, after = (
            (end + timedelta(hours=shift)).isoformat() + "Z" for shift in (-1, 1)
        )
        batch = self._load(
            self._row("BEFORE", occurred_at=before),
            self._row("AFTER", occurred_at=after),
        )
        self.assertEqual(self.account.state, "active", "the job has not come by yet")
        self.assertEqual(
            self._fates(batch),
            [("BEFORE", "posted", False), ("AFTER", "held", "inactive_account")],
        )

    def test_final_statement_tag_and_refund_000_05(self):
        self._load(self._row("LAST"))
        self.assertEqual(self.account.balance, 400)
        self._pass_the_day()
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 99)
        self.env["toll.planned.closing"]._cron_close()
        self.assertFalse(self.plan.problem)
        self.assertEqual((self.account.state, self.account.balance), ("closed", 0))
        statement = self.account.statement_ids
        self.assertEqual((statement.state, statement.amount_total), ("invoiced", 100))
        self.assertEqual(statement.move_id.payment_state, "paid")
        self.assertEqual(self.account._get_closing_refund().amount, 400)
        self.assertEqual(self.lot.toll_state, "lost")
        self.assertFalse(self.lot.toll_account_id)
        self._assert_rules_hold()
