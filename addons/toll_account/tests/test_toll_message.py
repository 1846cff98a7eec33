"""Text messages and WhatsApp through a real HTTP server on this machine."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import patch
from uuid import uuid4

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, HttpCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from ..controllers import messages
from ..core import gateway as core
from ..core.throttle import Throttle
from .common import TollCommon

SECRET = "key-of-the-provider"


class Provider(BaseHTTPRequestHandler):
    """Answers as it is told to, and remembers what it was asked."""

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size).decode()
        self.server.asked.append((self.path, dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status == "hang":
            self.server.over.wait(60)
        if status in ("hang", "close"):
            return
        answer = {"id": f"id-{uuid4().hex[:8]}"}
        if status >= 400:
            answer = {"error": {"message": f"No credit left, {SECRET}"}}
        data = json.dumps(answer).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


def start_provider(case):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    server.asked, server.answers, server.over = [], [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def stop():
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join(60)

    case.addClassCleanup(stop)
    return server


def create_gateway(env, server, **values):
    env["ir.config_parameter"].set_param(
        "toll_account.gateway_plain_hosts", "127.0.0.1"
    )
    gateway = env["toll.gateway"].create(
        {
            "name": "Test provider",
            "url": f"http://127.0.0.1:{server.server_port}/send",
            "secret": SECRET,
            "sender": "TOLL",
            **values,
        }
    )
    gateway.action_activate()
    return gateway


@tagged("post_install", "-at_install")
class TestTollMessage(TollCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = start_provider(cls)
        cls.env["toll.gateway"].search([]).state = "draft"
        cls.gateway = create_gateway(cls.env, cls.server)
        cls.partner.write({"toll_channel": "sms", "email": "ana@example.org"})
        cls.partner.country_id = cls.country

    def setUp(self):
        super().setUp()
        self.server.asked.clear()
        self.server.answers.clear()

    def _queue(self, ref="one", **values):
        message = self.env["toll.message"]._queue(
            self.account, "other", 'Hello "Ana" & co', ref, "Subject"
        )
        message.write(values)
        return message

    def _send(self):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["toll.message"]._cron_send()
        self.env.invalidate_all()

    def _again(self, message):
        """The pause until the next try is over."""
        message.next_try_at = fields.Datetime.now()
        self._send()

    def _mails(self):
        return self.account.message_ids.filtered(
            lambda m: self.partner in m.notified_partner_ids
        )

    def test_a_message_goes_out_once_003_30(self):
        message = self._queue()
        self.assertEqual(self._queue(), message, "the same reference")
        self._send()
        self._send()
        self.assertEqual((message.state, message.tries), ("sent", 1))
        self.assertTrue(message.provider_ref.startswith("id-"))
        [(path, headers, body)] = self.server.asked
        self.assertEqual(path, "/send")
        self.assertEqual(headers["Authorization"], f"Bearer {SECRET}")
        self.assertEqual(headers["Idempotency-Key"], "one")
        self.assertEqual(
            json.loads(body),
            {"to": "+524425551234", "text": 'Hello "Ana" & co', "reference": "one"},
        )

    def test_a_form_and_whatsapp(self):
        self.gateway.write(
            {"body_kind": "form", "body": "to={digits}\ntext={text}\nfrom={sender}"}
        )
        self._queue()
        self._send()
        self.assertEqual(
            self.server.asked[0][2],
            "to=524425551234&text=Hello+%22Ana%22+%26+co&from=TOLL",
        )
        preset = self.env.ref("toll_account.toll_gateway_whatsapp")
        answer = json.loads(core.fill_json(preset.body, {"text": "x", "digits": "52"}))
        self.assertEqual(answer["to"], "52")
        with self.assertRaises(UserError):
            preset.action_activate()  # no key yet

    # as long as no machine is slow
    @patch.object(core, "PAUSES", (1440,) * 5)
    def test_errors_are_tried_again_and_end_in_an_e_mail_x4(self):
        message = self._queue()
        self.server.answers = [500, "close", 429, 503, 500, 500]
        self._send()
        self.assertEqual((message.state, message.tries), ("queued", 1))
        self.assertIn("No credit left", message.error)
        self.assertNotIn(SECRET, message.error)
        self._send()
        self.assertEqual(len(self.server.asked), 1, "not before the pause is over")
        for _try in range(4):
            self._again(message)
            self.assertEqual(message.state, "queued")
            self.assertGreater(message.next_try_at, fields.Datetime.now())
        before = self._mails()
        self._again(message)
        self.assertEqual((message.state, message.tries), ("failed", 6))
        self.assertTrue(message.is_mailed)
        self.assertEqual(len(self._mails() - before), 1)
        self._again(message)
        self.assertEqual(len(self.server.asked), 6, "for good")
        references = {
            json.loads(body)["reference"] for *_head, body in self.server.asked
        }
        self.assertEqual(references, {"one"}, "a provider can tell it is the same one")

    def test_an_answer_that_never_comes(self):
        self.gateway.timeout = 1
        message = self._queue()
        self.server.answers = ["hang"]
        self._send()
        self.assertEqual(message.state, "queued")
        self.assertIn("did not answer", message.error)
        self._again(message)
        self.assertEqual(message.state, "sent")

    def test_a_job_that_died_leaves_its_message_to_the_next(self):
        message = self._queue(state="sending")
        message.next_try_at = fields.Datetime.now() + timedelta(minutes=5)
        self._send()
        self.assertFalse(self.server.asked, "another job has it")
        self._again(message)
        self.assertEqual(message.state, "sent")

    def test_a_refusal_and_a_redirect_are_final(self):
        for number, status in enumerate((401, 302)):
            with self.subTest(status):
                message = self._queue(f"final {number}")
                self.server.answers = [status]
                self._send()
                self.assertEqual((message.state, message.tries), ("failed", 1))
        self.assertEqual([path for path, *_rest in self.server.asked], ["/send"] * 2)

    def test_addresses_that_are_not_safe(self):
        for url in (
            "http://example.org/x",
            "file:///etc/passwd",
            "ftp://127.0.0.1/x",
            "https://user:pw@example.org/",
            "https://",
        ):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.gateway.url = url
        for values in ({"headers": "no colon"}, {"body": "{no json"}):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.gateway.write(values)
        # allowed when it was written, not any more
        self.env["ir.config_parameter"].set_param(
            "toll_account.gateway_plain_hosts", ""
        )
        message = self._queue()
        self._send()
        self.assertEqual(message.state, "failed")
        self.assertFalse(self.server.asked)

    def test_what_the_customer_wants_counts_when_it_goes(self):
        hour = self.partner._toll_local_hour()
        self.partner.write(
            {"toll_quiet_from": (hour - 1) % 24 // 1, "toll_quiet_to": (hour + 3) % 24}
        )
        message = self._queue()
        self.assertGreater(message.next_try_at, fields.Datetime.now())
        self._again(message)
        self.assertEqual(message.state, "queued", "quiet hours")
        self.partner.write({"toll_quiet_from": 0, "toll_quiet_to": 0})
        self.partner.toll_channel = "email"
        self._again(message)
        self.assertEqual((message.state, message.is_mailed), ("failed", True))
        self.assertFalse(self._queue("two"), "an e-mail is written instead")
        self.assertFalse(self.server.asked)

    def test_no_number_no_gateway_and_the_cap(self):
        self.partner.phone = "12"
        self.assertFalse(self._queue())
        self.partner.phone = "442 555 1234"
        self.gateway.daily_cap = 1
        self._queue()
        other = self._queue("two")
        self._send()
        self.assertEqual(len(self.server.asked), 1)
        self.assertEqual((other.state, other.is_mailed), ("failed", True))
        self.assertFalse(self._queue("three"))
        self.gateway.daily_cap = 0
        self.gateway.action_deactivate()
        self.assertFalse(self._queue("four"))
        before = self._mails()
        self.account._tell("other", "Subject", "Body", "five")
        self.assertEqual(len(self._mails() - before), 1)

    def test_answers_and_top_ups_are_told(self):
        request = self.env["toll.request"].create(
            {
                "type_id": self.env.ref("toll_account.toll_request_type_other").id,
                "account_id": self.account.id,
                "description": "Why?",
                "resolution": "Because.",
            }
        )
        request._tell_customer()
        [message] = self.account.message_out_ids
        self.assertEqual(message.purpose, "request")
        self.assertIn(request.number, message.text)
        self.assertNotIn("Because", message.text)
        transaction = self.env["payment.transaction"].new(
            {
                "reference": "TOLL-1",
                "amount": 200,
                "currency_id": self.account.currency_id.id,
            }
        )
        for _again in range(2):
            self.account._tell_topup(transaction)
        receipt = self.account.message_out_ids - message
        self.assertEqual((len(receipt), receipt.purpose), (1, "receipt"))
        self.assertIn(self.account.currency_id.format(200), receipt.text)

    def _report(self, report, key=None, gateway=None):
        body = json.dumps(report).encode()
        key = self.gateway.callback_key if key is None else key
        return self.url_open(
            f"/toll/messages/{gateway or self.gateway.id}",
            data=body,
            headers={
                "Content-Type": "application/json",
                "X-Signature": core.sign(key, body) if key else "",
            },
        )

    @mute_logger("odoo.http")
    def test_delivery_reports(self):
        messages.FORGED.clear()
        message, other = self._queue(), self._queue("two")
        self._send()
        report = {"id": message.provider_ref, "status": "delivered"}
        for key, gateway in (("", None), ("forged", None), ("forged", 999999999)):
            with self.subTest(key=key, gateway=gateway):
                answer = self._report(report, key or "", gateway)
                self.assertEqual(answer.status_code, 403)
        self.env.invalidate_all()
        self.assertEqual(message.state, "sent", "nobody else's word counts")
        self.assertEqual(self._report(report).status_code, 204)
        self.env.invalidate_all()
        self.assertEqual(message.state, "delivered")
        self._report({"id": message.provider_ref, "status": "failed"})
        self._report({"id": "unknown", "status": "failed"})
        self._report({"id": other.provider_ref, "status": "failed", "error": "Off"})
        self.env.invalidate_all()
        self.assertEqual(message.state, "delivered", "not back again")
        self.assertEqual((other.state, other.error), ("failed", "Off"))
        self.assertTrue(other.is_mailed)
        self.assertEqual(self._report([]).status_code, 204)
        self.gateway.callback_list_path = "entry.*.changes.*.value.statuses.*"
        self.assertEqual(self._report({"entry": [{}, 5]}).status_code, 204)
        with patch.object(messages, "FORGED", Throttle(1, 60)):
            self._report(report, "forged")
            self.assertEqual(self._report(report, "forged").status_code, 429)
        address = f"/toll/messages/{self.gateway.id}?hub.challenge=42&hub.verify_token="
        answer = self.url_open(address + self.gateway.verify_token)
        self.assertEqual(answer.text, "42")
        messages.FORGED.clear()
        self.assertEqual(self.url_open(address + "x").status_code, 403)

    def test_keys_are_for_system_administrators(self):
        for user in (self.agent, self.manager):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.gateway.with_user(user).read(["secret"])
        message = self._queue()
        message.with_user(self.agent).read(["text", "state", "gateway_id"])
        with self.assertRaises(AccessError):
            message.with_user(self.manager).write({"state": "sent"})
        with self.assertRaises(UserError):
            message.with_user(self.agent).action_retry()
        company = self._create_company("Other messages")
        self.manager.write({"company_ids": [(4, company.id)], "company_id": company})
        found = self.env["toll.message"].with_user(self.manager)
        found = found.with_company(company).with_context(
            allowed_company_ids=company.ids
        )
        self.assertFalse(found.search([]))

    def test_the_page_offers_what_can_be_sent(self):
        new_test_user(
            self.env,
            "portal_messages",
            "base.group_portal",
            partner_id=self.partner.id,
            email="ana@example.org",
        )
        self.partner.toll_channel = "email"
        self.authenticate("portal_messages", "portal_messages")
        page = self.url_open("/my/toll/preferences").text
        self.assertIn('value="sms"', page)
        self.assertNotIn('value="whatsapp"', page)
        self.gateway.action_deactivate()
        self.assertNotIn('value="sms"', self.url_open("/my/toll/preferences").text)


@tagged("post_install", "-at_install")
class TestTollMessageJobs(BaseCase):
    """Two jobs at once, on connections of their own; it removes what it commits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        # The thread that runs the tests holds this lock, and would wait for ours.
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        cls.server = start_provider(cls)
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            parameters = env["ir.config_parameter"]
            cls.hosts = parameters.get_param("toll_account.gateway_plain_hosts")
            gateway = create_gateway(env, cls.server, daily_cap=0)
            partner = env["res.partner"].create(
                {
                    "name": "Two jobs",
                    "phone": "+524425551234",
                    "toll_channel": "sms",
                }
            )
            account = env["toll.account"].create({"partner_id": partner.id})
            rows = [
                {
                    "account_id": account.id,
                    "partner_id": partner.id,
                    "gateway_id": gateway.id,
                    "channel": "sms",
                    "to": "+524425551234",
                    "text": "x",
                    "ref": f"jobs-{uuid4()}",
                    "next_try_at": fields.Datetime.now(),
                }
                for _number in range(30)
            ]
            cls.made = env["toll.message"].create(rows).ids
            cls.ids = gateway.id, account.id, partner.id
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        gateway, account, partner = cls.ids
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["toll.message"].browse(cls.made).unlink()
            env["toll.gateway"].browse(gateway).unlink()
            env["toll.account"].browse(account).unlink()
            env["res.partner"].browse(partner).unlink()
            env["ir.config_parameter"].set_param(
                "toll_account.gateway_plain_hosts", cls.hosts
            )

    def test_two_jobs_send_once(self):
        barrier = threading.Barrier(2)
        errors = []

        def job():
            try:
                barrier.wait(60)
                for _round in range(5):
                    with self.registry.cursor() as cr:
                        env = api.Environment(cr, SUPERUSER_ID, {})
                        env["toll.message"]._cron_send()
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=job, daemon=True) for _n in range(2)]
        for thread in threads:
            thread.dbname = self.registry.db_name
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertFalse(errors)
        sent = [json.loads(body)["reference"] for *_head, body in self.server.asked]
        self.assertEqual(len(sent), 30)
        self.assertEqual(len(set(sent)), 30, "none twice")
