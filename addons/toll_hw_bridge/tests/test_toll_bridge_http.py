"""The routes of the agents: keys, limits, errors (000-18)."""

import json
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.toll_account.core.throttle import Throttle

from ..models import ir_http
from .common import EncodingCommon


@tagged("post_install", "-at_install")
class TestTollBridgeHttp(EncodingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.encoder._make_key()
        cls.other = cls.env["toll.encoder"].create({"name": "Table 2"})
        cls.other_key = cls.other._make_key()

    def setUp(self):
        super().setUp()
        ir_http.WRONG_KEYS.clear()
        ir_http.CALLS.clear()

    def _send(self, path, body=None, key=None, data=None):
        headers = {"Content-Type": "application/json"}
        key = self.key if key is None else key
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = json.dumps(body).encode() if data is None else data
        return self.url_open(
            f"/toll/bridge/{path}", data=data, headers=headers, method="POST"
        )

    def _ask(self, path, body, key=None):
        response = self._send(path, body, key)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def _assert_error(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        self.assertIn("application/json", response.headers["Content-Type"])
        self.assertEqual(set(response.json()), {"error", "message"})
        self.assertEqual(response.json()["error"], code)
        self.assertNotIn("Traceback", response.text)

    def _done(self, job, tid):
        return {
            "job": job["id"],
            "attempt": job["attempt"],
            "state": "done",
            "epc": job["epc"],
            "tid": tid,
            "rssi": -41,
            "seconds": 0.31,
            "log": ["one", "two"],
        }

    def test_hello_poll_result(self):
        batch = self._box(last="ZZEN00000001")
        hello = {
            "agent": "1.0",
            "host": "station",
            "boot": self.boot,
            "encoder": {
                "protocol": "m100",
                "url": "/dev/ttyUSB0",
                "firmware": "V",
                "power": 15.0,
            },
        }
        answer = self._ask("hello", hello)
        self.assertEqual(
            set(answer),
            {
                "encoder",
                "protocol",
                "url",
                "region",
                "power_dbm",
                "poll_seconds",
                "server_time",
            },
        )
        poll = self._send("poll", {"boot": self.boot, "wait": 25})
        self.assertEqual(poll.headers["Cache-Control"], "no-store")
        job = poll.json()["job"]
        self.assertEqual(job["number"], "ZZEN00000001")
        again = self._ask("poll", {"boot": self.boot})
        self.assertEqual(again["job"], job)
        result = self._done(job, "E280116000000001")
        self.assertEqual(
            self._ask("result", result),
            {"accepted": True, "job_state": "done", "repeated": False},
        )
        self.assertTrue(self._ask("result", result)["repeated"])
        self.assertIsNone(self._ask("poll", {"boot": self.boot})["job"])
        batch.invalidate_recordset()
        self.assertEqual(batch.state, "done")
        self.assertEqual(batch.job_ids.lot_id.toll_tid, "E280116000000001")
        self.assertEqual(batch.job_ids.log, "# 1\none\ntwo")
        self.assertEqual(self.encoder.host, "station")

    def test_wrong_keys(self):
        for key in ("", "x", self.key[:-1] + ("0" if self.key[-1] != "0" else "1")):
            with self.subTest(key[-4:]):
                response = self._send("poll", {"boot": self.boot}, key=key or False)
                self._assert_error(response, 401, "unauthorized")

    def test_a_replaced_or_revoked_key_and_an_archived_encoder(self):
        new = self.encoder._make_key()
        self._assert_error(self._send("poll", {"boot": self.boot}), 401, "unauthorized")
        self._ask("poll", {"boot": self.boot}, new)
        self.encoder.active = False
        self._assert_error(
            self._send("poll", {"boot": self.boot}, new), 401, "unauthorized"
        )
        self.encoder.active = True
        self.encoder.action_revoke_key()
        self._assert_error(
            self._send("poll", {"boot": self.boot}, new), 401, "unauthorized"
        )

    def test_another_encoders_job(self):
        self._box()
        job = self._ask("poll", {"boot": self.boot})["job"]
        response = self._send(
            "result", self._done(job, "E280116000000001"), self.other_key
        )
        self._assert_error(response, 409, "wrong_encoder")
        self.assertIsNone(
            self._ask("poll", {"boot": "boot-two"}, self.other_key)["job"]
        )
        for code, change in (
            ("wrong_job", {"job": job["id"] + 1}),
            ("unknown_attempt", {"attempt": "0" * 36}),
        ):
            body = {**self._done(job, "E280116000000001"), **change}
            self._assert_error(self._send("result", body), 409, code)

    def test_bad_bodies(self):
        for data in (b"", b"{", b"[]", b"1", b"\xff", b"[" * 9999, b'{"boot": NaN}'):
            with self.subTest(data[:8]):
                response = self._send("poll", data=data)
                self._assert_error(response, 400, "bad_json")
        bad = {"boot": [], "job": "x", "attempt": 7, "state": "perhaps"}
        for path in ("hello", "poll", "result"):
            self._assert_error(self._send(path, bad), 400, "bad_value")
        self._assert_error(self._send("poll", data=b" " * 70_000), 413, "too_large")

    def test_other_paths_and_methods(self):
        self._assert_error(self._send("shutdown", {}), 404, "not_found")
        response = self.url_open("/toll/bridge/poll")
        self._assert_error(response, 405, "method_not_allowed")

    def test_guessing_keys_is_slow(self):
        with patch.object(ir_http, "WRONG_KEYS", Throttle(2, 60)):
            for _time in range(2):
                self._assert_error(self._send("poll", {}, key="x"), 401, "unauthorized")
            response = self._send("poll", {}, key="x")
            self._assert_error(response, 429, "too_many_requests")
            self.assertTrue(response.headers["Retry-After"])
            self._ask("poll", {"boot": self.boot})  # the neighbour with a right key

    def test_a_station_that_runs_wild(self):
        with patch.object(ir_http, "CALLS", Throttle(2, 60)):
            for _time in range(2):
                self._ask("poll", {"boot": self.boot})
            response = self._send("poll", {"boot": self.boot})
            self._assert_error(response, 429, "too_many_requests")
            self._ask("poll", {"boot": self.boot}, self.other_key)

    def test_a_missing_master_key_is_the_servers_trouble(self):
        batch = self._box()
        batch.job_ids.secret_version = 77
        with mute_logger("odoo.http"):
            response = self._send("poll", {"boot": self.boot})
        self._assert_error(response, 503, "unavailable")
        self.env.invalidate_all()
        self.assertEqual(set(batch.job_ids.mapped("state")), {"waiting"})

    def test_the_key_opens_nothing_else(self):
        for path in ("/my/toll", "/json/2/toll.encoder/search", "/odoo"):
            response = self.url_open(
                path,
                headers={"Authorization": f"Bearer {self.key}"},
                allow_redirects=False,
            )
            self.assertNotEqual(response.status_code, 200, path)
