from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollContact(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.write(
            {
                "name": "Zoila Contacto Vega",
                "email": "zoila@contact.example",
                "vat": "COVZ800101AB1",
            }
        )
        cls.vehicle = cls._create_vehicle("ZZT-771-Q")
        cls.account.top_up(150, "CONTACT-1")
        cls.request = cls.env["toll.request"].create(
            {
                "type_id": cls.env.ref("toll_account.toll_request_type_claim").id,
                "account_id": cls.account.id,
                "description": "Charged twice",
            }
        )

    def _search(self, term, user=None):
        accounts = self.env["toll.account"].with_user(user or self.agent)
        return accounts.contact_search(term)

    def test_one_box_finds_by_anything_003_02(self):
        self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "name": "TOLLINV/2026/7",
                "toll_account_id": self.account.id,
            }
        )
        number = self.account.number
        for term, label in (
            (number, "Account number"),
            (f"{number[:3]} {number[3:]}", "Account number"),
            (self.request.number.lower(), "Request"),
            ("442 555-1234", "Telephone"),
            ("+52 (442) 555 1234", "Telephone"),
            ("zzt 771 q", "Plate"),
            ("zoila@contact.example", "E-mail"),
            ("tollinv/2026/7", "Invoice"),
            ("covz800101ab1", "Tax id"),
            ("zoila contacto", "Name"),
        ):
            with self.subTest(term=term):
                found = [a for a in self._search(term) if a["id"] == self.account.id]
                self.assertTrue(found)
                self.assertIn(label, found[0]["matched"])
                self.assertIn("150", found[0]["balance"])
                self.assertEqual(found[0]["request_count"], 1)

    def test_bad_terms_find_nothing(self):
        for term in ("", "  ", "zz", None, 5, "%%%%", "x" * 5000, "☃☃☃☃"):
            with self.subTest(term=term):
                self.assertEqual(self._search(term), [])

    def test_search_is_for_the_staff_and_keeps_to_the_rules(self):
        customer = new_test_user(
            self.env, "toll_contact_customer", groups="base.group_portal"
        )
        nobody = new_test_user(
            self.env, "toll_contact_nobody", groups="base.group_user"
        )
        for user in (customer, nobody):
            with self.assertRaises(AccessError):
                self._search("zoila", user)
        company = self._create_company("Second issuer")
        stranger = new_test_user(
            self.env,
            "toll_contact_second",
            groups="toll_account.group_toll_agent",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertEqual(self._search("zoila contacto", stranger), [])

    def test_call_note_with_wrap_up_and_request(self):
        action = self.account.with_user(self.agent).action_start_call("442 555 1234")
        call = self.env["toll.call"].with_user(self.agent).browse(action["res_id"])
        self.assertEqual((call.user_id, call.account_id), (self.agent, self.account))
        with self.assertRaisesRegex(UserError, "wrap-up"):
            call.action_finish()
        form = Form(call)
        form.code_id = self.env.ref("toll_account.toll_call_code_tag_lost")
        form.note = "Since yesterday"
        self.assertIn("Block the TAG", form.script)
        form.save()
        action = call.action_open_request()
        request = self.env["toll.request"].browse(action["res_id"])
        self.assertEqual(request.type_id.code, "tag_lost")
        self.assertEqual((request.channel, request.account_id), ("phone", self.account))
        self.assertEqual(call.action_open_request()["res_id"], request.id)
        call.started_at -= timedelta(minutes=6)
        call.action_finish()
        self.assertAlmostEqual(call.minutes, 6, delta=0.5)
        with self.assertRaisesRegex(UserError, "has ended"):
            call.note = "Something else"
        with self.assertRaises(AccessError):
            call.with_user(self.analyst).note = "Mine"

    def test_call_of_a_stranger_becomes_a_request(self):
        call = self.env["toll.call"].with_user(self.agent).create({"phone": "555"})
        call.code_id = self.env.ref("toll_account.toll_call_code_new")
        request = self.env["toll.request"].browse(call.action_open_request()["res_id"])
        self.assertEqual((request.contact_phone, request.contact_name), ("555", "555"))

    def test_quiet_hours_are_local_003_30(self):
        self.partner.write(
            {
                "tz": "America/Mexico_City",
                "toll_quiet_from": 21,
                "toll_quiet_to": 8,
            }
        )
        night, noon = datetime(2026, 6, 1, 5, 30), datetime(2026, 6, 1, 18, 0)
        self.assertTrue(self.partner._toll_is_quiet(night))  # 23:30 there
        self.assertFalse(self.partner._toll_is_quiet(noon))
        self.assertEqual(
            self.partner._toll_next_contact(night), datetime(2026, 6, 1, 14, 0)
        )
        self.assertEqual(self.partner._toll_next_contact(noon), noon)
        self.partner.toll_channel = "none"
        self.assertFalse(self.partner._toll_wants("email"))

    def test_invoice_preferences_are_checked_004_11(self):
        account = self.account.with_user(self.agent)
        account.write(
            {"annex_format": "csv", "invoice_emails": "a@x.example, b@x.example"}
        )
        self.assertEqual(account._get_invoice_emails(), ["a@x.example", "b@x.example"])
        with self.assertRaises(ValidationError):
            account.invoice_emails = "a@x.example, nobody"

    def test_means_of_payment_in_order_001_16(self):
        other = self.env["res.partner"].create({"name": "Somebody else"})
        own_bank, other_bank = (
            self.env["res.partner.bank"].create(
                {"acc_number": f"12345{partner.id}", "partner_id": partner.id}
            )
            for partner in (self.partner, other)
        )
        rows = self.env["toll.payment.preference"].with_user(self.agent)
        second = rows.create({"account_id": self.account.id, "sequence": 20})
        first = rows.create(
            {
                "account_id": self.account.id,
                "sequence": 5,
                "means": "debit",
                "bank_id": own_bank.id,
            }
        )
        self.assertEqual(self.account.payment_preference_ids.ids, (first | second).ids)
        for values in (
            {"means": "debit", "bank_id": other_bank.id},
            {"means": "debit"},
            {"means": "token"},
        ):
            with self.assertRaises(ValidationError):
                rows.create({"account_id": self.account.id, **values})


@tagged("post_install", "-at_install")
class TestTollCallRoute(TollCommon, HttpCase):
    def test_incoming_call_opens_the_search(self):
        new_test_user(
            self.env, "call_agent", "toll_account.group_toll_agent", lang="en_US"
        )
        new_test_user(self.env, "call_portal", "base.group_portal")
        self.authenticate("call_agent", "call_agent")
        for phone, place in (
            ("%2B52%20442%20555%201234", "?phone=524425551234"),
            ("x%22%3E%3Cscript%3E", "contact_centre_action"),
            ("9" * 500, "?phone=" + "9" * 20),
        ):
            answer = self.url_open(f"/toll/call?phone={phone}", allow_redirects=False)
            self.assertEqual(answer.status_code, 303)
            self.assertTrue(answer.headers["Location"].endswith(place), answer.headers)
        self.authenticate("call_portal", "call_portal")
        answer = self.url_open("/toll/call?phone=5555555", allow_redirects=False)
        self.assertTrue(answer.headers["Location"].endswith("/my"))
        self.authenticate(None, None)
        answer = self.url_open("/toll/call?phone=5555555", allow_redirects=False)
        self.assertIn("/web/login", answer.headers["Location"])

    def test_call_pop_up_in_the_browser(self):
        self._create_vehicle("POP-001")
        new_test_user(
            self.env, "call_tour", "toll_account.group_toll_agent", lang="en_US"
        )
        self.start_tour(
            "/odoo/action-toll_account.toll_contact_centre_action?phone=524425551234",
            "toll_contact_centre",
            login="call_tour",
            timeout=240,
        )
        call = self.env["toll.call"].search([("account_id", "=", self.account.id)])
        self.assertEqual(call.phone, "524425551234")
