import re

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Datetime
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon


class QueueCommon(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # noon at the office: no test sees two days
        cls.startClassPatcher(freeze_time("2026-03-10 18:00:00"))
        cls.env["toll.queue.service"].search([]).active = False
        cls.pay, cls.claim = cls.env["toll.queue.service"].create(
            [
                {"name": "Pay", "letter": "P", "sequence": 1},
                {"name": "Claim", "letter": "C", "head_start": 10, "sequence": 2},
            ]
        )
        cls.office.write({"tz": "America/Mexico_City", "queue_head_start": 20})
        cls.office.action_queue_key()
        cls.colleague = new_test_user(
            cls.env, "toll_test_colleague", groups="toll_account.group_toll_agent"
        )
        for user, desk in ((cls.agent, "1"), (cls.colleague, "2")):
            user.write({"toll_office_id": cls.office.id, "toll_desk": desk})
        cls.Ticket = cls.env["toll.queue.ticket"]

    def _take(self, service, minutes_ago=0, **values):
        at = Datetime.subtract(Datetime.now(), minutes=minutes_ago)
        return self.Ticket._take(self.office, service, taken_at=at, **values)

    def _desk(self, user=None):
        return self.Ticket.with_user(user or self.agent)


@tagged("post_install", "-at_install")
class TestTollQueue(QueueCommon):
    """003-02: tickets of the counter."""

    def test_a_ticket_from_the_kiosk_to_the_end_003_02(self):
        ticket = self._take(self.pay, 12, text=self.account.number)
        self.assertEqual((ticket.name, ticket.account_id), ("P-001", self.account))
        self.assertEqual((ticket.hour, str(ticket.day)), (11, "2026-03-10"))
        desk = self._desk().call_next()
        self.assertEqual(desk["ticket"]["name"], "P-001")
        self.assertEqual(desk["ticket"]["account_id"], self.account.id)
        self.assertEqual(desk["waiting"], 0)
        ticket.with_user(self.agent).call_again()
        self.assertEqual(ticket.call_count, 2)
        self.assertEqual(
            self.Ticket._get_calls(self.office),
            [{"ticket": "P-001", "desk": "1", "calls": 2}],
        )
        with self.assertRaises(UserError):
            ticket.with_user(self.agent).end()
        ticket.with_user(self.agent).start()
        with freeze_time("2026-03-10 18:07:00"):
            ticket.with_user(self.agent).end()
        self.assertEqual((ticket.wait_minutes, ticket.service_minutes), (12, 7))
        self.assertEqual(ticket.state, "done")

    def test_whose_turn_it_is(self):
        late = self._take(self.pay, 1)
        first = self._take(self.pay, 15)
        claim = self._take(self.claim, 8)
        elderly = self._take(self.pay, 2, is_priority=True)
        self.assertEqual(late._get_before(), 3)
        order = []
        for _turn in range(4):
            desk = self._desk().call_next()
            order.append(desk["ticket"]["name"])
            self.Ticket.browse(desk["ticket"]["id"]).with_user(self.agent).no_show()
        # two minutes and a head start of twenty, eight and ten, fifteen, one
        self.assertEqual(order, [t.name for t in (elderly, claim, first, late)])
        self.assertFalse(self._desk().call_next()["ticket"])

    def test_an_agent_gets_only_what_is_hers(self):
        self.agent.toll_queue_service_ids = self.claim
        pay = self._take(self.pay)
        self.assertFalse(self._desk().call_next()["ticket"])
        self._desk(self.colleague).call_next()
        self.assertEqual(pay.user_id, self.colleague)
        with self.assertRaisesRegex(UserError, "not at your desk"):
            pay.with_user(self.agent).start()
        self._take(self.pay)
        with self.assertRaisesRegex(UserError, "before the next"):
            self._desk(self.colleague).call_next()
        for user in (self.analyst, self.accountant):
            with self.assertRaises(AccessError):
                self._desk(user).call_next()
        with self.assertRaises(AccessError):
            pay.with_user(self.agent).write({"state": "waiting"})
        self.agent.toll_office_id = False
        with self.assertRaisesRegex(UserError, "no office"):
            self._desk().call_next()
        self.assertEqual(self._desk().desk_state(), {})
        self.agent.write({"toll_office_id": self.office.id, "toll_desk": False})
        with self.assertRaisesRegex(UserError, "desk"):
            self._desk().call_next()
        self.assertEqual(self._desk().set_desk(" 7 ")["desk"], "7")

    def test_numbers_begin_again_every_day_and_in_each_office(self):
        self._take(self.pay)
        self.assertEqual(self._take(self.claim).name, "C-002")
        other = self.env["toll.office"].create({"code": "TS2", "name": "Second"})
        self.assertEqual(self.Ticket._take(other, self.pay).number, 1)
        # just after midnight at the office, where UTC has had it for hours
        with freeze_time("2026-03-11 05:59:00"):
            self.assertEqual(self._take(self.pay).number, 3)
        with freeze_time("2026-03-11 06:01:00"):
            self.assertEqual(self._take(self.pay).number, 1)
            self.Ticket._cron_end_of_day()
            left = self.Ticket.search(
                [("office_id", "=", self.office.id), ("state", "=", "waiting")]
            )
            self.assertEqual(left.mapped("number"), [1])
        self.pay.office_ids = [Command.set(other.ids)]
        with self.assertRaisesRegex(UserError, "does not have"):
            self._take(self.pay)

    def test_one_customer_at_a_desk_in_the_database_too(self):
        first, second = self._take(self.pay), self._take(self.pay)
        self._desk().call_next()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            second.write({"state": "called", "user_id": first.user_id.id})
            second.flush_recordset()

    def test_other_companies_see_nothing(self):
        ticket = self._take(self.pay)
        company = self._create_company("Other Queue Roads")
        self.colleague.write(
            {"company_ids": [Command.set(company.ids)], "company_id": company.id}
        )
        with self.assertRaises(AccessError):
            ticket.with_user(self.colleague).read(["name"])


@tagged("post_install", "-at_install")
class TestTollQueuePages(QueueCommon, HttpCase):
    def _post(self, path, **data):
        page = self.url_open(path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        return self.url_open(path, data={**data, "csrf_token": token})

    def test_the_kiosk_and_the_screen_003_02(self):
        path = f"/toll/queue/{self.office.queue_key}"
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        for text in ("Pay", "Claim", 'autocapitalize="characters"', "<label"):
            self.assertIn(text, page.text)
        answer = self._post(
            path, service=self.pay.id, number=self.account.number, priority="1"
        )
        self.assertIn("P-001", answer.text)
        # what a stranger types shows nothing of an account
        self.assertNotIn(self.partner.name, answer.text)
        ticket = self.Ticket.search([("office_id", "=", self.office.id)])
        self.assertEqual((ticket.account_id, ticket.is_priority), (self.account, True))
        calls = self.url_open(f"{path}/calls").json()
        self.assertEqual(calls, {"calls": []})
        self._desk().call_next()
        calls = self.url_open(f"{path}/calls").json()
        self.assertEqual(calls["calls"], [{"ticket": "P-001", "desk": "1", "calls": 1}])
        screen = self.url_open(f"{path}/screen").text
        self.assertIn(f"{path}/calls", screen)
        for service in ("", "0", "999999999", "x", str(2**40)):
            with self.subTest(service=service):
                answer = self._post(path, service=service)
                self.assertIn("o_toll_queue_error", answer.text)
        self.assertEqual(self.Ticket.search_count([("day", "=", ticket.day)]), 1)

    def test_without_the_key_there_is_nothing(self):
        old = self.office.queue_key
        self.office.action_queue_key()
        for key in (old, "x", "", "a" * 300):
            for tail in ("", "/screen", "/calls"):
                if key or tail:
                    with self.subTest(key=key, tail=tail):
                        answer = self.url_open(f"/toll/queue/{key}{tail}")
                        self.assertEqual(answer.status_code, 404)
        with self.assertRaises(AccessError):
            self.office.with_user(self.agent).read(["queue_key"])
        with self.assertRaises(AccessError):
            self.office.with_user(self.agent).action_queue_key()
