"""Which rule pays (004-09), clawback, and the vendor bills of a closed month."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollCommissionRun(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Commission = cls.env["toll.commission"]
        cls.Rule = cls.env["toll.commission.rule"]
        cls.Rule.search([("active", "=", True)]).active = False
        first = fields.Date.today().replace(day=1)
        cls.period = fields.Date.subtract(first, months=2)
        cls.opened = datetime.combine(cls.period, datetime.min.time()) + timedelta(
            days=10, hours=12
        )
        cls.channel = cls.env.ref("toll_account.toll_sales_channel_bank")
        cls.plan = cls.env["toll.plan"].create({"code": "COMM", "name": "Plan"})
        cls.account.write(
            {
                "seller_id": cls.agent.id,
                "channel_id": cls.channel.id,
                "plan_id": cls.plan.id,
                "opened_at": cls.opened,
            }
        )
        cls.month = cls.env["toll.commission.run"].create({"period": cls.opened})

    def _rule(self, amount=80, **values):
        values.setdefault("name", f"Pays {amount}")
        values.setdefault("date_from", "2020-01-01")
        return self.Rule.create({"basis": "account", "amount": amount, **values})

    def _lines(self, rules=None):
        lines = self.Commission.search([("account_id", "=", self.account.id)])
        return lines.filtered(lambda line: not rules or line.rule_id in rules)

    def _calculate(self, back=2):
        for month in range(back, -1, -1):
            first = fields.Date.today().replace(day=1)
            self.Commission._calculate(fields.Date.subtract(first, months=month))
        return self._lines()

    def test_the_most_exact_rule_pays_004_09(self):
        general = self._rule(10)
        channel = self._rule(20, channel_id=self.channel.id)
        self.assertEqual(self._calculate().rule_id, channel)
        plan = self._rule(30, plan_id=self.plan.id)
        self.assertEqual(self._calculate().rule_id, plan)
        bonus = self._rule(5, is_extra=True)
        self.assertEqual(self._calculate().rule_id, plan | bonus)
        seller = self._rule(40, user_id=self.agent.id, date_to=self.period)
        self.assertEqual(self._calculate().rule_id, plan | bonus, "it was over by then")
        seller.date_to = False
        self.assertEqual(sum(self._calculate().mapped("amount")), 45)
        self.assertIn(plan.name, general.explanation)
        self.assertIn("After this one", seller.explanation)
        self.assertNotIn("Before this one", seller.explanation)
        self.assertIn("besides", bonus.explanation)

    def test_a_new_price_within_the_month_pays_from_its_day(self):
        day = self.opened.date()
        old = self._rule(10, date_to=day - timedelta(days=1))
        new = self._rule(99, date_from=day)
        self.assertEqual(self._calculate().rule_id, new)
        old.date_to, new.date_from = day, day + timedelta(days=1)
        self.assertEqual(self._calculate().rule_id, old)

    def test_products_of_orders_are_paid(self):
        kit = self.env.ref("toll_account.product_product_tag_kit")
        other = self.env["product.product"].create({"name": "Box", "list_price": 7})
        self._rule(0, basis="sale", percent=10, name="All")
        exact = self._rule(3, basis="sale", product_tmpl_id=kit.product_tmpl_id.id)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "toll_account_id": self.account.id,
                "order_line": [
                    (0, 0, {"product_id": product.id, "product_uom_qty": 4,
                            "price_unit": 100, "tax_ids": False})
                    for product in (kit, other)
                ],
            }
        )  # fmt: skip
        self.assertFalse(self._calculate(), "a quotation is not sold")
        order.action_confirm()
        order.date_order = self.opened
        lines = self._calculate()
        self.assertEqual(sorted(lines.mapped("amount")), [12, 40])
        self.assertEqual(lines.filtered(lambda x: x.rule_id == exact).quantity, 4)

    def _approve(self):
        self._calculate()
        self.month.with_user(self.accountant).action_approve()

    def test_bills_once_cancel_and_again_004_09(self):
        self._rule(80)
        run = self.month.with_user(self.accountant)
        self.assertEqual(self.month.period.day, 1)
        run.action_calculate()
        with self.assertRaisesRegex(UserError, "wait for approval"):
            run.action_close()
        run.action_approve()
        with self.assertRaisesRegex(UserError, "not possible"):
            run.action_bill()
        run.action_close()
        line = self._lines()
        self.assertEqual((line.run_id, run.amount), (run, 80))
        with self.assertRaisesRegex(UserError, "month is closed"):
            line.with_user(self.accountant).action_back_to_draft()
        self._rule(500, plan_id=self.plan.id)
        self.assertEqual(self._calculate(), line, "a closed month stays as it is")
        run.action_bill()
        bill = run.move_ids
        self.assertEqual((bill.move_type, bill.state), ("in_invoice", "draft"))
        self.assertEqual(bill.partner_id, self.agent.partner_id)
        self.assertEqual(bill.amount_untaxed, 80)
        with self.assertRaisesRegex(UserError, "not possible"):
            run.action_bill()
        run.action_cancel_bills()
        self.assertEqual((bill.state, run.state), ("cancel", "closed"))
        run.action_bill()
        second = run.move_ids - bill
        self.assertEqual(line.move_id, second)
        second.invoice_date = fields.Date.today()
        second.action_post()
        with self.assertRaisesRegex(UserError, "posted"):
            run.action_cancel_bills()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=second.ids
        ).create({})._create_payments()
        self.Commission.action_calculate()
        self.assertEqual(line.state, "paid")

    def test_closed_early_is_taken_back_once(self):
        rule = self._rule(80, clawback_months=3)
        self._approve()
        run = self.month.with_user(self.accountant)
        run.action_close()
        self.account.action_close()
        self.account.closed_at = self.opened + timedelta(days=35)
        lines = self._calculate()
        back = lines.filtered(lambda line: line.kind == "clawback")
        self.assertEqual((back.amount, back.user_id), (-80, self.agent))
        self.assertEqual(back.period, fields.Date.add(self.period, months=1))
        self.assertIn("3 months", back.explanation)
        back.with_user(self.accountant).action_approve()
        self.assertEqual(self._calculate(), lines, "once")
        other = run.create({"period": back.period})
        other.action_close()
        other.action_bill()
        credit = other.move_ids
        self.assertEqual((credit.move_type, credit.amount_untaxed), ("in_refund", 80))
        rule.clawback_months = 1
        self.assertEqual(self._lines(), lines)

    def test_closed_later_is_not_taken_back(self):
        self._rule(80, clawback_months=1)
        self._approve()
        self.account.action_close()
        self.account.closed_at = self.opened + timedelta(days=35)
        self.assertEqual(self._calculate().mapped("kind"), ["earned"])

    def test_what_cancels_out_needs_no_bill(self):
        self._rule(80, clawback_months=3)
        self.account.action_close()
        self.account.closed_at = self.opened + timedelta(days=1)
        self._approve()
        run = self.month.with_user(self.accountant)
        run.action_close()
        run.action_bill()
        self.assertFalse(run.move_ids)
        self.assertEqual(set(self._lines().mapped("state")), {"paid"})

    def test_who_may_and_months_under_way(self):
        self._rule(80)
        for user in (self.agent, self.billing, self.analyst):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.month.with_user(user).action_close()
        self.account.seller_id = self.accountant
        self._calculate()
        run = self.month.with_user(self.accountant)
        run.action_approve()
        self.assertEqual(self._lines().state, "draft", "nobody approves his own")
        with self.assertRaises(AccessError):
            run.state = "closed"
        now = run.create({"period": fields.Date.today()})
        with self.assertRaisesRegex(UserError, "not over"):
            now.action_close()

    def test_runs_of_another_company_stay_there(self):
        company = self._create_company("Other runs")
        other = self.month.create({"period": self.opened, "company_id": company.id})
        self.assertNotIn(other, self.month.with_user(self.accountant).search([]))
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_account.report_commission_statement", self.month.ids
        )
        self.assertTrue(html)
