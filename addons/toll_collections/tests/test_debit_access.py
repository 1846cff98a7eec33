"""Who may do what with bank debits, and two runs at the same moment."""

from contextlib import closing
from unittest.mock import patch
from uuid import uuid4

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger

from ..queries import debit as queries
from .debit_common import IBANS, DebitCase


@tagged("post_install", "-at_install")
class TestDebitAccess(DebitCase):
    def test_rights(self):
        account, _invoice = self._debtor(100)
        run = self._new_run()
        with self.assertRaises(AccessError):
            run.with_user(self.agent).action_order()
        with self.assertRaises(AccessError):
            run.state = "done"
        with self.assertRaises(AccessError):
            self._load(b"x", user=self.agent)
        with self.assertRaises(AccessError):
            account.mandate_id.with_user(self.agent).state = "draft"
        with self.assertRaises(AccessError):
            account.mandate_id.with_user(self.agent).toll_text_hash = "0"
        with self.assertRaises(AccessError):
            account.mandate_id.with_user(self.collector)._toll_check_keeper()
        run.action_order()
        with self.assertRaisesRegex(UserError, "belongs to debit run"):
            run.order_id.with_user(self.manager).generated2uploaded()
        # another company
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "toll_debit_stranger",
            groups="toll_account.group_toll_billing",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in (run, run.sudo().line_ids, account.mandate_id):
            record = record.with_user(stranger)
            self.assertFalse(record.search([("id", "in", record.ids)]))
            with self.assertRaises(AccessError):
                record.read(["display_name"])
        with self.assertRaises(AccessError):
            account.mandate_id.with_user(stranger).write({"signature_date": self.today})
        with self.assertRaises(AccessError):
            self.env["toll.debit.file"].with_user(stranger).load(self.sepa.id, "x", "")

    def test_ordinary_invoices_keep_their_bank_account(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        companies = company | self.company
        self.assertTrue(all(companies.mapped("keep_partner_bank_without_payment_mode")))

    def test_erased_and_merged_accounts_keep_no_number(self):
        account, target = self._accounts(2)
        self._sign(account)
        account._merge_records(target)
        self.env.invalidate_all()
        mandate = target.mandate_id
        self.assertTrue(mandate)
        files = target.partner_id._toll_export_files()
        self.assertIn(mandate.unique_mandate_reference, str(files["mandates.csv"]))
        self.assertNotIn(IBANS[0], str(files))
        bank = mandate.partner_bank_id
        target.partner_id._toll_pseudonymise()
        self.assertEqual(mandate.state, "cancel")
        self.assertFalse(mandate.toll_text or mandate.toll_accepted_agent)
        self.assertNotIn(IBANS[0][-4:], bank.acc_number)


@tagged("post_install", "-at_install")
class TestDebitConcurrency(BaseCase):
    """Commits for real, a creditor of its own, and removes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            journal = env["account.journal"].create(
                {"name": "Race", "code": uuid4().hex[:5].upper(), "type": "bank"}
            )
            method = env.ref("toll_collections.account_payment_method_debit")
            mode = env["account.payment.mode"].create(
                {
                    "name": "Race",
                    "bank_account_link": "variable",
                    "payment_method_id": method.id,
                    "company_id": journal.company_id.id,
                }
            )
            cls.ids = mode.id, journal.id
        cls.addClassCleanup(cls._remove)

    @classmethod
    def _remove(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["account.payment.mode"].browse(cls.ids[0]).unlink()
            env["account.journal"].browse(cls.ids[1]).unlink()

    @mute_logger("odoo.sql_db")
    def test_the_second_run_begins_again_and_sees_the_first(self):
        with (
            closing(self.registry.cursor()) as first,
            closing(self.registry.cursor()) as second,
        ):
            second.execute("SELECT 1")  # it has looked before the first one commits
            first.execute(queries.lock_mode(self.ids[0]))
            first.commit()
            with self.assertRaises(SerializationFailure):
                second.execute(queries.lock_mode(self.ids[0]))
