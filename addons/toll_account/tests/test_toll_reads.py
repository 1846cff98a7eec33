"""Who read whose data: one row per call from outside, in a log nobody changes (X18)."""

import json
from datetime import timedelta

from psycopg2 import errors

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon

LIST = {"number": {}, "partner_id": {"fields": {"display_name": {}}}}


@tagged("post_install", "-at_install")
class TestTollReads(TollCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.email = "reads@example.org"
        cls.other = cls._create_account(
            partner_id=cls.env["res.partner"].create({"name": "Reads Other"}).id
        )
        cls.vehicle = cls._create_vehicle("RDS1234")
        cls.agent.toll_office_id = cls.office
        cls.both = [("id", "in", (cls.account + cls.other).ids)]

    def _last(self):
        return self.env["toll.access.log"].search([], order="id desc", limit=1)

    def _count(self):
        return self.env["toll.access.log"].search_count([])

    def _call(self, model, method, *args, login="toll_test_agent", **kwargs):
        """A call of the web client; the rows that it left."""
        self.authenticate(login, login)
        before = self.env["toll.access.log"].search([]).ids
        self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )
        return self.env["toll.access.log"].search([("id", "not in", before)])

    def test_a_list_leaves_one_row_x18(self):
        row = self._call(
            "toll.account", "web_search_read", self.both, LIST, count_limit=10
        )
        self.assertEqual(len(row), 1, "one per call, not one per record")
        self.assertEqual(
            (row.source, row.model, row.record_count, row.user_id, row.office_id),
            ("list", "toll.account", 2, self.agent, self.office),
        )
        self.assertIn(str(self.other.id), row.domain)
        self.assertEqual(row.account_ids, self.account + self.other)
        self.assertFalse(row.account_id, "more than one")
        self.assertTrue(row.address)
        self.assertEqual(row.company_id, self.company)
        row = self._call(
            "toll.vehicle",
            "web_search_read",
            [("plate", "=", "RDS1234")],
            {"plate": {}},
        )
        self.assertEqual((row.account_id, row.record_count), (self.account, 1))

    def test_nothing_found_is_a_look_too(self):
        row = self._call("toll.account", "web_search_read", [("vat", "=", "NO")], LIST)
        self.assertEqual((row.record_count, row.domain), (0, '[["vat", "=", "NO"]]'))

        gone = self.env["toll.account"].search([], order="id desc", limit=1).id + 9
        self.assertFalse(
            self._call("toll.account", "web_read", [gone], specification=LIST),
            "there was nothing to see",
        )

    def test_an_opened_record_counts_once_in_a_quarter_of_an_hour(self):
        row = self._call(
            "toll.account", "web_read", self.account.ids, specification=LIST
        )
        self.assertEqual((row.source, row.account_id), ("form", self.account))
        self.assertFalse(
            self._call("toll.account", "web_read", self.account.ids, specification=LIST)
        )
        self.assertTrue(
            self._call("toll.account", "web_read", self.other.ids, specification=LIST)
        )

    def test_people_are_personal_when_they_hold_an_account(self):
        spec = {"email": {}}
        row = self._call(
            "res.partner", "web_read", self.partner.ids, specification=spec
        )
        self.assertEqual(row.account_id, self.account)
        stranger = self.env["res.partner"].create({"name": "Nobody's"})
        self.assertFalse(
            self._call("res.partner", "web_read", stranger.ids, specification=spec)
        )
        self.assertFalse(
            self._call("toll.office", "web_search_read", [], {"name": {}}),
            "an office is not personal",
        )

    def test_groups_count_when_they_name_people(self):
        kwargs = {"aggregates": ["__count"]}
        rows = self._call(
            "toll.account", "formatted_read_group", self.both, ["state"], **kwargs
        )
        self.assertFalse(rows)
        row = self._call(
            "toll.vehicle",
            "formatted_read_group",
            [("plate", "=", "RDS1234")],
            ["account_id"],
            **kwargs,
        )
        self.assertEqual((row.source, row.account_id), ("group", self.account))

    def test_searching_by_name_and_in_the_contact_centre(self):
        row = self._call("toll.account", "name_search", name=self.account.number)
        self.assertEqual((row.source, row.domain), ("search", self.account.number))
        row = self._call("toll.account", "contact_search", "RDS1234")
        self.assertEqual(
            (row.source, row.domain, row.account_id),
            ("contact_centre", "RDS1234", self.account),
        )

    def test_a_file_of_a_list_is_one_row(self):
        self.authenticate("toll_test_manager", "toll_test_manager")
        self.manager.group_ids += self.env.ref("base.group_allow_export")
        before = self._count()
        data = {
            "model": "toll.vehicle",
            "fields": [{"name": "plate", "label": "Plate"}],
            "ids": False,
            "domain": [["plate", "=", "RDS1234"]],
            "import_compat": False,
        }
        answer = self.url_open(
            "/web/export/csv",
            data={
                "data": json.dumps(data),
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertIn("RDS1234", answer.text)
        self.assertEqual(self._count(), before + 1)
        row = self._last()
        self.assertEqual(
            (row.source, row.user_id, row.account_id, row.record_count),
            ("export", self.manager, self.account, 1),
        )

    def test_programs_leave_rows_in_every_protocol(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.agent)
            ._generate("rpc", "reads", fields.Datetime.now() + timedelta(days=1))
        )
        before = self._count()
        answer = self.url_open(
            "/json/2/toll.account/search_read",
            data=json.dumps({"domain": self.both, "fields": ["number"]}),
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
            },
        )
        self.assertEqual(len(answer.json()), 2)
        row = self._last()
        self.assertEqual(
            (row.source, row.method, row.record_count, row.user_id),
            ("rpc", "search_read", 2, self.agent),
        )
        args = [self.env.cr.dbname, self.agent.id, key, "toll.account"]
        with mute_logger("odoo.addons.rpc.controllers.jsonrpc"):
            self.make_jsonrpc_request(
                "/jsonrpc",
                {
                    "service": "object",
                    "method": "execute_kw",
                    "args": [*args, "read", [self.account.ids], {"fields": ["vat"]}],
                },
            )
        row = self._last()
        self.assertEqual(
            (row.source, row.method, row.account_id), ("rpc", "read", self.account)
        )
        with mute_logger("odoo.addons.rpc.controllers.xmlrpc"):
            found = self.xmlrpc_object.execute_kw(
                *args, "search_read", [self.both], {"fields": ["number"]}
            )
        self.assertEqual(len(found), 2)
        self.assertEqual((self._last().source, self._last().record_count), ("rpc", 2))
        self.assertEqual(self._count(), before + 3, "one per call")

    def test_what_business_code_reads_and_customers_read_leaves_nothing(self):
        before = self._count()
        self._call("toll.account", "action_view_vehicles", self.account.ids)
        self.account.with_user(self.agent).read(["number", "vat"])
        self.assertEqual(self._count(), before)
        new_test_user(
            self.env, "portal_reads", "base.group_portal", partner_id=self.partner.id
        )
        rows = self._call(
            "toll.vehicle",
            "search_read",
            [],
            ["plate"],
            login="portal_reads",
        )
        self.assertFalse(rows)

    @mute_logger("odoo.http")
    def test_a_refused_call_shows_nothing_and_leaves_nothing(self):
        self.authenticate("toll_test_agent", "toll_test_agent")
        before = self._count()
        answer = self.url_open(
            "/web/dataset/call_kw",
            data=json.dumps(
                {
                    "params": {
                        "model": "toll.account",
                        "method": "web_read",
                        "args": [[2147483000]],
                        "kwargs": {"specification": {"no_such_field": {}}},
                    }
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        self.assertIn("error", answer.json())
        self.assertEqual(self._count(), before)

    def test_the_account_finds_who_read_it_among_others(self):
        row = self._call("toll.account", "web_search_read", self.both, LIST)
        action = self.account.with_user(self.manager).action_view_looks()
        looks = self.env["toll.access.log"].with_user(self.manager)
        self.assertIn(row, looks.search(action["domain"]))
        self.assertIn(
            row, looks.search([("account_ids", "ilike", self.other.number)]), "typed"
        )

    @mute_logger("odoo.sql_db")
    def test_nobody_changes_or_deletes_a_row(self):
        row = self._call("toll.account", "web_search_read", self.both, LIST)
        with self.assertRaises(UserError):
            row.write({"address": "x"})
        with self.assertRaises(UserError):
            row.unlink()
        for statement in (
            "UPDATE toll_access_log SET address = 'x'",
            "UPDATE toll_access_log SET account_id = NULL WHERE account_id IS NULL",
            "DELETE FROM toll_access_log",
            "TRUNCATE toll_access_log",
        ):
            with (
                self.subTest(statement),
                self.assertRaises(errors.RestrictViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_a_draft_that_was_looked_at_can_still_be_deleted(self):
        draft = self._create_account(activate=False, partner_id=self.partner.id)
        number = draft.id
        row = self._call("toll.account", "web_read", draft.ids, specification=LIST)
        self.assertEqual(row.account_id, draft)
        draft.unlink()
        row.invalidate_recordset()
        self.assertFalse(row.account_id)
        self.assertEqual(row.record_text, str(number), "the log still knows which")
