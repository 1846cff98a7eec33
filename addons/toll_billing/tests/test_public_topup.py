"""Quick top-up without login: what it tells, to whom, and how often."""

import re

from odoo.tests import tagged

from odoo.addons.toll_account.core.masking import mask
from odoo.addons.toll_account.models.toll_public_visit import EVERYBODY
from odoo.addons.toll_account.tests.test_toll_auto_topup import set_up_provider

from .portal_common import TollHttpCommon


@tagged("post_install", "-at_install")
class TestPublicTopup(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = set_up_provider(cls.env, cls.account.partner_id)
        cls.env["toll.public.visit"].search([]).unlink()  # of somebody at work

    def _look_up(self, tag="", plate=""):
        return self._post("/toll/topup", tag=tag, plate=plate)

    def _confirm(self, tag="", plate="", amount="150"):
        return self._post("/toll/topup", tag=tag, plate=plate, amount=amount)

    def _alert(self, text):
        return re.search(r'<div id="toll_error".*?</div>', text, re.S)[0]

    def test_one_of_both_shows_nothing_of_the_account_000_33(self):
        for page in (
            self._look_up(plate="tsa-0001").text,
            self._confirm(plate="tsa-0001").text,
        ):
            for secret in ("Ana", "Ruiz", "A***", self.account.number, "1,000"):
                self.assertNotIn(secret, page)
            self.assertIn("•001", page)
        self.assertIn("o_payment_form", page)
        self.assertNotIn("4242", page, "no saved payment method")
        self.assertNotIn(f'data-partner-id="{self.account.partner_id.id}"', page)

    def test_tag_and_plate_together_show_initials_000_33(self):
        tag = self._make_tag()
        for page in (self._look_up(tag, "TSA0001"), self._confirm(tag, "TSA0001")):
            self.assertIn("A*** R***", page.text)
            self.assertNotIn("Ruiz", page.text)
        wrong = self._look_up(tag, self.stranger_vehicle.plate)
        self.assertNotIn("***", wrong.text)
        wrong = self._confirm(tag, self.stranger_vehicle.plate)
        self.assertIn("found no open account", wrong.text)

    def _make_tag(self):
        product = self.env["product.product"].create(
            {"name": "Public TAG", "toll_is_tag": True}
        )
        lot = self.env["stock.lot"].create(
            {"name": "PUB00000001", "product_id": product.id}
        )
        # as an assignment leaves it; how one is made is not the matter here
        self.env.cr.execute(
            "UPDATE stock_lot SET toll_account_id = %s WHERE id = %s",
            (self.account.id, lot.id),
        )
        lot.invalidate_recordset()
        return lot.name

    def _bare(self, response, *typed):
        """The answer without what the visitor typed and without tokens."""
        text = re.sub(r"[0-9a-f]{40}o[0-9]{10}", "TOKEN", response.text)
        for words in typed:
            text = text.replace(words, "TYPED").replace(mask(words), "MASKED")
        headers = {
            name: value
            for name, value in response.headers.items()
            if name not in ("Date", "Set-Cookie", "Content-Length")
        }
        return response.status_code, headers, text

    def test_known_and_unknown_are_the_same_page_000_33(self):
        """Byte for byte, until an amount is confirmed."""
        known, unknown = "TSA0001", "XYZ0001"
        self._look_up(plate=known)  # the frame is kept from here on
        self.assertEqual(
            self._bare(self._look_up(plate=known), known),
            self._bare(self._look_up(plate=unknown), unknown),
        )
        self.assertEqual(
            self._bare(self._look_up(tag=known), known),
            self._bare(self._look_up(tag=unknown), unknown),
        )
        for amount in ("0.01", "abc", "99999999", "1.234"):
            self.assertEqual(
                self._bare(self._confirm(plate=known, amount=amount), known),
                self._bare(self._confirm(plate=unknown, amount=amount), unknown),
            )
        # neither did one of them cost a try
        self.assertEqual(self._confirm(plate=known).status_code, 200)

    def test_known_and_unknown_cost_the_same_queries_000_33(self):
        tag = self._make_tag()
        accounts = self.env["toll.account"]
        counts = set()
        for pair in (
            (tag, "TSA0001"),
            ("NOSUCHTAG1", "NOSUCH99"),
            (tag, "NOSUCH99"),
            ("", "TSA0001"),
            ("", "NOSUCH99"),
            ("x", "%"),
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            accounts._find_public(*pair)
            counts.add(self.env.cr.sql_log_count - before)
        self.assertEqual(len(counts), 1, counts)

    def test_unknown_closed_and_doubtful_look_the_same(self):
        self.stranger.refund(1000, "PUB-R")
        self.stranger.action_close()
        texts = set()
        for term in ("NOSUCH99", self.stranger_vehicle.plate, "A", "%", "' OR 1=1"):
            text = self._confirm(plate=term).text
            self.assertIn("found no open account", text)
            texts.add(self._alert(text))
        self.assertEqual(len(texts), 1)

    def test_nothing_typed(self):
        for values in ({}, {"plate": "  "}, {"amount": "150"}):
            text = self._post("/toll/topup", **values).text
            self.assertIn("write the TAG or the plate", self._alert(text))

    def test_what_is_typed_is_text(self):
        text = self._look_up(plate="<b>x</b>\"'").text
        self.assertNotIn("<b>x", text)

    def test_too_many_look_ups_are_stopped(self):
        self.env.company.write({"toll_public_lookups": 4, "toll_public_misses": 0})
        codes = [self._confirm(plate=f"TRY{n:04}").status_code for n in range(7)]
        known = self._confirm(plate=self.vehicle.plate)
        self.assertEqual(codes, [200] * 4 + [429] * 3)
        self.assertEqual(known.status_code, 429)
        self.assertIn("Retry-After", known.headers)
        self.assertNotIn("o_payment_form", known.text)

    def test_misses_ask_for_tag_and_plate_together_000_33(self):
        """A miss counts more than a hit; a customer who has both still gets through."""
        self.env.company.toll_public_misses = 2
        tag = self._make_tag()
        for number in range(2):
            self.assertEqual(self._confirm(plate=f"TRY{number}XY").status_code, 200)
        for page in (self._look_up(plate="TSA0001"), self._confirm(plate="TSA0001")):
            self.assertEqual(page.status_code, 429)
            self.assertIn("Retry-After", page.headers)
            self.assertIn("TAG and plate together", self._alert(page.text))
            self.assertNotIn("o_payment_form", page.text)
        both = self._confirm(tag, "TSA0001")
        self.assertEqual(both.status_code, 200)
        self.assertIn("o_payment_form", both.text)

    def test_brake_over_all_addresses(self):
        """From many places at once: no single address comes near its own limit."""
        self.env.company.toll_public_brake = 3
        visits = self.env["toll.public.visit"]
        for number in range(3):
            visits._note("miss", [f"ip 192.0.2.{number}", EVERYBODY])
        page = self._look_up(plate="TSA0001")
        self.assertEqual(page.status_code, 429)
        self.assertIn("sign in", self._alert(page.text))
        self.env.company.toll_public_brake = 0
        self.assertEqual(self._look_up(plate="TSA0001").status_code, 200)

    def test_a_new_session_does_not_help(self):
        self.env.company.toll_public_lookups = 3
        for number in range(5):
            self.opener.cookies.clear()
            response = self._confirm(plate=f"S{number:05}")
        self.assertEqual(response.status_code, 429)

    def test_paid_top_ups_do_not_count(self):
        """Colleagues behind one address may each pay, however many they are."""
        self.env.company.toll_public_lookups = 2
        for _customer in range(4):
            self.opener.cookies.clear()
            page = self._confirm(plate=self.vehicle.plate)
            self.assertEqual(page.status_code, 200)
            answer = self._pay(page.text)
            tx = self.env["payment.transaction"].search(
                [("reference", "=", answer["result"]["reference"])]
            )
            tx._set_done()
            for _reload in range(3):
                self.assertIn("was received", self.url_open(tx.landing_route).text)
        for number, code in enumerate((200, 200, 429)):
            page = self._confirm(plate=f"NOPE{number:04}")
            self.assertEqual(page.status_code, code, "misses stay counted")

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
        text = self._confirm(plate=self.vehicle.plate).text
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
        self.assertIn("••••001", done)
        for secret in ("Ana", "Ruiz", "A***", "1,150"):
            self.assertNotIn(secret, done)
        other = self.url_open(f"/toll/topup/done?tx_id={tx.id}&access_token=x")
        self.assertNotIn(tx.reference, other.text)

    def test_receipt_by_email_once_000_33(self):
        text = self._confirm(plate=self.vehicle.plate).text
        tx = self.env["payment.transaction"].search(
            [("reference", "=", self._pay(text)["result"]["reference"])]
        )
        token = re.search(r"access_token=([^&]+)", tx.landing_route)[1]
        mails = self.env["mail.mail"].search([])
        page = self.url_open(tx.landing_route).text
        self.assertIn("o_toll_receipt", page)
        csrf = re.search(r'name="csrf_token"\s+value="([^"]+)"', page)[1]

        def send(email, **values):
            form = {"tx_id": tx.id, "access_token": token, "email": email, **values}
            return self.url_open(
                "/toll/topup/receipt", data={"csrf_token": csrf, **form}
            ).text

        self.assertIn("This is not an e-mail address", send("nobody"))
        self.assertNotIn("receipt goes to", send("a@b.example", access_token="x"))
        self.assertIn("receipt goes to", send("Me@Mail.example"))
        send("other@mail.example")
        tx.invalidate_recordset()
        self.assertEqual(tx.toll_receipt_email, "me@mail.example")
        self.assertFalse(self.env["mail.mail"].search([]) - mails, "not paid yet")
        tx._set_done()
        tx._toll_send_receipt()
        self.assertFalse(self.env["mail.mail"].search([]) - mails, "not in the wallet")
        for _time in range(2):
            tx._set_done()
            tx._post_process()
        mail = self.env["mail.mail"].search([]) - mails
        self.assertEqual(mail.email_to, "me@mail.example")
        self.assertIn(tx.reference, mail.body_html)
        self.assertIn("•001", mail.body_html)
        for secret in ("Ana", "Ruiz", self.account.number):
            self.assertNotIn(secret, mail.body_html)

    def test_no_receipt_of_money_that_is_held(self):
        text = self._confirm(plate=self.vehicle.plate).text
        tx = self.env["payment.transaction"].search(
            [("reference", "=", self._pay(text)["result"]["reference"])]
        )
        tx.toll_receipt_email = "me@mail.example"
        mails = self.env["mail.mail"].search([])
        self.account.sudo().state = "closed"
        tx._set_done()
        tx._post_process()
        self.assertTrue(tx.toll_held_reason)
        tx._toll_send_receipt()
        sent = self.env["mail.mail"].search([]) - mails
        self.assertNotIn("me@mail.example", sent.mapped("email_to"))
