"""Two loaders of one payment file, each in its own real transaction."""

from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

COLUMNS = (("ref", "id"), ("account", "cuenta"), ("amount", "importe"))


@tagged("post_install", "-at_install")
class TestPointConcurrency(BaseCase):
    """Commits for real, so it works on records of its own and removes them.

    The booking is left out, so that no posted entry has to be removed afterwards: what
    is raced for is the file and its references.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            partner = env["res.partner"].create({"name": "Concurrent network"})
            network = env["toll.point.network"].create(
                {
                    "code": uuid4().hex[:8],
                    "name": "Concurrent network",
                    "partner_id": partner.id,
                    "column_ids": [
                        Command.create({"target": target, "name": name})
                        for target, name in COLUMNS
                    ],
                }
            )
            cls.network_id, cls.partner_id = network.id, partner.id
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            cr.execute("ALTER TABLE toll_point_payment DISABLE TRIGGER USER")
            for statement in (
                "DELETE FROM toll_point_payment WHERE network_id = %(network)s",
                "DELETE FROM ir_attachment WHERE res_model = 'toll.point.file' AND"
                " res_id IN (SELECT id FROM toll_point_file"
                " WHERE network_id = %(network)s)",
                "DELETE FROM mail_message WHERE model = 'toll.point.file' AND"
                " res_id IN (SELECT id FROM toll_point_file"
                " WHERE network_id = %(network)s)",
                "DELETE FROM mail_followers WHERE res_model = 'toll.point.file' AND"
                " res_id IN (SELECT id FROM toll_point_file"
                " WHERE network_id = %(network)s)",
                "DELETE FROM toll_point_file WHERE network_id = %(network)s",
                "DELETE FROM mail_message WHERE model = 'toll.point.network'"
                " AND res_id = %(network)s",
                "DELETE FROM mail_followers WHERE res_model = 'toll.point.network'"
                " AND res_id = %(network)s",
                "DELETE FROM toll_point_network WHERE id = %(network)s",
                "DELETE FROM res_partner WHERE id = %(partner)s",
            ):
                cr.execute(
                    statement, {"network": cls.network_id, "partner": cls.partner_id}
                )
            cr.execute("ALTER TABLE toll_point_payment ENABLE TRIGGER USER")

    def _network(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        return env["toll.point.network"].browse(self.network_id)

    @mute_logger("odoo.sql_db")
    def test_two_loaders_of_one_file_load_it_once_003_38(self):
        content = b"id;cuenta;importe\nC1;NOBODY;10\nC2;NOBODY;20\n"
        model = self.registry["toll.point.file"]
        with patch.object(model, "_book", lambda record: None):
            with self.registry.cursor() as second:
                late = self._network(second)
                self.assertFalse(late.file_count)
                with self.registry.cursor() as first:
                    file, is_new = self._network(first)._load("a.csv", content)
                    self.assertTrue(is_new)
                    file_id = file.id
                # it started before the other was done: it starts again
                with self.assertRaises(SerializationFailure):
                    late._load("b.csv", content)
                second.rollback()
                known, is_new = self._network(second)._load("b.csv", content)
                self.assertEqual((known.id, is_new), (file_id, False))
                other, is_new = self._network(second)._load("c.csv", content + b"\n")
                self.assertTrue(is_new)
                self.assertEqual((other.duplicate_count, other.held_count), (2, 0))
                second.rollback()
