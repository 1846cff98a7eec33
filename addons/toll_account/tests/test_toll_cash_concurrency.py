"""Closing a till while money comes in, each in its own real transaction."""

from unittest.mock import patch
from uuid import uuid4

from psycopg2 import IntegrityError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import RedirectWarning
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestCashConcurrency(BaseCase):
    """Commits for real, so it works on records of its own and removes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            code = uuid4().hex[:8]
            cls.office_id = env["toll.office"].create({"code": code, "name": code}).id
            user = env["res.users"].create(
                {
                    "name": code,
                    "login": code,
                    "toll_office_id": cls.office_id,
                    "group_ids": [(6, 0, env.ref("toll_account.group_toll_agent").ids)],
                }
            )
            cls.user_id, cls.partner_id = user.id, user.partner_id.id
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute(
                "DELETE FROM toll_cash_session WHERE user_id = %s", (cls.user_id,)
            )
            cr.execute("DELETE FROM mail_message WHERE model = 'toll.cash.session'")
            env["res.users"].browse(cls.user_id).unlink()
            env["res.partner"].browse(cls.partner_id).exists().unlink()
            env["toll.office"].browse(cls.office_id).unlink()

    def _env(self, cr):
        return api.Environment(cr, self.user_id, {})

    def _open(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "DELETE FROM toll_cash_session WHERE user_id = %s", (self.user_id,)
            )
            return self._env(cr)["toll.cash.session"].create({"amount_opening": 0}).id

    @mute_logger("odoo.sql_db")
    def test_a_closing_never_misses_money_that_came_meanwhile(self):
        session_id = self._open()
        with self.registry.cursor() as closing:
            session = self._env(closing)["toll.cash.session"].browse(session_id)
            self.assertEqual(session.movement_count, 0)
            with self.registry.cursor() as paying:
                env = self._env(paying)
                office = env["toll.office"].browse(self.office_id)
                env["toll.cash.session"]._claim(env.user, office)
            with self.assertRaises(SerializationFailure):
                session.action_count()
                session.flush_recordset()
            closing.rollback()

    @mute_logger("odoo.sql_db")
    def test_money_after_the_count_began_finds_no_session(self):
        session_id = self._open()
        with self.registry.cursor() as paying:
            env = self._env(paying)
            self.assertTrue(env["toll.cash.session"].browse(session_id).exists())
            with self.registry.cursor() as closing:
                self._env(closing)["toll.cash.session"].browse(
                    session_id
                ).action_count()
            office = env["toll.office"].browse(self.office_id)
            with self.assertRaises((SerializationFailure, RedirectWarning)):
                env["toll.cash.session"]._claim(env.user, office)
            paying.rollback()

    @mute_logger("odoo.sql_db")
    def test_two_clicks_open_one_session(self):
        self._open()
        with self.registry.cursor() as again:
            with self.assertRaises(IntegrityError):
                self._env(again)["toll.cash.session"].create({"amount_opening": 0})
            again.rollback()
