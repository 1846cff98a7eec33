"""Automatic top-up by mandate (X3), and what comes after it (001-16)."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.toll_account.tests.test_toll_auto_topup import set_up_provider

from .debit_common import DebitCase


@tagged("post_install", "-at_install")
class TestDebitTopup(DebitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account, _none = cls._debtor(0, mode="prepaid")
        cls.card = set_up_provider(cls.env, cls.account.partner_id)
        cls.auto = cls.env["toll.auto.topup"].create(
            {
                "account_id": cls.account.id,
                "means": "debit",
                "threshold": 100,
                "amount": 300,
                "daily_cap": 700,
            }
        )

    def _charge(self):
        begun = self.env["toll.auto.topup"]._run(self.env.flush_all)
        self.env.invalidate_all()
        return begun

    def _collect(self):
        run = self._new_run()
        self._send(run)
        return run, self._lines(run, self.account)

    def test_credited_once_when_the_money_is_there_x3(self):
        self.assertEqual((self._charge(), self._charge()), (1, 0))
        line = self.auto.debit_line_ids
        self.assertEqual((line.state, line.amount), ("waiting", 300))
        run, line = self._collect()
        self.assertEqual(self.account.balance, 0, "not before the bank has paid")
        self.assertSound()
        run.sudo().date = self.today - timedelta(days=5)
        self.Run._cron_settle()
        self.env.invalidate_all()
        self.assertEqual((self.account.balance, line.state), (300, "paid"))
        self.Run._cron_settle()
        line.sudo()._settle()
        self.assertEqual(self.account.balance, 300)
        self.assertSound()
        # claimed back weeks later: taken back by a new entry, once
        content = self._pain((line.payment_id.id, 300, "RJCT", "MD06"))
        self._load(content)
        self._load(content + b"\n")
        self.assertEqual((self.account.balance, line.state), (0, "returned"))
        self.assertEqual(self.account.entry_ids.mapped("amount"), [-300.0, 300.0])
        self.assertSound()

    def test_returned_falls_to_the_card_001_16(self):
        self.auto.is_fallback = True
        self.auto._save_order(self.card)
        self._charge()
        _run, line = self._collect()
        self._load(self._pain((line.payment_id.id, 300, "RJCT", "AM04")))
        self.assertEqual(self.account.balance, 0)
        self.assertEqual(line.payment_id.state, "canceled")
        self.assertEqual(self._charge(), 1)
        self.assertEqual(self.auto.transaction_ids.token_id, self.card)
        self.assertEqual(self.account.balance, 300)
        self.assertEqual(len(self.auto.debit_line_ids), 1)
        self.assertSound()

    def test_returned_without_a_card_is_tried_later(self):
        self._charge()
        _run, line = self._collect()
        self._load(self._pain((line.payment_id.id, 300, "RJCT", "AM04")))
        self.assertEqual(self._charge(), 0)
        self.assertEqual(self.auto.failures, 1)
        self.auto.next_try_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual(self._charge(), 1)
        self.assertEqual(len(self.auto.debit_line_ids), 2)

    def test_trusted_at_once_up_to_a_limit(self):
        self.company.toll_debit_trust_limit = 300
        self._charge()
        _run, line = self._collect()
        self.assertEqual((self.account.balance, line.state), (300, "sent"))
        self.assertSound()
        self._load(self._pain((line.payment_id.id, 300, "RJCT", "AM04")))
        self.assertEqual(self.account.balance, 0)
        self.assertSound()

    def test_daily_cap_counts_debits_and_cards(self):
        self.auto.daily_cap = 500
        self._charge()
        self._collect()
        self.auto.debit_line_ids.sudo()._settle()
        self._overdraw(self.account, 350)
        self.assertEqual(self._charge(), 0)
        self.auto.daily_cap = 600
        self.assertEqual(self._charge(), 1)

    def test_without_mandate_no_debit(self):
        with self.assertRaises(ValidationError):
            self.env["toll.auto.topup"].create(
                {
                    "account_id": self._accounts(1, "prepaid").id,
                    "means": "debit",
                    "threshold": 100,
                    "amount": 300,
                    "daily_cap": 300,
                }
            )
        self.account.mandate_id._toll_cancel("No more")
        self.assertEqual(self._charge(), 0)
        self.assertFalse(self.auto.debit_line_ids)
