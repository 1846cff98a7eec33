"""Automatic top-up (X3): once, within the day's limit, and told when it fails."""

import threading
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import CheckViolation

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollCommon


def set_up_provider(env, partner, state="done"):
    """A demo provider with a journal, and a saved payment method of this partner."""
    company = env.company
    company._toll_set_up()
    provider = env["payment.provider"].search(
        [("code", "=", "demo"), ("company_id", "=", company.id)], limit=1
    )
    provider = provider or env.ref("payment.payment_provider_demo").copy(
        {"company_id": company.id}
    )
    provider.write({"state": "test", "is_published": True})
    provider.journal_id = company._toll_get_topup_journal("online")
    method = provider.with_context(active_test=False).payment_method_ids[:1]
    method.active = True
    return env["payment.token"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "partner_id": partner.id,
            "payment_details": "4242",
            "provider_ref": "saved",
            "demo_simulated_state": state,
        }
    )


@tagged("post_install", "-at_install")
class TestTollAutoTopup(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.email = "customer@example.org"
        cls.token = set_up_provider(cls.env, cls.partner)
        cls.auto = cls.env["toll.auto.topup"].create(
            {
                "account_id": cls.account.id,
                "token_id": cls.token.id,
                "threshold": 100,
                "amount": 300,
                "daily_cap": 700,
            }
        )
        cls.user = new_test_user(
            cls.env, "auto_portal", "base.group_portal", partner_id=cls.partner.id
        )

    def _run(self):
        return self.env["toll.auto.topup"]._run()

    def test_charges_below_the_threshold_once(self):
        self.assertEqual(self._run(), 1)
        self.assertEqual(self.account.balance, 300)
        self.assertEqual(self.auto.transaction_ids.operation, "offline")
        self.assertEqual(self._run(), 0, "there is enough now")
        self.assertEqual(self.account.balance, 300)

    def test_not_above_threshold_paused_or_closed(self):
        self.account.top_up(100, "ENOUGH")
        self.assertEqual(self._run(), 0)
        self.auto.threshold = 500
        self.auto.action_pause()
        self.assertEqual(self._run(), 0)
        self.auto.action_resume()
        self.assertEqual(self._run(), 1)

    def test_daily_limit_holds(self):
        self.auto.threshold = 10_000
        for _time in range(5):
            self._run()
        self.assertEqual(self.account.balance, 600)
        yesterday = fields.Datetime.now() - timedelta(days=1, hours=1)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = ANY(%s)",
            (yesterday, self.auto.transaction_ids.ids),
        )
        self.env.invalidate_all()
        self.assertEqual(self._run(), 1, "a new day")

    def test_failures_wait_longer_then_stop_and_tell(self):
        self.token.demo_simulated_state = "error"
        waits = []
        for _time in range(4):
            self.auto.next_try_at = False
            self._run()
            if self.auto.next_try_at:
                waits.append(self.auto.next_try_at - fields.Datetime.now())
        self.assertEqual(self.auto.state, "failed")
        self.assertEqual(len(waits), 3)
        self.assertLess(waits[0], waits[1])
        self.assertLess(waits[1], waits[2])
        self.assertEqual(self.account.balance, 0)
        self.assertEqual(self._run(), 0)
        told = self.account.message_ids.filtered(
            lambda m: self.partner in m.notified_partner_ids
        )
        self.assertEqual(len(told), 1)

    def test_not_tried_again_before_its_time(self):
        self.token.demo_simulated_state = "error"
        self.assertEqual(self._run(), 1)
        self.assertEqual(self._run(), 0)

    def test_crash_before_the_wallet_does_not_charge_again(self):
        """The provider has the money, the program died: the next run finishes it."""
        model = type(self.env["payment.transaction"])
        with patch.object(model, "_post_process", lambda _self: None):
            self.assertEqual(self._run(), 1)
        tx = self.auto.transaction_ids
        self.assertEqual((tx.state, self.account.balance), ("done", 0))
        self._run()
        self.assertEqual(self.auto.transaction_ids, tx)
        self.assertEqual(self.account.balance, 300)

    def test_crash_before_the_answer_holds_the_next_charge(self):
        """Nobody knows whether the provider charged: a person looks at it."""
        model = type(self.env["payment.transaction"])
        with patch.object(model, "_charge_with_token", lambda _self: None):
            self.assertEqual(self._run(), 1)
        self.assertEqual(self.auto.transaction_ids.state, "draft")
        self.assertEqual(self._run(), 0)
        self.assertEqual(len(self.auto.transaction_ids), 1)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '2d'"
            " WHERE id = %s",
            (self.auto.transaction_ids.id,),
        )
        self.env.invalidate_all()
        self._run()
        self.assertEqual(self.auto.state, "failed")
        # the provider's late word still counts, once
        for _time in range(2):
            self.auto.transaction_ids._set_done()
            self.auto.transaction_ids._post_process()
        self.assertEqual(self.account.balance, 300)

    def test_one_customers_trouble_does_not_stop_the_others(self):
        other = self._create_account(partner_id=self.partner.id)
        self.auto.copy({"account_id": other.id})
        charge = type(self.auto)._charge

        def fail_first(auto, commit):
            if auto == self.auto:
                raise ValueError("trouble")
            return charge(auto, commit)

        rollback = patch.object(self.env.cr, "rollback", lambda: None)
        with (
            patch.object(type(self.auto), "_charge", fail_first),
            rollback,
            mute_logger("odoo.addons.toll_account.models.toll_auto_topup"),
        ):
            self.assertEqual(self._run(), 1)
        self.assertEqual(other.balance, 300)

    def test_only_own_saved_methods(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.assertRaises(ValidationError):
            self.auto.token_id = set_up_provider(self.env, stranger)

    def test_customer_changes_own_only(self):
        mine = self.auto.with_user(self.user)
        mine.action_pause()
        self.assertEqual(self.auto.state, "paused")
        with self.assertRaises(AccessError):
            mine.write({"amount": 1})
        stranger = new_test_user(self.env, "auto_stranger", "base.group_portal")
        with self.assertRaises(AccessError):
            self.auto.with_user(stranger).action_resume()
        with self.assertRaises(AccessError):
            self.auto.with_user(self.analyst).action_resume()
        self.auto.with_user(self.agent).action_resume()
        self.assertEqual(self.auto.state, "active")

    def test_other_company_does_not_see_it(self):
        company = self._create_company("Elsewhere")
        agent = new_test_user(
            self.env,
            "auto_other",
            "toll_account.group_toll_agent",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        found = self.env["toll.auto.topup"].with_user(agent).search([])
        self.assertNotIn(self.auto, found)

    def test_limits_of_amounts(self):
        for vals, refusal in (
            ({"amount": 0}, UserError),
            ({"amount": 10}, UserError),
            ({"daily_cap": 1}, CheckViolation),
        ):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(refusal),
                self.env.cr.savepoint(),
            ):
                self.auto.write(vals)
                self.env.flush_all()


@tagged("post_install", "-at_install")
class TestAutoTopupConcurrency(BaseCase):
    """Commits for real, on an account of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            partner = env["res.partner"].create({"name": f"Auto {uuid4().hex}"})
            account = env["toll.account"].create({"partner_id": partner.id})
            account.action_activate()
            auto = env["toll.auto.topup"].create(
                {
                    "account_id": account.id,
                    "token_id": set_up_provider(env, partner).id,
                    "threshold": 100,
                    "amount": 300,
                    "daily_cap": 3000,
                }
            )
            cls.account_id, cls.auto_id = account.id, auto.id
        cls.addClassCleanup(cls._stop)

    @classmethod
    def _stop(cls):
        # The wallet never forgets: the account stays, without further charges.
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            env["toll.auto.topup"].browse(cls.auto_id).write({"state": "paused"})

    @mute_logger("odoo.sql_db", "odoo.addons.toll_account.models.toll_auto_topup")
    def test_runs_at_once_charge_once(self):
        barrier = threading.Barrier(4)
        errors = []

        def run():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
                autos = env["toll.auto.topup"].browse(self.auto_id)
                self.assertEqual(autos.account_id.available, 0)  # the snapshot
                barrier.wait(60)
                try:
                    autos._charge(cr.commit)
                except Exception as error:
                    errors.append(error)
                    cr.rollback()

        threads = [threading.Thread(target=run, daemon=True) for _i in "1234"]
        for thread in threads:
            thread.dbname = self.registry.db_name
            thread.start()
        for thread in threads:
            thread.join(120)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            account = env["toll.account"].browse(self.account_id)
            auto = env["toll.auto.topup"].browse(self.auto_id)
            auto._run(cr.commit)
            self.assertEqual(len(auto.transaction_ids), 1, errors)
            self.assertEqual(account.balance, 300)
