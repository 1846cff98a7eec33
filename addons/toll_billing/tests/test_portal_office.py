"""What customers do in the virtual office: requests, vehicles, TAGs, files, choices."""

import io
import re
import zipfile
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.toll_account.tests.test_toll_auto_topup import set_up_provider

from .portal_common import PRICE, TollHttpCommon


@tagged("post_install", "-at_install")
class TestPortalOffice(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls._post_events([cls._event(f"OFF-{n}") for n in range(3)])
        cls.account.partner_id.email = "ana@example.org"

    def setUp(self):
        super().setUp()
        self.authenticate("portal_ana", "portal_ana")

    def _post(self, path, files=None, **data):
        form = self.url_open("/my/toll/requests/new").text
        data["csrf_token"] = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[
            1
        ]
        return self.url_open(path, data=data, files=files)

    # Requests

    def test_request_with_files_answer_and_list(self):
        response = self._post(
            "/my/toll/requests/new",
            files={"files": ("registration.pdf", io.BytesIO(b"%PDF-1.4"))},
            type_code="data_change",
            account=self.account.id,
            description="My street is another one",
        )
        record = self.env["toll.request"].search(
            [("account_id", "=", self.account.id)], limit=1
        )
        self.assertIn(record.number, response.text)
        self.assertEqual(record.channel, "web")
        self.assertIn("registration.pdf", response.text)
        response = self._post(f"/my/toll/requests/{record.id}", message="One more word")
        self.assertIn("One more word", response.text)
        record.message_post(body="SECRET-NOTE of ours", subtype_xmlid="mail.mt_note")
        record.write({"resolution": "We changed it.", "state": "done"})
        text = self.url_open(f"/my/toll/requests/{record.id}").text
        self.assertIn("We changed it.", text)
        self.assertNotIn("SECRET-NOTE", text)
        self.assertIn(record.number, self.url_open("/my/toll/requests").text)
        self.assertNotIn(record.number, self.url_open("/my/toll/claims").text)

    def test_dispute_of_a_crossing_becomes_a_claim(self):
        crossing = self.mine[0]
        page = self.url_open(f"/my/toll/crossings/{crossing.id}").text
        link = re.search(r'href="(/my/toll/requests/new\?[^"]*crossing=\d+)"', page)
        form = self.url_open(link[1].replace("&amp;", "&")).text
        self.assertIn(crossing.ref, form)
        self._post(
            "/my/toll/requests/new",
            type_code="claim",
            account=self.account.id,
            crossing=crossing.id,
            description="I was not there",
        )
        claim = self.env["toll.request"].search(
            [("account_id", "=", self.account.id), ("type_id.code", "=", "claim")]
        )
        self.assertIn(crossing.ref, claim.description)
        self.assertIn("I was not there", claim.description)
        self.assertEqual(claim.vehicle_id, self.vehicle)
        self.assertIn(claim.number, self.url_open("/my/toll/claims").text)

    def test_request_without_text_or_type_is_explained(self):
        for data in (
            {"type_code": "claim", "description": " "},
            {"type_code": "nonsense", "description": "x"},
        ):
            with self.subTest(data=data):
                response = self._post(
                    "/my/toll/requests/new", account=self.account.id, **data
                )
                self.assertIn('role="alert"', response.text)

    # Vehicles and TAGs

    def test_add_a_vehicle(self):
        response = self._post(
            "/my/toll/vehicles/new",
            account=self.account.id,
            plate="new-77-x",
            class_id=self.auto.id,
            make="Nissan",
        )
        self.assertIn("is registered", response.text)
        vehicle = self.env["toll.vehicle"].search([("plate_normalized", "=", "NEW77X")])
        self.assertEqual(vehicle.account_id, self.account)
        for data in (
            {"plate": self.stranger_vehicle.plate, "class_id": self.auto.id},
            {"plate": "A", "class_id": self.auto.id},
            {"plate": "GOOD123", "class_id": "0"},
        ):
            with self.subTest(data=data):
                response = self._post(
                    "/my/toll/vehicles/new", account=self.account.id, **data
                )
                self.assertIn('role="alert"', response.text)
        self.account.action_suspend()
        with self.assertRaises(UserError):
            self.account.with_user(self.user)._portal_add_vehicle("A1B2", self.auto.id)

    def _give_tag(self, vehicle):
        rows = [
            {
                "name": "Tag Owner",
                "payment_mode": "prepaid",
                "plate": "TAGX001",
                "class_code": "AUTO",
                "tag": "TEST00000077",
                "group": "x",
            }
        ]
        since = fields.Datetime.now() - timedelta(days=5)
        loaded = self.env["toll.opening.load"]._load(rows, date=since)
        lot = self.env["stock.lot"].browse(loaded["lot_ids"])
        lot.toll_return()
        lot.toll_assign(vehicle)
        return lot

    def test_block_unblock_and_lose_the_own_tag(self):
        lot = self._give_tag(self.vehicle)
        path = f"/my/toll/vehicles/{self.vehicle.id}/tag"
        self.assertIn("is blocked", self._post(path, action="block").text)
        self.assertEqual(lot.toll_state, "blocked")
        self.assertIn("blocked already", self._post(path, action="block").text)
        self.assertIn("may be used", self._post(path, action="unblock").text)
        self.assertEqual(lot.toll_state, "assigned")
        response = self._post(path, action="lost")
        self.assertIn("Please tick", response.text)
        self.assertEqual(lot.toll_state, "assigned")
        response = self._post(path, action="stolen", confirm="1")
        self.assertEqual(lot.toll_state, "stolen")
        self.assertIn("blocked for good", response.text)
        self.assertIn("Ask for a TAG", response.text)
        request = self.env["toll.request"].search(
            [("account_id", "=", self.account.id), ("type_id.code", "=", "tag_lost")]
        )
        self.assertIn(lot.name, request.description)
        self.assertIn("no TAG", self._post(path, action="block").text)

    def test_what_the_operator_blocked_stays_blocked(self):
        lot = self._give_tag(self.vehicle)
        lot.toll_block("fraud")
        path = f"/my/toll/vehicles/{self.vehicle.id}/tag"
        response = self._post(path, action="unblock")
        self.assertIn("not blocked by you", response.text)
        self.assertEqual(lot.toll_state, "blocked")

    def test_tag_of_a_stranger_is_out_of_reach(self):
        lot = self._give_tag(self.stranger_vehicle)
        self._post(f"/my/toll/vehicles/{self.stranger_vehicle.id}/tag", action="block")
        self.assertEqual(lot.toll_state, "assigned")
        with self.assertRaises(AccessError):
            self.stranger_vehicle.with_user(self.user)._toll_portal_block()

    # Automatic top-up

    def test_automatic_top_up_page(self):
        token = set_up_provider(self.env, self.account.partner_id)
        other = set_up_provider(self.env, self.stranger.partner_id)
        form = {
            "account": self.account.id,
            "token": token.id,
            "threshold": "200",
            "amount": "300",
            "daily_cap": "600",
            "agree": "1",
        }
        for change in (
            {"token": other.id},
            {"token": ""},
            {"agree": ""},
            {"amount": "1"},
            {"amount": "nan"},
            {"threshold": "-5"},
            {"daily_cap": "100"},
        ):
            with self.subTest(change=change):
                response = self._post("/my/toll/autotopup", **{**form, **change})
                self.assertIn('role="alert"', response.text)
        self.assertFalse(self.account.auto_topup_ids)
        response = self._post("/my/toll/autotopup", **form)
        auto = self.account.auto_topup_ids
        self.assertEqual(
            (auto.amount, auto.state, auto.token_id), (300, "active", token)
        )
        consent = self.env["toll.consent"].search(
            [("account_id", "=", self.account.id), ("purpose", "=", "auto_topup")]
        )
        self.assertTrue(consent.granted and consent.ip)
        self._post("/my/toll/autotopup", account=self.account.id, action="pause")
        self.assertEqual(auto.state, "paused")
        self._post("/my/toll/autotopup", **{**form, "amount": "400"})
        self.assertEqual((auto.amount, auto.state), (400, "active"))
        self.assertFalse(auto.is_fallback or auto.is_learned)
        second = token.copy()
        learn = {"is_learned": "1", "cover_weeks": "2", "amount_min": "100"}
        response = self._post("/my/toll/autotopup", **{**form, **learn})
        self.assertIn('role="alert"', response.text, "the most is missing")
        learn["amount_max"] = "600"
        self._post(
            "/my/toll/autotopup",
            **{**form, **learn, "other_0": second.id, "other_1": other.id},
        )
        self.assertEqual(auto._get_tokens().ids, [token.id, second.id])
        self.assertEqual((auto.is_learned, auto.amount_max), (True, 600))

    # Preferences and data

    def test_preferences_and_consents(self):
        self._post("/my/toll/preferences", lang="es_MX", marketing="1")
        partner = self.account.partner_id
        current = self.env["toll.consent"]._get_current(partner)
        self.assertTrue(current["marketing"].granted)
        self.assertNotIn("profiling", current)
        self._post("/my/toll/preferences", lang="xx_XX")
        current = self.env["toll.consent"]._get_current(partner)
        self.assertFalse(current["marketing"].granted)
        self.assertNotEqual(partner.lang, "xx_XX")

    def test_download_of_the_own_data(self):
        response = self._post("/my/toll/data")
        archive = zipfile.ZipFile(io.BytesIO(response.content))
        crossings = archive.read("crossings.csv").decode()
        self.assertIn("OFF-0", crossings)
        self.assertIn(self.account.number, archive.read("customer.json").decode())
        every = b"".join(archive.read(name) for name in archive.namelist())
        self.assertNotIn(self.stranger.number.encode(), every)
        again = self._post("/my/toll/data")
        self.assertTrue(again.history, "not twice in a minute")

    def test_erasure_request(self):
        response = self._post("/my/toll/erasure")
        self.assertIn("Please tick", response.text)
        self.assertIn("open account", response.text)
        self._post("/my/toll/erasure", confirm="1")
        found = self.env["toll.request"].search(
            [
                ("partner_id", "=", self.account.partner_id.id),
                ("type_id.code", "=", "erasure"),
            ]
        )
        self.assertEqual(len(found), 1)

    # Figures and files

    def test_overview_in_figures(self):
        text = self.url_open("/my/toll").text
        self.assertIn("This month by vehicle", text)
        days = self.account._get_days_left()[self.account.id]
        # three crossings in the customer's first week
        self.assertEqual(days, int((1000 - 3 * PRICE) * 7 / (3 * PRICE)))
        self.assertIn(f"<strong>{days}</strong> days", text)
        with self.assertRaises(AccessError):
            self.stranger.with_user(self.user).read(["balance"])
        usage = (self.account | self.stranger).with_user(self.user)._get_usage()
        self.assertNotIn(self.stranger.id, usage)

    def test_low_balance_is_told_once_by_days_left(self):
        Account = self.env["toll.account"]
        company = self.account.company_id
        company.toll_low_balance_days = 30
        self.account.low_balance_threshold = 0
        told = self.account._tell_low_balance(fields.Datetime.now())
        self.assertEqual(told, 1)
        message = self.account.message_ids[0]
        self.assertIn(self.account.partner_id, message.notified_partner_ids)
        Account.flush_model()
        self.assertTrue(self.account.low_notice_at)
        now = fields.Datetime.now()
        self.assertNotIn(self.account, Account._find_untold(now))
        later = now + timedelta(days=4)
        self.assertIn(self.account, Account._find_untold(later))
        company.toll_low_balance_days = 1
        self.assertEqual(self.account._tell_low_balance(fields.Datetime.now()), 0)

    def test_files_of_the_crossings(self):
        import openpyxl

        self.plaza.name = "=1+1"
        response = self.url_open("/my/toll/crossings/xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
        rows = list(sheet.iter_rows(values_only=True))
        self.assertEqual(len(rows), 4)
        self.assertEqual(rows[1][2], "'=1+1")
        self.assertEqual(rows[1][11], PRICE)
        for path in (
            "/my/toll/crossings/pdf",
            f"/my/toll/crossings/{self.mine[0].id}/pdf",
        ):
            with self.subTest(path=path):
                response = self.url_open(path)
                self.assertEqual(response.status_code, 200)
                self.assertIn("pdf", response.headers["Content-Type"])
                self.assertIn("attachment", response.headers["Content-Disposition"])

    def test_spanish_first(self):
        """A site of ours can speak Spanish first, and English under /en."""
        website = self.env["website"].search([], limit=1)
        spanish = self.env["res.lang"]._activate_lang("es_MX")
        website.homepage_url = False
        languages = website.default_lang_id, website.language_ids
        self.env["website"]._toll_set_up()
        self.assertEqual((website.default_lang_id, website.language_ids), languages)
        self.env["res.config.settings"].create({}).action_toll_set_languages()
        self.assertEqual(website.default_lang_id, spanish)
        self.assertEqual(website.homepage_url, "/toll")
        urls = website.menu_id.child_id.mapped("url")
        for url in ("/toll/tariffs", "/toll/topup", "/toll/legal", "/my/toll"):
            self.assertEqual(urls.count(url), 1)
        response = self.url_open("/my/toll")
        self.assertIn("/en", response.url, "the user of the test reads English")
        self.assertIn("Balance", response.text)

    def test_stranger_of_another_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "office_elsewhere",
            groups="base.group_portal",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.env["toll.auto.topup"].with_user(user).search([]))
        self.assertFalse(self.env["toll.consent"].with_user(user).search([]))
