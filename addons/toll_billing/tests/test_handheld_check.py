"""Roadside checks: what a device is told of a TAG or plate."""

import uuid
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..core import tag_list
from .common import TollBillingCommon
from .handheld_common import HandheldCommon, stamp


@tagged("post_install", "-at_install")
class TestHandheldState(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.handheld = cls.env["toll.handheld"].create(
            {
                "name": "Tablet",
                "operator_id": cls.operator.id,
                "plaza_ids": [Command.set(cls.plaza.ids)],
            }
        )
        cls.manager = new_test_user(
            cls.env, "check_manager", groups="toll_account.group_toll_manager"
        )

    def _state(self, value):
        """The answer with network, after comparing it with the list's."""
        self.env["toll.tag.list"]._refresh(self.company)
        answer = self.handheld._find_state(value)
        listed, _class = tag_list.find(self.handheld._make_list(), value)
        self.assertEqual(listed, answer["state"])
        return answer["state"]

    def test_states_of_tags_001_08(self):
        tag, plate = self.lot.name, self.vehicle.plate_normalized
        self.assertEqual(self._state(tag), "valid")
        self.assertEqual(self._state(plate), "valid")
        self.assertEqual(self._state("NOBODY99"), "unknown")
        self.prepaid.low_balance_threshold = 10_000
        self.assertEqual(self._state(tag), "low")
        self.lot.toll_block()
        self.assertEqual(self._state(tag), "blocked")
        self.assertEqual(self._state(plate), "blocked", "the TAG of this vehicle")
        self.lot.toll_unblock()
        self.lot.toll_report_lost("stolen")
        self.assertEqual(self._state(tag), "stolen")

    def test_lost_and_suspended(self):
        self.lot_2.toll_report_lost("lost")
        self.assertEqual(self._state(self.lot_2.name), "lost")
        self.prepaid.action_suspend()
        self.assertEqual(self._state(self.lot.name), "blocked")

    def test_exempt_until(self):
        today = fields.Date.context_today(
            self.handheld.with_context(tz=self.operator.tz)
        )
        last = today + timedelta(days=30)
        self.env["toll.exemption"].sudo().create(
            {
                "account_id": self.prepaid.id,
                "vehicle_id": self.vehicle.id,
                "date_from": today - timedelta(days=30),
                "date_to": last,
                "state": "approved",
                "approved_by_id": self.manager.id,
            }
        )
        answer = self.handheld._find_state(self.lot.name)
        self.assertEqual(answer["state"], "exempt")
        self.assertEqual(answer["exempt_until"], fields.Date.to_string(last))
        self.assertEqual(self._state(self.lot.name), "exempt")

    def test_an_antennas_code_is_found_too(self):
        self.lot.toll_epc = "3414257BF40000000000162E"
        self.assertEqual(self._state("3414257BF40000000000162E"), "valid")

    def test_least_knowledge(self):
        answer = self.handheld._find_state(f" {self.lot.name.lower()} ")
        self.assertEqual(answer["class"], "A")
        self.assertNotIn("Prepaid", str(answer))
        self.assertNotIn(self.vehicle.plate, str(answer))
        self.assertTrue(answer["plate"].endswith(self.vehicle.plate[-3:]))
        self.assertNotIn(self.prepaid.number, str(answer))

    def test_the_list_carries_no_text(self):
        self.env["toll.tag.list"]._refresh(self.company)
        file = self.handheld._make_list()
        header, data = tag_list.unpack(file)
        self.assertEqual(len(data), header["count"] * tag_list.ENTRY)
        self.assertTrue(header["complete"])
        for text in (self.lot.name, self.vehicle.plate_normalized, "Prepaid"):
            self.assertNotIn(text.encode(), file)
        self.assertEqual(tag_list.find(file, self.lot_2.name), ("valid", "C"))

    def test_fingerprints_change_with_the_week_and_the_operator_001_08(self):
        def salt(handheld, day):
            return handheld._make_salt(fields.Date.to_date(day))

        monday = salt(self.handheld, "2026-05-04")
        self.assertEqual(salt(self.handheld, "2026-05-10"), monday)
        self.assertNotEqual(salt(self.handheld, "2026-05-11"), monday)
        other = self.env["toll.handheld"].new(
            {"operator_id": self.operator.copy({"code": "T9"}).id}
        )
        self.assertNotEqual(salt(other, "2026-05-04"), monday)

    def _update(self, file):
        """The list on the device after asking for changes; and how many they were."""
        header, _data = tag_list.unpack(file)
        changes = self.handheld._make_list(header["version"], header["epoch"])
        news, data = tag_list.unpack(changes)
        self.assertEqual(news.get("since"), header["version"], "changes only")
        self.assertEqual(len(data), news["count"] * tag_list.ENTRY)
        return tag_list.merge(file, changes), news["count"]

    def test_changes_make_the_list_of_now_001_08(self):
        refresh = self.env["toll.tag.list"]._refresh
        refresh(self.company)
        file = self.handheld._make_list()
        self.assertEqual(self._update(file)[1], 0)
        self.lot.toll_report_lost("stolen")
        self.env["toll.exemption"].sudo().create(
            {
                "account_id": self.plate_only.id,
                "date_from": self.now - timedelta(days=3),
                "date_to": self.now + timedelta(days=3),
                "state": "approved",
                "approved_by_id": self.manager.id,
            }
        )
        refresh(self.company)
        file, count = self._update(file)
        self.assertLess(count, 6)
        whole = tag_list.unpack(self.handheld._make_list())[1]
        self.assertEqual(tag_list.unpack(file)[1], whole)
        self.assertEqual(tag_list.find(file, self.lot.name)[0], "stolen")
        plate = self.plate_only.vehicle_ids.plate_normalized
        self.assertEqual(tag_list.find(file, plate)[0], "exempt")
        self.lot_2.sudo().name = "TEST99999999"
        refresh(self.company)
        file, count = self._update(file)
        self.assertEqual(tag_list.find(file, "TEST00000002")[0], "unknown")
        self.assertEqual(tag_list.find(file, "TEST99999999")[0], "valid")

    def test_a_strange_version_gets_the_whole_list_001_08(self):
        self.env["toll.tag.list"]._refresh(self.company)
        header, _data = tag_list.unpack(self.handheld._make_list())
        for version, epoch in (
            (header["version"], "elsewhere"),
            (header["version"] + 1, header["epoch"]),
            (0, header["epoch"]),
        ):
            again, _data = tag_list.unpack(self.handheld._make_list(version, epoch))
            self.assertNotIn("since", again)
            self.assertEqual(again["count"], header["count"])

    def test_other_companies_are_unknown(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        handheld = self.env["toll.handheld"].create(
            {
                "name": "Theirs",
                "company_id": company.id,
                "operator_id": self.operator.id,
                "plaza_ids": [Command.set(self.plaza.ids)],
            }
        )
        self.assertEqual(handheld._find_state(self.lot.name)["state"], "unknown")
        header, _data = tag_list.unpack(handheld._make_list())
        self.assertEqual(header["count"], 0)


@tagged("post_install", "-at_install")
class TestHandheldCheck(HandheldCommon):
    def _check(self, value, **values):
        body = {
            "ref": str(uuid.uuid4()),
            "taken_at": stamp(fields.Datetime.now()),
            "value": value,
            "staff": self.staff.id,
            **values,
        }
        return body, self._call("check", body)

    def _checks(self, *bodies):
        return self.env["toll.handheld.check"].search(
            [("ref", "in", [body["ref"] for body in bodies])]
        )

    def test_a_check_is_answered_and_noted_001_08(self):
        body, response = self._check(self.vehicle.plate)
        self.assertEqual(response.json()["state"], "valid")
        check = self._checks(body)
        self.assertEqual((check.state, check.user_id), ("valid", self.staff))
        self.assertFalse(check.is_offline)
        self._call("check", body)
        self.assertEqual(len(self._checks(body)), 1)
        with self.assertRaises(UserError):
            check.with_user(self.analyst).unlink()

    def test_checks_without_network_come_later(self):
        bodies = [self._check("X1")[0] for _check in range(3)]
        later = [{**b, "ref": str(uuid.uuid4()), "state": "stolen"} for b in bodies]
        answer = self._sync(checks=[*later, {"ref": "bad"}])
        self.assertEqual(answer["checks"], [b["ref"] for b in later] + ["bad"])
        self._sync(checks=later)
        checks = self._checks(*later)
        self.assertEqual(len(checks), 3)
        self.assertEqual(set(checks.mapped("state")), {"stolen"})
        self.assertTrue(all(checks.mapped("is_offline")))

    def test_the_place_is_noted_only_where_wanted(self):
        place = {"latitude": 19.7, "longitude": -99.2}
        body, _response = self._check("X2", **place)
        self.assertFalse(self._checks(body).latitude)
        self.handheld.use_location = True
        body, _response = self._check("X2", **place)
        self.assertAlmostEqual(self._checks(body).latitude, 19.7)

    def test_bad_checks(self):
        for value in ("", None, "x" * 65, {"a": 1}):
            self._assert_error(self._check(value)[1], 400, "bad_value")
        self._assert_error(self._check("X", latitude=91)[1], 400)

    def test_list_over_http(self):
        self.env["toll.tag.list"]._refresh(self.env.company)
        response = self._call("list")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        header, _data = tag_list.unpack(response.content)
        known = {"version": header["version"], "epoch": header["epoch"]}
        news, data = tag_list.unpack(self._call("list", known).content)
        self.assertEqual((news["since"], data), (header["version"], b""))
        for strange in ("x", -1, None, 2**40, {"a": 1}):
            full = self._call("list", {"version": strange, "epoch": strange}).content
            self.assertEqual(tag_list.unpack(full)[0]["count"], header["count"])
        state, code = tag_list.find(response.content, self.vehicle.plate_normalized)
        self.assertEqual((state, code), ("valid", "A"))
        self.assertTrue(self.handheld.list_sent_at)
