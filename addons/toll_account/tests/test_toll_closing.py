from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import TollCommon

CLABE = "032180000118359719"


@tagged("post_install", "-at_install")
class TestTollClosing(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("toll_account.toll_state_reason_moved")
        cls.vehicle = cls._create_vehicle("CLO-001")
        cls.account.top_up(300, "CLOSE-1")

    def _wizard(self, user, **values):
        return (
            self.env["toll.closing"]
            .with_user(user)
            .create(
                {
                    "account_id": self.account.id,
                    "reason_id": self.reason.id,
                    "bank_account": CLABE,
                    **values,
                }
            )
        )

    def test_closing_gives_the_rest_back_000_05(self):
        request = self.env["toll.request"].create(
            {
                "type_id": self.env.ref("toll_account.toll_request_type_closing").id,
                "account_id": self.account.id,
                "description": "I move abroad",
            }
        )
        action = request.with_user(self.billing).action_handle()
        self.assertEqual(action["res_model"], "toll.closing")
        wizard = self._wizard(self.billing, request_id=request.id, note="abroad")
        self.assertTrue(wizard.is_ready)
        letter = wizard.action_confirm()
        self.assertEqual(letter["report_name"], "toll_account.report_closing_letter")
        self.assertEqual((self.account.state, self.account.balance), ("closed", 0))
        self.assertEqual(self.account.state_log_ids[0].reason_id, self.reason)
        self.assertFalse(self.vehicle.active)
        payment = self.account._get_closing_refund()
        self.assertEqual((payment.amount, payment.payment_type), (300, "outbound"))
        self.assertEqual(payment.partner_bank_id.acc_number, CLABE)
        self.assertEqual(request.state, "done")
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "toll_account.report_closing_letter", self.account.ids
        )
        text = html.decode()
        self.assertIn("300.00", text)
        self.assertIn("9719", text)
        self.assertNotIn(CLABE, text, "the letter does not show the whole number")
        with self.assertRaisesRegex(UserError, "is closed"):
            wizard.action_confirm()

    def test_agent_leaves_the_money_to_billing(self):
        wizard = self._wizard(self.agent)
        self.assertFalse(wizard.may_refund)
        with self.assertRaisesRegex(UserError, "Only Billing"):
            wizard.action_confirm()
        self.assertEqual(self.account.state, "active")
        action = wizard.action_leave_to_billing()
        request = self.env["toll.request"].browse(action["res_id"])
        self.assertIn(CLABE, request.description)
        self.assertEqual(request.type_id.code, "closing")

    def test_agent_closes_an_empty_account(self):
        self.account.refund(300, "EMPTY")
        self._wizard(self.agent, bank_account=False).action_confirm()
        self.assertEqual(self.account.state, "closed")

    def test_wrong_bank_accounts_stop_everything(self):
        for number in ("032180000118359710", "GB00WEST12345698765432", "12", False):
            with self.subTest(number=number), self.assertRaises(UserError):
                with self.env.cr.savepoint():
                    self._wizard(self.billing, bank_account=number).action_confirm()
        self.assertEqual((self.account.state, self.account.balance), ("active", 300))

    def test_form_of_the_button(self):
        action = self.account.action_open_close()
        form = Form(
            self.env["toll.closing"]
            .with_user(self.billing)
            .with_context(**action["context"])
        )
        self.assertEqual(form.balance, 300)

    def test_open_again_is_a_new_account(self):
        self._wizard(self.billing).action_confirm()
        action = self.account.action_open_again()
        form = Form(
            self.env["toll.signup"]
            .with_user(self.agent)
            .with_context(**action["context"])
        )
        self.assertEqual(form.partner_id, self.partner)
        form.plan_id = self.env.ref("toll_account.toll_plan_prepaid")
        wizard = form.save()
        self.assertEqual(wizard.line_ids.plate, "CLO-001")
        wizard.action_confirm()
        self.assertNotEqual(wizard.account_id, self.account)
        self.assertEqual(wizard.account_id.vehicle_ids.plate, "CLO-001")
        self.assertEqual(self.account.state, "closed")

    def test_data_change_keeps_the_old_values(self):
        wizard = Form(
            self.env["toll.data.change"]
            .with_user(self.agent)
            .with_context(default_account_id=self.account.id)
        )
        self.assertEqual(wizard.name, "Test Customer")
        wizard.phone = "+52 55 1111 2222"
        wizard.note = "Passport"
        record = wizard.save()
        record.action_confirm()
        self.assertEqual(self.partner.phone, "+52 55 1111 2222")
        body = self.account.message_ids[0].body
        for text in ("442 555 1234", "55 1111 2222", "Passport"):
            self.assertIn(text, body)
        with self.assertRaisesRegex(UserError, "Nothing is different"):
            record.action_confirm()
        record.email = "nobody"
        with self.assertRaisesRegex(UserError, "not an e-mail"):
            record.action_confirm()

    def test_mode_change_makes_a_new_contract(self):
        old = self.env["toll.plan"].create({"code": "OLD", "name": "Old"})
        new = self.env["toll.plan"].create(
            {
                "code": "POST",
                "name": "Post",
                "payment_mode": "postpaid",
                "credit_limit": 1000,
            }
        )
        self.account.plan_id = old
        first = self.account._open_contract()
        wizard = self.env["toll.mode.change"].with_user(self.agent)
        wizard = wizard.create(
            {"account_id": self.account.id, "plan_id": new.id, "note": "asked for"}
        )
        self.assertEqual(wizard.credit_limit, 1000)
        wizard.action_confirm()
        self.assertEqual(
            (self.account.payment_mode, self.account.credit_limit), ("postpaid", 1000)
        )
        self.assertEqual(first.toll_state, "ended")
        second = self.account.contract_ids - first
        self.assertEqual((second.toll_state, second.toll_plan_id), ("draft", new))
        with self.assertRaisesRegex(UserError, "has this plan"):
            wizard.action_confirm()


@tagged("post_install", "-at_install")
class TestTollDormant(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"toll_dormant_months": 12, "toll_dormant_notice_days": 30})
        cls.account.user_id = cls.agent
        cls.old = fields.Datetime.now() - timedelta(days=800)
        cls.account.opened_at = cls.old
        cls.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": cls.account.id,
                    "kind": "adjustment",
                    "amount": 70,
                    "ref": "DORMANT-OLD",
                    "occurred_at": cls.old,
                }
            ]
        )
        cls.busy = cls._create_account(partner_id=cls.partner.id)
        cls.busy.opened_at = cls.old
        cls.busy.top_up(90, "DORMANT-BUSY")

    def _find(self):
        self.env["toll.account"]._find_dormant(self.company)

    def test_dormant_are_found_and_told_x6(self):
        self._find()
        self.assertEqual(self.account.dormant_since, fields.Date.today())
        self.assertFalse(self.busy.dormant_since)
        message = self.account.message_ids.filtered(lambda m: "70.00" in m.body)
        self.assertIn(self.partner, message.partner_ids)
        self.assertEqual(self.account.activity_ids.user_id, self.agent)
        self._find()
        self.assertEqual(len(self.account.activity_ids), 1, "told once")
        self.account.top_up(50, "DORMANT-BACK")
        self._find()
        self.assertFalse(self.account.dormant_since)

    def test_set_apart_after_the_notice_and_back(self):
        self._find()
        account = self.account.with_user(self.billing)
        with self.assertRaisesRegex(UserError, "notice"):
            account.action_set_apart()
        self.account.dormant_since -= timedelta(days=31)
        with self.assertRaises(AccessError):
            self.account.with_user(self.agent).action_set_apart()
        account.action_set_apart()
        self.assertEqual((self.account.balance, account.dormant_amount), (0, 70))
        kept = self.account.dormant_balance_ids
        ledger = self.company.toll_dormant_account_id
        lines = kept.move_id.line_ids
        self.assertEqual(
            lines.filtered(lambda line: line.account_id == ledger).balance, -70
        )
        with self.assertRaisesRegex(UserError, "not dormant"):
            account.action_set_apart()
        kept.with_user(self.billing).action_return()
        self.assertEqual((self.account.balance, kept.state), (70, "returned"))
        with self.assertRaisesRegex(UserError, "already"):
            kept.action_return()
        with self.assertRaises(AccessError):
            kept.with_user(self.agent).action_return()

    def test_the_books_still_agree(self):
        checks = self.env["toll.check"]

        def gap():
            return [text.rpartition("difference")[2] for text in texts()]

        texts = checks._check_deposits
        before = gap()
        self._find()
        self.account.dormant_since -= timedelta(days=31)
        self.account.action_set_apart()
        self.assertEqual(gap(), before)
        self.assertFalse(checks._check_wallets())
