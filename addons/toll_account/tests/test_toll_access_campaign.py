"""Review of access rights by decision (004-28)."""

import base64
import io
from datetime import timedelta

from openpyxl import load_workbook

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollAccessCampaign(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = new_test_user(
            cls.env, "toll_test_second", groups="toll_account.group_toll_manager"
        )
        cls.role = cls.env.ref("toll_account.group_toll_agent")
        cls.campaign = cls.env["toll.access.campaign"].with_user(cls.manager).create({})

    def _line(self, user, group=None):
        return self.campaign.line_ids.filtered(
            lambda line: line.user_id == user and line.group_id == (group or self.role)
        )

    def _decide_all(self):
        others = self.campaign.line_ids.filtered(lambda x: x.user_id != self.manager)
        others.action_keep()
        # somebody else decides on the reviewer's own roles
        self.campaign.reviewer_id = self.second
        own = self.campaign.with_user(self.second).line_ids - others
        own.action_keep()
        self.campaign.reviewer_id = self.manager
        return others

    def test_review_shows_how_people_sign_in_004_28(self):
        self.agent.password = "A long enough one 1"
        self.env["res.users.apikeys"].with_user(self.agent).sudo()._generate(
            "rpc", "script", fields.Datetime.now() + timedelta(days=1)
        )
        self.env.flush_all()
        line = (
            self.env["toll.access.review"]
            .with_user(self.manager)
            .search([("user_id", "=", self.agent.id), ("group_id", "=", self.role.id)])
        )
        self.assertEqual((line.key_count, line.has_second_factor), (1, False))
        self.assertTrue(line.password_at and line.key_since)
        self.assertFalse(line.key_used_at)
        if "totp_enabled" in self.env["res.users"]._fields:
            self.env.cr.execute(
                "UPDATE res_users SET totp_secret = 'X' WHERE id = %s", (self.agent.id,)
            )
            line.invalidate_recordset()
            self.assertTrue(line.has_second_factor)

    def test_use_of_a_key_is_written_down_once_a_day(self):
        keys = self.env["res.users.apikeys"].with_user(self.agent).sudo()
        key = keys._generate("rpc", "k", fields.Datetime.now() + timedelta(days=1))
        self.assertFalse(keys._check_credentials(scope="rpc", key="0" * 40))
        self.assertFalse(self.agent.toll_key_used_at)
        self.assertEqual(keys._check_credentials(scope="rpc", key=key), self.agent.id)
        used = self.agent.toll_key_used_at - timedelta(hours=5)
        self.agent.toll_key_used_at = used
        keys._check_credentials(scope="rpc", key=key)
        self.assertEqual(self.agent.toll_key_used_at, used)

    def test_decided_approved_by_another_and_taken_away_004_28(self):
        with self.assertRaisesRegex(UserError, "not decided"):
            self.campaign.action_ask()
        self._decide_all()
        line = self._line(self.agent)
        line.write({"decision": "take", "note": "Works elsewhere now"})
        internal = self._line(self.billing, self.env.ref("base.group_user"))
        internal.action_take()
        self.campaign.action_ask()
        with self.assertRaises(UserError):
            line.action_keep()
        with self.assertRaises(UserError):
            self.campaign.action_approve()
        third = new_test_user(
            self.env, "toll_test_third", groups="toll_account.group_toll_manager"
        )
        with self.assertRaisesRegex(UserError, "decided on lines"):
            self.campaign.with_user(self.second).action_approve()
        self.assertIn(self.role, self.agent.group_ids)
        self.campaign.with_user(third).action_approve()
        self.assertNotIn(self.role, self.agent.group_ids)
        self.assertTrue(line.taken_at)
        self.assertEqual(self.campaign.approved_by_id, third)
        if internal:
            self.assertFalse(internal.taken_at)
            self.assertTrue(self.campaign.activity_ids, "the administrator's to take")

    def test_nobody_decides_on_himself_or_for_the_reviewer(self):
        own = self._line(self.manager, self.env.ref("toll_account.group_toll_manager"))
        with self.assertRaisesRegex(UserError, "own roles"):
            own.action_keep()
        with self.assertRaisesRegex(UserError, "reviews"):
            self._line(self.agent).with_user(self.second).action_take()
        with self.assertRaises(UserError):
            self._line(self.agent).user_id = self.billing
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.agent).read(["name"])
        with self.assertRaises(AccessError):
            self.campaign.state = "approved"

    def test_result_as_spreadsheet_and_print(self):
        self.agent.name = "=cmd()"
        self._line(self.agent).write({"decision": "keep", "note": "@fine"})
        url = self.campaign.action_download()["url"]
        attachment = self.env["ir.attachment"].browse(
            int(url.split("/")[3].split("?")[0])
        )
        book = load_workbook(io.BytesIO(base64.b64decode(attachment.datas)))
        rows = list(book.active.iter_rows(values_only=True))
        self.assertEqual(len(rows), len(self.campaign.line_ids) + 1)
        self.assertIn("'=cmd()", [row[0] for row in rows])
        self.assertIn("'@fine", [row[10] for row in rows])
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "toll_account.report_access_campaign", self.campaign.ids
        )
        self.assertIn(self.campaign.name, html.decode())

    def test_people_of_another_company_are_not_in_it(self):
        company = self._create_company("Other review")
        stranger = new_test_user(
            self.env,
            "toll_test_stranger",
            groups="toll_account.group_toll_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        campaign = self.campaign.with_user(self.second).create({})
        self.assertNotIn(stranger, campaign.line_ids.user_id)
        self.assertFalse(self.campaign.with_user(stranger).search([]))
