from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


@tagged("post_install", "-at_install")
class TestPaymentTransaction(AccountPaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._toll_set_up()
        cls.provider.journal_id = cls.company._toll_get_topup_journal("online")
        cls.toll_account = (
            cls.env["toll.account"].sudo().create({"partner_id": cls.partner.id})
        )
        cls.toll_account.action_activate()
        cls.currency = cls.toll_account.currency_id

    def _pay(self, reference, amount=300):
        tx = self._create_transaction(
            "direct",
            reference=reference,
            amount=amount,
            currency_id=self.currency.id,
            toll_account_id=self.toll_account.id,
        )
        tx._set_done()
        return tx

    def test_confirmed_payment_is_in_the_wallet_once(self):
        tx = self._pay("WEB-1")
        self.assertEqual(self.toll_account.balance, 0)
        tx._post_process()
        self.assertEqual(self.toll_account.balance, 300)
        tx._post_process()
        self.assertEqual(self.toll_account.balance, 300)
        entry = self.toll_account.entry_ids
        self.assertEqual((entry.kind, entry.ref), ("topup", "WEB-1"))
        self.assertEqual(entry.payment_id, tx.payment_id)
        self.assertEqual(
            tx.payment_id.destination_account_id, self.company.toll_deposit_account_id
        )
        self.assertEqual(self.toll_account.payment_ids.toll_method, "online")

    def test_payment_that_fails_brings_nothing(self):
        tx = self._create_transaction(
            "direct",
            reference="WEB-2",
            amount=300,
            currency_id=self.currency.id,
            toll_account_id=self.toll_account.id,
        )
        tx._set_error("refused")
        tx._post_process()
        self.assertEqual(self.toll_account.balance, 0)
        self.assertFalse(self.toll_account.payment_ids)

    def test_other_payments_stay_as_they_are(self):
        tx = self._create_transaction(
            "direct", reference="WEB-3", amount=10, currency_id=self.currency.id
        )
        tx._set_done()
        tx._post_process()
        self.assertTrue(tx.payment_id)
        self.assertFalse(tx.payment_id.toll_account_id)
        self.assertNotEqual(
            tx.payment_id.destination_account_id, self.company.toll_deposit_account_id
        )

    def _draft(self, reference, amount=300, **values):
        return self._create_transaction(
            "direct",
            reference=reference,
            amount=amount,
            **{
                "currency_id": self.currency.id,
                "toll_account_id": self.toll_account.id,
                **values,
            },
        )

    def _notify(self, tx, amount, currency=None, state="done"):
        """What a provider's module does with a verified notification."""

        def extract(_self, data):
            return {"amount": data["amount"], "currency_code": data["currency"]}

        def apply(transaction, data):
            getattr(transaction, f"_set_{data['state']}")()

        model = type(self.env["payment.transaction"])
        data = {
            "reference": tx.reference,
            "amount": amount,
            "currency": currency or self.currency.name,
            "state": state,
        }
        with (
            patch.object(model, "_extract_amount_data", extract),
            patch.object(model, "_apply_updates", apply),
        ):
            tx._process(tx.provider_code, data)
        tx._post_process()

    def _log(self):
        return " ".join(str(m.body) for m in self.toll_account.message_ids)

    def test_repeated_notifications_count_once(self):
        tx = self._draft("CB-1")
        for _time in range(4):
            self._notify(tx, 300)
        self.assertEqual(self.toll_account.balance, 300)
        self.assertEqual(len(self.toll_account.payment_ids), 1)

    def test_late_notification_after_cancelling_is_credited_once_and_told(self):
        tx = self._draft("CB-2")
        tx._set_canceled()
        tx._post_process()
        for _time in range(2):
            self._notify(tx, 300)
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.toll_account.balance, 300)
        self.assertIn("after it had been cancelled", self._log())

    @mute_logger("odoo.addons.payment.models.payment_transaction")
    def test_forged_amount_or_currency_is_refused_and_told(self):
        tx = self._draft("CB-3")
        self._notify(tx, 3)
        self.assertEqual((tx.state, self.toll_account.balance), ("error", 0))
        self.assertIn("CB-3", self._log())
        other = self.env.ref("base.EUR")
        tx = self._draft("CB-4")
        self._notify(tx, 300, other.name)
        self.assertEqual((tx.state, self.toll_account.balance), ("error", 0))
        # the true one may still come
        self._notify(tx, 300)
        self.assertEqual(self.toll_account.balance, 300)
        # and a forged one after it changes nothing
        self._notify(tx, 30_000)
        self._notify(tx, 300, state="canceled")
        self.assertEqual((tx.state, self.toll_account.balance), ("done", 300))

    def test_another_currency_or_company_cannot_be_begun(self):
        other = self.env["res.currency"].search(
            [("id", "!=", self.currency.id), ("active", "in", (True, False))], limit=1
        )
        with self.assertRaises(ValidationError):
            self._draft("CB-5", currency_id=other.id)

    def test_money_for_a_closed_account_is_held(self):
        tx = self._draft("CB-6")
        self.toll_account.action_close()
        self._notify(tx, 300)
        self.assertTrue(tx.payment_id, "the books know of the money")
        self.assertFalse(tx.payment_id.toll_account_id)
        self.assertTrue(tx.toll_held_reason)
        self.assertEqual(self.toll_account.balance, 0)
        self.assertFalse(self.toll_account.entry_ids)
        self.assertTrue(self.toll_account.activity_ids)
        tx._post_process()
        self.assertEqual(len(self.toll_account.activity_ids), 1)

    def test_a_reference_that_a_counter_used_is_held(self):
        self.toll_account.top_up(100, ref="CB-7")
        tx = self._draft("CB-7")
        self._notify(tx, 300)
        self.assertEqual(self.toll_account.balance, 100)
        self.assertTrue(tx.toll_held_reason)
