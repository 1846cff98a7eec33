from odoo.tests import tagged

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
