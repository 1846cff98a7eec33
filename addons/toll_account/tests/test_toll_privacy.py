"""Consents, legal pages, a copy of the data, erasure (X13), public visits."""

import base64
import io
import json
import zipfile
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollPrivacy(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.write({"email": "ana@example.org", "street": "Juárez 1"})
        cls.user = new_test_user(
            cls.env,
            "privacy_ana",
            "base.group_portal",
            name="Test Customer",
            email="ana@example.org",
            partner_id=cls.partner.id,
        )
        cls.vehicle = cls._create_vehicle("PRV1234", make="=cmd()")

    def _consent(self, purpose="marketing", granted=True, **values):
        return self.env["toll.consent"]._record(
            self.partner, purpose, granted, **values
        )

    def test_consents_are_a_log(self):
        first = self._consent()
        self.assertEqual(self._consent(), first, "the same again adds nothing")
        last = self._consent(granted=False)
        current = self.env["toll.consent"]._get_current(self.partner)
        self.assertEqual(current["marketing"], last)
        with self.assertRaises(UserError):
            first.granted = False
        with self.assertRaises(UserError):
            first.unlink()

    def test_consents_of_others_are_not_seen(self):
        self._consent()
        stranger = new_test_user(self.env, "privacy_other", "base.group_portal")
        self.assertFalse(self.env["toll.consent"].with_user(stranger).search([]))
        self.assertTrue(self.env["toll.consent"].with_user(self.user).search([]))
        with self.assertRaises(AccessError):
            self.env["toll.consent"].with_user(self.user).create(
                {"partner_id": self.partner.id, "purpose": "marketing"}
            )

    def test_legal_page_has_versions(self):
        pages = self.env["toll.legal.page"].with_user(self.manager)
        page = pages.create(
            {"code": "test-page", "name": "Test", "body": "<p>One</p>", "version": "1"}
        )
        self.assertFalse(pages._get_current(self.company, "test-page"))
        page.action_publish()
        with self.assertRaises(UserError):
            page.body = "<p>Other</p>"
        with self.assertRaises(UserError):
            page.unlink()
        second = page.copy({"body": "<p>Two</p>"})
        self.assertEqual((second.version, second.state), ("2", "draft"))
        second.valid_from = fields.Date.today() + timedelta(days=3)
        second.action_publish()
        current = pages._get_current(self.company, "test-page")
        self.assertEqual(current, page, "the new one is not in force yet")
        own = page.copy({"company_id": self.company.id, "version": "C"})
        own.action_publish()
        self.assertEqual(pages._get_current(self.company, "test-page"), own)
        with self.assertRaises(AccessError):
            page.with_user(self.agent).action_retire()

    def test_copy_of_the_data(self):
        self.account.top_up(200, "PRIV-1")
        self._consent()
        data = self.partner.with_user(self.user)._toll_export_zip()
        archive = zipfile.ZipFile(io.BytesIO(data))
        me = json.loads(archive.read("customer.json"))
        self.assertEqual(me["accounts"][0]["number"], self.account.number)
        self.assertIn("PRIV-1", archive.read("payments.csv").decode())
        vehicles = archive.read("vehicles.csv").decode()
        self.assertIn("PRV1234", vehicles)
        self.assertIn("'=cmd()", vehicles)
        self.assertNotIn(",=cmd", vehicles)
        self.assertIn("marketing", archive.read("consents.csv").decode())

    def _close_long_ago(self):
        self.account.action_close()
        self.account.closed_at = fields.Datetime.now() - timedelta(days=365 * 6)

    def test_erasure_waits_for_what_must_be_kept(self):
        partner = self.partner.with_user(self.manager)
        with self.assertRaises(UserError):
            partner.action_toll_pseudonymise()  # an open account
        self.account.action_close()
        with self.assertRaises(UserError):
            partner.action_toll_pseudonymise()  # five years are not over
        self.account.closed_at = fields.Datetime.now() - timedelta(days=365 * 6)
        partner.toll_legal_hold = True
        with self.assertRaises(UserError):
            partner.action_toll_pseudonymise()
        partner.toll_legal_hold = False
        with self.assertRaises(AccessError):
            self.partner.with_user(self.agent).action_toll_pseudonymise()
        self.assertEqual(self.partner.name, "Test Customer")

    def test_erasure_leaves_amounts_and_no_person(self):
        self.account.top_up(200, "PRIV-2")
        self.account.refund(200, "PRIV-3")
        request = (
            self.env["toll.request"]
            .with_user(self.user)
            ._open_for_customer("other", self.account, "My secret story")
            .sudo()
        )
        self._close_long_ago()
        self.partner.with_user(self.manager).action_toll_pseudonymise()
        self.env.invalidate_all()
        text = f"{self.partner.name} {self.partner.email} {self.partner.street}"
        text += f" {self.partner.phone} {self.vehicle.plate} {request.description}"
        for secret in ("Test Customer", "ana@", "Juárez", "555", "PRV", "secret"):
            self.assertNotIn(secret, text)
        self.assertFalse(self.user.active)
        self.assertNotIn("ana", self.user.login)
        self.assertEqual(len(self.account.entry_ids), 2)
        self.assertTrue(self.partner.toll_erased_at)

    def test_employees_are_not_erased(self):
        self._close_long_ago()
        self.agent.partner_id.parent_id = self.partner
        with self.assertRaises(UserError):
            self.partner.with_user(self.manager).action_toll_pseudonymise()

    def test_visits_are_limited_per_visitor(self):
        self.registry_enter_test_mode()
        visits = self.env["toll.public.visit"]
        one, two = ["ip 192.0.2.1"], ["ip 192.0.2.2"]
        answers = [visits._is_allowed("test", one, 3, 60) for _i in range(5)]
        self.assertEqual(answers, [True, True, True, False, False])
        self.assertTrue(visits._is_allowed("test", two, 3, 60))
        self.assertTrue(visits._is_allowed("other", one, 3, 60))
        self.assertNotIn("192.0.2.1", visits.search([]).mapped("visitor"))

    def test_limit_of_zero_lets_everybody_through(self):
        self.registry_enter_test_mode()
        visits = self.env["toll.public.visit"]
        self.assertTrue(
            all(visits._is_allowed("test", ["ip x"], 0, 60) for _i in range(9))
        )
        self.assertFalse(visits._is_reached("test", (["ip x"], 0, 60)))
        self.assertTrue(visits._is_reached("test", (["ip x", "ip y"], 9, 60)))
        self.assertFalse(visits._is_reached("test", (["ip x"], 10, 60)))

    def test_what_has_paid_is_taken_back_once(self):
        self.registry_enter_test_mode()
        visits = self.env["toll.public.visit"]
        here = ["ip x", "session 1"]
        for session in ("session 1", "session 1", "session 2"):
            visits._is_allowed("topup", ["ip x", session], 0, 60)
            visits._note("hit", [session])
        for _reload in range(3):
            visits._take_back(["topup"], "hit", "session 1", here, 60)
        self.assertTrue(visits._is_reached("topup", (["ip x"], 1, 60)))
        self.assertFalse(visits._is_reached("topup", (["ip x"], 2, 60)))
        self.assertFalse(visits._is_reached("topup", (["session 1"], 1, 60)))
        self.assertTrue(visits._is_reached("topup", (["session 2"], 1, 60)))

    @mute_logger("odoo.sql_db")
    def test_limits_of_public_pages_are_settings_of_managers(self):
        settings = self.env["res.config.settings"]
        manager = new_test_user(
            self.env,
            "public_limits",
            "toll_account.group_toll_manager,base.group_system",
        )
        settings = settings.with_user(manager).create({"toll_public_lookups": 7})
        settings.toll_public_pace = 30
        settings.execute()
        self.assertEqual(self.env.company.toll_public_lookups, 7)
        self.assertEqual(
            self.env["ir.config_parameter"].get_param("toll_account.public_pace"), "30"
        )
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env.company.toll_public_misses = -1
            self.env.flush_all()

    def test_notes_drivers_and_scans_go_with_the_person_x13(self):
        call = self.env["toll.call"].create(
            {"account_id": self.account.id, "note": "Ana said", "phone": "4425551234"}
        )
        driver = self.env["toll.driver"].create(
            {"account_id": self.account.id, "name": "Driver Dan", "licence": "L1"}
        )
        scan = self.env["toll.document"].create(
            {
                "account_id": self.account.id,
                "name": "Identity card",
                "kind": "identity",
                "file": base64.b64encode(b"%PDF-1.4 card"),
            }
        )
        data = self.partner.with_user(self.user)._toll_export_zip()
        archive = zipfile.ZipFile(io.BytesIO(data))
        for name, text in (
            ("contacts.csv", "Ana said"),
            ("drivers.csv", "Driver Dan"),
            ("documents.csv", "Identity card"),
            ("messages.csv", "channel"),
        ):
            with self.subTest(name):
                self.assertIn(text, archive.read(name).decode())
        file = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "toll.document"),
                ("res_field", "=", "file"),
                ("res_id", "=", scan.id),
            ]
        )
        self.assertTrue(file)
        self._close_long_ago()
        self.partner.with_user(self.manager).action_toll_pseudonymise()
        self.assertFalse(call.note or call.phone)
        self.assertNotIn("Dan", driver.name)
        self.assertFalse(driver.licence)
        self.assertFalse(scan.exists() or file.exists())

    @mute_logger("odoo.sql_db")
    def test_retention_once_per_class(self):
        months = self.env["toll.retention"]._get_months(self.company)
        self.assertEqual(months["customer"], 60)
        self.env["toll.retention"].create(
            {"data_class": "customer", "months": 12, "company_id": self.company.id}
        )
        months = self.env["toll.retention"]._get_months(self.company)
        self.assertEqual(months["customer"], 12)
