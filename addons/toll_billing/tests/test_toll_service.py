from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .tariff_common import TollTariffCommon


@tagged("post_install", "-at_install")
class TestTollService(TollTariffCommon):
    def test_services_carry_a_tax_that_prices_include(self):
        company = self.company
        if not company.account_sale_tax_id:
            self.skipTest("the company has no chart of accounts")
        service = self.env.ref("toll_billing.toll_service_toll")
        taxes = service._get_taxes(company)
        self.assertEqual(len(taxes), 1)
        self.assertTrue(taxes.price_include)
        self.assertEqual(taxes.amount, company.account_sale_tax_id.amount)
        service._ensure_company_taxes(company)
        self.assertEqual(service._get_taxes(company), taxes)
        product = self.env["product.product"].create(
            {"name": "Wash", "type": "service", "taxes_id": [(5,)]}
        )
        wash = self.env["toll.service"].create(
            {"code": " WASH", "name": "Wash", "product_id": product.id}
        )
        self.assertEqual((wash.code, wash.tax_ids), ("wash", taxes))

    def test_statutory_holidays_are_entered_once(self):
        holidays = self.env["toll.holiday"]
        holidays.search([]).unlink()
        self.assertEqual(len(holidays._generate("MX", 2025, 2027)), 21)
        self.assertFalse(holidays._generate("MX", 2025, 2027))
        with self.assertRaisesRegex(UserError, "no rule"):
            holidays._generate("AQ", 2025, 2027)


@tagged("post_install", "-at_install")
class TestTollCompany(TransactionCase):
    """Companies without tolls keep the books they had; the first account opens them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create(
            {"name": "Roads South", "country_id": cls.env.ref("base.us").id}
        )
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=cls.company, install_demo=False
        )

    def _open_account(self, company):
        partner = self.env["res.partner"].create({"name": "First Customer"})
        return self.env["toll.account"].create(
            {"partner_id": partner.id, "company_id": company.id}
        )

    def _included_taxes(self):
        taxes = self.env["account.tax"].search([("company_id", "=", self.company.id)])
        return taxes.filtered(lambda t: t.price_include_override == "tax_included")

    def test_chart_alone_changes_nothing(self):
        self.assertFalse(self.company.toll_deposit_account_id)
        self.assertFalse(self._included_taxes())
        self.env["toll.service"].create(
            {
                "code": "cablecar",
                "name": "Cable Car",
                "product_id": self.env["product.product"].create({"name": "F"}).id,
            }
        )
        self.assertFalse(self._included_taxes())

    def test_first_account_brings_deposits_and_tax(self):
        self._open_account(self.company)
        deposit = self.company.toll_deposit_account_id
        self.assertEqual(deposit.company_ids, self.company)
        tax = self._included_taxes()
        self.assertEqual(tax.amount, self.company.account_sale_tax_id.amount)
        service = self.env.ref("toll_billing.toll_service_toll")
        self.assertEqual(service._get_taxes(self.company), tax)
        self._open_account(self.company)
        self.assertEqual(self.company.toll_deposit_account_id, deposit)
        self.assertEqual(self._included_taxes(), tax)

    def test_branch_shares_the_books_of_its_company(self):
        self.company.child_ids = [Command.create({"name": "Branch"})]
        self.env.cr.precommit.run()  # loads the chart of the branch
        branch = self.company.child_ids
        self.assertFalse(branch.toll_deposit_account_id)
        self._open_account(branch)
        deposit = branch.toll_deposit_account_id
        self.assertTrue(deposit)
        self.assertEqual(deposit, self.company.toll_deposit_account_id)

    def test_chart_that_comes_after_the_first_account(self):
        company = self.env["res.company"].create(
            {"name": "Late Books", "country_id": self.env.ref("base.us").id}
        )
        self._open_account(company)
        self.assertFalse(company.toll_deposit_account_id)
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        self.assertTrue(company.toll_deposit_account_id)


@tagged("post_install", "-at_install")
class TestTollFields(TransactionCase):
    def test_guarded_fields_of_others_models_are_not_copied(self):
        """Whoever copies a contact need not have a role of ours."""
        stored = [
            f"{model._name}.{field.name}"
            for model in self.env.registry.values()
            if model._auto and not model._original_module.startswith("toll_")
            for field in model._fields.values()
            if field.groups
            and field.store
            and field.copy
            and (field._module or "").startswith("toll_")
        ]
        self.assertEqual(stored, [])
