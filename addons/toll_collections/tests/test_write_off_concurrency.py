"""Two approvals of one write-off, each in its own real transaction."""

from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestWriteOffConcurrency(BaseCase):
    """Commits for real, so it works on records of its own and removes them.

    The booking is left out, so that no posted entry has to be removed afterwards: what
    is raced for is the decision.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            code = uuid4().hex[:8]
            partner = env["res.partner"].create({"name": code})
            account = env["toll.account"].create({"partner_id": partner.id})
            case = env["toll.collection.case"].create(
                {
                    "account_id": account.id,
                    "partner_id": partner.id,
                    "company_id": account.company_id.id,
                    "currency_id": account.currency_id.id,
                    "amount_due": 100,
                }
            )
            write_off = env["toll.write.off"].create(
                {
                    "case_id": case.id,
                    "reason": "small",
                    "note": "Test",
                    "line_ids": [(0, 0, {"name": "Wallet", "amount": 100})],
                }
            )
            write_off.state = "requested"
            users = env["res.users"].create(
                [
                    {
                        "name": f"{code}{n}",
                        "login": f"{code}{n}",
                        "group_ids": [
                            (6, 0, env.ref("toll_account.group_toll_manager").ids)
                        ],
                    }
                    for n in range(2)
                ]
            )
            cls.user_ids = users.ids
            cls.write_off_id, cls.case_id = write_off.id, case.id
            cls.account_id = account.id
            cls.partner_ids = [partner.id, *users.partner_id.ids]
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            for table, column, value in (
                ("toll_write_off", "id", cls.write_off_id),
                ("toll_collection_case", "id", cls.case_id),
            ):
                cr.execute(f"DELETE FROM {table} WHERE {column} = %s", (value,))
            for model, res_id in (
                ("toll.write.off", cls.write_off_id),
                ("toll.collection.case", cls.case_id),
                ("toll.account", cls.account_id),
            ):
                cr.execute(
                    "DELETE FROM mail_message WHERE model = %s AND res_id = %s",
                    (model, res_id),
                )
                cr.execute(
                    "DELETE FROM mail_followers WHERE res_model = %s AND res_id = %s",
                    (model, res_id),
                )
            cr.execute("DELETE FROM toll_account WHERE id = %s", (cls.account_id,))
            env["res.users"].browse(cls.user_ids).unlink()
            env["res.partner"].browse(cls.partner_ids).exists().unlink()

    def _write_off(self, cr, number):
        env = api.Environment(cr, self.user_ids[number], {})
        return env["toll.write.off"].browse(self.write_off_id)

    def _ask_again(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "UPDATE toll_write_off SET state = 'requested' WHERE id = %s",
                (self.write_off_id,),
            )

    @mute_logger("odoo.sql_db")
    def test_two_approvals_at_once_book_once_003_06(self):
        self._ask_again()
        booked = []
        model = self.registry["toll.write.off"]
        case = self.registry["toll.collection.case"]
        with (
            patch.object(model, "_book", lambda record: booked.append(record.env.uid)),
            patch.object(case, "_refresh_self", lambda record: None),
        ):
            with self.registry.cursor() as second:
                late = self._write_off(second, 1)
                self.assertEqual(late.state, "requested")
                with self.registry.cursor() as first:
                    self._write_off(first, 0).action_approve()
                with self.assertRaises(SerializationFailure):
                    late.action_approve()
                second.rollback()
            with self.registry.cursor() as again:
                with self.assertRaisesRegex(UserError, "not possible now"):
                    self._write_off(again, 1).action_approve()
                again.rollback()
        self.assertEqual(booked, [self.user_ids[0]])

    @mute_logger("odoo.sql_db")
    def test_two_decisions_at_once_count_once(self):
        self._ask_again()
        with self.registry.cursor() as second:
            late = self._write_off(second, 1)
            self.assertEqual(late.state, "requested")
            with self.registry.cursor() as first:
                self._write_off(first, 0)._refuse("No")
            with self.assertRaises(SerializationFailure):
                late._refuse("Neither")
            second.rollback()
        with self.registry.cursor() as again:
            with self.assertRaisesRegex(UserError, "not possible now"):
                self._write_off(again, 1)._refuse("Neither")
            again.rollback()
