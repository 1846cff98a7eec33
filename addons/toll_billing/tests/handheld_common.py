"""A device at one plaza of one operator, and how it speaks."""

import json
import uuid
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from .portal_common import TollHttpCommon

API = "/toll/handheld/api/"


def stamp(moment):
    return f"{moment.isoformat()}Z"


class HandheldCommon(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = new_test_user(
            cls.env, "lane_staff", groups="toll_account.group_toll_agent"
        )
        cls.outsider = new_test_user(
            cls.env, "lane_outsider", groups="toll_account.group_toll_agent"
        )
        cls.analyst = new_test_user(
            cls.env, "lane_analyst", groups="toll_account.group_toll_analyst"
        )
        cls.manager = new_test_user(
            cls.env, "lane_manager", groups="toll_account.group_toll_manager"
        )
        cls.far_plaza = cls.env["toll.plaza"].create(
            {
                "code": "FAR",
                "name": "Far Plaza",
                "operator_id": cls.operator.id,
                "kind": "open",
            }
        )
        cls.handheld = cls._make_handheld("Tablet 1")
        cls.key = cls._enrol_device(cls.handheld)

    @classmethod
    def _make_handheld(cls, name, operator=None, plaza=None):
        return cls.env["toll.handheld"].create(
            {
                "name": name,
                "operator_id": (operator or cls.operator).id,
                "plaza_ids": [Command.set((plaza or cls.plaza).ids)],
                "user_ids": [Command.set(cls.staff.ids)],
            }
        )

    @classmethod
    def _enrol_device(cls, handheld):
        code = handheld._make_code()
        _handheld, key = cls.env["toll.handheld"].sudo()._enrol(code, "test")
        return key

    def _call(self, path, body=None, key=None, data=None, **headers):
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key if key is None else key}",
            **headers,
        }
        data = json.dumps(body or {}).encode() if data is None else data
        return self.url_open(API + path, data=data, headers=headers, method="POST")

    def _row(self, minutes=5, **values):
        taken_at = fields.Datetime.now() - timedelta(minutes=minutes)
        return {
            "ref": str(uuid.uuid4()),
            "taken_at": stamp(taken_at),
            "plaza": self.plaza.code,
            "lane": "01",
            "shift": "1",
            "plate": self.vehicle.plate,
            "class": "A",
            "payment": "none",
            "staff": self.staff.id,
            **values,
        }

    def _sync(self, *captures, key=None, **values):
        body = {
            "app": "test",
            "sent_at": stamp(fields.Datetime.now()),
            "queue": 0,
            "lang": "en",
            "captures": list(captures),
            **values,
        }
        response = self._call("sync", body, key=key)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def _fates(self, *captures, **values):
        results = self._sync(*captures, **values)["results"]
        self.assertEqual([r["ref"] for r in results], [c.get("ref") for c in captures])
        return [(r["state"], r["reason"]) for r in results]

    def _captures(self, *rows):
        return self.env["toll.handheld.capture"].search(
            [("ref", "in", [row["ref"] for row in rows])], order="id"
        )

    def _assert_error(self, response, status, code=None):
        self.assertEqual(response.status_code, status, response.text)
        error = response.json()["error"]
        self.assertEqual(set(error), {"code", "message"})
        if code:
            self.assertEqual(error["code"], code)

    def _assert_conserved(self):
        batches = self.env["toll.crossing.batch"].search([("kind", "=", "handheld")])
        for batch in batches:
            self.assertTrue(batch.is_conserved, batch.name)
        sent = self.env["toll.handheld.capture"].search_count([("state", "=", "sent")])
        self.assertEqual(sum(batches.mapped("received")), sent)
        failed = [
            (result["code"], result["differences"])
            for result in self.env["toll.check"].run()
            if result["differences"]
        ]
        self.assertFalse(failed)
