from odoo.tests import tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollCheck(TollCommon):
    def _result(self, code):
        results = {r["code"]: r for r in self.env["toll.check"].run()}
        return results[code]

    def test_all_rules_hold_after_money_moved(self):
        before = self._result("5")["differences"]
        self.account.top_up(500, "CK-1")
        self.account.refund(120, "CK-2")
        self.assertTrue(self._result("4")["ok"])
        self.assertTrue(self._result("4-guard")["ok"])
        self.assertEqual(self._result("5")["differences"], before)

    def test_changed_balance_is_found(self):
        self.env.cr.execute(
            "UPDATE toll_wallet SET balance = balance + 1 WHERE account_id = %s",
            [self.account.id],
        )
        result = self._result("4")
        self.assertFalse(result["ok"])
        self.assertIn(self.account.number, result["differences"][0])

    def test_switched_off_guard_is_found(self):
        self.env.cr.execute("ALTER TABLE toll_wallet_entry_data DISABLE TRIGGER USER")
        self.assertEqual(len(self._result("4-guard")["differences"]), 2)

    def test_money_beside_the_wallet_is_found_and_calls_the_manager(self):
        deposit = self.company.toll_deposit_account_id
        other = self.journal.default_account_id
        self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    (0, 0, {"account_id": deposit.id, "credit": 77}),
                    (0, 0, {"account_id": other.id, "debit": 77}),
                ],
            }
        ).action_post()
        self.assertFalse(self._result("5")["ok"])
        self.company.toll_check_user_id = self.manager
        Result = self.env["toll.check.result"]
        self.env["toll.check"]._cron_run()
        failed = Result.search([("code", "=", "5")], limit=1)
        self.assertFalse(failed.is_ok)
        self.assertEqual(failed.activity_ids.user_id, self.manager)
        self.env["toll.check"]._cron_run()
        again = Result.search([("code", "=", "5")], limit=1)
        self.assertNotEqual(again, failed)
        self.assertFalse(again.activity_ids, "one open activity per rule is enough")
