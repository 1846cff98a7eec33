from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollAccountAccess(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle = cls._create_vehicle("ACC-001")
        cls.account.top_up(500, "ACCESS-1")
        cls.customer = new_test_user(
            cls.env, "toll_test_customer", groups="base.group_portal"
        )
        cls.own = cls._create_account(partner_id=cls.customer.partner_id.id)
        cls.own.top_up(100, "ACCESS-2")
        cls.nobody = new_test_user(
            cls.env, "toll_test_nobody", groups="base.group_user"
        )

    def test_agent_opens_accounts_and_takes_money(self):
        account = (
            self.env["toll.account"]
            .with_user(self.agent)
            .create({"partner_id": self.partner.id})
        )
        account.action_activate()
        entry = account.top_up(200, "AG-1")
        self.assertEqual(account.balance, 200)
        self.assertEqual(entry.create_uid, self.agent)

    def test_agent_does_not_configure(self):
        with self.assertRaises(AccessError):
            self.plaza.with_user(self.agent).name = "Other"
        with self.assertRaises(AccessError):
            self.account.with_user(self.agent).unlink()

    def test_agent_sees_payments_of_wallets_only(self):
        other = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_id": self.partner.id,
                "amount": 10,
                "journal_id": self.journal.id,
            }
        )
        Payment = self.env["account.payment"].with_user(self.agent)
        seen = Payment.search([("id", "in", (other | self.account.payment_ids).ids)])
        self.assertEqual(seen, self.account.payment_ids.with_user(self.agent))
        self.assertIn(
            other, self.env["account.payment"].with_user(self.accountant).search([])
        )

    def test_analyst_reads_and_takes_no_money(self):
        account = self.account.with_user(self.analyst)
        self.assertEqual(account.balance, 500)
        with self.assertRaises(AccessError):
            account.top_up(100, "AN-1")
        with self.assertRaises(AccessError):
            account.action_suspend()

    def test_billing_refunds(self):
        self.account.with_user(self.billing).refund(100, "BI-1")
        self.assertEqual(self.account.balance, 400)

    def test_accountant_reads_the_wallet(self):
        entries = self.account.with_user(self.accountant).entry_ids
        self.assertEqual(entries.mapped("amount"), [500])

    def test_manager_configures(self):
        self.plaza.with_user(self.manager).name = "New name"
        self.assertEqual(self.plaza.name, "New name")

    def test_internal_user_without_role_sees_nothing(self):
        for model in ("toll.account", "toll.vehicle", "toll.wallet.entry"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.nobody).search([])

    def test_customer_sees_only_the_own_account(self):
        for model, field in (
            ("toll.account", "id"),
            ("toll.wallet.entry", "account_id"),
            ("toll.vehicle", "account_id"),
        ):
            with self.subTest(model=model):
                found = self.env[model].with_user(self.customer).search([])
                self.assertLessEqual(
                    set(found.sudo().mapped(field)), {self.own.id, self.own}
                )
        self.assertEqual(self.own.with_user(self.customer).balance, 100)
        with self.assertRaises(AccessError):
            self.account.with_user(self.customer).read(["balance"])

    def test_customer_moves_no_money_by_rpc(self):
        account = self.own.with_user(self.customer)
        for call in (
            lambda: account.top_up(1000, "HACK"),
            lambda: account.refund(50, "HACK"),
            account.action_close,
            lambda: account.write({"credit_limit": 1000}),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_operator_user_sees_only_its_operator(self):
        other = self._create_operator("OTHEROP")
        user = new_test_user(
            self.env,
            "toll_test_api",
            groups="base.group_portal,toll_account.group_toll_operator_api",
            toll_operator_id=self.operator.id,
        )
        self.assertEqual(
            self.env["toll.operator"].with_user(user).search([]),
            self.operator.with_user(user),
        )
        self.assertEqual(
            self.env["toll.plaza"].with_user(user).search([]).operator_id,
            self.operator.with_user(user),
        )
        with self.assertRaises(AccessError):
            other.with_user(user).read(["name"])

    def test_companies_do_not_see_each_other(self):
        company = self.env["res.company"].create({"name": "Second"})
        user = new_test_user(
            self.env,
            "toll_test_second",
            groups="toll_account.group_toll_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in (
            self.account,
            self.vehicle,
            self.office,
            self.account.entry_ids,
            self.account.state_log_ids,
        ):
            with self.subTest(model=record._name):
                self.assertFalse(
                    record.with_user(user).search([("id", "in", record.ids)])
                )
        self.operator.company_id = self.company
        for record in (self.operator, self.plaza, self.lane):
            with self.subTest(model=record._name):
                self.assertFalse(
                    record.with_user(user).search([("id", "in", record.ids)])
                )
