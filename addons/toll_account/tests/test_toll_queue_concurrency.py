"""Two agents and two kiosks at once, each in its own real transaction."""

from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestQueueConcurrency(BaseCase):
    """Commits for real, so it works on an office of its own and removes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        code = uuid4().hex[:8]
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            office = env["toll.office"].create({"code": code, "name": code})
            service = env["toll.queue.service"].create(
                {"name": code, "letter": "Z", "office_ids": office.ids}
            )
            users = env["res.users"].create(
                [
                    {
                        "name": f"{code}{n}",
                        "login": f"{code}{n}",
                        "toll_office_id": office.id,
                        "toll_desk": str(n),
                        "group_ids": env.ref("toll_account.group_toll_agent").ids,
                    }
                    for n in range(2)
                ]
            )
            cls.office_id, cls.service_id = office.id, service.id
            cls.user_ids, cls.partner_ids = users.ids, users.partner_id.ids
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            cr.execute(
                "DELETE FROM toll_queue_ticket WHERE office_id = %s", (cls.office_id,)
            )
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["res.users"].browse(cls.user_ids).unlink()
            env["res.partner"].browse(cls.partner_ids).exists().unlink()
            env["toll.queue.service"].browse(cls.service_id).unlink()
            env["toll.office"].browse(cls.office_id).unlink()

    def _env(self, cr, uid=SUPERUSER_ID):
        return api.Environment(cr, uid, {"tracking_disable": True})

    def _take(self, cr):
        env = self._env(cr)
        office = env["toll.office"].browse(self.office_id)
        service = env["toll.queue.service"].browse(self.service_id)
        return env["toll.queue.ticket"]._take(office, service)

    def test_two_agents_never_get_the_same_ticket_003_02(self):
        with self.registry.cursor() as cr:
            names = {self._take(cr).name for _n in range(2)}
        with self.registry.cursor() as first, self.registry.cursor() as second:
            one = self._env(first, self.user_ids[0])["toll.queue.ticket"].call_next()
            # the first agent's call is not committed yet
            two = self._env(second, self.user_ids[1])["toll.queue.ticket"].call_next()
            self.assertEqual({one["ticket"]["name"], two["ticket"]["name"]}, names)
            first.rollback()
            second.rollback()

    @mute_logger("odoo.sql_db")
    def test_two_kiosks_never_give_the_same_number(self):
        with self.registry.cursor() as second:
            second.execute("SELECT 1")
            with self.registry.cursor() as first:
                number = self._take(first).number
            # it began before the other had finished: it starts again
            with self.assertRaises(SerializationFailure):
                self._take(second)
            second.rollback()
            self.assertEqual(self._take(second).number, number + 1)
            second.rollback()
