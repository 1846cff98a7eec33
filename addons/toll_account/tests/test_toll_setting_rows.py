"""Fees and rules that nobody adds or removes alone, and settings in words (003-34)."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollSettingRows(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = new_test_user(
            cls.env, "toll_test_second", groups="toll_account.group_toll_manager"
        )
        cls.plan, cls.plan_2 = cls.env["toll.plan"].create(
            [
                {"code": code, "name": f"Rows {code}", "company_id": cls.company.id}
                for code in ("RW1", "RW2")
            ]
        )
        cls.fee = cls.env["toll.plan.fee"].create(
            {
                "plan_id": cls.plan.id,
                "product_id": cls.env.ref("toll_account.product_product_tag_kit").id,
                "price": 40,
            }
        )
        cls.guard = cls.env.ref("toll_account.toll_setting_guard_fee_rows")
        cls.guard.active = True

    def _field(self, model, name):
        return self.env["ir.model.fields"]._get(model, name)

    def _change(self, guard=None, values=(), **vals):
        guard = guard or self.guard
        return (
            self.env["toll.setting.change"]
            .with_user(self.manager)
            .create(
                {
                    "guard_id": guard.id,
                    "reason": "Board of June",
                    "value_ids": [
                        Command.create(
                            {
                                "field_id": self._field(guard.model, name).id,
                                "value": value,
                            }
                        )
                        for name, value in values
                    ],
                    **vals,
                }
            )
        )

    def _approve(self, change):
        change.action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            change.action_approve()
        change.with_user(self.other).action_approve()

    def test_nobody_adds_or_removes_a_fee_alone_003_34(self):
        plan = self.plan.with_user(self.manager)
        fee = self.fee.with_user(self.manager)
        product = self.fee.product_id.id
        for attempt in (
            lambda: fee.copy(),
            lambda: plan.write({"fee_ids": [Command.create({"product_id": product})]}),
            lambda: plan.write({"fee_ids": [Command.delete(fee.id)]}),
            fee.unlink,
            plan.unlink,
        ):
            with self.assertRaisesRegex(UserError, "two people"), self.cr.savepoint():
                attempt()
        fee.sequence = 3
        rules = self.env.ref("toll_account.toll_setting_guard_commission_rows")
        rules.active = True
        rule = self.env["toll.commission.rule"].create(
            {"name": "Guarded", "amount": 5, "company_id": self.company.id}
        )
        with self.assertRaisesRegex(UserError, "two people"):
            rule.with_user(self.manager).action_archive()
        rules.with_context(active_test=False).sudo().active = False
        rule.with_user(self.manager).action_archive()
        self.assertFalse(rule.active)

    def test_a_new_fee_on_its_day_like_another_one(self):
        today = fields.Date.context_today(self.plan)
        form = Form(self.env["toll.setting.change"].with_user(self.manager))
        form.guard_id = self.guard
        self.assertEqual(form.kind, "new")
        form.reason = "Board of June"
        change = form.save()
        change.write(
            {
                "record_ref": f"toll.plan.fee,{self.fee.id}",
                "date_from": today + timedelta(days=3),
                "value_ids": [
                    Command.create(
                        {
                            "field_id": self._field("toll.plan.fee", name).id,
                            "value": value,
                        }
                    )
                    for name, value in (
                        ("plan_id", "Rows RW2"),
                        ("price", "55.50"),
                        ("frequency", "every year"),
                    )
                ],
            }
        )
        self._approve(change)
        self.assertFalse(self.plan_2.fee_ids, "its day has not come")
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            change.value_ids[1].value = "1"
        with self.assertRaisesRegex(UserError, "no longer a draft"):
            change.value_ids[1].unlink()
        change.sudo().date_from = today - timedelta(days=1)
        for _time in range(2):
            self.env["toll.setting.change"]._cron_apply()
        fee = self.plan_2.fee_ids
        self.assertEqual(
            (fee.price, fee.frequency, fee.product_id),
            (55.5, "yearly", self.fee.product_id),
        )
        self.assertEqual((change.state, change.record_ref), ("applied", fee))
        log = self.env["toll.setting.log"].search([("change_id", "=", change.id)])
        self.assertEqual((log.model, log.res_id), ("toll.plan.fee", fee.id))

    def test_a_removal_deletes_or_archives(self):
        change = self._change(kind="remove", record_ref=f"toll.plan.fee,{self.fee.id}")
        self._approve(change)
        self.assertFalse(self.fee.exists())
        self.assertEqual(change.state, "applied")
        self.assertTrue(change.old_value)
        guard = self.env["toll.setting.guard"].create({"rows_of": "toll.plan"})
        change = self._change(
            guard, kind="remove", record_ref=f"toll.plan,{self.plan_2.id}"
        )
        self._approve(change)
        self.assertFalse(self.plan_2.active)

    @mute_logger("odoo.sql_db")
    def test_what_cannot_be_is_told_when_it_is_asked_for(self):
        like = f"toll.plan.fee,{self.fee.id}"
        before = self.env["toll.plan.fee"].search_count([])
        for values, vals, words in (
            ((), {}, "like"),
            ((("price", "-5"),), {"record_ref": like}, "not taken"),
            ((("price", "much"),), {"record_ref": like}, "does not fit"),
            ((("plan_id", "No such plan"),), {"record_ref": like}, "does not fit"),
            ((("frequency", "weekly"),), {"record_ref": like}, "does not fit"),
            ((("price", "5"),), {}, "not taken"),
            ((), {"record_ref": f"toll.plan,{self.plan.id}"}, "belongs to"),
        ):
            with self.subTest(words, values=values):
                change = self._change(values=values, **vals)
                with self.assertRaisesRegex(UserError, words):
                    change.action_ask()
                self.assertEqual(change.state, "draft")
        self.assertEqual(self.env["toll.plan.fee"].search_count([]), before)
        with self.assertRaises(ValidationError):
            self._change(values=[("create_uid", "x")])
        company = self._create_company("Other rows")
        far = self.env["toll.plan"].create(
            {"code": "FAR", "name": "Far plan", "company_id": company.id}
        )
        change = self._change(values=[("plan_id", far.name)], record_ref=like)
        with self.assertRaisesRegex(UserError, "does not fit"):
            change.action_ask()
        with self.assertRaises(AccessError):
            change.value_ids.with_user(self.accountant).value = "Mine"

    def test_texts_and_choices_need_two_people_too(self):
        guards = self.env["toll.setting.guard"].create(
            [
                {"field_id": self._field("toll.plan", name).id}
                for name in ("name", "payment_mode", "is_customer")
            ]
        )
        plan = self.plan.with_user(self.manager)
        for vals in (
            {"name": "Mine"},
            {"payment_mode": "postpaid"},
            {"is_customer": False},
        ):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "two people"):
                plan.write(vals)
        plan.write({"name": plan.name, "payment_mode": "prepaid", "notice_days": 9})
        for guard, text, name, value in zip(
            guards,
            ("Rows new", "postpaid", "no"),
            ("name", "payment_mode", "is_customer"),
            ("Rows new", "postpaid", False),
            strict=True,
        ):
            change = self._change(
                guard, new_value=text, record_ref=f"toll.plan,{plan.id}"
            )
            self.assertEqual(change.kind, "value")
            self._approve(change)
            self.assertEqual(self.plan[name], value)

    def test_nobody_names_an_approved_change_as_his_own(self):
        self.guard.sudo().active = False
        change = self._change(values=[("price", "60")])
        self.fee.with_user(self.manager).with_context(
            toll_setting_change_id=change.id
        ).sequence = 7
        log = self.env["toll.setting.log"].search(
            [("model", "=", "toll.plan.fee"), ("res_id", "=", self.fee.id)], limit=1
        )
        self.assertEqual((log.user_id, log.change_id.id), (self.manager, False))
