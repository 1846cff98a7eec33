"""Hand-held devices: enrolment, keys, rights, the app's files (001-08)."""

import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.toll_account.core.throttle import Throttle

from ..controllers import handheld as controller
from ..controllers import handheld_app
from ..models import ir_http, toll_handheld
from .handheld_common import HandheldCommon


@tagged("post_install", "-at_install")
class TestHandheld(HandheldCommon):
    def _enrol(self, code):
        return self._call("enrol", {"code": code, "app": "1"}, key="none")

    def _wrong(self, code):
        """The same public part, another secret."""
        return code[:-1] + ("0" if code[-1] != "0" else "1")

    # === ENROLMENT === #

    def test_a_code_gives_a_key_once_001_08(self):
        handheld = self._make_handheld("New Tablet")
        code = handheld.with_user(self.manager)._make_code()
        self.assertEqual(handheld.state, "new")
        response = self._enrol(code.lower().replace("-", " "))
        self.assertEqual(response.status_code, 200, response.text)
        key = response.json()["key"]
        self.assertEqual(handheld.state, "enrolled")
        self.assertEqual(self._call("hello", key=key).status_code, 200)
        self._assert_error(self._enrol(code), 403, "wrong_code")
        stored = self.env["toll.handheld"].sudo().browse(handheld.id)
        kept = str(stored.read()) + str(stored.message_ids.mapped("body"))
        self.assertNotIn(key, kept)
        self.assertNotIn(key[13:], kept)
        self.assertNotIn(code, kept)

    def test_the_dialog_shows_code_and_image(self):
        """With the fields that the browser asks for, an image's age among them."""
        codes = self.env["toll.handheld.code"].with_user(self.manager)
        defaults = codes._prepare_defaults("0123-4567-89AB")
        names = ("code", "url", "qr", "write_date")
        answer = codes.with_context(**defaults).onchange(
            {}, [], dict.fromkeys(names, {})
        )
        self.assertEqual(answer["value"]["code"], "0123-4567-89AB")
        self.assertTrue(answer["value"]["qr"].startswith(b"iVBOR"))

    def test_a_new_enrolment_ends_the_key_before(self):
        key = self._enrol(self.handheld._make_code()).json()["key"]
        self._assert_error(self._call("hello"), 401)
        self.assertEqual(self._call("hello", key=key).status_code, 200)

    def test_a_code_ends(self):
        code = self.handheld._make_code()
        self.handheld.sudo().code_expires_at = fields.Datetime.now() - timedelta(
            hours=1
        )
        self._assert_error(self._enrol(code), 403)

    def test_wrong_tries_void_a_code(self):
        code = self.handheld._make_code()
        for _try in range(toll_handheld.CODE_TRIES):
            self._assert_error(self._enrol(self._wrong(code)), 403, "wrong_code")
        self._assert_error(self._enrol(code), 403)
        self.assertIn("wrong tries", str(self.handheld.message_ids.mapped("body")))
        self.assertEqual(self._call("hello").status_code, 200, "the key before works")

    def test_enrolments_are_limited_by_address(self):
        with patch.object(controller, "ENROLMENTS", Throttle(2, 600)):
            statuses = [self._enrol("").status_code for _try in range(4)]
        self.assertEqual(statuses, [403, 403, 429, 429])

    def test_bad_codes_are_answered(self):
        for code in (None, 7, "", "x" * 5000, ["a"], "ÑÑÑÑ-ÑÑÑÑ-ÑÑÑÑ"):
            self._assert_error(self._enrol(code), 403, "wrong_code")

    def test_only_managers_enrol(self):
        for user in (self.staff, self.analyst):
            handheld = self.handheld.with_user(user)
            for method in (handheld._make_code, handheld.action_revoke):
                with self.assertRaises(AccessError):
                    method()
        context = self.handheld.env["toll.handheld.code"]._prepare_defaults("ABCD")
        self.assertTrue(context["default_qr"])
        self.handheld.action_archive()
        with self.assertRaises(UserError):
            self.handheld._make_code()

    # === KEYS === #

    def test_a_revoked_device_is_told_so(self):
        self.handheld.with_user(self.manager).action_revoke()
        for path in ("hello", "sync", "check", "list"):
            self._assert_error(self._call(path), 403, "forbidden")
        key = self._enrol(self.handheld._make_code()).json()["key"]
        self.assertEqual(self._call("hello", key=key).status_code, 200)
        self.handheld.action_lost()
        self.assertEqual(self.handheld.state, "lost")
        self._assert_error(self._call("sync", key=key), 403)

    def test_an_archived_device_is_refused(self):
        self.handheld.action_archive()
        self._assert_error(self._call("hello"), 403)

    def test_wrong_keys(self):
        for key in ("", "x", "0" * 12 + "-" + "0" * 64, self.key[:-1] + "x", "a b"):
            self._assert_error(self._call("hello", key=key), 401, "unauthorized")
        with patch.object(ir_http, "WRONG_KEYS", Throttle(1, 600)):
            self._assert_error(self._call("hello", key="x"), 401)
            self._assert_error(self._call("hello", key="x"), 429)
            self.assertEqual(self._call("hello").status_code, 200)

    def test_a_device_that_runs_wild_is_slowed_down(self):
        with patch.object(ir_http, "CALLS", Throttle(2, 600)):
            statuses = [self._call("hello").status_code for _call in range(3)]
        self.assertEqual(statuses, [200, 200, 429])

    def test_the_key_opens_nothing_else(self):
        headers = {"Authorization": f"Bearer {self.key}"}
        for path in ("/toll/api/v1/crossings", "/json/2/res.partner/search_read"):
            response = self.url_open(path, json={"domain": []}, headers=headers)
            self.assertIn(response.status_code, (401, 403), path)

    # === SETTINGS === #

    def test_settings_know_the_devices_plazas_only(self):
        settings = self._call("hello").json()["settings"]
        self.assertEqual([p["code"] for p in settings["plazas"]], [self.plaza.code])
        self.assertEqual(settings["plazas"][0]["lanes"][0]["code"], "01")
        self.assertEqual([s["id"] for s in settings["staff"]], self.staff.ids)
        self.assertEqual([c["code"] for c in settings["classes"]], ["A"])
        text = str(settings)
        for secret in (self.account.number, self.other_operator.name, self.key):
            self.assertNotIn(secret, text)

    def test_plazas_are_the_operators_own(self):
        with self.assertRaises(ValidationError):
            self.handheld.plaza_ids = [Command.link(self.other_plaza.id)]

    def test_a_used_device_stays(self):
        self._sync(self._row())
        with self.assertRaises(UserError):
            self.handheld.unlink()
        with self.assertRaises(UserError):
            self.handheld.with_user(self.manager).operator_id = self.other_operator

    # === RIGHTS === #

    def test_staff_see_their_own_devices_only(self):
        row = self._row()
        self._sync(row)
        capture = self._captures(row)
        for user, sees in ((self.staff, 1), (self.outsider, 0), (self.analyst, 1)):
            for record in (self.handheld, capture):
                found = record.with_user(user).search([("id", "=", record.id)])
                self.assertEqual(len(found), sees, (user.login, record))
        with self.assertRaises(AccessError):
            self.handheld.with_user(self.staff).name = "Mine"
        with self.assertRaises(AccessError):
            capture.with_user(self.staff).plate = "X"
        for model in ("toll.handheld", "toll.handheld.capture", "toll.handheld.check"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.user).search([])

    def test_companies_do_not_mix(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = new_test_user(
            self.env,
            "elsewhere_manager",
            groups="toll_account.group_toll_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for model in ("toll.handheld", "toll.handheld.capture", "toll.handheld.check"):
            self.assertFalse(self.env[model].with_user(other).search([]))
        with self.assertRaises(AccessError):
            self.handheld.with_user(other)._make_code()

    # === THE APP === #

    def test_the_app_comes_from_here_alone(self):
        page = self.url_open("/toll/handheld")
        self.assertEqual(page.status_code, 200)
        policy = page.headers["Content-Security-Policy"]
        self.assertNotIn("unsafe", policy)
        self.assertIn("default-src 'none'", policy)
        worker = self.url_open("/toll/handheld/sw.js")
        self.assertEqual(worker.headers["Service-Worker-Allowed"], "/toll/handheld")
        manifest = self.url_open("/toll/handheld/manifest.webmanifest").json()
        self.assertEqual(manifest["scope"], "/toll/handheld")
        files = re.findall(r"/toll/handheld/app/[^\s\"]+", worker.text)
        icons = [icon["src"] for icon in manifest["icons"]]
        linked = re.findall(r"/toll/handheld/app/[^\s\"]+", page.text)
        self.assertLessEqual({*icons, *linked}, set(files))
        for path in files:
            response = self.url_open(path)
            self.assertEqual(response.status_code, 200, path)
            self.assertIn("immutable", response.headers["Cache-Control"])
            if not path.endswith(".png"):
                self.assertNotRegex(response.text, r"https?://", path)
        for text in (page.text, worker.text):
            self.assertNotRegex(text, r"https?://|\{\{")

    def test_every_module_of_the_app_is_in_it(self):
        names = set(handheld_app.read_files())
        for name, content in handheld_app.read_files().items():
            if name.endswith(".js"):
                for used in re.findall(rb'from "\./([^"]+)"', content):
                    self.assertIn(used.decode(), names, name)

    def test_unknown_files(self):
        for name in ("sw.js", "index.html", "nothing.js", "%00.js"):
            path = f"/toll/handheld/app/{handheld_app.version()}/{name}"
            self.assertEqual(self.url_open(path).status_code, 404, name)
        old = self.url_open("/toll/handheld/app/old/app.js")
        self.assertEqual(old.headers["Cache-Control"], "no-store")
