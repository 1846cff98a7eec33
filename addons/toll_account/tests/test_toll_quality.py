import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollQuality(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Issue = cls.env["toll.quality.issue"]

    def _rule(self, check):
        return (
            self.env["toll.quality.rule"]
            .with_context(active_test=False)
            .search([("check", "=", check)], limit=1)
        )

    def _found(self, check, **domain):
        return self.Issue.search(
            [
                ("rule_id", "=", self._rule(check).id),
                ("state", "=", domain.pop("state", "open")),
                *((key, "=", value) for key, value in domain.items()),
            ]
        )

    def _customer(self, name, **values):
        partner = self.env["res.partner"].create({"name": name, **values})
        return partner, self._create_account(partner_id=partner.id)

    def test_same_person_twice_is_found_once_and_solves_itself_001_07(self):
        rule = self._rule("duplicate_contact")
        one, _account = self._customer("Ana  Núñez", phone="+52 442 111 2233")
        two, account = self._customer("ana nunez", phone="4421112233")
        rule._run()
        issue = self._found("duplicate_contact", partner_id=two.id)
        self.assertEqual(issue.other_id, one.id)
        self.assertEqual(issue.account_id, account)
        self.assertFalse(self._found("duplicate_contact", partner_id=one.id))
        rule._run()
        self.assertEqual(self._found("duplicate_contact", partner_id=two.id), issue)
        two.phone = "4429998877"
        rule._run()
        self.assertEqual(issue.state, "solved")
        two.phone = "4421112233"
        rule._run()
        self.assertEqual(issue.state, "open", "the same finding opens again")

    def test_each_check_finds_its_kind(self):
        partner, account = self._customer("Bad data", email="nobody@", phone=False)
        partner.flush_recordset()
        partner.vat = False
        none, _a = self._customer("Unreachable", phone=False, email=False)
        vehicle = self._create_vehicle("ABC1")
        us = self.env.ref("base.us")
        twice = self._create_vehicle("DUP-771", account, country_id=us.id)
        self._create_vehicle("DUP 771")
        self.env["toll.vehicle.registry"].create(
            {
                "plate": "abc-1",
                "country_id": self.country.id,
                "class_id": self.class_c5.id,
            }
        )
        rules = self.env["toll.quality.rule"].search([])
        rules._run()
        self.assertTrue(self._found("bad_email", partner_id=partner.id))
        self.assertTrue(self._found("no_contact", partner_id=none.id))
        self.assertTrue(self._found("bad_plate", vehicle_id=vehicle.id))
        found = self._found("class_registry", vehicle_id=vehicle.id)
        self.assertIn("ABC1", found.detail)
        two = self._found("plate_two_accounts")
        self.assertEqual(len(two.filtered(lambda i: "771" in i.detail)), 1)
        self.assertTrue(twice)
        self.assertTrue(self._found("incomplete", account_id=account.id))

    def test_tax_ids_by_pattern_and_twice(self):
        mexico = {"country_id": self.country.id}
        one, _a = self._customer("One", **mexico)
        two, _b = self._customer("Two", **mexico)
        for partner, vat in ((one, "ABC010203XY1"), (two, "abc-010203-xy1")):
            self.env.cr.execute(
                "UPDATE res_partner SET vat = %s WHERE id = %s", (vat, partner.id)
            )
        partner, _c = self._customer("Three", **mexico)
        self.env.cr.execute(
            "UPDATE res_partner SET vat = 'NOT A TAX ID' WHERE id = %s", (partner.id,)
        )
        (one | two | partner).invalidate_recordset()
        self.env["toll.quality.rule"].search([])._run()
        self.assertTrue(self._found("duplicate_vat", partner_id=two.id))
        self.assertTrue(self._found("bad_vat", partner_id=partner.id))
        self.assertFalse(self._found("bad_vat", partner_id=two.id))

    def test_work_on_the_list_as_agent(self):
        partner, _account = self._customer("Unreachable", phone=False)
        self._rule("no_contact").with_user(self.agent).action_run()
        issue = self._found("no_contact", partner_id=partner.id).with_user(self.agent)
        issue.action_take()
        self.assertEqual((issue.state, issue.user_id), ("in_progress", self.agent))
        with self.assertRaisesRegex(UserError, "why"):
            issue.action_accept()
        issue.note = "Government body, by letter only"
        issue.action_accept()
        self._rule("no_contact")._run()
        self.assertEqual(issue.state, "accepted", "it stays accepted")
        with self.assertRaises(UserError):
            issue.write({"state": "solved"})
        with self.assertRaises(AccessError):
            issue.with_user(self.analyst).action_take()
        with self.assertRaises(AccessError):
            self._rule("no_contact").with_user(self.agent).active = False
        partner.phone = "4421112233"
        self._rule("no_contact")._run()
        self.assertEqual(issue.state, "solved")

    def test_other_company_does_not_see_the_findings(self):
        company = self._create_company("Other issuer")
        partner, _account = self._customer("Unreachable", phone=False)
        self._rule("no_contact")._run()
        issue = self._found("no_contact", partner_id=partner.id)
        self.agent.write({"company_ids": [(6, 0, company.ids)], "company_id": company})
        seen = self.Issue.with_user(self.agent).search([("id", "=", issue.id)])
        self.assertFalse(seen)

    def test_bad_pattern_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "regular expression"):
            self._rule("bad_plate").pattern = "([A-Z"
        with self.assertRaisesRegex(ValidationError, "needs a pattern"):
            self._rule("bad_plate").pattern = False

    def test_completeness_follows_the_data(self):
        partner, account = self._customer("Score", phone=False, country_id=False)
        before = account.completeness
        partner.write({"phone": "4421112233", "email": "a@b.mx"})
        self.assertGreater(account.completeness, before)
        middle = account.completeness
        account.with_user(self.agent).action_mark_verified()
        self.assertGreater(account.completeness, middle)
        self.assertEqual(account.verified_by_id, self.agent)
        found = self.env["toll.account"].search([("completeness", ">", before)])
        self.assertIn(account, found)

    def test_stale_until_verified(self):
        account = self._create_account()
        account.opened_at = "2020-01-01 12:00:00"
        self._rule("stale")._run()
        issue = self._found("stale", account_id=account.id)
        self.assertTrue(issue)
        account.action_mark_verified()
        self._rule("stale")._run()
        self.assertEqual(issue.state, "solved")

    def test_merge_of_accounts_keeps_money_and_history(self):
        other = self._create_account(partner_id=self.partner.id)
        vehicle = self._create_vehicle("MRG-001", other)
        self.account.top_up(100, "MG-1")
        other.top_up(250, "MG-2")
        wizard = (
            self.env["toll.account.merge"]
            .with_user(self.billing)
            .with_context(active_ids=[self.account.id, other.id])
            .create({"note": "Same customer"})
        )
        self.assertEqual(wizard.target_id, self.account)
        with self.assertRaisesRegex(UserError, "Tick the box"):
            wizard.action_merge()
        wizard.is_confirmed = True
        wizard.action_merge()
        self.assertEqual(self.account.balance, 350)
        self.assertEqual(other.balance, 0)
        self.assertEqual(other.state, "closed")
        self.assertEqual(other.merged_into_id, self.account)
        self.assertEqual(vehicle.account_id, self.account)
        self.assertFalse(vehicle.date_to, "the vehicle goes on")
        self.assertEqual(other.entry_ids.mapped("amount"), [-250, 250])
        self.assertEqual(
            [r["ok"] for r in self.env["toll.check"].run() if r["code"] == "4"], [True]
        )
        with self.assertRaisesRegex(UserError, "closed"):
            other.merge_into(self.account)

    def test_merge_is_refused_where_accounts_differ(self):
        postpaid = self._create_account(payment_mode="postpaid")
        with self.assertRaisesRegex(UserError, "differ"):
            postpaid.merge_into(self.account)
        company = self._create_company("Elsewhere")
        foreign = self._create_account(
            partner_id=self.partner.id, company_id=company.id
        )
        with self.assertRaisesRegex(UserError, "differ"):
            foreign.merge_into(self.account)
        with self.assertRaises(AccessError):
            self._create_account().with_user(self.agent).merge_into(self.account)
        with self.assertRaises(AccessError):
            self.account.with_user(self.agent).merged_into_id = postpaid

    def test_merge_of_customers_is_odoos_own(self):
        one, _a = self._customer("Eva Luna", phone="4425550001", email="e@l.mx")
        two, account = self._customer("Eva Luna", phone="4425550001", email="e@l.mx")
        self._rule("duplicate_contact")._run()
        issue = self._found("duplicate_contact", partner_id=two.id)
        action = issue.with_user(self.agent).action_merge()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.agent)
            .with_context(**action["context"])
            .create({})
        )
        wizard.dst_partner_id = one
        wizard.action_merge()
        self.assertFalse(two.exists())
        self.assertEqual(account.partner_id, one)

    def _import(self, text, **values):
        return (
            self.env["toll.vehicle.registry.import"]
            .with_user(self.manager)
            .create(
                {
                    "file": base64.b64encode(text.encode()),
                    "filename": "register.csv",
                    "source": "REPUVE",
                    **values,
                }
            )
        )

    def test_register_is_loaded_whole_or_not_at_all(self):
        wizard = self._import("plate,class\nREG-001,AUTO\nREG-002,NOPE\n,AUTO\n")
        with self.assertRaisesRegex(UserError, "Line 3.*NOPE"):
            wizard.action_load()
        wizard.action_check()
        self.assertIn("Line 4", wizard.problems)
        registry = self.env["toll.vehicle.registry"]
        self.assertFalse(registry.search([("plate", "=", "REG-001")]))
        self._import("plate,class\nREG-001,AUTO\n", date="2026-05-01").action_load()
        self._import("plate,class\nREG 001,C5\n", date="2026-04-01").action_load()
        line = registry.search([("plate_normalized", "=", "REG001")])
        self.assertEqual(line.class_id, self.class_auto, "older data changes nothing")
        self._import("plate,class\nREG 001,C5\n", date="2026-06-01").action_load()
        line.invalidate_recordset()
        self.assertEqual(line.class_id, self.class_c5)
        with self.assertRaises(AccessError):
            registry.with_user(self.agent)._upsert([])
