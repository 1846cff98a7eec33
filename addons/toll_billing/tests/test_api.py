"""POST /toll/api/v1/crossings: fates, rights, limits."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models import res_users as base_users

from ..controllers import api, dispatcher
from .portal_common import PRICE, TollHttpCommon

URL = "/toll/api/v1/crossings"
CONFLICT = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"


@tagged("post_install", "-at_install")
class TestApi(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        later = fields.Datetime.now() + timedelta(days=30)
        cls.key = cls.operator._make_api_key("test", later)
        cls.other_key = cls.other_operator._make_api_key("test", later)

    def _send(self, body, key=None, data=None, **headers):
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.key if key is None else key}",
            **headers,
        }
        data = json.dumps(body).encode() if data is None else data
        return self.url_open(URL, data=data, headers=headers, method="POST")

    def _results(self, *events, **kwargs):
        response = self._send({"crossings": list(events)}, **kwargs)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["results"]

    def _assert_error(self, response, status, code=None):
        self.assertEqual(response.status_code, status, response.text)
        self.assertIn("application/json", response.headers["Content-Type"])
        error = response.json()["error"]
        self.assertEqual(set(error), {"code", "message"})
        if code:
            self.assertEqual(error["code"], code)

    def test_event_to_balance(self):
        before = self.account.balance
        (result,) = self._results(self._event("A-1"))
        self.assertEqual(set(result), set(api.ANSWER_KEYS))
        self.assertEqual((result["state"], result["ref"]), ("posted", "A-1"))
        self.assertEqual(float(result["amount"]), PRICE)
        crossing = self.env["toll.crossing"].browse(result["id"])
        self.assertEqual(crossing.operator_id, self.operator)
        self.account.invalidate_recordset()
        self.assertEqual(self.account.balance, before - PRICE)

    def test_repeat_is_a_duplicate_with_the_first_id(self):
        (first,) = self._results(self._event("A-2"))
        (again,) = self._results(self._event("A-2"))
        self.assertEqual((again["state"], again["id"]), ("duplicate", first["id"]))

    def test_request_tried_again_still_has_its_body(self):
        batches = type(self.env["toll.crossing.batch"])
        load, calls = batches._load_events, []

        def fail_once(records, *args):
            calls.append(args)
            if len(calls) == 1:
                records.env.cr.execute(CONFLICT, log_exceptions=False)
            return load(records, *args)

        with (
            patch.object(batches, "_load_events", fail_once),
            mute_logger("odoo.service.model"),
        ):
            (result,) = self._results(self._event("A-2R"))
        self.assertEqual((result["state"], len(calls)), ("posted", 2))

    def test_change_of_operator_counts_for_the_next_event(self):
        self._results(self._event("A-2S"))
        self.operator.state = "suspended"
        (result,) = self._results(self._event("A-2T"))
        self.assertEqual(result["reason"], "unauthorised_operator")

    def test_mixed_call_keeps_order_and_conserves(self):
        results = self._results(
            self._event("A-3"),
            self._event("A-4", plate="NOBODY1"),
            self._event("A-5", occurred_at="soon"),
            self._event("A-6", operator="TSTB"),
            self._event("A-3"),
            self._event("A-7", operator="TSTA"),
        )
        self.assertEqual(
            [(r["state"], r["reason"]) for r in results],
            [
                ("posted", None),
                ("held", "unknown_plate"),
                ("rejected", "malformed"),
                ("rejected", "other_operator"),
                ("duplicate", "repeated"),
                ("posted", None),
            ],
        )
        batch = self.env["toll.crossing.batch"].search(
            [("operator_id", "=", self.operator.id), ("kind", "=", "api")]
        )
        self.assertEqual(
            batch.received,
            batch.posted + batch.held + batch.rejected + batch.duplicate + batch.offset,
        )

    def test_operators_have_their_own_references(self):
        self._results(self._event("A-8"))
        (result,) = self._results(
            self._event("A-8", plaza=self.other_plaza.code), key=self.other_key
        )
        self.assertNotEqual(result["state"], "duplicate")

    def test_errors_are_json(self):
        for data in (b"", b"{", b"[]", b"1", b'{"crossings": 1}', b"\xff", b"[" * 9999):
            with self.subTest(data=data[:10]):
                self._assert_error(self._send(None, data=data), 400)
        self._assert_error(self._send({}, key="wrong"), 401, "unauthorized")
        self._assert_error(
            self.url_open(
                URL, data=b"{}", headers={"Content-Type": "application/json"}
            ),
            401,
        )
        self._assert_error(self._send({}, **{"Content-Type": "text/csv"}), 415)
        self._assert_error(self.url_open(URL), 405, "method_not_allowed")
        self._assert_error(self.url_open("/toll/api/v2"), 404, "not_found")
        many = [{"ref": str(n)} for n in range(api.MAX_ROWS + 1)]
        self._assert_error(self._send(many), 413, "too_many_crossings")
        self._assert_error(self._send(None, data=b" " * (api.MAX_BYTES + 1)), 413)

    def test_only_integration_users(self):
        agent = new_test_user(
            self.env, "api_agent", groups="toll_account.group_toll_agent"
        )
        keys_sudo = self.env["res.users.apikeys"].with_user(agent).sudo()
        key = keys_sudo._generate(None, "t", fields.Datetime.now() + timedelta(days=1))
        self._assert_error(self._send(self._event("A-9"), key=key), 403)

    def test_revoked_key(self):
        self.operator.action_revoke_api_keys()
        self._assert_error(self._send(self._event("A-10")), 401)

    def test_key_is_hashed_once_and_checked_every_time(self):
        self._results(self._event("A-11"))
        with patch.object(base_users, "KEY_CRYPT_CONTEXT") as context:
            context.verify.side_effect = AssertionError("hashed again")
            self._results(self._event("A-12"))
        self.env["res.users.apikeys"].sudo().search(
            [("user_id", "=", self.operator._get_api_user().id)]
        ).expiration_date = fields.Datetime.now() - timedelta(days=1)
        self.env.flush_all()
        self._assert_error(self._send(self._event("A-13")), 401)

    def test_inactive_user_is_refused_at_once(self):
        self._results(self._event("A-14"))
        self.operator._get_api_user().active = False
        self._assert_error(self._send(self._event("A-15")), 401)

    def test_server_errors_say_nothing(self):
        error = dispatcher.TollApiDispatcher(None).get_error(ValueError("secret"))
        self.assertEqual(error[0], 500)
        self.assertNotIn("secret", error[2])


@tagged("post_install", "-at_install")
class TestApiKey(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.env["toll.operator"].create(
            {"code": "KEYOP", "name": "Key Operator", "is_charger": True}
        )
        cls.later = fields.Datetime.now() + timedelta(days=30)

    def test_manager_makes_a_key_and_the_log_says_so(self):
        manager = new_test_user(
            self.env, "key_manager", groups="toll_account.group_toll_manager"
        )
        operator = self.operator.with_user(manager)
        key = operator._make_api_key("server 1", self.later)
        user = operator._get_api_user()
        self.assertEqual(user.toll_operator_id, self.operator)
        self.assertTrue(user.share)
        self.assertFalse(user._is_internal())
        self.assertEqual(operator.api_key_count, 1)
        self.assertIn("server 1", self.operator.message_ids[0].body)
        self.assertNotIn(key, str(self.operator.message_ids.mapped("body")))
        operator._make_api_key("server 2", self.later)
        self.assertEqual(operator._get_api_user(), user)
        operator.action_revoke_api_keys()
        self.operator.invalidate_recordset()
        self.assertEqual(operator.api_key_count, 0)

    def test_others_cannot(self):
        analyst = new_test_user(
            self.env, "key_analyst", groups="toll_account.group_toll_analyst"
        )
        operator = self.operator.with_user(analyst)
        with self.assertRaises(AccessError):
            operator._make_api_key("x", self.later)
        with self.assertRaises(AccessError):
            operator.action_open_api_key()
        with self.assertRaises(AccessError):
            operator.action_revoke_api_keys()

    def test_only_chargers(self):
        self.operator.is_charger = False
        with self.assertRaises(UserError):
            self.operator._make_api_key("x", self.later)

    def test_integration_user_needs_an_operator_and_no_desk(self):
        self.operator._make_api_key("x", self.later)
        user = self.operator._get_api_user()
        with self.assertRaises(ValidationError):
            user.toll_operator_id = False
        with self.assertRaises(ValidationError):
            user.group_ids += self.env.ref("base.group_user")
