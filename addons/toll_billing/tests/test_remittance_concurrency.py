from datetime import date

from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestRemittanceConcurrency(BaseCase):
    """Two confirmations at once: one counts and makes its documents (003-05).

    Two real transactions, interleaved in one thread; what they commit is taken away.
    """

    def setUp(self):
        super().setUp()
        self.registry_db = Registry(get_db_name())
        with self.registry_db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            self._create_world(env)
        self.addCleanup(self._remove_world)

    def _create_world(self, env):
        admin = env.ref("base.user_admin")
        partner = env["res.partner"].create({"name": "RC Operator"})
        operator = env["toll.operator"].create(
            {
                "code": "RCOP",
                "name": "RC",
                "is_charger": True,
                "tz": "UTC",
                "partner_id": partner.id,
            }
        )
        agreement = env["toll.remittance.agreement"].create(
            {
                "code": "RC",
                "operator_id": operator.id,
                "company_id": env.ref("base.main_company").id,
                "date_from": date(2020, 1, 1),
                "fee_minimum": 5,
            }
        )
        records = (
            env["toll.remittance"]
            .with_user(admin)
            .create(
                [
                    {"agreement_id": agreement.id, "day": day}
                    for day in (date(2020, 1, 10), date(2020, 2, 10))
                ]
            )
        )
        records.action_compute()
        records.action_ask()
        self.ids = records.ids
        self.world = (agreement.id, operator.id, partner.id)

    def _remove_world(self):
        agreement, operator, partner = self.world
        with self.registry_db.cursor() as cr:
            cr.execute("ALTER TABLE toll_remittance_line DISABLE TRIGGER USER")
            cr.execute(
                "DELETE FROM toll_remittance_line WHERE agreement_id = %s", [agreement]
            )
            cr.execute("ALTER TABLE toll_remittance_line ENABLE TRIGGER USER")
            env = api.Environment(cr, SUPERUSER_ID, {})
            records = env["toll.remittance"].browse(self.ids)
            moves = records.fee_move_id
            records.write({"state": "draft", "fee_move_id": False})
            records.unlink()
            moves.unlink()
            env["toll.remittance.agreement"].browse(agreement).unlink()
            env["toll.operator"].browse(operator).unlink()
            env["res.partner"].browse(partner).unlink()

    def _begin(self):
        """A transaction whose snapshot is taken now."""
        cr = self.registry_db.cursor()
        self.addCleanup(cr.close)
        cr.execute("SET LOCAL lock_timeout = '300ms'")
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        return env["toll.remittance"].browse(self.ids).sorted("date_from")

    def test_the_same_remittance_is_booked_once(self):
        first, second = self._begin()[0], self._begin()[0]
        self.assertEqual({first.state, second.state}, {"asked"})
        first.action_approve()
        with self.assertRaisesRegex(UserError, "right now"):
            second.action_approve()
        first.env.cr.commit()
        # it began before the other was done, and must begin again
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.SerializationFailure),
        ):
            second.action_approve()
        second.env.cr.rollback()
        with self.assertRaises(UserError):
            second.action_approve()
        second.env.cr.rollback()
        moves = second.env["account.move"].search(
            [("partner_id", "=", self.world[2]), ("move_type", "=", "out_invoice")]
        )
        self.assertEqual((len(moves), moves.amount_untaxed), (1, 5))

    def test_two_remittances_of_one_agreement_take_turns(self):
        january, february = self._begin()[0], self._begin()[1]
        self.assertEqual({january.state, february.state}, {"asked"})
        january.action_approve()
        january.env.cr.commit()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.SerializationFailure),
        ):
            february.action_approve()
        february.env.cr.rollback()
        with self.assertRaisesRegex(UserError, "compute it"):
            february.action_approve()
        february.env.cr.rollback()
