from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged

from ..core import numbers
from ..models.toll_request_customer import MAX_FILE_BYTES, MAX_PER_DAY
from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollRequest(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.type_claim = cls.env.ref("toll_account.toll_request_type_claim")
        cls.type_other = cls.env.ref("toll_account.toll_request_type_other")
        cls.customer = new_test_user(
            cls.env, "toll_req_customer", groups="base.group_portal"
        )
        cls.own = cls._create_account(partner_id=cls.customer.partner_id.id)
        cls.own_vehicle = cls._create_vehicle("REQ-001", cls.own)
        cls.other_vehicle = cls._create_vehicle("REQ-002")

    @classmethod
    def _create_request(cls, **values):
        return cls.env["toll.request"].create(
            {
                "type_id": cls.type_claim.id,
                "account_id": cls.account.id,
                "description": "Charged twice",
                **values,
            }
        )

    def _customer(self, account=None, code="claim", text="Charged twice", **vals):
        requests = self.env["toll.request"].with_user(self.customer)
        return requests._open_for_customer(code, account, text, vals)

    def test_number_has_a_check_digit_003_07(self):
        first, second = self._create_request(), self._create_request()
        self.assertNotEqual(first.number, second.number)
        self.assertEqual(first.number[0], "R")
        self.assertTrue(numbers.is_account_number(first.number[1:]))
        found = self.env["toll.account"].search([("display_name", "=", first.number)])
        self.assertEqual(found, self.account, "004-10: by the number of a request")

    @freeze_time("2026-06-05 18:00:00")  # a Friday
    def test_deadline_counts_working_days(self):
        self.type_claim.deadline_days = 2
        request = self._create_request()
        self.assertEqual(request.deadline, fields.Date.to_date("2026-06-09"))
        self.assertFalse(request.is_overdue)

    def test_overdue_is_searched_and_waiting_stops_the_clock(self):
        request = self._create_request()
        before = fields.Date.today() - timedelta(days=1)
        request.deadline = before
        Request = self.env["toll.request"]
        domain = [("id", "=", request.id)]
        self.assertTrue(request.is_overdue)
        self.assertTrue(Request.search(domain + [("is_overdue", "=", True)]))
        self.assertFalse(Request.search(domain + [("is_overdue", "=", False)]))
        request.action_wait()
        self.assertFalse(request.is_overdue)
        request.waiting_since -= timedelta(days=3)
        request.action_start()
        self.assertEqual(request.deadline, before + timedelta(days=3))

    def test_form_as_agent_takes_customer_from_the_account(self):
        form = Form(self.env["toll.request"].with_user(self.agent))
        form.type_id = self.type_claim
        form.account_id = self.account
        form.description = "By telephone"
        form.channel = "phone"
        request = form.save()
        self.assertEqual(request.partner_id, self.partner)
        self.assertEqual(request.create_uid, self.agent)

    def test_states(self):
        request = self._create_request().with_user(self.agent)
        request.action_start()
        self.assertEqual((request.state, request.user_id), ("in_progress", self.agent))
        with self.assertRaisesRegex(UserError, "Write the resolution"):
            request.action_done()
        request.resolution = "Money given back"
        request.action_done()
        self.assertTrue(request.closed_at)
        self.assertFalse(request.activity_ids)
        message = request.message_ids.filtered(lambda m: "given back" in m.body)[:1]
        self.assertIn(self.partner, message.partner_ids, "the customer is told")
        with self.assertRaisesRegex(UserError, "cannot become"):
            request.action_cancel()
        request.action_reopen()
        self.assertFalse(request.closed_at)

    def test_responsible_gets_one_reminder(self):
        self.type_claim.user_id = self.agent
        request = self._create_request()
        self.assertEqual(request.activity_ids.user_id, self.agent)
        request.user_id = self.manager
        request.deadline += timedelta(days=2)
        self.assertEqual(len(request.activity_ids), 1)
        self.assertEqual(request.activity_ids.user_id, self.manager)
        self.assertEqual(request.activity_ids.date_deadline, request.deadline)

    def test_who_asks_must_be_known(self):
        with self.assertRaises(ValidationError):
            self._create_request(account_id=False)
        with self.assertRaises(ValidationError):
            self._create_request(account_id=False, type_id=self.type_other.id)
        with self.assertRaises(ValidationError):
            self._create_request(vehicle_id=self.own_vehicle.id)
        request = self._create_request(
            account_id=False, type_id=self.type_other.id, contact_name="A driver"
        )
        self.assertEqual(request.company_id, self.company)

    def test_customer_opens_and_reads_the_own_003_09(self):
        request = self._customer(
            self.own,
            vehicle_id=self.own_vehicle.id,
            attachments=[("slip.txt", b"proof")],
        )
        self.assertEqual((request.channel, request.state), ("web", "new"))
        self.assertEqual(request.account_id, self.own)
        self.assertEqual(request.sudo().message_attachment_count, 1)
        self.assertEqual(request.env.user, self.customer)
        seen = self.env["toll.request"].with_user(self.customer).search([])
        self.assertEqual(seen, request)
        with self.assertRaises(AccessError):
            self._create_request().with_user(self.customer).read(["description"])
        with self.assertRaises(AccessError):
            request.write({"state": "done"})
        with self.assertRaises(AccessError):
            request.create({"type_id": self.type_other.id, "description": "By RPC"})

    def test_strangers_records_are_like_unknown_ones(self):
        texts = set()
        for account in (self.account, self.account.id, 2**30, "x", -1, 2**70):
            with self.subTest(account=account), self.assertRaises(UserError) as error:
                self._customer(account)
            texts.add(str(error.exception))
        for vehicle_id in (self.other_vehicle.id, 2**30):
            with self.assertRaises(UserError) as error:
                self._customer(self.own, vehicle_id=vehicle_id)
            texts.add(str(error.exception))
        self.assertEqual(len(texts), 1, texts)

    def test_bad_input_of_a_customer(self):
        big = [("big.bin", b"x" * (MAX_FILE_BYTES + 1))]
        for args, vals in (
            ((self.own, "nothing"), {}),
            ((None, "claim"), {}),
            ((self.own, "claim", "  "), {}),
            ((self.own, "claim"), {"attachments": big}),
            ((self.own, "claim"), {"attachments": [("a", b"")] * 6}),
        ):
            with self.subTest(args=args), self.assertRaises(UserError):
                self._customer(*args, **vals)
        self.type_claim.is_customer = False
        with self.assertRaises(UserError):
            self._customer(self.own)

    def test_second_click_is_one_request_and_floods_are_stopped(self):
        first = self._customer(self.own)
        self.assertEqual(self._customer(self.own), first)
        for number in range(MAX_PER_DAY - 1):
            self._customer(self.own, text=f"Another {number}")
        with self.assertRaisesRegex(UserError, "many requests"):
            self._customer(self.own, text="One more")

    def test_answer_of_the_customer_ends_the_waiting(self):
        request = self._customer(self.own)
        request.sudo().action_wait()
        request.message_post(body="Here it is", subtype_xmlid="mail.mt_comment")
        self.assertEqual(request.state, "in_progress")

    def test_other_company_and_roles(self):
        request = self._create_request()
        company = self._create_company("Second issuer")
        stranger = new_test_user(
            self.env,
            "toll_req_second",
            groups="toll_account.group_toll_agent",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        with self.assertRaises(AccessError):
            request.with_user(stranger).read(["description"])
        self.assertIn(
            request, self.env["toll.request"].with_user(self.accountant).search([])
        )
        with self.assertRaises(AccessError):
            request.with_user(self.accountant).action_start()
        nobody = new_test_user(self.env, "toll_req_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["toll.request"].with_user(nobody).search([])
        request.action_start()
        with self.assertRaisesRegex(UserError, "stays"):
            request.with_user(self.manager).unlink()
