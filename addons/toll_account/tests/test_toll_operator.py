from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollOperator(TollCommon):
    def test_plaza_takes_the_zone_of_its_operator(self):
        self.assertEqual(self.plaza.tz, "America/Mexico_City")
        plaza = self.env["toll.plaza"].create(
            {
                "code": "TJ",
                "name": "Tijuana",
                "operator_id": self.operator.id,
                "tz": "America/Tijuana",
            }
        )
        self.assertEqual(plaza.tz, "America/Tijuana")

    def test_codes_are_unique_per_operator(self):
        other = self._create_operator("OP2")
        self.plaza.copy({"code": "P1", "operator_id": other.id})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.plaza.copy({"code": "P1"})

    def test_class_codes_are_mapped_once(self):
        values = {
            "operator_id": self.operator.id,
            "code": "5",
            "class_id": self.class_c5.id,
        }
        self.env["toll.operator.class"].create(values)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["toll.operator.class"].create(values)

    def test_agreement_cannot_end_before_it_begins(self):
        with self.assertRaises(ValidationError):
            self.operator.write(
                {"authorised_from": "2026-02-01", "authorised_to": "2026-01-01"}
            )

    def test_authorisation_is_three_states(self):
        operator = self._create_operator("OP3", state="draft")
        operator.action_authorise()
        self.assertEqual(operator.state, "authorised")
        operator.action_suspend()
        self.assertEqual(operator.state, "suspended")
