"""Money of an open till in the safe (000-32)."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollCashDrop(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        till = cls.env["account.journal"].create(
            {"name": "Till", "code": "TILL", "type": "cash"}
        )
        cls.office.write({"cash_journal_id": till.id, "session_required": True})
        cls.agent.toll_office_id = cls.office
        cls.session = (
            cls.env["toll.cash.session"]
            .with_user(cls.agent)
            .create({"amount_opening": 200})
        )
        cls.account.with_user(cls.agent).top_up(500, "DROP-1")

    def _drop(self, amount, bag="B-1", user=None, **values):
        drops = self.env["toll.cash.drop"].with_user(user or self.agent)
        return drops.create(
            {"session_id": self.session.id, "amount": amount, "bag": bag, **values}
        )

    def _close(self, counted, left=0):
        self.session.action_count()
        self.session.count_line_ids.unlink()
        self.session.write(
            {
                "count_line_ids": [(0, 0, {"value": counted, "quantity": 1})],
                "amount_left": left,
            }
        )
        self.session.action_close()

    def test_a_bag_leaves_the_drawer_and_reaches_the_bank(self):
        before = self.session.movement_count
        self._drop(400)
        self.assertEqual(self.session.movement_count, before + 1)
        self.assertEqual(self.session.amount_expected, 300)
        self._close(300, left=100)
        self.assertEqual(self.session.difference_booked, 0)
        self.assertEqual(self.session.amount_to_deposit, 600, "200 and the bag")
        with self.assertRaisesRegex(UserError, "closed"):
            self._drop(10, "B-2")

    def test_a_bag_taken_back(self):
        drop = self._drop(400)
        drop.action_cancel()
        drop.action_cancel()
        self.assertEqual(self.session.amount_expected, 700)
        self.assertTrue(self._drop(400), "the bag's number is free again")

    def test_never_more_than_there_is_nor_without_a_trace(self):
        with self.assertRaisesRegex(UserError, "700"), self.env.cr.savepoint():
            self._drop(701)
        drop = self._drop(700)
        with self.assertRaises(UserError):
            drop.write({"amount": 1})
        with self.assertRaises(UserError):
            drop.sudo().unlink()
        self.assertEqual(self.session.amount_expected, 0)
        with self.assertRaisesRegex(UserError, "witness"), self.env.cr.savepoint():
            self._drop(5, "B-3", witness_id=self.agent.id)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.env.cr.savepoint(),
        ):
            self._drop(0, "B-4")

    def test_a_colleagues_till_is_not_mine(self):
        other = new_test_user(
            self.env, "drop_other", groups="toll_account.group_toll_agent"
        )
        with self.assertRaises(AccessError):
            self._drop(10, user=other)
