"""Requests by e-mail: who is found, what is kept, what is answered (003-09)."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollCommon

MESSAGE = """\
Return-Path: <{sender}>
To: claims@toll.example
From: {name} <{sender}>
Subject: {subject}
Message-ID: <{ref}@mail.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{body}
"""


@tagged("post_install", "-at_install")
class TestTollRequestMail(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        domain = cls.env["mail.alias.domain"].create({"name": "toll.example"})
        cls.company.alias_domain_id = domain
        cls.type = cls.env["toll.request.type"].create(
            {
                "code": "MAIL",
                "name": "By mail",
                "alias_name": "claims",
                "alias_domain_id": domain.id,
            }
        )
        cls.partner.email = "Ana@Customer.example"

    def _send(self, sender="ana@customer.example", **values):
        text = MESSAGE.format(
            **{
                "sender": sender,
                "name": "Ana Ruiz",
                "subject": "Charged twice",
                "ref": "m1",
                "body": "Plaza 7, this morning.",
                **values,
            }
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            found = self.env["mail.thread"].message_process(False, text)
        return self.env["toll.request"].browse(found or [])

    def test_a_customers_message_opens_a_request_once(self):
        request = self._send()
        self.assertEqual(request.type_id, self.type)
        self.assertEqual((request.channel, request.state), ("email", "new"))
        self.assertEqual(request.account_id, self.account)
        self.assertEqual(request.description, "Charged twice\n\nPlaza 7, this morning.")
        answer = request.message_ids.filtered("outgoing_email_to")
        self.assertEqual(answer.outgoing_email_to, "ana@customer.example")
        self.assertIn(request.number, answer.body)
        self.assertNotIn(self.account.number, answer.body)
        before = self.env["toll.request"].search_count([])
        self._send()
        self.assertEqual(self.env["toll.request"].search_count([]), before)

    def test_the_number_in_the_message_chooses_among_the_senders_own(self):
        other = self._create_account(partner_id=self.partner.id)
        self.assertFalse(self._send(ref="m2").account_id, "two: nobody knows which")
        named = self._send(ref="m3", subject=f"Account {other.number}")
        self.assertEqual(named.account_id, other)
        stranger = self._send("x@other.example", ref="m4", body=self.account.number)
        self.assertFalse(stranger.account_id | stranger.partner_id.toll_account_ids)

    def test_what_nobody_knows_is_kept_until_the_account_is_chosen(self):
        request = self._send(
            "nobody@other.example", ref="m5", name="", body="", subject=""
        )
        self.assertEqual(request.contact_name, "nobody@other.example")
        self.assertTrue(request.description)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            request.action_start()
            request.flush_recordset()
        request.account_id = self.account
        request.action_start()
        self.assertEqual(request.state, "in_progress")

    def test_an_answer_goes_into_the_same_request(self):
        request = self._send()
        request.action_start()
        request.action_wait()
        sent = request.message_ids.filtered("outgoing_email_to")
        header = f"m6@mail.example>\nIn-Reply-To: {sent.message_id}\nX-Rest: <x"
        again = self._send(ref=header, body="Here it is")
        self.assertEqual(again, request)
        self.assertEqual(request.state, "in_progress")
