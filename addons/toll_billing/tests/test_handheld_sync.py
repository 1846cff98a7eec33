"""Captures of hand-held devices: fates, repetition, undo, clocks (001-08)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..controllers import handheld as controller
from ..core import handheld as core
from .handheld_common import HandheldCommon, stamp
from .portal_common import PRICE

CONFLICT = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"


@tagged("post_install", "-at_install")
class TestHandheldSync(HandheldCommon):
    def _balance(self):
        self.account.invalidate_recordset()
        return self.account.balance

    # === FATES === #

    def test_capture_reaches_the_balance_001_08(self):
        before = self._balance()
        row = self._row(note="lane down", payment="tag")
        self.assertEqual(self._fates(row), [("posted", None)])
        capture = self._captures(row)
        crossing = capture.crossing_id
        self.assertEqual(crossing.ref, row["ref"])
        self.assertEqual(crossing.batch_id.handheld_id, self.handheld)
        self.assertEqual(crossing.batch_id.kind, "handheld")
        self.assertEqual(crossing.raw["source"], "hand-held")
        self.assertEqual(crossing.raw["handheld"], "Tablet 1")
        self.assertEqual(crossing.raw["note"], "lane down")
        self.assertEqual(capture.user_id, self.staff)
        self.assertEqual(self._balance(), before - PRICE)
        self._assert_conserved()

    def test_each_row_has_its_own_fate(self):
        rows = [
            self._row(),
            self._row(plate="NOBODY1"),
            self._row(payment="cash", plate=""),
            self._row(plaza=self.far_plaza.code),
            self._row(plaza=self.other_plaza.code),
            self._row(lane="99"),
            self._row(payment="card"),
            self._row(taken_at="yesterday"),
        ]
        self.assertEqual(
            self._fates(*rows),
            [
                ("posted", None),
                ("held", "unknown_plate"),
                ("cash", None),
                ("held", "strange_plaza"),
                ("held", "unknown_plaza"),
                ("held", "unknown_lane"),
                ("refused", "malformed"),
                ("refused", "malformed"),
            ],
        )
        self.assertEqual(len(self._captures(*rows)), len(rows), "all are kept")
        self._assert_conserved()

    def test_cash_is_counted_and_never_charged(self):
        before = self._balance()
        row = self._row(payment="cash")
        self.assertEqual(self._fates(row), [("cash", None)])
        self.assertFalse(self._captures(row).crossing_id)
        self.assertEqual(self._balance(), before)

    def test_old_rows_are_held_not_lost(self):
        days = self.operator.max_age_days
        old = self._row(minutes=24 * 60 * (days + 1))
        late = self._row(minutes=24 * 60 * 9)
        self.assertEqual(
            self._fates(old, late), [("held", "too_old"), ("posted", None)]
        )
        self.assertEqual(self._captures(old).state, "held")

    def test_rows_without_reference_are_answered(self):
        bad, good = self._row(ref="7"), self._row()
        results = self._sync(bad, good)["results"]
        self.assertEqual(results[0]["reason"], "malformed")
        self.assertEqual(results[1]["state"], "posted")
        body = {
            "sent_at": stamp(fields.Datetime.now()),
            "captures": [None, 7, [], good],
        }
        states = [r["state"] for r in self._call("sync", body).json()["results"]]
        self.assertEqual(states, ["refused"] * 3 + ["posted"])

    def test_hostile_text_gets_a_fate(self):
        rows = [
            self._row(plate="=cmd|' /C calc'!A0"),
            self._row(note="\x00\ud800 <script>"),
            self._row(plate="x" * 65),
            self._row(staff=self.outsider.id),
        ]
        fates = [state for state, _reason in self._fates(*rows)]
        self.assertEqual(fates[0], "rejected")
        self.assertEqual(fates[2], "refused")
        self.assertFalse(self._captures(rows[3]).user_id, "not in charge of it")

    # === AGAIN AND AGAIN === #

    def test_same_rows_again_change_nothing_001_08(self):
        rows = [self._row(), self._row(plate="NOBODY2"), self._row(payment="cash")]
        first = self._fates(*rows)
        balance = self._balance()
        for order in (rows, rows[::-1], rows[:1]):
            self.assertEqual(
                self._fates(*order), [first[rows.index(row)] for row in order]
            )
        twice = self._row()
        self.assertEqual(self._fates(twice, twice), [("posted", None)] * 2)
        self.assertEqual(self._balance(), balance - PRICE)
        self._assert_conserved()

    def test_conflict_starts_again_whole(self):
        row, calls = self._row(), []
        handhelds = type(self.env["toll.handheld"])
        take = handhelds._take

        def fail_once(records, message):
            calls.append(message)
            result = take(records, message)
            if len(calls) == 1:
                records.env.cr.execute(CONFLICT, log_exceptions=False)
            return result

        with (
            patch.object(handhelds, "_take", fail_once),
            mute_logger("odoo.service.model"),
        ):
            self.assertEqual(self._fates(row), [("posted", None)])
        self.assertEqual(len(calls), 2)
        self.assertEqual(len(self._captures(row)), 1)
        self._assert_conserved()

    def test_a_reference_of_another_device_counts_once(self):
        other = self._make_handheld("Tablet 2")
        key = self._enrol_device(other)
        row, before = self._row(), self._balance()
        self._fates(row)
        self.assertEqual(self._fates(row, key=key), [("posted", None)])
        self.assertEqual(self._balance(), before - PRICE)
        self._assert_conserved()

    def test_fate_changes_with_the_review(self):
        row = self._row(plate="LATER1")
        self.assertEqual(self._fates(row), [("held", "unknown_plate")])
        self._captures(row).crossing_id.with_user(self.analyst).action_correct(
            {"plate": self.vehicle.plate}
        )
        self.assertEqual(self._fates(row), [("posted", None)])

    # === UNDO === #

    def _undo(self, row, minutes=4, **values):
        return self._row(minutes=minutes, cancels=row["ref"], **values)

    def test_undo_before_it_was_sent(self):
        row = self._row()
        undo, before = self._undo(row), self._balance()
        self.assertEqual(self._fates(row, undo), [("undone", None)] * 2)
        self.assertEqual(len(self._captures(row, undo)), 2, "kept, not deleted")
        self.assertEqual(self._balance(), before)

    def test_undo_of_a_posted_crossing_gives_the_money_back(self):
        row, before = self._row(), self._balance()
        self._fates(row)
        undo = self._undo(row)
        self.assertEqual(self._fates(undo), [("offset", "cancelled")])
        self.assertEqual(self._fates(row), [("offset", "cancelled")])
        self.assertEqual(self._fates(undo), [("offset", "cancelled")], "again")
        self.assertEqual(self._fates(self._undo(row)), [("refused", "undo_twice")])
        self.assertEqual(self._balance(), before)
        self._assert_conserved()

    def test_undo_that_comes_before_its_capture(self):
        row, before = self._row(), self._balance()
        undo = self._undo(row)
        self.assertEqual(self._fates(undo), [("waiting", None)])
        self.assertEqual(self._fates(row), [("undone", None)])
        self.assertEqual(self._captures(undo).state, "undone")
        self.assertEqual(self._balance(), before)

    def test_undo_has_its_time(self):
        row = self._row(minutes=60)
        late = self._undo(row, minutes=60 - self.handheld.undo_minutes - 2)
        self.assertEqual(
            self._fates(row, late), [("posted", None), ("refused", "undo_late")]
        )

    def test_undo_of_another_devices_capture_waits_for_ever(self):
        row = self._row()
        self._fates(row)
        other = self._make_handheld("Tablet 3")
        undo = self._undo(row)
        fates = self._fates(undo, key=self._enrol_device(other))
        self.assertEqual(fates, [("waiting", None)])
        self.assertEqual(self._fates(row), [("posted", None)])

    # === CLOCKS === #

    def test_times_are_corrected_by_the_servers_clock(self):
        now = fields.Datetime.now()
        behind = timedelta(hours=3)
        row = self._row(taken_at=stamp(now - behind - timedelta(minutes=5)))
        answer = self._sync(row, sent_at=stamp(now - behind))
        self.assertAlmostEqual(answer["skew"], behind.total_seconds(), delta=300)
        capture = self._captures(row)
        self.assertTrue(capture.is_skewed)
        self.assertEqual(
            capture.taken_at,
            capture.device_at + timedelta(seconds=capture.skew_seconds),
        )
        self.assertEqual(capture.crossing_id.occurred_at, capture.taken_at)
        self.assertIn("clock_behind_s", capture.crossing_id.raw)
        self.assertGreater(self.handheld.skew_seconds, 3 * 3600 - 1)

    def test_a_clock_that_is_ahead_posts_nothing_into_the_future(self):
        now = fields.Datetime.now()
        ahead = timedelta(days=2)
        row = self._row(taken_at=stamp(now + ahead - timedelta(minutes=5)))
        strange = self._row(taken_at=stamp(now + ahead + timedelta(days=1)))
        self.assertEqual(
            [
                (r["state"], r["reason"])
                for r in self._sync(row, strange, sent_at=stamp(now + ahead))["results"]
            ],
            [("posted", None), ("held", "future")],
        )

    # === REVIEW === #

    def test_analyst_sends_on_what_was_held(self):
        row = self._row(plaza=self.other_plaza.code)
        self._fates(row)
        capture = self._captures(row)
        with self.assertRaises(UserError):
            capture.with_user(self.analyst).action_send()  # no plaza yet
        lane = self.plaza.lane_ids
        capture.with_user(self.analyst).write(
            {"plaza_id": self.plaza.id, "lane_id": lane.id}
        )
        before = self._balance()
        capture.with_user(self.analyst).action_send()
        self.assertEqual((capture.state, capture.crossing_state), ("sent", "posted"))
        self.assertEqual(self._balance(), before - PRICE)
        with self.assertRaises(UserError):
            capture.with_user(self.analyst).action_send()
        with self.assertRaises(UserError):
            capture.with_user(self.analyst).write({"plate": "X"})
        self.assertEqual(self._fates(row), [("posted", None)])
        self._assert_conserved()

    def test_analyst_refuses_what_was_held(self):
        row = self._row(plaza=self.far_plaza.code)
        self._fates(row)
        capture = self._captures(row)
        with self.assertRaises(AccessError):
            capture.with_user(self.staff).action_refuse()
        capture.with_user(self.analyst).action_refuse()
        self.assertEqual(self._fates(row), [("refused", "refused")])
        with self.assertRaises(UserError):
            capture.unlink()

    # === LIMITS === #

    def test_limits_and_errors_are_json(self):
        many = [{} for _row in range(core.MAX_ROWS + 1)]
        now = stamp(fields.Datetime.now())
        self._assert_error(
            self._call("sync", {"sent_at": now, "captures": many}), 413, "too_many_rows"
        )
        big = b" " * (controller.MAX_BYTES + 1)
        self._assert_error(self._call("sync", data=big), 413)
        for data in (b"", b"{", b"[]", b"1", b"\xff", b"[" * 9999, b'{"sent_at": NaN}'):
            with self.subTest(data=data[:10]):
                self._assert_error(self._call("sync", data=data), 400)
        self._assert_error(self._call("sync", {"captures": []}), 400, "bad_value")
        self._assert_error(
            self._call("sync", {"sent_at": now, "captures": {"a": 1}}), 400
        )
        self._assert_error(self._call("sync", **{"Content-Type": "text/csv"}), 415)
        self._assert_error(self.url_open("/toll/handheld/api/sync"), 405)
        self._assert_error(self._call("nothing"), 404)

    def test_what_the_device_says_of_itself(self):
        self._sync(self._row(), queue=17, app="abc")
        handheld = self.handheld
        self.assertEqual((handheld.queue_length, handheld.app_version), (17, "abc"))
        self.assertTrue(handheld.last_sync_at)
        self._call("hello", {"queue": -5, "app": "x" * 500})
        self.assertEqual(handheld.queue_length, 0)
