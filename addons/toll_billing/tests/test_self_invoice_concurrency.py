"""Two tabs and a billing run after the same crossings, each in its own transaction."""

from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

SINCE, TO = datetime(2026, 1, 1), datetime(2026, 3, 31)


@tagged("post_install", "-at_install")
class TestSelfInvoiceConcurrency(BaseCase):
    """Commits for real, so it works on records of its own and removes them.

    What is raced for are the crossings and the deposit; no invoice is posted, so that
    none has to be removed.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            cls.company_days = env.company.toll_self_invoice_days
            env.company._toll_set_up()
            env.company.toll_self_invoice_days = 0
            cls.operator_id = (
                env["toll.operator"]
                .create({"code": "SELFRACE", "name": "Race", "state": "authorised"})
                .id
            )
            cls.partner_id = env["res.partner"].create({"name": "Two tabs"}).id
            account = env["toll.account"].create(
                {"partner_id": cls.partner_id, "state": "active"}
            )
            cls.account_id = account.id
            env["toll.crossing"]._ensure_months([SINCE.date()])
            env.flush_all()
            for number in range(2):
                cr.execute(
                    """
                    INSERT INTO toll_crossing_data (
                        occurred_at, posted_at, company_id, operator_id, batch_id, line,
                        account_id, currency_id, amount, state, service, ref)
                    VALUES ('2026-01-10', '2026-01-10', %s, %s, 0, %s, %s, %s, 10,
                            'posted', 'toll', %s) RETURNING id
                    """,
                    [
                        account.company_id.id,
                        cls.operator_id,
                        number,
                        account.id,
                        account.currency_id.id,
                        f"RACE{number}",
                    ],
                )
                if number:
                    cls.second_id = cr.fetchone()[0]
                else:
                    cls.first_id = cr.fetchone()[0]
        cls.addClassCleanup(cls._remove_everything)

    @classmethod
    def _remove_everything(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.company.toll_self_invoice_days = cls.company_days
            env.flush_all()
            args = {
                "account": cls.account_id,
                "partner": cls.partner_id,
                "operator": cls.operator_id,
            }
            cr.execute("ALTER TABLE toll_crossing_data DISABLE TRIGGER USER")
            for statement in (
                "DELETE FROM toll_crossing_data WHERE account_id = %(account)s",
                "DELETE FROM mail_message WHERE model = 'toll.billing.run'"
                " AND res_id IN (SELECT id FROM toll_billing_run"
                " WHERE account_id = %(account)s)",
                "DELETE FROM toll_billing_run WHERE account_id = %(account)s",
                "DELETE FROM mail_message WHERE model = 'toll.account'"
                " AND res_id = %(account)s",
                "DELETE FROM mail_followers WHERE res_model = 'toll.account'"
                " AND res_id = %(account)s",
            ):
                cr.execute(statement, args)
            cr.execute("ALTER TABLE toll_crossing_data ENABLE TRIGGER USER")
            for statement in (
                "DELETE FROM toll_account WHERE id = %(account)s",
                "DELETE FROM mail_message WHERE model = 'toll.operator'"
                " AND res_id = %(operator)s",
                "DELETE FROM toll_operator WHERE id = %(operator)s",
                "DELETE FROM res_partner WHERE id = %(partner)s",
            ):
                cr.execute(statement, args)

    @contextmanager
    def _tab(self):
        """The account in a transaction that has begun to read, and is taken back."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            account = env["toll.account"].browse(self.account_id)
            self.assertTrue(account.number)
            yield account
            cr.rollback()

    def _claim(self, account, *ids):
        return account._make_self_run("race", SINCE, TO, list(ids))

    @mute_logger("odoo.sql_db")
    def test_two_tabs_never_have_one_crossing_or_deposit_twice_000_26(self):
        with self._tab() as late, self._tab() as other:
            with self._tab() as early:
                self._claim(early, self.first_id)
                early.env.flush_all()
                early.env.cr.commit()
            # even for another crossing: its deposit may be spent
            for tab, crossing in ((late, self.first_id), (other, self.second_id)):
                with self.assertRaises(SerializationFailure):
                    self._claim(tab, crossing)
        with self._tab() as again:
            with self.assertRaisesRegex(UserError, "nothing to invoice"):
                self._claim(again, self.first_id)

    @mute_logger("odoo.sql_db")
    def test_a_billing_run_and_a_customer_keep_apart(self):
        with self._tab() as running:
            run = running.env["toll.billing.run"].create(running._prepare_run_vals())
            run._lock_company()
            with self._tab() as account:
                with self.assertRaisesRegex(UserError, "billing run is being computed"):
                    self._claim(account, self.second_id)
        with self._tab() as account, self._tab() as running:
            self._claim(account, self.second_id)
            running.env.cr.execute("SET LOCAL lock_timeout = '200ms'")
            run = running.env["toll.billing.run"].create(running._prepare_run_vals())
            with self.assertRaises(Exception) as caught:
                run._lock_company()
            self.assertEqual(caught.exception.pgcode, "55P03", "it waits its turn")
