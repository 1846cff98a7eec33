"""Old files and what hand-held devices sent go by themselves (X13)."""

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tests import tagged

from .common import TollBillingCommon


@tagged("post_install", "-at_install")
class TestBillingRetention(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = fields.Datetime.now() - relativedelta(months=30)
        cls.handheld = cls.env["toll.handheld"].create(
            {
                "name": "Old tablet",
                "operator_id": cls.operator.id,
                "plaza_ids": [(6, 0, cls.plaza.ids)],
            }
        )
        cls.vehicle = cls.env["toll.vehicle"].search(
            [("account_id", "=", cls.prepaid.id)], limit=1
        )

    def _capture(self, plate, state="cash"):
        capture = self.env["toll.handheld.capture"].create(
            {
                "handheld_id": self.handheld.id,
                "ref": f"old-{plate}-{state}",
                "taken_at": self.old,
                "plate": plate,
                "raw": f"plate {plate}",
                "state": state,
            }
        )
        capture.message_post(body=f"It was {plate}")
        return capture

    def _sweep(self, data_class):
        rule = self.env["toll.retention"].search(
            [("data_class", "=", data_class), ("company_id", "=", False)]
        )
        rule.action_preview()
        rule.action_activate()
        run = self.env["toll.retention.run"]._open(rule)
        steps = 0
        while run._step():
            steps += 1
            self.assertLess(steps, 50, "it comes to an end")
        self.env.invalidate_all()
        return run

    def test_captures_lose_the_vehicle_and_a_hold_holds(self):
        gone, held = self._capture("OLD111"), self._capture(self.vehicle.plate)
        open_one = self._capture("OLD222", "held")
        self.prepaid.commercial_partner_id.sudo().toll_legal_hold = True
        run = self._sweep("capture")
        self.assertFalse(gone.plate or gone.raw)
        self.assertFalse(gone.message_ids.filtered("body"))
        self.assertEqual(gone.state, "cash", "what it was for the shift stays")
        self.assertEqual(held.plate, self.vehicle.plate)
        self.assertEqual(open_one.plate, "OLD222", "somebody still works on it")
        self.assertGreaterEqual(run.held, 1)

    def test_roadside_checks_are_deleted_by_the_sweep_only(self):
        check = self.env["toll.handheld.check"].create(
            {
                "handheld_id": self.handheld.id,
                "ref": "old-check",
                "checked_at": self.old,
                "value": "OLD333",
                "state": "unknown",
            }
        )
        run = self._sweep("check")
        self.assertFalse(check.exists())
        self.assertGreaterEqual(run.count, 1)

    def test_files_go_and_batches_stay(self):
        batch = self.env["toll.crossing.batch"].create(
            {
                "name": "old.csv",
                "operator_id": self.operator.id,
                "sha256": "0" * 64,
                "state": "done",
                "finished_at": self.old,
                "attachment_id": self.env["ir.attachment"]
                .create({"name": "old.csv", "raw": b"x"})
                .id,
            }
        )
        file = batch.attachment_id
        self._sweep("batch_file")
        self.assertFalse(file.exists())
        self.assertTrue(batch.exists())
        self.assertFalse(batch.attachment_id)
