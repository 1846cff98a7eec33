"""Settings that nobody changes alone (003-34)."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollSettingChange(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = new_test_user(
            cls.env, "toll_test_second", groups="toll_account.group_toll_manager"
        )
        cls.plan = cls.env["toll.plan"].create(
            {"code": "FOUR", "name": "Four eyes", "company_id": cls.company.id}
        )
        cls.fee = cls.env["toll.plan.fee"].create(
            {
                "plan_id": cls.plan.id,
                "product_id": cls.env.ref("toll_account.product_product_tag_kit").id,
                "price": 40,
            }
        )
        cls.guard_min = cls.env.ref("toll_account.toll_setting_guard_topup_min")
        cls.guard_fee = cls.env.ref("toll_account.toll_setting_guard_fee_price")
        (cls.guard_min | cls.guard_fee).active = True

    def _change(self, guard=None, **values):
        return (
            self.env["toll.setting.change"]
            .with_user(self.manager)
            .create(
                {
                    "guard_id": (guard or self.guard_min).id,
                    "new_value": "75",
                    "reason": "Board of June",
                    **values,
                }
            )
        )

    def test_nobody_changes_it_alone_003_34(self):
        self.manager.group_ids += self.env.ref("base.group_system")
        company = self.company.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "two people"):
            company.toll_topup_min = 75
        company.write({"toll_topup_min": 50, "toll_low_balance": 120})
        self.assertEqual(company.toll_low_balance, 120, "others as before")
        with self.assertRaisesRegex(UserError, "two people"):
            self.fee.with_user(self.manager).price = 1
        with self.assertRaisesRegex(UserError, "two people"):
            self.plan.with_user(self.manager).write(
                {"fee_ids": [(1, self.fee.id, {"price": 1})]}
            )

    def test_one_proposes_another_approves_and_the_log_says_so(self):
        change = self._change()
        change.action_ask()
        self.assertEqual(change.old_value, "50.0")
        with self.assertRaisesRegex(UserError, "somebody else"):
            change.action_approve()
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            change.new_value = "1"
        with self.assertRaises(AccessError):
            change.state = "approved"
        for user in (self.agent, self.accountant):
            with self.subTest(user.login), self.assertRaises(AccessError):
                change.with_user(user).action_approve()
        change.with_user(self.other).action_approve()
        self.assertEqual((change.state, self.company.toll_topup_min), ("applied", 75))
        log = self.env["toll.setting.log"].search([("change_id", "=", change.id)])
        self.assertEqual((log.old_value, log.new_value), ("50.0", "75.0"))
        self.assertEqual(log.user_id, self.other)

    def test_in_force_from_its_day(self):
        today = fields.Date.context_today(self.plan)
        change = self._change(
            self.guard_fee,
            new_value="55.50",
            record_ref=f"toll.plan.fee,{self.fee.id}",
            date_from=today + timedelta(days=3),
        )
        change.action_ask()
        change.with_user(self.other).action_approve()
        self.env["toll.setting.change"]._cron_apply()
        self.assertEqual((change.state, self.fee.price), ("approved", 40))
        change.sudo().date_from = today - timedelta(days=1)
        for _time in range(2):
            self.env["toll.setting.change"]._cron_apply()
        self.assertEqual((change.state, self.fee.price), ("applied", 55.5))

    @mute_logger("odoo.addons.toll_account.models.toll_setting_change", "odoo.sql_db")
    def test_what_does_not_fit_is_refused_or_told(self):
        for values, words in (
            ({"new_value": "many"}, "does not fit"),
            ({"new_value": "nan"}, "does not fit"),
            ({"new_value": "50"}, "already"),
            ({"guard_id": self.guard_fee.id}, "belongs to"),
            (
                {
                    "guard_id": self.guard_fee.id,
                    "record_ref": f"toll.plan,{self.plan.id}",
                },
                "belongs to",
            ),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, words):
                self._change(**values).action_ask()
        change = self._change(
            self.guard_fee, new_value="-5", record_ref=f"toll.plan.fee,{self.fee.id}"
        )
        change.action_ask()
        with self.assertRaisesRegex(UserError, "not taken"):
            change.with_user(self.other).action_approve()
        self.assertEqual(self.fee.price, 40)

    def test_switching_off_needs_two_people_as_well(self):
        guard = self.guard_min.with_user(self.manager)
        for attempt in (guard.unlink, lambda: guard.write({"active": False})):
            with self.assertRaisesRegex(UserError, "two people"):
                attempt()
        change = self._change(is_switch_off=True)
        change.action_ask()
        change.with_user(self.other).action_approve()
        self.assertFalse(self.guard_min.active)
        guard.active = True

    def test_another_company_is_not_concerned(self):
        company = self._create_company("Other settings")
        self.guard_min.company_id = company
        self.manager.group_ids += self.env.ref("base.group_system")
        self.company.with_user(self.manager).toll_topup_min = 60
        change = self._change()
        change.sudo().company_id = company
        found = self.env["toll.setting.change"].with_user(self.other).search([])
        self.assertNotIn(change, found)
