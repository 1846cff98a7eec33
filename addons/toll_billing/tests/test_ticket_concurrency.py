"""Two visitors with the same paper ticket, each in a real transaction."""

from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestTicketConcurrency(BaseCase):
    """Commits for real, so it works on records of its own and removes them.

    What is raced for is the ticket; instead of an invoice the winner cancels it, so
    that no posted entry has to be removed afterwards.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            code = uuid4().hex[:8].upper()
            operator = env["toll.operator"].create(
                {"code": code, "name": code, "is_charger": True, "state": "authorised"}
            )
            plaza = env["toll.plaza"].create(
                {"code": "P1", "name": code, "operator_id": operator.id, "kind": "open"}
            )
            lane = env["toll.lane"].create(
                {"plaza_id": plaza.id, "code": "01", "position": 1}
            )
            cls.operator_id, cls.plaza_id, cls.lane_id = operator.id, plaza.id, lane.id
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            cr.execute(
                "SELECT id FROM toll_ticket_batch WHERE operator_id = %s",
                (cls.operator_id,),
            )
            batches = [row[0] for row in cr.fetchall()]
            for model, ids in (
                ("toll.ticket.batch", batches),
                ("toll.operator", [cls.operator_id]),
            ):
                for table, column in (
                    ("mail_message", "model"),
                    ("mail_followers", "res_model"),
                    ("ir_attachment", "res_model"),
                ):
                    cr.execute(
                        f"DELETE FROM {table} WHERE {column} = %s AND res_id = ANY(%s)",
                        (model, ids),
                    )
            for table, column, value in (
                ("toll_ticket", "operator_id", cls.operator_id),
                ("toll_ticket_batch", "operator_id", cls.operator_id),
                ("toll_lane", "id", cls.lane_id),
                ("toll_plaza", "id", cls.plaza_id),
                ("toll_operator", "id", cls.operator_id),
            ):
                cr.execute(f"DELETE FROM {table} WHERE {column} = %s", (value,))

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def _load(self, cr, content):
        env = self._env(cr)
        operator = env["toll.operator"].browse(self.operator_id)
        return env["toll.ticket.batch"]._receive(operator, "a.csv", content)

    @mute_logger("odoo.sql_db")
    def test_one_file_and_one_ticket_for_one_only_001_15(self):
        header = b"plaza,lane,folio,issued_at,amount\n"
        content = header + b"P1,01,R1,2026-03-30,35\n"
        with self.registry.cursor() as late:
            self._env(late)["toll.operator"].browse(self.operator_id).read(["code"])
            with self.registry.cursor() as early:
                self.assertTrue(self._load(early, content)[1])
            with self.assertRaises(SerializationFailure):
                self._load(late, content)
            late.rollback()
            batch, is_new = self._load(late, content)
            self.assertEqual((is_new, batch.stored_count), (False, 1))
            late.rollback()
        with self.registry.cursor() as late:
            tickets = self._env(late)["toll.ticket"]
            ticket = tickets.search([("operator_id", "=", self.operator_id)])
            self.assertEqual(ticket.state, "open")
            with self.registry.cursor() as early:
                self._env(early)["toll.ticket"].browse(ticket.id).action_cancel()
            with self.assertRaises(SerializationFailure):
                tickets._issue_for_visitor(
                    ticket.company_id, ticket.ids, "late", {"name": "Late"}, "en_US"
                )
            late.rollback()
            self.assertFalse(
                tickets._issue_for_visitor(
                    ticket.company_id, ticket.ids, "late", {"name": "Late"}, "en_US"
                )
            )
            late.rollback()
