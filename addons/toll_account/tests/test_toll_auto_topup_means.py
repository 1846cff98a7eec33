"""Automatic top-up with several means of payment (001-16), amount from usage (X3)."""

import threading
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import CheckViolation

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from .common import TollCommon
from .test_toll_auto_topup import set_up_provider

LOG = "odoo.addons.toll_account.models.toll_auto_topup"


@tagged("post_install", "-at_install")
class TestAutoTopupMeans(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        crons = type(cls.env["ir.cron"])
        cls.startClassPatcher(
            patch.object(crons, "_commit_progress", lambda *_args, **_values: 1)
        )
        cls.partner.write(
            {"email": "customer@example.org", "toll_quiet_from": 0, "toll_quiet_to": 0}
        )
        cls.first = set_up_provider(cls.env, cls.partner, "error")
        cls.second, cls.third = (
            cls.first.copy({"demo_simulated_state": state})
            for state in ("error", "done")
        )
        cls.auto = cls.env["toll.auto.topup"].create(
            {
                "account_id": cls.account.id,
                "token_id": cls.first.id,
                "threshold": 100,
                "amount": 300,
                "daily_cap": 300,
                "is_fallback": True,
            }
        )
        cls.auto._save_order(cls.first | cls.second | cls.third)

    def _run(self):
        return self.env["toll.auto.topup"]._run()

    @property
    def charges(self):
        return self.auto.transaction_ids.sorted("id")

    def _late_success(self):
        """The first card's provider says yes after the second card was charged."""
        self.second.demo_simulated_state = "done"
        self._run()
        late = self.charges[0]
        late._set_done()
        late._post_process()
        return late

    def test_next_means_in_the_customers_order_001_16(self):
        self.assertEqual(self._run(), 1)
        self.assertEqual(
            self.charges.token_id.ids, (self.first | self.second | self.third).ids
        )
        self.assertEqual(len(self.charges), 3, "each one time")
        self.assertEqual(
            self.account.balance, 300, "within a daily limit of one charge"
        )
        self.assertEqual((self.auto.failures, self.auto.need), (0, 2))
        self.assertEqual(self._run(), 0)

    def test_order_changes_with_the_list_and_needs_consent(self):
        self.auto._save_order(self.third | self.second)
        self.assertEqual(
            self.auto._get_tokens().ids, (self.first | self.third | self.second).ids
        )
        self.auto.is_fallback = False
        self._run()
        self.assertEqual(self.charges.token_id, self.first)
        self.assertEqual((self.account.balance, self.auto.failures), (0, 1))

    def test_all_refused_is_one_failure_and_all_are_tried_again(self):
        self.third.demo_simulated_state = "error"
        self._run()
        self.assertEqual((len(self.charges), self.auto.failures), (3, 1))
        self.assertTrue(self.auto.next_try_at)
        self._run()
        self.assertEqual(len(self.charges), 3, "not before its time")
        self.auto.next_try_at = False
        self._run()
        self.assertEqual((len(self.charges), self.auto.failures), (6, 2))

    def test_archived_and_strangers_methods_are_left_out(self):
        self.second.active = False
        self.third.partner_id = self.env["res.partner"].create({"name": "Stranger"})
        self._run()
        self.assertEqual(self.charges.token_id, self.first)

    @mute_logger(LOG)
    def test_crash_between_two_methods_goes_on_with_the_next(self):
        model = type(self.auto)
        with (
            patch.object(model, "_after_charge", side_effect=ValueError("crash")),
            patch.object(self.env.cr, "rollback", lambda: None),
        ):
            self._run()
        self.assertEqual(self.charges.token_id, self.first)
        self._run()
        self.assertEqual(
            self.charges.token_id.ids, (self.first | self.second | self.third).ids
        )
        self.assertEqual((len(self.charges), self.account.balance), (3, 300))

    def test_no_answer_is_no_refusal(self):
        self.first.demo_simulated_state = "pending"
        for _time in range(2):
            self._run()
        self.assertEqual(len(self.charges), 1, "the next card waits for the answer")

    def test_late_success_of_the_first_goes_back_once(self):
        late = self._late_success()
        self.assertEqual(late.toll_surplus_of_id, self.charges[1])
        self.assertEqual(self.account.balance, 600)
        for _time in range(2):
            self._run()
        self.assertEqual(late.toll_surplus_state, "back")
        self.assertEqual(late.child_transaction_ids.mapped("amount"), [-300])
        self.assertEqual(self.account.balance, 300)
        self.assertEqual(late.child_transaction_ids.payment_id.payment_type, "outbound")
        told = self.account.message_ids.filtered(
            lambda m: "confirmed late" in (m.body or "")
        )
        self.assertEqual(told.notified_partner_ids, self.partner)

    def test_what_cannot_go_back_by_itself_is_a_persons_task(self):
        late = self._late_success()
        late.payment_method_id.support_refund = "none"
        self._run()
        self.assertEqual(late.toll_surplus_state, "person")
        self.assertFalse(late.child_transaction_ids)
        self.assertIn(late.reference, str(self.account.activity_ids[:1].note))
        self.assertEqual(self.account.balance, 600)

    def test_refund_without_answer_is_not_sent_again(self):
        late = self._late_success()
        model = type(late)
        with patch.object(model, "_send_refund_request", lambda _self: None):
            self._run()
        self._run()
        self.assertEqual(len(late.child_transaction_ids), 1)
        self.assertEqual(late.toll_surplus_state, "sent")
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '2d'"
            " WHERE id = %s",
            (late.child_transaction_ids.id,),
        )
        self.env.invalidate_all()
        self._run()
        self.assertEqual(late.toll_surplus_state, "person")

    # The amount

    def _use(self, *amounts):
        now = fields.Datetime.now()
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.account.id,
                    "kind": kind,
                    "amount": amount,
                    "ref": f"LEARN-{uuid4().hex}",
                    "occurred_at": now - timedelta(days=days),
                }
                for kind, amount, days in amounts
            ]
        )

    def _learn_from(self, **values):
        self.account.opened_at = fields.Datetime.now() - timedelta(days=200)
        self.auto.write(
            {
                "is_learned": True,
                "cover_weeks": 2,
                "amount_min": 50,
                "amount_max": 300,
                **values,
            }
        )
        self._use(
            ("topup", 5000, 30), ("usage", -500, 40), ("fee", -100, 10),
            ("discount", 40, 10), ("usage", -9000, 60),
        )  # fmt: skip

    def test_amount_is_learned_announced_and_then_charged_x3(self):
        self._learn_from()
        self.env["toll.auto.topup"]._cron_learn()
        self.assertEqual(self.auto.used_week, 70, "560 in eight weeks")
        self.assertEqual((self.auto.amount, self.auto.next_amount), (300, 150))
        told = self.account.message_ids.filtered(
            lambda m: self.partner in m.notified_partner_ids
        )
        self.assertEqual(len(told), 1)
        self.assertIn("70.00", self.auto.learned_text)
        self.env["toll.auto.topup"]._cron_learn()
        self.assertEqual(self.auto.amount, 300, "not before its day")
        self.auto.next_amount_date = fields.Date.context_today(self.auto)
        self.env["toll.auto.topup"]._cron_learn()
        self.assertEqual((self.auto.amount, self.auto.next_amount), (150, 0))

    def test_learned_amount_keeps_its_bounds(self):
        self._learn_from(amount_min=200)
        self.env["toll.auto.topup"]._cron_learn()
        self.assertEqual(self.auto.next_amount, 200)

    def test_too_little_usage_teaches_nothing(self):
        self._learn_from()
        self.account.opened_at = fields.Datetime.now() - timedelta(days=5)
        self.env["toll.auto.topup"]._cron_learn()
        self.assertFalse(self.auto.next_amount or self.auto.learned_at)
        self.auto.is_learned = False
        self.assertFalse(self.auto.learned_text)

    def test_what_the_customer_chooses_must_fit(self):
        save = self.env["toll.auto.topup"]._save_for_customer
        good = {
            "is_learned": True,
            "cover_weeks": 2,
            "amount_min": 50,
            "amount_max": 300,
        }
        for wrong in ({"cover_weeks": 0}, {"amount_min": 0}, {"amount_max": 301}):
            with self.subTest(wrong), self.assertRaises(UserError):
                save(self.account, self.first, 100, 300, 300, **{**good, **wrong})
        save(self.account, self.first, 100, 300, 300, others=self.third, **good)
        self.assertTrue(self.auto.is_learned and self.auto.is_fallback)
        self.assertEqual(self.auto._get_tokens()[1], self.third)
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.auto.amount_max = 400
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestAutoTopupAnswersConcurrency(BaseCase):
    """Commits for real, on an account of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            partner = env["res.partner"].create({"name": f"Answers {uuid4().hex}"})
            account = env["toll.account"].create({"partner_id": partner.id})
            account.action_activate()
            token = set_up_provider(env, partner)
            auto = env["toll.auto.topup"].create(
                {
                    "account_id": account.id,
                    "token_id": token.id,
                    "threshold": 100,
                    "amount": 300,
                    "daily_cap": 3000,
                }
            )
            charges = env["payment.transaction"]
            for one in (token, token.copy()):
                auto.charges += 1
                charges |= charges.create(auto._prepare_transaction_vals(one))
            charges._set_done()
            cls.auto_id, cls.charge_ids = auto.id, charges.ids
        cls.addClassCleanup(cls._stop)

    @classmethod
    def _stop(cls):
        # The wallet never forgets: the account stays, without further charges.
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            env["toll.auto.topup"].browse(cls.auto_id).write({"state": "paused"})

    @mute_logger("odoo.sql_db", LOG)
    def test_two_answers_at_once_meet_the_need_once(self):
        barrier = threading.Barrier(2)

        def answer(charge_id):
            for trial in range(8):
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
                    tx = env["payment.transaction"].browse(charge_id)
                    self.assertTrue(tx.toll_auto_topup_id.need)  # the snapshot
                    if not trial:
                        barrier.wait(60)
                    try:
                        tx._post_process()
                        cr.commit()  # pylint: disable=invalid-commit
                        return
                    except Exception:
                        cr.rollback()

        threads = [
            threading.Thread(target=answer, args=(charge_id,), daemon=True)
            for charge_id in self.charge_ids
        ]
        for thread in threads:
            thread.dbname = self.registry.db_name
            thread.start()
        for thread in threads:
            thread.join(120)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            charges = env["payment.transaction"].browse(self.charge_ids)
            self.assertEqual(len(charges.payment_id), 2)
            self.assertEqual(len(charges.filtered("toll_surplus_of_id")), 1)
            env["payment.transaction"]._toll_settle_surplus(cr.commit)
            self.assertEqual(charges.toll_account_id.balance, 300)
