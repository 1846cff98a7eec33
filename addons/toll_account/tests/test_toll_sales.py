from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollSales(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.env.ref("toll_account.toll_sales_channel_bank")
        cls.account.write({"seller_id": cls.agent.id, "channel_id": cls.channel.id})
        cls.period = cls.account.opened_at.date().replace(day=1)
        cls.Commission = cls.env["toll.commission"]
        cls.env["toll.commission.rule"].search([("active", "=", True)]).active = False
        cls.Commission.search([("state", "=", "draft")]).unlink()

    def _rule(self, **values):
        return self.env["toll.commission.rule"].create(
            {
                "name": "Per account",
                "basis": "account",
                "amount": 80,
                "channel_id": self.channel.id,
                "date_from": "2020-01-01",
                **values,
            }
        )

    def _lines(self, rule):
        return self.Commission.search([("rule_id", "=", rule.id)])

    def test_lead_becomes_an_account_with_its_campaign_000_36(self):
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        self.agent.group_ids += self.env.ref("sales_team.group_sale_salesman")
        lead = self.env["crm.lead"].create(
            {
                "name": "Fleet of 40",
                "type": "opportunity",
                "partner_id": self.partner.id,
                "campaign_id": campaign.id,
                "user_id": self.agent.id,
            }
        )
        action = lead.with_user(self.agent).action_toll_open_account()
        form = Form(
            self.env["toll.account"]
            .with_user(self.agent)
            .with_context(**action["context"])
        )
        account = form.save()
        self.assertEqual(account.partner_id, self.partner)
        self.assertEqual(account.campaign_id, campaign)
        self.assertEqual(account.seller_id, self.agent)
        self.assertEqual(lead.toll_account_id, account)
        action = lead.with_user(self.agent).action_toll_open_account()
        self.assertEqual(action["res_id"], account.id, "the second time it is opened")

    def test_quotation_of_kits_and_account_of_the_order_003_04(self):
        self.agent.group_ids += self.env.ref("sales_team.group_sale_salesman")
        lead = self.env["crm.lead"].create(
            {"name": "Kits", "type": "opportunity", "partner_id": self.partner.id}
        )
        action = lead.with_user(self.agent).action_toll_kit_quotation()
        template = self.env.ref("toll_account.sale_order_template_tag_kit")
        self.assertEqual(
            action["context"]["default_sale_order_template_id"], template.id
        )
        order = self.env["sale.order"].create(
            {"partner_id": self.partner.id, "sale_order_template_id": template.id}
        )
        order._onchange_sale_order_template_id()
        kit = self.env.ref("toll_account.product_product_tag_kit")
        self.assertEqual(order.order_line.product_id, kit)
        self.assertGreater(order.amount_untaxed, 0)
        order.action_confirm()
        action = order.action_toll_open_account()
        account = self.env["toll.account"].with_context(**action["context"]).create({})
        self.assertEqual(order.toll_account_id, account)

    def test_orders_claims_and_works_on_the_account_003_01(self):
        request_type = self.env.ref("toll_account.toll_request_type_claim")
        self.env["toll.request"].create(
            {
                "account_id": self.account.id,
                "type_id": request_type.id,
                "description": "Charged twice",
            }
        )
        account = self.account.with_user(self.agent)
        self.assertEqual((account.order_count, account.claim_count), (0, 1))
        claims = self.env["toll.request"].search(account.action_view_claims()["domain"])
        self.assertEqual(claims.account_id, self.account)
        self.agent.group_ids += self.env.ref("sales_team.group_sale_salesman")
        action = account.action_quote_works()
        order = self.env["sale.order"].browse(action["res_id"])
        works = self.env.ref("toll_account.product_product_works_installation")
        self.assertIn(works, order.order_line.product_id)
        self.assertEqual(order.toll_account_id, self.account)
        account.invalidate_recordset()
        self.assertEqual(account.order_count, 1)
        found = self.env["sale.order"].search(account.action_view_orders()["domain"])
        self.assertEqual(found, order)

    def test_quotation_of_works_from_the_opportunity_003_04(self):
        self.agent.group_ids += self.env.ref("sales_team.group_sale_salesman")
        lead = self.env["crm.lead"].create(
            {"name": "Lane", "type": "opportunity", "partner_id": self.partner.id}
        )
        action = lead.with_user(self.agent).action_toll_works_quotation()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual((order.state, order.opportunity_id), ("draft", lead))
        self.assertEqual(len(order.order_line), 3)
        self.assertGreater(order.amount_untaxed, 0)
        lead.partner_id = False
        with self.assertRaisesRegex(UserError, "customer"):
            lead.action_toll_works_quotation()

    def test_commission_per_account_is_calculated_once_004_09(self):
        rule = self._rule()
        other = self._create_account(partner_id=self.partner.id)
        other.write({"seller_id": self.agent.id})
        self.assertEqual(self.Commission._calculate(self.period), (1, 0))
        self.assertEqual(self.Commission._calculate(self.period), (0, 0))
        line = self._lines(rule)
        self.assertEqual((line.account_id, line.amount), (self.account, 80))
        self.assertEqual(line.user_id, self.agent)
        rule.amount = 90
        self.Commission._calculate(self.period)
        self.assertEqual(line.amount, 90, "a draft follows its rule")
        line.with_user(self.accountant).action_approve()
        rule.amount = 100
        self.Commission._calculate(self.period)
        self.assertEqual(line.amount, 90, "what is approved stays")
        line.with_user(self.accountant).action_paid()
        self.assertEqual(line.state, "paid")

    def test_commission_of_top_ups_in_the_first_months(self):
        rule = self._rule(basis="topup", amount=0, percent=2, months=3)
        self.account.top_up(1000, "SA-1")
        self.account.refund(500, "SA-2")
        self.Commission._calculate(self.period)
        line = self._lines(rule)
        self.assertEqual((line.base_amount, line.amount), (500, 10))
        self.account.opened_at = "2020-01-01 00:00:00"
        self.assertEqual(self.Commission._calculate(self.period), (0, 1))
        self.assertFalse(line.exists(), "the first months are over")

    def test_rules_by_seller_channel_and_mode(self):
        for values, expected in (
            ({"user_id": self.billing.id}, 0),
            ({"user_id": self.agent.id}, 1),
            ({"channel_id": self.env.ref("toll_account.toll_sales_channel_web").id}, 0),
            ({"payment_mode": "postpaid"}, 0),
            ({"date_from": "2099-01-01"}, 0),
            ({"date_to": "2020-02-01"}, 0),
        ):
            with self.subTest(values):
                rule = self._rule(**values)
                self.Commission._calculate(self.period)
                self.assertEqual(len(self._lines(rule)), expected)
                self._lines(rule).unlink()
                rule.active = False

    @mute_logger("odoo.sql_db")
    def test_a_rule_pays_something_sensible(self):
        for values in ({"amount": 0}, {"percent": 5}, {"amount": -1}):
            with self.subTest(values), self.assertRaises(CheckViolation):
                with self.env.cr.savepoint():
                    self._rule(**values)

    def test_sellers_see_their_own_and_approve_nothing(self):
        self._rule()
        self.Commission._calculate(self.period)
        line = self.Commission.search([("account_id", "=", self.account.id)])
        self.assertIn(line, self.Commission.with_user(self.agent).search([]))
        self.assertNotIn(line, self.Commission.with_user(self.billing).search([]))
        with self.assertRaises(UserError):
            line.with_user(self.agent).action_approve()
        with self.assertRaises(AccessError):
            line.with_user(self.billing).action_approve()
        with self.assertRaises(AccessError):
            self.Commission.with_user(self.agent).action_calculate()
        with self.assertRaises(AccessError):
            line.with_user(self.accountant).write({"amount": 1})
        self.account.seller_id = self.accountant
        self.Commission._calculate(self.period)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            line.with_user(self.accountant).action_approve()
        with self.assertRaisesRegex(UserError, "Choose only"):
            line.with_user(self.manager).action_paid()

    def test_nobody_makes_himself_the_seller(self):
        with self.assertRaisesRegex(UserError, "only a manager"):
            self.account.with_user(self.agent).seller_id = self.billing
        self.account.with_user(self.manager).seller_id = self.billing
        self.assertEqual(self.account.seller_id, self.billing)

    def test_other_company_does_not_see_commissions(self):
        company = self._create_company("Other sales")
        self._rule()
        self.Commission._calculate(self.period)
        line = self.Commission.search([("account_id", "=", self.account.id)])
        self.accountant.write(
            {"company_ids": [(6, 0, company.ids)], "company_id": company}
        )
        self.assertNotIn(line, self.Commission.with_user(self.accountant).search([]))

    def test_nobody_recommends_himself(self):
        friend = self._create_account(referral_id=self.account.id)
        self.assertEqual(friend.referral_id.referral_count, 1)
        with self.assertRaisesRegex(ValidationError, "recommends"):
            self.account.referral_id = self.account
