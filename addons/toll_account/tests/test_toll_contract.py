import base64
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .common import TollCommon

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestTollContract(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env["product.product"].create(
            {"name": "Rental", "type": "service", "taxes_id": False}
        )
        cls.plan = cls.env["toll.plan"].create(
            {
                "code": "CONTR",
                "name": "Contract plan",
                "months": 12,
                "fee_ids": [(0, 0, {"product_id": cls.product.id, "price": 9})],
            }
        )
        cls.account.plan_id = cls.plan
        cls.vehicles = cls._create_vehicle("CON-001") | cls._create_vehicle("CON-002")
        cls.conditions = cls.env["toll.contract.condition"].create(
            {
                "name": "Conditions",
                "version": "1",
                "body": "<p>First text</p>",
                "valid_from": "2026-01-01",
                "plan_ids": [(6, 0, cls.plan.ids)],
            }
        )

    def _contract(self):
        return self.account._open_contract()

    def test_conditions_are_versions_000_06(self):
        find = self.conditions._get_in_force
        self.assertNotEqual(find(self.company, self.plan), self.conditions)
        self.conditions.action_activate()
        second = self.conditions.copy({"version": "2", "valid_from": "2026-06-01"})
        second.action_activate()
        self.assertEqual(self.conditions.valid_to, fields.Date.to_date("2026-05-31"))
        for day, expected in (
            ("2026-05-31", self.conditions),
            ("2026-06-01", second),
        ):
            date = fields.Date.to_date(day)
            self.assertEqual(find(self.company, self.plan, date), expected)
        other = self.env["toll.plan"].create({"code": "OTHER", "name": "Other"})
        self.assertNotIn(find(self.company, other), second | self.conditions)
        for call in (
            lambda: self.conditions.write({"body": "<p>Changed</p>"}),
            lambda: self.conditions.update_field_translations(
                "body", {"en_US": {"First text": "Changed"}}
            ),
            self.conditions.unlink,
            second.action_activate,
        ):
            with self.assertRaises(UserError):
                call()
        self.assertIn("First text", self.conditions.body)

    def test_contract_keeps_the_version_it_was_made_with(self):
        self.conditions.action_activate()
        contract = self._contract()
        newer = self.conditions.copy(
            {"version": "2", "valid_from": fields.Date.today()}
        )
        newer.action_activate()
        self.assertEqual(contract.toll_condition_id, self.conditions)
        self.assertEqual(self._contract().toll_condition_id, newer)

    def test_agent_signs_for_the_person_at_the_counter(self):
        contract = self._contract()
        wizard = Form(
            self.env["toll.contract.sign"]
            .with_user(self.agent)
            .with_context(default_contract_id=contract.id)
        ).save()
        with self.assertRaisesRegex(UserError, "draw the signature"):
            wizard.action_confirm()
        wizard.signature = PIXEL
        wizard.action_confirm()
        self.assertEqual(contract.toll_state, "active")
        self.assertEqual(contract.toll_signed_by, self.partner.name)
        self.assertEqual(contract.toll_witness_id, self.agent)
        self.assertEqual(
            base64.b64encode(base64.b64decode(contract.toll_signature)),
            contract.toll_signature,
        )
        signed_at = contract.toll_signed_at
        contract.with_user(self.agent).toll_sign("Somebody else", PIXEL)
        self.assertEqual(contract.toll_signed_at, signed_at)
        self.assertEqual(contract.toll_signed_by, self.partner.name)
        with self.assertRaises(AccessError):
            contract.with_user(self.agent).write({"toll_signed_by": "Me"})

    def test_customer_signs_only_the_own(self):
        customer = new_test_user(
            self.env, "toll_con_customer", groups="base.group_portal"
        )
        own = self._create_account(partner_id=customer.partner_id.id)
        own.plan_id = self.plan
        contract = own._open_contract()
        stranger = self._contract()
        with self.assertRaises(AccessError):
            stranger.with_user(customer).toll_sign("Me", PIXEL)
        contract.with_user(customer).toll_sign("Me", PIXEL, how="paper")
        self.assertEqual(contract.toll_signed_how, "portal")
        self.assertFalse(contract.toll_witness_id)

    def test_recurring_invoice_carries_the_account(self):
        contract = self._contract()
        Contract = self.env["contract.contract"]
        due = [("id", "=", contract.id)]
        domain = Contract._get_contracts_to_invoice_domain()
        self.assertFalse(Contract.search(domain & fields.Domain(due)))
        contract.toll_sign("Me", how="paper")
        self.assertTrue(Contract.search(domain & fields.Domain(due)))
        move = contract._recurring_create_invoice(fields.Date.today())
        self.assertEqual(move.amount_total, 9)
        self.assertEqual((move.state, move.toll_account_id), ("posted", self.account))
        self.assertFalse(
            contract._recurring_create_invoice(fields.Date.today()), "one a month"
        )
        self.account._change_state("suspended")
        contract._toll_end()
        self.assertFalse(Contract.search(domain & fields.Domain(due)))

    def test_renewal_and_end(self):
        with freeze_time("2026-01-01"):
            renews = self._contract()
            renews.toll_sign("Me", how="paper")
            self.assertEqual(renews.toll_valid_until, fields.Date.to_date("2026-12-31"))
            ends = self._contract()
            ends.toll_sign("Me", how="paper")
            ends.toll_is_auto_renew = False
        self.account.user_id = self.agent
        Contract = self.env["contract.contract"]
        with freeze_time("2026-12-10"):
            Contract._cron_toll_renew()
            Contract._cron_toll_renew()
            self.assertEqual(len(ends.activity_ids), 1)
            self.assertEqual((renews.toll_state, ends.toll_state), ("active", "active"))
        with freeze_time("2028-01-01"):
            Contract._cron_toll_renew()
        self.assertEqual(renews.toll_valid_until, fields.Date.to_date("2028-12-31"))
        self.assertEqual(renews.toll_renewals, 2)
        self.assertEqual(ends.toll_state, "ended")

    def test_contract_ends_with_the_account(self):
        contract = self._contract()
        contract.toll_sign("Me", how="paper")
        self.account.with_user(self.agent).action_close("moved", "abroad")
        self.assertEqual(contract.toll_state, "ended")
        self.assertEqual(contract.toll_end_reason_id.code, "moved")

    def test_roles_and_companies(self):
        contract = self._contract()
        foreign = self.env["contract.contract"].create(
            {"name": "Not ours", "partner_id": self.partner.id}
        )
        seen = self.env["contract.contract"].with_user(self.agent).search([])
        self.assertIn(contract, seen)
        self.assertNotIn(foreign, seen)
        with self.assertRaises(AccessError):
            self.plan.with_user(self.agent).name = "Cheaper"
        with self.assertRaises(AccessError):
            self.conditions.with_user(self.billing).version = "9"
        self.plan.with_user(self.manager).name = "New name"
        company = self._create_company("Second issuer")
        own = self.env["toll.plan"].create(
            {"code": "CONTR", "name": "Theirs", "company_id": company.id}
        )
        self.assertNotIn(own, self.env["toll.plan"].with_user(self.agent).search([]))

    def test_contract_of_an_account_without_one(self):
        account = self.account.with_user(self.agent)
        action = account.action_open_contract()
        self.assertEqual(account.contract_count, 1)
        self.assertEqual(account.action_open_contract()["res_id"], action["res_id"])
        self.account.plan_id = False
        self.account.contract_ids._toll_end()
        with self.assertRaisesRegex(UserError, "Choose the plan"):
            account.action_open_contract()
        self.assertLess(
            self.account.contract_ids.date, fields.Date.today() + timedelta(days=1)
        )
