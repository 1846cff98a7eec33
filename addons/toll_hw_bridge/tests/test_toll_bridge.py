"""What an encoder's answers do to TAG, stock and job (000-18)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.toll_tag_stock.core.epc import read_giai96

from ..core import messages
from ..core.errors import BridgeError
from .common import PREFIX, EncodingCommon


@tagged("post_install", "-at_install")
class TestTollBridge(EncodingCommon):
    def test_a_box_is_encoded_in_order(self):
        batch = self._box()
        numbers = []
        while job := self._poll():
            numbers.append(job["number"])
            self.assertEqual(job["total"], 3)
            self._result(job)
        self.assertEqual(numbers, ["ZZEN00000001", "ZZEN00000002", "ZZEN00000003"])
        self.assertEqual((batch.state, batch.done_count), ("done", 3))
        self.assertTrue(batch.finished_at)
        lots = batch.job_ids.lot_id
        self.assertEqual(read_giai96(lots[0].toll_epc), (PREFIX, 1))
        self.assertEqual(len(set(lots.mapped("toll_tid"))), 3)
        self.assertEqual(set(lots.mapped("toll_secret_version")), {1})
        self._assert_stock(lots)

    def test_the_order_says_what_to_write(self):
        self._box()
        job = self._poll()
        self.assertEqual(job["kind"], "encode")
        self.assertRegex(job["epc"], "^[0-9A-F]{24}$")
        self.assertRegex(job["access"], "^[0-9A-F]{8}$")
        self.assertRegex(job["kill"], "^[0-9A-F]{8}$")
        self.assertNotEqual(job["access"], job["kill"])
        self.assertEqual(
            job["lock"],
            {"epc": "locked", "access": "locked", "kill": "locked", "user": "open"},
        )

    def test_without_a_policy_nothing_is_locked(self):
        self.product.toll_encoding_policy_id = False
        self._box()
        job = self._poll()
        self.assertEqual((job["access"], job["kill"], job["lock"]), (None,) * 3)
        self._result(job)
        self.assertEqual(self._job(job).lot_id.toll_secret_version, 0)

    def test_a_lost_answer_costs_nothing(self):
        self._box()
        first = self._poll()
        self.assertEqual(self._poll(), first)
        self.assertEqual(self._job(first).attempts, 1)
        self.assertEqual(len(self._job(first).attempt_ids), 1)

    def test_a_result_counts_once(self):
        batch = self._box()
        job = self._poll()
        tid = next(self.chips)
        first = self._result(job, tid=tid)
        self.assertEqual(
            first, {"accepted": True, "job_state": "done", "repeated": False}
        )
        again = self._result(job, tid=tid)
        self.assertEqual(
            again, {"accepted": True, "job_state": "done", "repeated": True}
        )
        self.assertEqual(batch.done_count, 1)
        with self.assertRaisesRegex(BridgeError, "result_differs"):
            self._result(job, tid=next(self.chips))

    def test_answers_for_the_wrong_job(self):
        self._box()
        job = self._poll()
        other = self.env["toll.encoder"].create({"name": "Table 2"})
        cases = (
            ("wrong_encoder", job, {"encoder": other}),
            ("wrong_job", {**job, "id": job["id"] + 1}, {}),
            ("unknown_attempt", {**job, "attempt": "0" * 36}, {}),
        )
        for code, answered, kwargs in cases:
            with self.subTest(code), self.assertRaisesRegex(BridgeError, code):
                self._result(answered, **kwargs)
        self.assertEqual(self._job(job).state, "sent")
        self.assertFalse(self._job(job).lot_id.toll_epc)

    def test_another_epc_read_back_is_no_success(self):
        batch = self._box()
        job = self._poll()
        others = batch.job_ids.filtered(lambda other: other.epc != job["epc"])
        answer = self._result(job, epc=others[0].epc)
        self.assertEqual(answer["job_state"], "waiting")
        self.assertEqual(self._job(job).error, "readback_differs")
        self.assertFalse(self._job(job).lot_id.toll_epc)
        self.assertEqual(others[0].state, "waiting")

    def test_success_without_a_tid_is_no_success(self):
        self._box()
        job = self._poll()
        self._result(job, tid=None)
        self.assertEqual(self._job(job).error, "readback_differs")

    def test_a_bad_tag_is_tried_again_and_rejected(self):
        batch = self._box(max_attempts=3)
        bad = self._poll()
        for attempt in range(3):
            job = self._poll()
            self.assertEqual(job["id"], bad["id"], "the same TAG, at once")
            if attempt:
                self.assertEqual(job["expect_tid"], "E280116000000BAD")
            self._fail(job, "write_failed", tid="E280116000000BAD")
        lot = self._job(bad).lot_id
        self.assertEqual(self._job(bad).state, "rejected")
        self.assertEqual(self._job(bad).attempts, 3)
        while job := self._poll():
            self._result(job)
        self.assertEqual((batch.state, batch.rejected_count), ("done", 1))
        self._assert_stock(batch.job_ids.lot_id, defective=lot)
        self.assertFalse(lot.toll_epc)
        self.assertIn("Rejected in ENC/", lot.toll_rma_ids.symptom)
        events = [event["title"] for event in lot._toll_get_trace()]
        self.assertIn("Rejected by Table 1", events)
        good = (batch.job_ids.lot_id - lot)[0]
        events = [event["title"] for event in good._toll_get_trace()]
        self.assertIn("Encoded by Table 1", events)

    def test_a_missing_tag_or_cable_does_not_count_against_the_tag(self):
        self._box(max_attempts=1)
        for code in (
            "no_tag",
            "many_tags",
            "wrong_tag",
            "cable",
            "timeout",
            "protocol",
        ):
            self.encoder.action_continue()
            job = self._poll()
            self._fail(job, code)
            self.assertEqual(self._job(job).state, "waiting", code)
            self.assertEqual(self.encoder.fault, code)
            self.assertEqual(self.encoder.state, "error")
        self.assertEqual(self._job(job).fault_count, 0)
        self.assertEqual(self._job(job).lot_id.toll_state, "new")
        self.encoder.action_continue()
        self._result(self._poll())
        self.assertFalse(self.encoder.fault)

    def test_the_batch_says_what_keeps_the_encoder(self):
        batch = self._box()
        self.assertEqual(batch.trouble, "Table 1: Offline")
        job = self._poll()
        self.assertFalse(batch.trouble)
        self._fail(job, "many_tags")
        self.assertEqual(batch.trouble, "Table 1: More than one TAG on the plate")
        batch.action_pause()
        self.assertFalse(batch.trouble)

    def test_an_unknown_code_never_rejects_a_tag(self):
        self._box(max_attempts=1)
        job = self._poll()
        self._fail(job, "gremlins", message="what is this")
        self.assertEqual(self._job(job).error, "protocol")
        self.assertEqual(self._job(job).state, "waiting")

    def test_a_broken_encoder_rests_longer_and_longer(self):
        self._box()
        rests = []
        now = fields.Datetime.now()
        for _time in range(4):
            with freeze_time(now):
                job = self._poll()
                self._fail(job, "cable")
                self.assertFalse(self._poll(), "it rests")
            rests.append((self.encoder.retry_at - now).total_seconds())
            now = self.encoder.retry_at
        self.assertEqual(rests, [2, 4, 8, 16])
        self.assertEqual(self.encoder.fault_count, 4)

    def test_a_chip_of_another_tag_is_rejected(self):
        old = self._receive("ZZEN90000001")
        old.toll_tid = "E28011609999"
        batch = self._box()
        job = self._poll()
        self._result(job, tid="E28011609999")
        lot = self._job(job).lot_id
        self.assertEqual(self._job(job).state, "rejected")
        self.assertEqual(self._job(job).error, "duplicate_tid")
        self.assertFalse(lot.toll_tid)
        self._assert_stock(lot, defective=lot)
        self.assertIn("ZZEN90000001", batch.activity_ids.note)

    def test_an_epc_that_another_tag_got_meanwhile(self):
        batch = self._box()
        job = self._poll()
        self._receive("ZZEN90000002").toll_epc = job["epc"]
        self._result(job)
        self.assertEqual(self._job(job).state, "failed")
        self.assertEqual(self._job(job).error, "duplicate_epc")
        self.assertFalse(self._job(job).lot_id.toll_epc)
        self.assertTrue(batch.activity_ids)

    def test_a_unique_index_that_speaks_late_loses_no_result(self):
        """The look-up saw nothing (another transaction), the database did."""
        self._receive("ZZEN90000003").toll_tid = "E28011608888"
        self._box()
        job = self._poll()
        Job = type(self.env["toll.encoding.job"])
        with (
            patch.object(Job, "_find_double", lambda *_args: None),
            mute_logger("odoo.sql_db"),
        ):
            self._result(job, tid="E28011608888")
        self.assertEqual(self._job(job).error, "duplicate_tid")
        self.assertEqual(self._job(job).read_tid, "E28011608888")
        self.assertEqual(self._job(job).attempt_ids.tid, "E28011608888")

    def test_stock_that_cannot_move_loses_no_result(self):
        self._box(max_attempts=1)
        job = self._poll()
        with patch.object(
            type(self.env["toll.tag.transfer"]), "_move", side_effect=UserError("no")
        ):
            answer = self._fail(job, "write_failed")
        self.assertEqual(answer["job_state"], "failed")
        record = self._job(job)
        self.assertEqual((record.error, record.message), ("stock", "no"))
        self.assertEqual(record.lot_id.toll_state, "new", "all or nothing")
        record.action_reject()
        self.assertEqual(record.state, "rejected")
        self._assert_stock(record.lot_id, defective=record.lot_id)

    def test_a_tag_outside_the_warehouse_becomes_encoded(self):
        lot = self.env["stock.lot"].create(
            {"name": "ZZEN80000001", "product_id": self.product.id}
        )
        batch = self.env["toll.encoding.batch"].create(
            {"encoder_ids": [(6, 0, self.encoder.ids)]}
        )
        batch._add_lots(lot)
        batch.action_start()
        self._result(self._poll())
        self.assertEqual(lot.toll_state, "encoded")
        self.assertFalse(self._location(lot))

    # === AGENTS THAT START AGAIN, AND ENCODERS THAT ARE GONE === #

    def _hello(self, boot, host="station"):
        hello = messages.parse_hello(
            {"boot": boot, "host": host, "agent": "1.0", "encoder": {"firmware": "V1"}}
        )
        return self.env["toll.bridge"]._hello(self.encoder, hello)

    def test_hello_gives_the_configuration(self):
        self.encoder.write({"power_dbm": 12.5, "url": "/dev/ttyUSB7"})
        answer = self._hello(self.boot)
        self.assertEqual(
            {key: answer[key] for key in ("encoder", "url", "power_dbm", "protocol")},
            {
                "encoder": "Table 1",
                "url": "/dev/ttyUSB7",
                "power_dbm": 12.5,
                "protocol": "m100",
            },
        )
        self.assertEqual(self.encoder.firmware, "V1")
        self.assertEqual(self.encoder.state, "idle")

    def test_an_agent_that_starts_again_gets_its_attempt_back(self):
        self._box()
        self._hello(self.boot)
        before = self._poll()
        self._hello("second-boot-0001")
        self.assertEqual(self._poll(boot="second-boot-0001"), before)

    def test_two_agents_with_one_key(self):
        """The second machine waits until the first one is silent."""
        self._box()
        self._hello(self.boot)
        before = self._poll()
        with self.assertRaisesRegex(BridgeError, "other_agent"):
            self._hello("other-machine-1", host="elsewhere")
        with self.assertRaisesRegex(BridgeError, "other_agent"):
            self._poll(boot="other-machine-1")
        past = fields.Datetime.now() - timedelta(minutes=5)
        self.encoder.last_seen_at = past
        self._job(before).attempt_ids.sent_at = past
        self._hello("other-machine-1", host="elsewhere")
        self.assertEqual(self._poll(boot="other-machine-1"), before)

    def test_a_silent_encoder_is_offline(self):
        self._hello(self.boot)
        Encoder = self.env["toll.encoder"]
        ours = [("id", "=", self.encoder.id)]
        self.assertTrue(Encoder.search([*ours, ("state", "=", "idle")]))
        self.encoder.last_seen_at = fields.Datetime.now() - timedelta(minutes=5)
        self.assertEqual(self.encoder.state, "offline")
        self.assertTrue(Encoder.search([*ours, ("state", "=", "offline")]))
        self.assertFalse(Encoder.search([*ours, ("state", "in", ("idle", "busy"))]))

    def test_states_of_an_encoder_can_be_searched(self):
        self._box()
        job = self._poll()
        Encoder = self.env["toll.encoder"]
        ours = [("id", "=", self.encoder.id)]
        self.encoder.invalidate_recordset()
        self.assertEqual(self.encoder.state, "busy")
        self.assertTrue(Encoder.search([*ours, ("state", "=", "busy")]))
        self._fail(job, "cable")
        self.assertEqual(self.encoder.state, "error")
        self.assertTrue(Encoder.search([*ours, ("state", "=", "error")]))
        self.assertFalse(Encoder.search([*ours, ("state", "!=", "error")]))

    def test_a_late_answer_before_anybody_else_began(self):
        self._box()
        job = self._poll()
        self._job(job).action_release()
        self.assertEqual(self._job(job).state, "waiting")
        answer = self._result(job)
        self.assertEqual(answer["job_state"], "done")
        self.assertTrue(answer["accepted"])
        self.assertEqual(self._job(job).lot_id.toll_state, "stocked")

    def test_a_late_answer_after_another_encoder_began(self):
        """Two chips may carry one code: the result stays, somebody is told."""
        batch = self._box()
        second = self.env["toll.encoder"].create({"name": "Table 2"})
        batch.encoder_ids |= second
        job = self._poll()
        self._job(job).action_release()
        taken = self._poll(second, "boot-of-table-2")
        self.assertEqual(taken["id"], job["id"])
        self.assertNotEqual(taken["attempt"], job["attempt"])
        answer = self._result(job, tid="E28011600000AAAA")
        self.assertEqual((answer["accepted"], answer["job_state"]), (False, "sent"))
        again = self._result(job, tid="E28011600000AAAA")
        self.assertTrue(again["repeated"])
        self.assertEqual(len(batch.activity_ids), 1)
        self.assertIn("E28011600000AAAA", batch.activity_ids.note)
        self._result(taken, second, tid="E28011600000BBBB")
        self.assertEqual(self._job(job).state, "failed")
        self.assertEqual(self._job(job).error, "two_chips")
        self.assertFalse(self._job(job).lot_id.toll_epc)

    def test_the_same_chip_late_is_no_conflict(self):
        """The person carried the TAG to the other table."""
        batch = self._box()
        second = self.env["toll.encoder"].create({"name": "Table 2"})
        batch.encoder_ids |= second
        job = self._poll()
        self._job(job).action_release()
        taken = self._poll(second, "boot-of-table-2")
        self._result(taken, second, tid="E28011600000AAAA")
        answer = self._result(job, tid="E28011600000AAAA")
        self.assertEqual(answer["job_state"], "done")
        self.assertEqual(self._job(job).state, "done")
        self.assertFalse(batch.activity_ids)

    def test_a_late_other_chip_takes_a_done_tag_back(self):
        batch = self._box(last="ZZEN00000001")
        second = self.env["toll.encoder"].create({"name": "Table 2"})
        batch.encoder_ids |= second
        job = self._poll()
        self._job(job).action_release()
        self._result(self._poll(second, "boot-of-table-2"), second)
        self.assertEqual(batch.state, "done")
        self._result(job, tid="E28011600000CCCC")
        self.assertEqual(self._job(job).state, "failed")
        self.assertEqual(batch.state, "running", "somebody has to decide")

    def test_two_encoders_share_a_batch(self):
        batch = self._box(last="ZZEN00000006")
        second = self.env["toll.encoder"].create({"name": "Table 2"})
        batch.encoder_ids |= second
        first, other = self._poll(), self._poll(second, "boot-of-table-2")
        self.assertNotEqual(first["id"], other["id"])
        self._fail(first, "write_failed")
        self._result(other, second)
        following = self._poll(second, "boot-of-table-2")
        self.assertNotEqual(following["id"], first["id"], "that TAG lies elsewhere")
        self.assertEqual(self._poll()["id"], first["id"])
        batch.encoder_ids -= self.encoder
        self._fail(self._poll(), "write_failed")
        self.assertFalse(self._poll(), "this encoder left the batch")
        self._result(following, second)
        self.assertEqual(self._poll(second, "boot-of-table-2")["id"], first["id"])

    # === TEST READ === #

    def test_a_test_read_finds_the_tag(self):
        lot = self._receive("ZZEN70000001")
        lot.toll_tid = "E28011607777"
        action = self.encoder.with_user(self.agent).action_test_read()
        again = self.encoder.with_user(self.agent).action_test_read()
        self.assertEqual(action["res_id"], again["res_id"], "one at a time")
        job = self._poll()
        self.assertEqual((job["kind"], job["epc"], job["access"]), ("read", None, None))
        self._result(job, epc="AAAA" * 6, tid="E28011607777")
        record = self._job(job)
        self.assertEqual((record.state, record.found_lot_id), ("done", lot))
        self.assertEqual(lot.toll_state, "new", "reading changes nothing")

    def test_a_failed_test_read_says_why(self):
        self.encoder.action_test_read()
        job = self._poll()
        self._fail(job, "many_tags")
        self.assertEqual(self._job(job).state, "failed")
        self.assertEqual(self._job(job).error, "many_tags")
