from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..core import user_memory
from .common import EncodingCommon


@tagged("post_install", "-at_install")
class TestTollEncoderAlert(EncodingCommon):
    """000-18: an encoder that stays away while TAGs wait for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.responsible = new_test_user(
            cls.env,
            "encoder_keeper",
            email="keeper@example.com",
            groups="toll_account.group_toll_agent",
        )
        cls.encoder.user_id = cls.responsible
        cls.now = fields.Datetime.now()

    def _away(self, minutes, waiting=None):
        """Last seen so long ago; the batch began so long ago."""
        self.encoder.last_seen_at = self.now - timedelta(minutes=minutes)
        started = self.now - timedelta(minutes=waiting or minutes)
        self.encoder.batch_ids.sudo().write({"started_at": started})
        before = self.encoder.message_ids
        self.env["toll.encoder"]._cron_offline()
        return self.encoder.message_ids - before

    def test_told_once_per_outage_and_once_when_it_is_back(self):
        self._box()
        self.assertFalse(self._away(5), "not long enough")
        [mail] = self._away(30)
        self.assertEqual(mail.partner_ids, self.responsible.partner_id)
        activity = self.encoder.activity_ids
        self.assertEqual(activity.user_id, self.responsible)
        self.assertFalse(self._away(40), "once per outage")
        back = self._away(0)
        self.assertIn("is back", " ".join(back.mapped("body")))
        self.assertEqual(back.partner_ids, self.responsible.partner_id)
        self.assertFalse(self.encoder.activity_ids)
        self.assertFalse(self._away(0))
        self.assertTrue(self._away(30), "another outage")

    def test_no_alert_without_work_nor_when_it_has_just_come(self):
        self.assertFalse(self._away(60), "nothing waits")
        batch = self._box()
        self.assertFalse(self._away(60, waiting=2), "the work came just now")
        self.encoder.offline_minutes = 0
        self.assertFalse(self._away(60), "switched off")
        self.encoder.offline_minutes = 10
        batch.action_cancel()
        self.assertFalse(self._away(60), "cancelled")


@tagged("post_install", "-at_install")
class TestTollChipClass(EncodingCommon):
    """000-18: the vehicle's class in the user memory."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.write_class = True
        cls.vehicle_class = cls.env["toll.vehicle.class"].create(
            {"code": "ZC2", "name": "Test class"}
        )
        cls.truck = cls._create_vehicle(
            cls.account, "TST-009-C", class_id=cls.vehicle_class.id
        )

    def _data(self, code="ZC2"):
        return user_memory.encode(code).hex().upper()

    def test_the_class_of_the_batch(self):
        self._box(class_id=self.vehicle_class.id)
        job = self._poll()
        self.assertEqual(job["user"], self._data())
        self._result(job, user=self._data())
        self.assertEqual(self._job(job).lot_id.toll_chip_class, "ZC2")

    def test_what_was_read_back_decides(self):
        self._box(class_id=self.vehicle_class.id)
        job, tid = self._poll(), next(self.chips)
        self._result(job, tid=tid, user=self._data("ZC3"))
        self.assertEqual(self._job(job).error, "readback_differs")
        job = self._poll()
        self._result(job, tid=tid)
        self.assertEqual(self._job(job).error, "protocol", "the agent is too old")
        self.assertEqual(self._job(job).fault_count, 1)

    def test_unknown_class_and_other_policies_write_nothing(self):
        self._box()
        self.assertIsNone(self._poll()["user"])

    def test_a_tag_on_a_vehicle_waits_for_its_class(self):
        self._box(last="ZZEN00000001")
        job = self._poll()
        tid = next(self.chips)
        self._result(job, tid=tid)
        lot = self._job(job).lot_id
        self.assertFalse(lot.toll_class_pending)
        lot.toll_assign(self.truck)
        self.assertTrue(lot.toll_class_pending)
        action = lot.with_user(self.agent).action_toll_encode()
        batch = self.env["toll.encoding.batch"].browse(action["res_id"])
        batch.encoder_ids = self.encoder
        batch.action_start()
        job = self._poll()
        self.assertEqual(
            (job["epc"], job["expect_tid"], job["user"]),
            (lot.toll_epc, tid, self._data()),
        )
        self._result(job, tid=tid, user=self._data())
        self.assertEqual((lot.toll_state, lot.toll_chip_class), ("assigned", "ZC2"))
        self.assertFalse(lot.toll_class_pending)

    def test_a_chip_without_user_memory_is_for_a_person(self):
        self._box(last="ZZEN00000001", class_id=self.vehicle_class.id)
        job = self._poll()
        self._fail(job, "no_user_memory")
        self.assertEqual(self._job(job).state, "failed")
        self.assertEqual(self._job(job).lot_id.toll_state, "new", "it is sound")
        self.assertFalse(self.encoder.fault)

    def test_an_encoder_that_cannot_is_told_before(self):
        batch = self._box(start=False, class_id=self.vehicle_class.id)
        self.encoder.agent_version = "1.0.0"
        with self.assertRaisesRegex(UserError, "user memory"):
            batch.action_start()
        self.encoder.writes_user_memory = True
        batch.action_start()
        self.vehicle_class.code = "Ñ"
        other = self._box(
            "ZZEN00000011",
            "ZZEN00000012",
            start=False,
            class_id=self.vehicle_class.id,
        )
        with self.assertRaisesRegex(UserError, "does not fit"):
            other.action_start()
