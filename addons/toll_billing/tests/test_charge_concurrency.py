from datetime import date

from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

DAY = date(2026, 2, 10)


@tagged("post_install", "-at_install")
class TestChargeConcurrency(BaseCase):
    """A contract's own job and a billing run, open at once: one of them charges.

    Two real transactions, interleaved in one thread; what they commit is taken away.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_db = Registry(get_db_name())
        with cls.registry_db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            cls.ids = cls._create_world(env)
        cls.addClassCleanup(cls._remove_world)

    @classmethod
    def _create_world(cls, env):
        company = env.ref("base.main_company")
        product = env["product.product"].create(
            {"name": "CC fee", "type": "service", "taxes_id": False}
        )
        plan = env["toll.plan"].create(
            {
                "code": "CCFEE",
                "name": "CC",
                "payment_mode": "postpaid",
                "fee_invoicing": "toll",
                "fee_ids": [Command.create({"product_id": product.id, "price": 5})],
            }
        )
        account = env["toll.account"].create(
            {
                "partner_id": env["res.partner"].create({"name": "CC Customer"}).id,
                "company_id": company.id,
                "plan_id": plan.id,
                "payment_mode": "postpaid",
                "state": "active",
            }
        )
        contract = account._open_contract(date(2026, 2, 1))
        contract.toll_sign("Me", how="paper")
        return {
            "account": account.id,
            "contract": contract.id,
            "partner": account.partner_id.id,
            "plan": plan.id,
            "product": product.id,
            "template": product.product_tmpl_id.id,
        }

    @classmethod
    def _remove_world(cls):
        ids = cls.ids
        with cls.registry_db.cursor() as cr:
            for query, key in (
                ("DELETE FROM toll_charge WHERE account_id = %s", "account"),
                ("DELETE FROM contract_line WHERE contract_id = %s", "contract"),
                ("DELETE FROM contract_contract WHERE id = %s", "contract"),
                ("UPDATE toll_account SET state = 'draft' WHERE id = %s", "account"),
            ):
                cr.execute(query, [ids[key]])
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["toll.account"].browse(ids["account"]).unlink()
            env["toll.plan"].browse(ids["plan"]).unlink()
            env["product.template"].browse(ids["template"]).unlink()
            env["res.partner"].browse(ids["partner"]).unlink()

    def _begin(self):
        """A transaction whose snapshot is taken now."""
        cr = self.registry_db.cursor()
        self.addCleanup(cr.close)
        cr.execute("SET LOCAL lock_timeout = '300ms'")
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        env["contract.contract"].browse(self.ids["contract"]).contract_line_ids.mapped(
            "recurring_next_date"
        )
        return env

    def _charge_by_job(self, env):
        env["contract.contract"].browse(self.ids["contract"])._recurring_create_invoice(
            DAY
        )

    def _charge_by_run(self, env):
        run = env["toll.billing.run"].create(
            {"account_id": self.ids["account"], "until": date(2026, 2, 11)}
        )
        run.action_compute()
        return run

    def _charges(self, env):
        return env["toll.charge"].search([("account_id", "=", self.ids["account"])])

    def test_job_and_run_at_once_charge_once(self):
        first, second = self._begin(), self._begin()
        self._charge_by_job(first)
        # the run waits for the job's lines, here not for ever
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.LockNotAvailable):
            self._charge_by_run(second)
        second.cr.rollback()
        late = self._begin()
        first.cr.commit()
        # it began before the job was done, and must begin again
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.SerializationFailure),
        ):
            self._charge_by_run(late)
        late.cr.rollback()
        retry = self._begin()
        run = self._charge_by_run(retry)
        charge = self._charges(retry)
        self.assertEqual((len(charge), charge.statement_id), (1, run.statement_ids))
        self.assertEqual(run.amount_charge, 5)
        # the other way round: the run holds the charge, somebody cancels it
        other = self._begin()
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.LockNotAvailable):
            self._charges(other).action_cancel()
        retry.cr.rollback()
