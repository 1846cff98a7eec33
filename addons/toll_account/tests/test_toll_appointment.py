import re
from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .test_toll_queue import QueueCommon

TUESDAY, WEDNESDAY = date(2026, 3, 10), date(2026, 3, 11)
# 9:00 and 9:30 at the office
NINE, HALF = datetime(2026, 3, 11, 15), datetime(2026, 3, 11, 15, 30)


@tagged("post_install", "-at_install")
class TestTollAppointment(QueueCommon, HttpCase):
    """001-15: appointments, from the portal to the ticket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pay.minutes, cls.claim.minutes = 30, 60
        cls.office.write(
            {
                "hours_ids": [
                    Command.create(
                        {"weekday": day, "hour_from": 9, "hour_to": 13, "desks": 1}
                    )
                    for day in ("1", "2")
                ]
            }
        )
        cls.partner.email = "customer@example.org"
        cls.customer = new_test_user(
            cls.env, "appointment_portal", groups="base.group_portal"
        )
        cls.customer.partner_id = cls.partner
        cls.other = cls._create_account(
            partner_id=cls.env["res.partner"].create({"name": "Somebody Else"}).id
        )
        cls.Appointment = cls.env["toll.appointment"]

    def _book(self, start=NINE, account=None, service=None, moved=None):
        return self.Appointment._book(
            account or self.account, self.office, service or self.pay, start, moved
        )

    def _slots(self, day=WEDNESDAY, service=None):
        found = self.Appointment._get_slots(self.office, service or self.pay, day)
        return [f"{self.office._queue_local(start):%H:%M}" for start in found]

    def test_slots_follow_hours_desks_and_what_is_booked_001_15(self):
        times = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "12:30"]
        self.assertEqual(self._slots(), times)
        # it is noon: what begins within the hour is over
        self.assertEqual(self._slots(TUESDAY), [])
        self.assertEqual(self._slots(date(2026, 3, 12)), [])
        self.assertEqual(self._slots(date(2026, 3, 4)), [])
        self.assertEqual(self._slots(date(2026, 5, 13)), [])
        self._book()
        self.assertEqual(self._slots(), times[1:])
        self.assertEqual(self._slots(service=self.claim), ["10:00", "11:00", "12:00"])
        self.office.hours_ids.desks = 2
        self.assertEqual(self._slots(), times)
        self.office.closure_ids = [Command.create({"date": WEDNESDAY})]
        self.assertEqual(self._slots(), [])

    def test_nobody_gets_what_somebody_has(self):
        self._book()
        for account in (self.other, self.account):
            with self.assertRaisesRegex(UserError, "just been taken"):
                self._book(account=account)
        with self.assertRaisesRegex(UserError, "just been taken"):
            self._book(start=datetime(2026, 3, 11, 15, 10))
        first = self._book(start=HALF, account=self.other)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            first.start_at = datetime(2026, 3, 11, 15, 15)
            first.flush_recordset()
        # as if the other had been faster than our look at the calendar
        free = {NINE: [0, 1]}
        self.patch(type(self.Appointment), "_get_slots", lambda *args: free)
        second = self._book(account=self.other)
        self.assertEqual(second.desk, 1)

    def test_move_cancel_and_the_limit(self):
        record = self._book()
        moved = self._book(start=HALF, moved=record)
        self.assertEqual((moved, moved.start_at, moved.sequence), (record, HALF, 1))
        self.assertIn("09:00", self._slots())
        mail = self.env["mail.mail"].search([], order="id desc", limit=1)
        self.assertIn("2026-03-11 09:30", mail.subject)
        text = mail.attachment_ids.raw.decode()
        self.assertIn("DTSTART:20260311T153000Z\r\n", text)
        self.assertIn("SEQUENCE:1\r\n", text)
        with freeze_time("2026-03-11 14:00:00"), self.assertRaises(UserError):
            record._customer_cancel()
        record._customer_cancel()
        self.assertEqual(record.state, "cancelled")
        self.assertIn("09:30", self._slots())
        for hour in (15, 16, 17):
            self._book(start=datetime(2026, 3, 11, hour))
        with self.assertRaisesRegex(UserError, "already"):
            self._book(start=HALF)

    def test_who_arrives_gets_a_ticket_with_priority(self):
        record = self._book()
        with freeze_time("2026-03-11 14:40:00"):
            ticket = self.Ticket._take(self.office, self.pay, self.account.number)
        self.assertEqual((record.state, record.ticket_id), ("arrived", ticket))
        self.assertTrue(ticket.is_priority)
        later = self._book(start=datetime(2026, 3, 11, 17))
        with freeze_time("2026-03-11 14:40:00"):
            early = self.Ticket._take(self.office, self.pay, self.account.number)
        self.assertEqual((later.state, early.is_priority), ("booked", False))
        with self.assertRaises(AccessError):
            later.with_user(self.analyst).action_arrive()
        later.with_user(self.agent).action_arrive()
        self.assertTrue(later.ticket_id.is_priority)
        missed = self._book(start=datetime(2026, 3, 11, 18))
        with freeze_time("2026-03-11 18:20:00"):
            self.Appointment._cron_remind()
            self.assertEqual(missed.state, "booked")
        with freeze_time("2026-03-12 18:00:00"):
            self.Appointment._cron_remind()
        self.assertEqual(missed.state, "missed")

    def test_a_reminder_is_sent_once(self):
        record = self._book()
        mails = self.env["mail.mail"].search_count([])
        self.env.cr.execute(
            "UPDATE toll_appointment SET create_date = '2026-03-09' WHERE id = %s",
            [record.id],
        )
        record.invalidate_recordset()
        self.Appointment._cron_remind()
        self.assertTrue(record.reminded_at)
        self.Appointment._cron_remind()
        self.assertEqual(self.env["mail.mail"].search_count([]), mails + 1)

    def _post(self, path, **data):
        page = self.url_open("/my/toll/appointments").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        return self.url_open(path, data={**data, "csrf_token": token})

    def test_a_customer_books_moves_and_cancels_on_the_portal_001_15(self):
        theirs = self._book(start=datetime(2026, 3, 11, 18), account=self.other)
        self.authenticate("appointment_portal", "appointment_portal")
        base = {"office": self.office.id, "service": self.pay.id}
        page = self.url_open(
            f"/my/toll/appointments?office={self.office.id}&service={self.pay.id}"
            f"&day={WEDNESDAY}"
        )
        self.assertIn('value="2026-03-11T09:00"', page.text)
        self.assertNotIn('value="2026-03-11T12:00"', page.text)
        self._post("/my/toll/appointments/book", **base, start="2026-03-11T09:00")
        mine = self.Appointment.search([("account_id", "=", self.account.id)])
        self.assertEqual((mine.start_at, mine.state), (NINE, "booked"))
        answer = self._post(
            "/my/toll/appointments/book", **base, start="2026-03-11T12:00"
        )
        self.assertIn("alert-danger", answer.text)
        self._post(
            "/my/toll/appointments/book",
            **base,
            start="2026-03-11T09:30",
            move=mine.id,
        )
        self.assertEqual(mine.start_at, HALF)
        ics = self.url_open(f"/my/toll/appointments/{mine.id}/ics")
        self.assertIn("BEGIN:VEVENT", ics.text)
        # another customer's appointment is like an unknown one
        for unknown in (theirs.id, 10**8):
            with self.subTest(unknown=unknown):
                url = f"/my/toll/appointments/{unknown}"
                self.assertEqual(self.url_open(f"{url}/ics").status_code, 404)
                self.assertEqual(self._post(f"{url}/cancel").status_code, 404)
                answer = self._post(
                    "/my/toll/appointments/book",
                    **base,
                    start="2026-03-11T10:00",
                    move=unknown,
                )
                self.assertIn("alert-danger", answer.text)
        self.assertEqual(theirs.state, "booked")
        for start in ("", "x", "2026-03-11T09:07", "9999-12-31T23:59"):
            answer = self._post("/my/toll/appointments/book", **base, start=start)
            self.assertIn("alert-danger", answer.text)
        self._post(f"/my/toll/appointments/{mine.id}/cancel")
        self.assertEqual(mine.state, "cancelled")
        with self.assertRaises(AccessError):
            theirs.with_user(self.customer).read(["start_at"])
