from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagTerms(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._toll_set_up()
        cls.lots = cls._receive("ZZTE00000001", "ZZTE00000005")
        cls.lot = cls.lots[0]
        cls.account.top_up(1000, "first")

    def _deposit(self, amount=200, fee=0):
        self.product.write(
            {
                "toll_terms": "deposit",
                "toll_guarantee_amount": amount,
                "toll_replacement_fee": fee,
            }
        )

    def _assign(self, lot=None, vehicle=None, **kwargs):
        lot = (lot or self.lot).with_user(self.agent)
        return lot.toll_assign((vehicle or self.vehicle).id, **kwargs)

    def _assert_books(self):
        wrong = [
            (result["code"], result["differences"])
            for result in self.env["toll.check"].run()
            if result["differences"] and "guarantee" in result["code"]
        ]
        self.assertFalse(wrong)
        self.assertFalse(self.env["toll.check"]._check_deposits())

    def _guarantees(self):
        account = self.company.toll_guarantee_account_id
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return -sum(lines.mapped("balance"))

    def test_a_loan_costs_nothing_000_07(self):
        row = self._assign()
        self.assertEqual((row.terms, row.guarantee_state), ("loan", False))
        self.assertEqual(self.account.balance, 1000)
        self.assertFalse(row.sudo().charge_move_ids)

    def test_a_guarantee_leaves_the_wallet_and_comes_back(self):
        self._deposit()
        row = self._assign()
        self.assertEqual((row.guarantee_state, row.guarantee_amount), ("held", 200))
        self.assertTrue(row.guarantee_date)
        self.assertEqual(self.account.balance, 800)
        self.assertEqual(self._guarantees(), 200)
        entry = self.account.entry_ids.filtered(lambda entry: entry.kind == "fee")
        self.assertEqual((entry.amount, entry.origin), (-200, self.lot.name))
        self._assert_books()
        self.lot.with_user(self.agent).toll_return()
        self.assertEqual(row.guarantee_state, "returned")
        self.assertEqual(self.account.balance, 1000)
        self.assertEqual(self._guarantees(), 0)
        self._assert_books()
        self._assign(vehicle=self.vehicle_2)
        self.assertEqual(self.account.balance, 800)

    def test_who_cannot_pay_the_guarantee_gets_no_tag(self):
        self._deposit(1500)
        with self.assertRaisesRegex(UserError, "top it up first"), self.cr.savepoint():
            self._assign()
        self.assertEqual(self.lot.toll_state, "stocked")
        self.assertEqual(self.account.balance, 1000)

    def test_the_guarantee_of_a_defective_tag_goes_with_the_new_one(self):
        self._deposit()
        old = self._assign()
        new = self.lot.with_user(self.agent).toll_replace(self.lots[1].id)
        self.assertEqual((old.guarantee_state, new.guarantee_state), ("moved", "held"))
        self.assertEqual(new.guarantee_amount, 200)
        self.assertEqual(self.account.balance, 800)
        self._assert_books()
        self.lots[1].toll_return()
        self.assertEqual(self.account.balance, 1000)
        self._assert_books()

    def test_a_manager_decides_on_a_spoiled_tag(self):
        self._deposit()
        row = self._assign()
        with self.assertRaises(AccessError):
            row.with_user(self.agent).action_return_guarantee()
        with self.assertRaisesRegex(UserError, "no guarantee"):
            row.with_user(self.manager).action_keep_guarantee()
        self.lot.toll_return(condition="defective")
        self.assertEqual(row.guarantee_state, "held")
        self.assertEqual(self.account.amount_guarantee, 200)
        self.account.refund(800, "all")
        with self.assertRaisesRegex(UserError, "still has guarantees"):
            self.account.action_close()
        row.with_user(self.manager).action_keep_guarantee()
        self.assertEqual(row.guarantee_state, "kept")
        self.assertEqual((self.account.balance, self._guarantees()), (0, 0))
        self._assert_books()
        with self.assertRaises(UserError):
            row.with_user(self.manager).action_return_guarantee()

    def test_a_lost_tag_of_ours_is_charged_once(self):
        self._deposit(200, fee=150)
        row = self._assign()
        self.lot.with_user(self.agent).toll_report_lost()
        invoice = row.sudo().charge_move_ids
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_untaxed, 150)
        self.assertIn(self.lot.name, invoice.invoice_line_ids.name)
        self.assertEqual(row.guarantee_state, "returned")
        self.lot.with_user(self.agent).toll_replace(self.lots[1].id, "lost")
        self.assertEqual(row.sudo().charge_move_ids, invoice)
        self.assertEqual(
            self.vehicle.toll_assignment_ids.filtered("is_open").guarantee_amount, 200
        )
        self._assert_books()

    def test_a_sale_is_invoiced_and_its_loss_is_the_customer_s(self):
        self.product.write(
            {
                "toll_terms": "sale",
                "lst_price": 240,
                "toll_replacement_fee": 150,
                "toll_customer_warranty_months": 12,
            }
        )
        row = self._assign()
        invoice = row.sudo().charge_move_ids
        self.assertEqual((invoice.state, invoice.amount_untaxed), ("posted", 240))
        self.assertEqual(invoice.partner_id, self.account.partner_id)
        self.assertTrue(row.warranty_until)
        self.lot.toll_report_lost()
        self.assertEqual(row.sudo().charge_move_ids, invoice)

    def test_a_sold_tag_is_free_in_warranty_only(self):
        self.product.write(
            {
                "toll_terms": "sale",
                "lst_price": 240,
                "toll_customer_warranty_months": 12,
            }
        )
        with freeze_time("2026-02-01 10:00:00"):
            first = self._assign()
        with freeze_time("2026-06-01 10:00:00"):
            second = self.lot.toll_replace(self.lots[1])
        self.assertFalse(second.sudo().charge_move_ids)
        self.assertEqual(second.warranty_until, first.warranty_until)
        with freeze_time("2027-06-01 10:00:00"):
            third = self.lots[1].toll_replace(self.lots[2])
        self.assertEqual(third.sudo().charge_move_ids.amount_untaxed, 240)

    def test_terms_of_one_delivery(self):
        row = self._assign(terms="sale")
        self.assertEqual(row.terms, "sale")
        with self.assertRaisesRegex(UserError, "“loan”, “sale” or “deposit”"):
            self._assign(self.lots[1], self.vehicle_2, terms="gift")
