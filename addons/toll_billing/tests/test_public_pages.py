"""Pages without login: tariffs, sign-up, legal texts, complaints."""

import re
from unittest.mock import patch

from odoo.tests import tagged

from .portal_common import PRICE, TollHttpCommon


@tagged("post_install", "-at_install")
class TestPublicPages(TollHttpCommon):
    def _mails_to(self, address):
        mails = self.env["mail.mail"].search([], order="id desc", limit=30)
        return mails.filtered(
            lambda mail: (
                address in (mail.email_to or "")
                or address in mail.recipient_ids.mapped("email")
            )
        )

    # Tariffs

    def test_price_with_its_reasons(self):
        url = (
            f"/toll/tariffs?operator={self.operator.id}&plaza={self.plaza.id}"
            f"&vehicle_class={self.auto.id}&when=2026-03-02T10:00"
        )
        with patch(
            "odoo.addons.toll_billing.controllers.public_tariffs"
            ".TollPublicTariffs._toll_days_ahead",
            10_000,
        ):
            text = self.url_open(url).text
        self.assertIn(f"{PRICE:.2f}", text)
        self.assertIn("TEST", text)
        self.assertIn("o_toll_price", text)

    def test_strange_questions_about_prices(self):
        base = f"operator={self.operator.id}&plaza={self.plaza.id}"
        for query in (
            f"{base}&vehicle_class={self.auto.id}&when=0001-01-01T00:00",
            f"{base}&vehicle_class={self.auto.id}&when=9999-12-31T23:59",
            f"{base}&vehicle_class={self.auto.id}&when=x",
            f"{base}&vehicle_class=99999",
            "operator=99&plaza=%27",
        ):
            with self.subTest(query=query):
                response = self.url_open(f"/toll/tariffs?{query}")
                self.assertEqual(response.status_code, 200)
                self.assertNotIn("o_toll_price", response.text)

    def test_drafts_are_not_public(self):
        draft = self.tariff.copy({"version": "SECRET", "valid_from": "2030-01-01"})
        self.assertEqual(draft.state, "draft")
        self.assertNotIn("SECRET", self.url_open("/toll/tariffs").text)
        self.operator.state = "suspended"
        self.assertNotIn(self.plaza.name, self.url_open("/toll/tariffs").text)

    # Sign-up

    def _sign_up(self, **values):
        form = {
            "name": "Nora Nueva",
            "email": "nora@example.org",
            "phone": "5551234",
            "plate": "NOR1234",
            "class_id": self.auto.id,
            "conditions": "1",
            **values,
        }
        return self._post("/toll/signup", **form)

    def test_sign_up_and_confirm_by_e_mail(self):
        self.assertIn("nora@example.org", self._sign_up(marketing="1").text)
        partner = self.env["res.partner"].search([("email", "=", "nora@example.org")])
        account = partner.toll_account_ids
        self.assertEqual(account.state, "draft")
        self.assertEqual(account.vehicle_ids.plate_normalized, "NOR1234")
        consents = self.env["toll.consent"]._get_current(partner)
        self.assertEqual(set(consents), {"conditions", "privacy", "marketing"})
        self.assertEqual(consents["conditions"].version, "1")
        self.assertTrue(consents["conditions"].ip)
        mail = self._mails_to("nora@example.org")
        link = re.search(r'href="([^"]*/web/signup[^"]*)"', str(mail.body_html))[1]
        token = re.search(r"token=([^&]+)", link)[1]
        self.env["res.users"].signup(
            {"login": partner.email, "name": partner.name, "password": "a-Secret-9"},
            token=token,
        )
        self.assertEqual(account.state, "active")
        self.authenticate("nora@example.org", "a-Secret-9")
        self.assertIn(account.number, self.url_open("/my/toll").text)

    def test_known_address_gets_the_same_page_and_a_mail(self):
        new = self._sign_up().text
        self.account.partner_id.email = "ana@example.org"
        count = self.env["toll.account"].search_count([])
        known = self._sign_up(email="ana@example.org", plate="OTHER99").text
        self.assertEqual(self.env["toll.account"].search_count([]), count)

        def shape(text):
            found = re.search(r'<h1.*?</h1>.*?role="status".*?</div>', text, re.S)[0]
            return found.replace("ana@", "nora@")

        self.assertEqual(shape(known), shape(new))
        mail = self._mails_to("ana@example.org")
        self.assertEqual(len(mail), 1)
        again = self._sign_up().text
        self.assertEqual(shape(again), shape(new))

    def test_plate_of_another_is_for_an_agent(self):
        self._sign_up(plate=self.stranger_vehicle.plate)
        partner = self.env["res.partner"].search([("email", "=", "nora@example.org")])
        self.assertFalse(partner.toll_account_ids.vehicle_ids)
        self.assertTrue(partner.toll_account_ids.activity_ids)

    def test_sign_up_needs_conditions_and_an_address(self):
        for change in (
            {"conditions": ""},
            {"email": "nonsense"},
            {"email": "a@b.example\nBcc: x@y.example"},
            {"name": " "},
        ):
            with self.subTest(change=change):
                self.assertIn('role="alert"', self._sign_up(**change).text)
        self.assertFalse(
            self.env["res.partner"].search([("email", "=", "nora@example.org")])
        )

    def test_sign_ups_are_limited(self):
        codes = [
            self._sign_up(email=f"n{n}@example.org", plate=f"LIM{n:04}").status_code
            for n in range(7)
        ]
        self.assertEqual(codes[-1], 429)

    # Texts

    def test_legal_pages(self):
        text = self.url_open("/toll/legal").text
        for code in (
            "conditions", "privacy", "cookies", "complaints", "accessibility",
            "retention",
        ):  # fmt: skip
            self.assertIn(f"/toll/legal/{code}", text)
            page = self.url_open(f"/toll/legal/{code}")
            self.assertIn("Version", page.text)
        self.assertEqual(self.url_open("/toll/legal/nothing").status_code, 404)

    def test_start_page_is_the_site(self):
        website = self.env["website"].search([], limit=1)
        website.homepage_url = "/toll"
        text = self.url_open("/").text
        for url in ("/toll/tariffs", "/toll/topup", "/toll/signup", "/my/toll"):
            self.assertIn(f'href="{url}"', text)

    def test_complaint_of_anybody(self):
        response = self._post(
            "/toll/complaint",
            name="<b>Zoe</b>",
            email="zoe@example.org",
            description="The barrier hit my car",
        )
        self.assertIn("Your number is", response.text)
        self.assertNotIn("<b>Zoe", response.text)
        found = self.env["toll.request"].search(
            [("contact_email", "=", "zoe@example.org")]
        )
        self.assertEqual((found.channel, len(found)), ("web", 1))
        response = self._post("/toll/complaint", name="Z", email="x", description="x")
        self.assertIn('role="alert"', response.text)
