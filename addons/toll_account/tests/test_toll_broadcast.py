"""Mass messages, and invoices by text message, through a real HTTP server."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, freeze_time, tagged

from .common import TollCommon
from .test_toll_message import create_gateway, start_provider

PDF = b"%PDF-1.4 test"


@tagged("post_install", "-at_install")
class TestTollBroadcast(TollCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = start_provider(cls)
        cls.env["toll.gateway"].search([]).state = "draft"
        cls.gateway = create_gateway(cls.env, cls.server, daily_cap=0)
        cls.partner.write(
            {"toll_channel": "sms", "email": "ana@example.org", "lang": "en_US"}
        )
        cls.partner.country_id = cls.country
        cls.mailed = cls._create_customer("Mailed", email="mailed@example.org")
        cls.mute = cls._create_customer("Mute", toll_channel="none", email="m@x.org")
        cls.lost = cls._create_customer("Lost")
        cls.accounts = cls.account + cls.mailed + cls.mute + cls.lost

    @classmethod
    def _create_customer(cls, name, **values):
        partner = cls.env["res.partner"].create({"name": name, **values})
        return cls._create_account(partner_id=partner.id)

    def setUp(self):
        super().setUp()
        self.server.asked.clear()
        self.server.answers.clear()

    def _create(self, **values):
        return (
            self.env["toll.broadcast"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Works",
                    "domain": repr([("id", "in", self.accounts.ids)]),
                    "subject": "Works at the plaza",
                    "text": "Dear {name}, account {account}: {balance}",
                    **values,
                }
            )
        )

    def _run(self, model="toll.broadcast"):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)[model]._cron_send()
        self.env.invalidate_all()

    def _states(self, broadcast):
        lines = broadcast.sudo().line_ids
        return {line.account_id: (line.state, line.channel) for line in lines}

    def _agree(self, account, granted=True):
        self.env["toll.consent"].create(
            {
                "partner_id": account.partner_id.id,
                "purpose": "marketing",
                "granted": granted,
            }
        )

    # === MASS MESSAGES === #

    def test_each_gets_it_once_by_the_own_channel_003_30(self):
        broadcast = self._create()
        broadcast.action_choose()
        self.assertEqual(
            self._states(broadcast),
            {
                self.account: ("waiting", "sms"),
                self.mailed: ("waiting", "email"),
                self.mute: ("no_consent", False),
                self.lost: ("no_address", False),
            },
        )
        self.assertEqual((broadcast.sms_count, broadcast.email_count), (1, 1))
        broadcast.action_send()
        self._run()
        self._run()  # the second finds nobody
        self._run("toll.message")
        [(_path, _headers, body)] = self.server.asked
        text = json.loads(body)["text"]
        self.assertIn("Dear Test Customer, account " + self.account.number, text)
        mail = self.mailed.message_ids.filtered(
            lambda m: self.mailed.partner_id in m.notified_partner_ids
        )
        self.assertEqual(len(mail), 1)
        self.assertIn("Dear Mailed", mail.body)
        self.assertEqual(broadcast.state, "running", "the mail queue has it still")
        mail.notification_ids.notification_status = "sent"
        self._run()
        self.assertEqual(broadcast.state, "done")
        self.assertEqual((broadcast.sent_count, broadcast.progress), (2, 100))
        with self.assertRaises(UserError):
            broadcast.action_send()
        with self.assertRaises(UserError):
            broadcast.unlink()

    def test_offers_go_only_to_who_agreed_003_30(self):
        self._agree(self.account)
        self._agree(self.mailed)
        broadcast = self._create(kind="marketing")
        broadcast.action_choose()
        states = self._states(broadcast)
        self.assertEqual(states[self.lost][0], "no_consent")
        self.assertEqual(states[self.account], ("waiting", "sms"))
        broadcast.action_send()
        self._agree(self.account, granted=False)  # between choice and sending
        self._run()
        states = self._states(broadcast)
        self.assertEqual(states[self.account], ("no_consent", False))
        self.assertEqual(states[self.mailed], ("queued", "email"))
        mail = self.mailed.message_ids[0]
        self.assertIn("/my/toll/preferences", mail.body)

    @freeze_time("2026-05-04 05:00:00")
    def test_quiet_hours_and_pace_003_30(self):
        self.partner.write({"tz": "UTC", "toll_quiet_from": 4, "toll_quiet_to": 7})
        others = self.env["toll.account"]
        for number in range(3):
            others += self._create_customer(f"C{number}", email=f"c{number}@x.org")
        self.accounts += others
        broadcast = self._create(pace=2)
        broadcast.action_choose()
        broadcast.action_send()
        self._run()
        told = broadcast.sudo().line_ids.filtered("told_at")
        self.assertLessEqual(len(told), 2, "no more a minute")
        line = broadcast.sudo().line_ids.filtered(
            lambda line: line.account_id == self.account
        )
        self.assertEqual(line.state, "waiting")
        self.assertEqual(line.next_try_at, fields.Datetime.now() + timedelta(hours=2))
        for minute in range(1, 4):
            with freeze_time(f"2026-05-04 05:{minute * 2:02}:00"):
                self._run()
        told = broadcast.sudo().line_ids.filtered("told_at")
        self.assertEqual(told.account_id, self.mailed + others)
        with freeze_time("2026-05-04 07:00:01"):
            self._run()
        self.assertEqual(line.state, "queued")

    def test_stop_calls_back_what_is_not_gone_003_30(self):
        broadcast = self._create()
        broadcast.action_choose()
        broadcast.action_send()
        self._run()  # into outbox and mail queue
        broadcast.action_cancel()
        self._run("toll.message")
        self.assertFalse(self.server.asked)
        mails = self.env["mail.mail"].search(
            [("mail_message_id", "in", self.mailed.message_ids.ids)]
        )
        self.assertNotIn("outgoing", mails.mapped("state"))
        states = self._states(broadcast)
        self.assertEqual(states[self.account][0], "cancelled")
        self.assertEqual(states[self.mailed][0], "cancelled")
        self.assertEqual(broadcast.state, "cancelled")

    def test_a_failed_text_message_becomes_an_e_mail(self):
        self.accounts = self.account
        self.server.answers.append(400)
        broadcast = self._create()
        broadcast.action_choose()
        broadcast.action_send()
        self._run()
        self._run("toll.message")
        self._run()
        self.assertEqual(self._states(broadcast)[self.account], ("sent", "email"))
        self.assertEqual(broadcast.state, "done")

    def test_two_accounts_of_a_customer_get_one_message(self):
        second = self._create_account(partner_id=self.partner.id)
        self.accounts = self.account + second
        broadcast = self._create()
        broadcast.action_choose()
        self.assertEqual(broadcast.total, 1)
        broadcast.action_draft()
        broadcast.is_once = False
        broadcast.action_choose()
        self.assertEqual(broadcast.total, 2)
        with self.assertRaises(UserError):
            broadcast.text = "After the choice"

    def test_wrong_words_and_choices_are_refused(self):
        with self.assertRaises(ValidationError):
            self._create(text="Dear {nobody}")
        for wrong in ("[('no_such_field', '=', 1)]", "__import__('os')", "["):
            with self.assertRaises(ValidationError):
                self._create(domain=wrong)
        broadcast = self._create(domain="[('id', '=', 0)]")
        with self.assertRaises(UserError):
            broadcast.action_choose()

    def test_who_may_write_to_many(self):
        broadcast = self._create()
        broadcast.action_choose()
        seen = broadcast.with_user(self.agent)
        self.assertEqual(seen.line_ids.account_id, self.accounts)
        for action in ("action_choose", "action_draft", "action_send"):
            with self.assertRaises(AccessError):
                getattr(seen, action)()
        with self.assertRaises(AccessError):
            broadcast.state = "done"
        with self.assertRaises(AccessError):
            broadcast.line_ids[:1].write({"state": "sent"})
        company = self._create_company("Other broadcasts")
        self.manager.write({"company_ids": [(4, company.id)], "company_id": company})
        found = self.env["toll.broadcast"].with_user(self.manager)
        found = found.with_context(allowed_company_ids=company.ids)
        self.assertFalse(found.search([("id", "=", broadcast.id)]))
        other = self._create(company_id=company.id)
        with self.assertRaises(UserError):
            other.action_choose()  # accounts of another company are nobody's here

    # === INVOICES === #

    def _create_invoice(self, account):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": account.partner_id.id,
                "toll_account_id": account.id,
                "invoice_line_ids": [(0, 0, {"name": "Fee", "price_unit": 100})],
            }
        )
        move.action_post()
        self.env["ir.attachment"].create(
            {
                "name": f"{move.id}.pdf",
                "raw": PDF,
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": move.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        move.invalidate_recordset()
        return move

    def _send_invoice(self, move):
        self.env["account.move.send"]._generate_and_send_invoices(move, from_cron=False)

    def test_an_invoice_goes_by_the_chosen_channel_003_30(self):
        move = self._create_invoice(self.account)
        methods = self.env["account.move.send"]._get_default_sending_methods(move)
        self.assertEqual(methods, {"toll_message"})
        self._send_invoice(move)
        self._send_invoice(move)  # again: no second message
        message = self.account.message_out_ids
        self.assertEqual((len(message), message.purpose), (1, "invoice"))
        self.assertIn(move.name, message.text)
        link = message.text.split()[-1]
        path = link[link.index("/toll/i/") :]
        self.assertLess(len(path), 35, "a text message is short")
        answer = self.url_open(path)
        self.assertEqual(answer.content, PDF)
        self.assertIn("no-store", answer.headers["Cache-Control"])
        mailed = self._create_invoice(self.mailed)
        methods = self.env["account.move.send"]._get_default_sending_methods(mailed)
        self.assertEqual(methods, {"email"})
        self.account.invoice_emails = "boss@example.org"
        methods = self.env["account.move.send"]._get_default_sending_methods(move)
        self.assertEqual(methods, {"toll_message", "email"})

    def test_links_that_do_not_open_are_answered_alike_003_30(self):
        moves = self.env["account.move"]
        move = self._create_invoice(self.account)
        code = move._toll_short_link().rsplit("/", 1)[-1]
        self.assertEqual(moves._toll_find_linked(code), move)
        forged = code[:-4] + ("AAAA" if code[-4:] != "AAAA" else "BBBB")
        pages = set()
        for wrong in (forged, "x", "A" * 22):
            answer = self.url_open(f"/toll/i/{wrong}")
            self.assertEqual(answer.status_code, 404)
            pages.add("This link is not valid" in answer.text)
        self.assertEqual(pages, {True})
        later = fields.Datetime.now() + timedelta(days=70)
        with freeze_time(later):
            self.assertFalse(moves._toll_find_linked(code))
        move.button_draft()
        self.assertFalse(moves._toll_find_linked(code), "only what is posted")
        self.company.toll_public_lookups = 2
        self.env.flush_all()
        codes = {self.url_open("/toll/i/x").status_code for _try in range(4)}
        self.assertIn(429, codes)
