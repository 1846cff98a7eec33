from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollWalletEntry(TollCommon):
    def _post(self, amount, ref, kind="adjustment", account=None):
        return self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": (account or self.account).id,
                    "kind": kind,
                    "amount": amount,
                    "ref": ref,
                }
            ]
        )

    def test_entries_make_the_balance_at_once(self):
        self._post(100, "E1")
        self._post(-30.25, "E2", "fee")
        self.assertEqual(self.account.balance, 69.75)

    def test_fold_changes_no_balance(self):
        self._post(100, "F1")
        folded = self.env["toll.wallet.entry"]._fold(self.account.ids)
        self.assertEqual(folded, 1)
        self.account._invalidate_balance()
        self.assertEqual(self.account.balance, 100)
        self.assertEqual(self.env["toll.wallet.entry"]._fold(self.account.ids), 0)

    def test_known_reference_is_not_counted_twice(self):
        first = self._post(100, "SAME")
        self.assertEqual(self._post(100, "SAME"), first)
        self.assertEqual(self.account.balance, 100)
        self._post(100, "SAME", "fee")
        self.assertEqual(self.account.balance, 200)

    def test_entries_come_back_in_the_order_asked(self):
        other = self._create_account()
        entries = self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": account.id,
                    "kind": "adjustment",
                    "amount": amount,
                    "ref": ref,
                }
                for account, amount, ref in (
                    (other, 5, "Z"),
                    (self.account, 7, "A"),
                    (other, 9, "M"),
                )
            ]
        )
        self.assertEqual(entries.mapped("ref"), ["Z", "A", "M"])
        self.assertEqual((other.balance, self.account.balance), (14, 7))

    def test_ledger_is_never_changed_through_the_orm(self):
        entry = self._post(10, "L1")
        for call in (
            lambda: entry.write({"amount": 20}),
            entry.unlink,
            lambda: entry.create([{"account_id": self.account.id}]),
        ):
            with self.assertRaisesRegex(UserError, "ledger"):
                call()

    @mute_logger("odoo.sql_db")
    def test_ledger_is_never_changed_through_sql(self):
        self._post(10, "L2")
        for statement in (
            "UPDATE toll_wallet_entry_data SET amount = 0",
            "DELETE FROM toll_wallet_entry_data",
            "TRUNCATE toll_wallet_entry_data",
        ):
            with (
                self.subTest(statement=statement),
                self.assertRaisesRegex(IntegrityError, "ledger"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_running_balance_follows_the_dates(self):
        Entry = self.env["toll.wallet.entry"]
        Entry._post(
            [
                {
                    "account_id": self.account.id,
                    "kind": "adjustment",
                    "amount": amount,
                    "ref": ref,
                    "occurred_at": date,
                }
                for amount, ref, date in (
                    (100, "R1", "2026-01-01 10:00:00"),
                    (-40, "R3", "2026-01-03 10:00:00"),
                    (25, "R2", "2026-01-02 10:00:00"),
                )
            ]
        )
        entries = self.account.entry_ids.sorted("occurred_at")
        self.assertEqual(entries.mapped("balance_after"), [100, 125, 85])

    def test_amounts_are_rounded_once_by_the_currency(self):
        self.assertEqual(self._post(10.006, "RND").amount, 10.01)

    def test_posting_many_entries_takes_few_queries(self):
        rows = [
            {
                "account_id": self.account.id,
                "kind": "adjustment",
                "amount": 1,
                "ref": f"Q{n}",
            }
            for n in range(200)
        ]
        self.env.flush_all()
        with self.assertQueryCount(6):
            self.env["toll.wallet.entry"]._post(rows)
