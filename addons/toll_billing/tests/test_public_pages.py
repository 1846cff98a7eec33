"""Pages without login: tariffs, quick top-up, sign-up, legal texts, complaints."""

import re
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.toll_account.controllers import public_topup
from odoo.addons.toll_account.tests.test_toll_auto_topup import set_up_provider

from .portal_common import PRICE, TollHttpCommon


@tagged("post_install", "-at_install")
class TestPublicPages(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = set_up_provider(cls.env, cls.account.partner_id)

    def _post(self, path, **data):
        form = self.url_open(path).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        return self.url_open(path, data={"csrf_token": found[1], **data})

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

    # Quick top-up

    def test_shows_initials_and_nothing_else(self):
        response = self._post("/toll/topup", term="tsa-0001", amount="150")
        self.assertIn("A*** R***", response.text)
        for secret in ("Ana", "Ruiz", self.account.number, "1,000", "TSA0001"):
            self.assertNotIn(secret, response.text)
        self.assertIn("o_payment_form", response.text)
        self.assertNotIn("4242", response.text, "no saved payment method")
        self.assertNotIn(
            f'data-partner-id="{self.account.partner_id.id}"', response.text
        )

    def test_unknown_closed_and_doubtful_look_the_same(self):
        self.stranger.refund(1000, "PUB-R")
        self.stranger.action_close()
        texts = set()
        for term in ("NOSUCH99", self.stranger_vehicle.plate, "A", "%", "' OR 1=1"):
            text = self._post("/toll/topup", term=term, amount="150").text
            self.assertIn("found no open account", text)
            texts.add(re.search(r'<div id="toll_error".*?</div>', text, re.S)[0])
        self.assertEqual(len(texts), 1)

    def test_same_limits_for_known_and_unknown(self):
        answers = set()
        for term in (self.vehicle.plate, "NOSUCH99"):
            text = self._post("/toll/topup", term=term, amount="0.01").text
            answers.add(re.search(r'<div id="toll_error".*?</div>', text, re.S)[0])
        self.assertEqual(len(answers), 1)

    def test_too_many_tries_are_stopped(self):
        with patch.object(public_topup, "LOOKUPS_PER_HOUR", 4):
            codes = [
                self._post("/toll/topup", term=f"TRY{n:04}", amount="150").status_code
                for n in range(7)
            ]
            known = self._post("/toll/topup", term=self.vehicle.plate, amount="150")
        self.assertEqual(codes, [200] * 4 + [429] * 3)
        self.assertEqual(known.status_code, 429)
        self.assertIn("Retry-After", known.headers)
        self.assertNotIn("A***", known.text)

    def test_a_new_session_does_not_help(self):
        with patch.object(public_topup, "LOOKUPS_PER_HOUR", 3):
            for number in range(5):
                self.opener.cookies.clear()
                response = self._post("/toll/topup", term=f"S{number:05}", amount="99")
        self.assertEqual(response.status_code, 429)

    def _pay(self, text, **values):
        url = re.search(r'data-transaction-route="([^"]+)"', text)[1]
        token = re.search(r'data-access-token="([^"]+)"', text)[1]
        params = {
            "amount": 150.0,
            "access_token": token,
            "provider_id": self.token.provider_id.id,
            "payment_method_id": self.token.payment_method_id.id,
            "token_id": None,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/somewhere",
            **values,
        }
        return self.url_open(url, json={"params": params}).json()

    def test_payment_reaches_the_wallet_once(self):
        before = self.account.balance
        text = self._post("/toll/topup", term=self.vehicle.plate, amount="150").text
        self.assertIn("error", self._pay(text, amount=15.0))
        self.assertIn("error", self._pay(text, access_token="x"))
        answer = self._pay(text)
        tx = self.env["payment.transaction"].search(
            [("reference", "=", answer["result"]["reference"])]
        )
        self.assertEqual((tx.toll_account_id, tx.amount), (self.account, 150))
        self.assertTrue(tx.partner_id.is_public)
        self.assertFalse(tx.tokenize)
        for _time in range(2):
            tx._set_done()
            tx._post_process()
        self.assertEqual(self.account.balance, before + 150)
        self.assertEqual(tx.payment_id.partner_id, self.account.partner_id)
        done = self.url_open(tx.landing_route).text
        self.assertIn("The top-up was received", done)
        for secret in ("Ana", "Ruiz", "1,150"):
            self.assertNotIn(secret, done)
        other = self.url_open(f"/toll/topup/done?tx_id={tx.id}&access_token=x")
        self.assertNotIn(tx.reference, other.text)

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
