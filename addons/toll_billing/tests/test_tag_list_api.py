"""GET /toll/api/v1/tags/list: what operators fetch and acknowledge (000-23)."""

import json
from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .portal_common import TollHttpCommon

URL = "/toll/api/v1/tags/list"


@tagged("post_install", "-at_install")
class TestTagListApi(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        later = fields.Datetime.now() + timedelta(days=30)
        cls.key = cls.operator._make_api_key("test", later)
        cls.other_key = cls.other_operator._make_api_key("test", later)
        cls.env["toll.opening.load"]._load(
            [
                {
                    "name": f"Customer {n}",
                    "payment_mode": "postpaid",
                    "plate": f"LST{n:03}",
                    "class_code": "AUTO",
                    "tag": f"LIST{n:08}",
                    "group": f"l{n}",
                }
                for n in range(3)
            ]
        )
        cls.lot = cls.env["stock.lot"].search([("name", "=", "LIST00000000")])
        cls.lists = cls.env["toll.tag.list"]
        cls.company = cls.env.company
        cls.lists._refresh(cls.company)

    def _get(self, query="kind=valid", key=None, method="GET", **headers):
        headers = {"Authorization": f"Bearer {key or self.key}", **headers}
        return self.url_open(f"{URL}?{query}", headers=headers, method=method)

    def _ack(self, body, key=None, data=None):
        return self.url_open(
            f"{URL}/ack",
            data=json.dumps(body) if data is None else data,
            headers={
                "Authorization": f"Bearer {key or self.key}",
                "Content-Type": "application/json",
            },
            method="POST",
        )

    def _assert_error(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        error = response.json()["error"]
        self.assertEqual((set(error), error["code"]), ({"code", "message"}, code))

    def _deliveries(self, operator=None):
        return self.env["toll.tag.list.delivery"].search(
            [("operator_id", "=", (operator or self.operator).id)]
        )

    def _reach(self, kind):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["toll.tag.list.reach"].search(
            [("operator_id", "=", self.operator.id), ("kind", "=", kind)]
        )

    def test_list_delta_and_acknowledgement_000_23(self):
        response = self._get()
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.headers["Content-Encoding"], "gzip")
        self.assertEqual(response.headers["X-Toll-List-Full"], "1")
        version = int(response.headers["X-Toll-List-Version"])
        head, _columns, *lines = response.text.splitlines()
        self.assertTrue(
            head.startswith(f"# kind=valid version={version} since=0 full=1")
        )
        row = f"add,LIST00000000,{self.lot.toll_epc or ''},LST000,A,valid,"
        self.assertIn(row, response.text)
        delivery = self._deliveries()
        self.assertEqual(delivery.row_count, len(lines))
        self.assertEqual(delivery.byte_count, len(response.text))
        self.assertTrue(delivery.finished_at)
        self.assertFalse(delivery.acknowledged_at)
        self.assertIn("not yet", self.lot.toll_known_by)
        known = self._ack({"kind": "valid", "version": version})
        self.assertEqual(known.status_code, 200, known.text)
        again = self._ack({"kind": "valid", "version": version})
        self.assertEqual(again.json(), known.json())
        self.lot.invalidate_recordset()
        self.assertIn("since", self.lot.toll_known_by)

        self.lot.toll_report_lost("lost")
        self.lists._refresh(self.company)
        response = self._get(f"kind=valid&since={version}&format=jsonl")
        head, line = (json.loads(text) for text in response.text.splitlines())
        self.assertEqual((head["full"], head["since"]), (False, version))
        self.assertEqual(line, {"action": "remove", "tag": "LIST00000000"})
        response = self._get(
            f"kind=block&since={version}", Accept="application/x-ndjson"
        )
        line = json.loads(response.text.splitlines()[1])
        self.assertEqual(
            (line["action"], line["status"], line["reason"]),
            ("add", "blocked", "lost"),
        )

    def test_propagation_is_measured_from_the_change_000_23(self):
        first = int(self._get().headers["X-Toll-List-Version"])
        self._ack({"kind": "valid", "version": first})
        self.assertFalse(self._reach("valid").is_behind)
        self.lot.toll_block()
        self.lists._refresh(self.company)
        now = fields.Datetime.now()
        self.env.cr.execute(
            "UPDATE toll_tag_list_change SET noted_at = %s",
            [now - timedelta(minutes=25)],
        )
        self.env.cr.execute(
            "UPDATE toll_tag_list_version SET made_at = %s WHERE version > %s",
            [now - timedelta(minutes=24), first],
        )
        reach = self._reach("valid")
        self.assertTrue(reach.is_behind)
        self.assertEqual((reach.known_version, reach.version), (first, first + 1))
        self.assertGreaterEqual(reach.behind_minutes, 23)
        self._get(f"kind=valid&since={first}")
        self._ack({"kind": "valid", "version": first + 1})
        reach = self._reach("valid")
        self.assertFalse(reach.is_behind)
        self.assertEqual((reach.news, reach.known_version), (1, first + 1))
        for minutes in (reach.last_minutes, reach.median_minutes, reach.worst_minutes):
            self.assertGreaterEqual(minutes, 24)
            self.assertLess(minutes, 120)

    def test_hostile_arguments_000_23(self):
        for query, code in (
            ("", "bad_kind"),
            ("kind=grey", "bad_kind"),
            ("kind=block%00", "bad_kind"),
            ("kind=block&since=-1", "bad_since"),
            ("kind=block&since=1e3", "bad_since"),
            ("kind=block&since=%EF%BC%91", "bad_since"),
            ("kind=block&since=99999999999999999999", "bad_since"),
            ("kind=block&since=1;DROP", "bad_since"),
            ("kind=block&since=2147483647", "unknown_version"),
            ("kind=block&format=xml", "bad_format"),
        ):
            with self.subTest(query=query):
                self._assert_error(self._get(query), 400, code)
        self.assertFalse(self._deliveries())
        self._assert_error(self._get(method="DELETE"), 405, "method_not_allowed")
        for body in (
            {"kind": "block"},
            {"kind": "block", "version": "x"},
            {"kind": "block", "version": True},
            {"kind": "block", "version": 1.5},
            {"kind": "block", "version": [1]},
        ):
            self._assert_error(self._ack(body), 400, "bad_version")
        self._assert_error(self._ack([]), 400, "invalid_request")
        self._assert_error(self._ack(None, data="{"), 400, "invalid_json")
        self._assert_error(
            self._ack({"kind": "block", "version": 1}), 404, "unknown_version"
        )

    @mute_logger("odoo.http", "odoo.addons.base.models.res_users")
    def test_strangers_000_23(self):
        self._assert_error(self._get(key="0" * 40), 401, "unauthorized")
        clerk = new_test_user(
            self.env, "list_clerk", groups="toll_account.group_toll_agent"
        )
        clerk_key = (
            self.env["res.users.apikeys"]
            .with_user(clerk)
            .sudo()
            ._generate(None, "x", fields.Datetime.now() + timedelta(days=1))
        )
        self._assert_error(self._get(key=clerk_key), 403, "not_an_operator")
        # what one operator fetched another one cannot acknowledge
        version = int(self._get().headers["X-Toll-List-Version"])
        body = {"kind": "valid", "version": version}
        self._assert_error(self._ack(body, self.other_key), 404, "unknown_version")
        self.assertFalse(self._deliveries().acknowledged_at)
        # another company's operator sees none of ours
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = self.other_operator._get_api_user()
        user.write({"company_ids": company.ids, "company_id": company.id})
        response = self._get(key=self.other_key)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertNotIn("LIST0", response.text)
        own = self.env["toll.tag.list.delivery"].with_user(user).search([])
        self.assertEqual(own.operator_id, self.other_operator)

    def test_staff_download_a_list(self):
        record = self.lists._get(self.company)
        path = f"/toll/tags/list/{record.id}"
        new_test_user(
            self.env,
            "list_agent",
            password="list_agent",
            groups="toll_account.group_toll_agent",
        )
        self.authenticate("list_agent", "list_agent")
        response = self.url_open(f"{path}/valid.csv")
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertIn("LIST00000001", response.text)
        self.assertEqual(self.url_open(f"{path}/grey.csv").status_code, 404)
        self.assertEqual(
            self.url_open(f"/toll/tags/list/{record.id + 999}/valid.csv").status_code,
            404,
        )
        self.authenticate("portal_ana", "portal_ana")
        self.assertEqual(self.url_open(f"{path}/valid.csv").status_code, 404)
        self.assertFalse(self._deliveries())
