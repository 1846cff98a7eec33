"""Plates of old crossings go, and the books do not notice (X13)."""

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..models import toll_retention_plates
from ..queries import crossing_table
from .common import TollBillingCommon


@tagged("post_install", "-at_install")
class TestPlateRetention(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "plates_manager", groups="toll_account.group_toll_manager"
        )
        cls.rule = cls.env["toll.retention"].search(
            [("data_class", "=", "plate"), ("company_id", "=", False)]
        )
        cls.later = cls.now + relativedelta(months=cls.rule.months + 2)
        cls.stranger = {"tag": "", "plate": "QQQ999Z"}

    def setUp(self):
        super().setUp()
        self.batch = self._load(
            self._row("PL1", plate="AAA111A"),
            self._row("PL2", tag="", plate="CCC333C"),
            self._row("PL3", tag="", plate="CCC333C", plaza="P2", lane="L2"),
            self._row("PL4", tag="TEST00000002", plate="BBB222B", **{"class": "C"}),
            self._row("PL5", **self.stranger),
            self._row("PL6"),
            self._row("PL7", occurred_at="no time", **self.stranger),
        )
        self.rows = self._crossings(self.batch)

    def _books(self):
        """All of the crossings but the vehicle, and what stands on them."""
        names = [
            "operator_id",
            "ref",
            "occurred_at",
            "account_id",
            "lot_id",
            "class_id",
            "amount",
            "amount_discount",
            "state",
            "reason",
            "posted_at",
            "statement_id",
        ]
        self.env.invalidate_all()
        self.env.cr.execute(
            "SELECT * FROM toll_crossing_tally WHERE batch_id = %s ORDER BY id",
            self.batch.ids,
        )
        tallies = self.env.cr.fetchall()
        accounts = self.prepaid + self.postpaid + self.plate_only
        batch = self.batch.read(["received", "posted", "held", "rejected"])
        return self.rows.read(names), tallies, accounts.mapped("balance"), batch

    def _activate(self):
        self.rule.with_user(self.manager).action_preview()
        self.rule.with_user(self.manager).action_activate()

    def _sweep(self):
        run = self.env["toll.retention.run"]._open(self.rule)
        steps = 0
        while run._step():
            steps += 1
            self.assertLess(steps, 500, "it comes to an end")
        self.env.invalidate_all()
        return run

    def test_old_plates_become_pseudonyms_and_the_books_stay_x13(self):
        self.postpaid.commercial_partner_id.sudo().toll_legal_hold = True
        before = self._books()
        self._activate()
        run = self._sweep()
        self.assertEqual(run.state, "done")
        self.assertEqual(self.rows[0].plate, "AAA111A", "not old enough")

        with freeze_time(self.later):
            self.rule.action_preview()
            self.assertGreaterEqual(self.rule.preview_count, 5)
            self.assertGreaterEqual(self.rule.preview_held, 1)
            run = self._sweep()
        one, two, three, held, review, tag_only, timeless = self.rows
        self.assertEqual(two.plate, three.plate, "one vehicle is one vehicle")
        self.assertNotEqual(one.plate, two.plate)
        for crossing in (one, two, three, timeless):
            self.assertRegex(crossing.plate, r"^~[0-9a-f]{12}$")
            self.assertTrue(crossing.is_plate_removed)
            self.assertIn("removed", crossing._get_plate())
            self.assertFalse(crossing.raw or crossing.detail)
        plain = hashlib.sha256(b"CCC333C").hexdigest()
        self.assertNotIn(two.plate[1:], plain)
        self.assertFalse((one + two + three + tag_only).vehicle_id)
        self.assertFalse(tag_only.plate or tag_only.is_plate_removed)
        self.assertEqual((held.plate, held.vehicle_id), ("BBB222B", self.vehicle_2))
        self.assertEqual(review.plate, "QQQ999Z", "somebody still works on it")
        self.assertEqual(review.raw["row"]["plate"], "QQQ999Z")
        self.assertEqual(self._books(), before)
        self._assert_rules_hold()

        self.assertEqual(run.state, "done")
        self.assertGreaterEqual(run.count, 5)
        self.assertGreaterEqual(run.held, 1)
        self.env.cr.execute(
            "SELECT salt FROM toll_retention_run WHERE id = %s", run.ids
        )
        self.assertEqual(self.env.cr.fetchall(), [(None,)], "nobody has it any more")
        with freeze_time(self.later + timedelta(days=1)):
            again = self._sweep()
            self.assertEqual(again.count, 0)
        self.postpaid.commercial_partner_id.sudo().toll_legal_hold = False
        with freeze_time(self.later + timedelta(days=40)):
            self._sweep()
        self.assertTrue(held.is_plate_removed, "the hold has ended")
        self.assertNotEqual(two.plate, held.plate)

    def test_a_killed_sweep_goes_on_with_its_salt(self):
        self._activate()

        def killed(rule, run, after):
            raise KeyboardInterrupt

        with (
            freeze_time(self.later),
            patch.object(toll_retention_plates, "BATCH", 2),
        ):
            run = self.env["toll.retention.run"]._open(self.rule)
            with (
                patch.object(type(self.rule), "_step_captures", killed),
                suppress(KeyboardInterrupt),
            ):
                while run._step():
                    self.assertTrue(run.salt)
            salt = run.salt
            same = self._sweep()
        self.assertEqual((same, same.state), (run, "done"))
        self.assertTrue(salt)
        self.assertFalse(run.sudo().salt)
        self.assertEqual(self.rows[1].plate, self.rows[2].plate)

    def test_archived_months_are_swept_too(self):
        first = datetime(2019, 3, 1)
        self.env["toll.crossing"]._ensure_months([first.date()])
        self.env.cr.execute(
            """
            INSERT INTO toll_crossing_data (
                occurred_at, company_id, operator_id, batch_id, line, state, plate)
            SELECT '2019-03-05', company_id, operator_id, batch_id, 99, 'rejected',
                   'ZZZ888A'
              FROM toll_crossing_data WHERE id = %s
            """,
            self.rows[:1].ids,
        )
        table = "toll_crossing_data_y2019m03"
        self.env.cr.execute(crossing_table.detach_month(table))
        before = self.rule._get_before()
        self.assertIn(table, dict(self.rule._get_tables(before)))
        self._activate()
        self._sweep()
        self.env.cr.execute("SELECT DISTINCT left(plate, 1) FROM " + table)
        self.assertEqual(self.env.cr.fetchall(), [("~",)])
        self.assertNotIn(table, dict(self.rule._get_tables(before)), "it is done with")

    def test_another_companys_period_and_captures(self):
        other = self.env["res.company"].create({"name": "Short Memory"})
        mine = self.rule.copy({"company_id": self.company.id, "months": 600})
        handheld = self.env["toll.handheld"].create(
            {
                "name": "Plates tablet",
                "operator_id": self.operator.id,
                "plaza_ids": [(6, 0, self.plaza.ids)],
            }
        )
        capture = self.env["toll.handheld.capture"].create(
            {
                "handheld_id": handheld.id,
                "ref": "plates-1",
                "taken_at": self.now,
                "plate": "QQQ777A",
                "state": "cash",
            }
        )
        self._activate()
        with freeze_time(self.later):
            self.assertIn(other.id, self.rule._get_company_ids())
            self._sweep()
            self.assertEqual(self.rows[0].plate, "AAA111A", "its own period counts")
            self.assertEqual(capture.plate, "QQQ777A")
            mine.unlink()
            self.env["toll.retention.run"].search([]).started_at = (
                fields.Datetime.now() - timedelta(days=2)
            )
            self._sweep()
        self.assertTrue(self.rows[0].is_plate_removed)
        self.assertFalse(capture.plate)

    def test_only_managers_sweep_and_nobody_reads_the_salt(self):
        for user in (self.analyst, self.agent):
            with self.assertRaises(AccessError):
                self.rule.with_user(user).action_preview()
        run = self.env["toll.retention.run"]._open(self.rule)
        run.salt = "secret"
        with self.assertRaises(AccessError):
            run.with_user(self.manager).read(["salt"])
        self.rule.with_user(self.manager).action_deactivate()
        self.assertFalse(run.salt)
        self.assertEqual(run.state, "stopped")
