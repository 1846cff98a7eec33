from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollVehicle(TollCommon):
    def test_plate_is_normalised(self):
        vehicle = self._create_vehicle(" uvd-12.o8 ")
        self.assertEqual(vehicle.plate_normalized, "UVD12O8")
        vehicle.plate = "new 01"
        self.assertEqual(vehicle.plate_normalized, "NEW01")

    def test_search_finds_lookalikes(self):
        vehicle = self._create_vehicle("OB1-Z5")
        for text in ("ob1z5", "0812S", "D B 1 2 5"):
            with self.subTest(text=text):
                found = self.env["toll.vehicle"].search(
                    [("display_name", "ilike", text)]
                )
                self.assertIn(vehicle, found)

    def test_lookalike_of_another_account_is_shown(self):
        vehicle = self._create_vehicle("OOO-111")
        other = self._create_vehicle("000-III", self._create_account())
        self.assertEqual(vehicle.lookalike_ids, other)

    def test_plate_belongs_to_one_account_at_a_time(self):
        first = self._create_vehicle("ONE-001")
        other = self._create_account()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self._create_vehicle("one001", other)
        first._end()
        again = self._create_vehicle(
            "one001", other, date_from=first.date_to + timedelta(seconds=1)
        )
        self.assertEqual(again.account_id, other)

    def test_same_plate_of_another_country_is_another_vehicle(self):
        self._create_vehicle("INT-001")
        self._create_vehicle("INT-001", country_id=self.env.ref("base.us").id)

    def test_archived_vehicle_leaves_now_and_does_not_come_back(self):
        past = fields.Datetime.now() - timedelta(days=10)
        vehicle = self._create_vehicle("OLD-001", date_from=past)
        vehicle.action_archive()
        self.assertFalse(vehicle.active)
        self.assertLessEqual(vehicle.date_to, fields.Datetime.now())
        with self.assertRaises(UserError):
            vehicle.action_unarchive()

    def test_nonsense_is_no_plate(self):
        with self.assertRaises(ValidationError):
            self._create_vehicle("- -")
