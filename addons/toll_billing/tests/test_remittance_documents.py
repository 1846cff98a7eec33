"""Documents, roles and files of remittances (003-05, 004-27)."""

import csv
import io
from unittest.mock import patch

import openpyxl
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestRemittanceDocuments(RemittanceCase):
    # === DOCUMENTS === #
    def test_documents_once_and_set_off(self):
        agreement = self._agreement(fee_percent=10, guarantee_percent=5)
        self._load(*self._cars(4))
        record = self._confirm(self._remit(agreement))
        bill, invoice = record.bill_id, record.fee_move_id
        self.assertEqual(
            (bill.move_type, bill.state, bill.partner_id, bill.amount_total),
            ("in_invoice", "draft", self.contact, 380),
        )
        self.assertEqual(
            {line.account_id: line.price_total for line in bill.invoice_line_ids},
            {self.money_account: 400, self.guarantee_account: -20},
        )
        self.assertEqual(
            (invoice.move_type, invoice.amount_untaxed, invoice.amount_total),
            ("out_invoice", 40, 46.4),
        )
        with self.assertRaises(UserError):
            record.with_user(self.other_manager).action_approve()
        with self.assertRaisesRegex(UserError, "already"):
            record._make_moves()
        mine = record.with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "Post"):
            mine.action_net()
        (bill | invoice).action_post()
        self.assertFalse(self._check())
        mine.action_net()
        self.assertEqual((bill.amount_residual, invoice.amount_residual), (333.6, 0))
        with self.assertRaisesRegex(UserError, "already"):
            mine.action_net()
        self.assertEqual(record.state, "approved")
        self._pay(bill, 333.6)
        self.env["toll.remittance"]._cron_note_payments()
        self.assertEqual(record.state, "paid")

    def test_guarantee_is_given_back(self):
        agreement = self._agreement(guarantee_percent=10)
        self._load(*self._cars(2), self._row_at("A1", "04-02T18:00"))
        self._confirm(self._remit(agreement))
        self.assertEqual(agreement.amount_held, 20)
        agreement.is_guarantee_released = True
        april = self._confirm_later(self._remit(agreement, "2026-04-10"))
        self.assertEqual((april.amount_due, april.bill_id.amount_total), (100, 120))
        agreement.invalidate_recordset()
        self.assertEqual(agreement.amount_held, 0)

    def test_more_taken_back_than_due_is_a_credit_note(self):
        agreement = self._agreement(fee_percent=10)
        self._load(*self._cars(2))
        self._confirm(self._remit(agreement))
        self._load(self._row_at("R1", "03-10T18:00", status="void"), name="void.csv")
        april = self._confirm_later(self._remit(agreement, "2026-04-10"))
        self.assertEqual(
            (april.bill_id.move_type, april.bill_id.amount_total), ("in_refund", 100)
        )
        self.assertEqual(
            (april.fee_move_id.move_type, april.fee_move_id.amount_untaxed),
            ("out_refund", 10),
        )

    def test_paid_in_another_currency_004_27(self):
        currency = self.env["res.currency"].create(
            {"name": "TRX", "symbol": "T", "rounding": 0.01}
        )
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "name": day,
                    "rate": rate,
                    "company_id": self.company.id,
                }
                for day, rate in (("2026-03-01", 0.05), ("2026-04-01", 0.0437))
            ]
        )
        agreement = self._agreement(
            settlement_currency_id=currency.id, fee_percent=7, fee_tax_ids=False
        )
        self._load(*self._cars(3), self._row_at("A1", "04-02T18:00", plaza="P2"))
        march = self._confirm(self._remit(agreement))
        self.assertEqual((march.rate, march.amount_due), (0.05, 300))
        self.assertEqual((march.payable_due, march.payable_fee), (15, 1.05))
        self.assertEqual(
            (march.bill_id.currency_id, march.bill_id.amount_total), (currency, 15)
        )
        april = self._confirm_later(self._remit(agreement, "2026-04-10"))
        # 50 at 0.0437 is 2.185: rounded once
        self.assertEqual((april.payable_due, april.payable_fee), (2.19, 0.15))
        self.assertEqual(april.payable_net, 2.04)
        # the books take the rate of the document's day: what differs is Odoo's
        bill = april.bill_id
        bill.action_post()
        with freeze_time("2026-05-10 12:00:00"):
            self.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "name": "2026-05-09",
                    "rate": 0.04,
                    "company_id": self.company.id,
                }
            )
            self._pay(bill, 2.19)
        self.assertFalse(bill.amount_residual)
        exchanged = bill.line_ids.matched_debit_ids.exchange_move_id
        self.assertTrue(exchanged, "Odoo books the difference of the rates")

    # === GUARDS === #
    def test_four_eyes_and_roles(self):
        agreement = self._agreement()
        self._load(*self._cars(1))
        record = self._remit(agreement)
        with self.assertRaisesRegex(UserError, "reviewed|draft"):
            record.with_user(self.manager).action_approve()
        record.with_user(self.manager).action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            record.with_user(self.manager).action_approve()
        for user in (self.biller, self.accountant, self.analyst):
            with self.assertRaises(AccessError), self.cr.savepoint():
                record.with_user(user).action_approve()
        with self.assertRaises(AccessError):
            record.with_user(self.biller).write({"state": "approved"})
        with self.assertRaises(AccessError):
            record.with_user(self.biller).write({"amount_due": 1})
        with self.assertRaises(AccessError):
            agreement.with_user(self.biller).fee_percent = 1
        with self.assertRaises(AccessError):
            record.with_user(self.agent).read(["amount_due"])
        record.with_user(self.other_manager).action_approve()
        self.assertEqual(record.approved_by_id, self.other_manager)
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.manager.write({"company_ids": [Command.link(other.id)]})
        theirs = record.with_user(self.manager).with_context(
            allowed_company_ids=[other.id]
        )
        self.assertFalse(theirs.search([("id", "=", record.id)]))
        with self.assertRaises(AccessError):
            theirs.action_csv()

    def test_confirmed_is_for_good(self):
        agreement = self._agreement(fee_percent=1)
        self._load(*self._cars(1))
        record = self._confirm(self._remit(agreement))
        line = record.line_ids[:1]
        for work in (
            lambda: record.action_compute(),
            lambda: record.action_back_to_draft(),
            lambda: record.unlink(),
            lambda: record.write({"day": "2026-02-01"}),
            lambda: line.sudo().unlink(),
            lambda: agreement.write({"fee_percent": 2}),
            lambda: agreement.unlink(),
            lambda: agreement.write({"tier_ids": [Command.create({"rate": 1})]}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                work()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE toll_remittance_line SET amount = 1 WHERE id = %s", [line.id]
            )

    def test_order_and_what_was_confirmed_meanwhile(self):
        agreement = self._agreement()
        self._load(*self._cars(2))
        march = self._remit(agreement)
        with freeze_time("2026-05-02 12:00:00"):
            april = self._remit(agreement, "2026-04-10")
            (march | april).action_ask()
            with self.assertRaisesRegex(UserError, "before"):
                april.with_user(self.manager).action_approve()
            march.with_user(self.manager).action_approve()
            with self.assertRaisesRegex(UserError, "compute it"):
                april.with_user(self.manager).action_approve()
        with freeze_time("2026-05-03 12:00:00"):
            april.action_back_to_draft()
            april.action_compute()
            self._confirm(april)
        self.assertEqual((march.amount_due, april.amount_due), (200, 0))

    def test_two_at_once(self):
        record = self._remit(self._agreement())
        record.action_ask()
        with (
            patch.object(
                type(record), "lock_for_update", side_effect=LockError("taken")
            ),
            self.assertRaisesRegex(UserError, "right now"),
        ):
            record.with_user(self.manager).action_approve()
        self.assertFalse(record.bill_id)

    def test_what_cannot_be(self):
        agreement = self._agreement()
        with self.assertRaises(ValidationError):
            self._agreement(code="A2", date_from="2026-02-01")
        agreement.date_to = "2026-03-31"
        self._agreement(code="A2", date_from="2026-04-01")
        tax = self.fee_tax.copy({"type_tax_use": "purchase", "name": "Excluded"})
        for values in (
            {"tax_ids": [Command.set(tax.ids)]},
            {"guarantee_percent": 5, "guarantee_account_id": False},
        ):
            with self.assertRaises(ValidationError):
                agreement.write(values)
        record = self._remit(agreement)
        self.operator.partner_id = False
        with self.assertRaisesRegex(UserError, "contact"):
            record.action_ask()
        with self.assertRaises(UserError):
            self._remit(agreement, "2025-12-01")

    def test_check_finds_what_is_missing(self):
        agreement = self._agreement()
        self._load(*self._cars(2))
        record = self._confirm(self._remit(agreement))
        self.assertFalse(self._check())
        self.cr.execute("ALTER TABLE toll_remittance_line DISABLE TRIGGER USER")
        self.cr.execute(
            "UPDATE toll_remittance_line SET amount_gross = 150"
            " WHERE remittance_id = %s AND concept = 'usage'",
            [record.id],
        )
        self.cr.execute("ALTER TABLE toll_remittance_line ENABLE TRIGGER USER")
        # days after the last crossing came
        self.cr.execute(
            "UPDATE toll_remittance SET computed_at = computed_at + interval '9 years'"
        )
        (text,) = self._check()
        self.assertIn("A1", text)

    # === FILES === #
    def test_files_for_the_operator(self):
        agreement = self._agreement(fee_percent=10)
        self._load(*self._cars(2), self._row_at("R9", "03-11T18:00", plaza="P2"))
        self.plaza.code = "=P1"
        record = self._remit(agreement)
        content = self._file(record.with_user(self.analyst).action_csv())
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        self.assertEqual(len(rows), len(record.line_ids) + 2)
        self.assertIn("'=P1", {row[4] for row in rows})
        # crossings, gross and what is left after the fee
        self.assertEqual(
            (rows[-1][6], rows[-1][7], rows[-1][11]), ("3", "250.00", "225.00")
        )
        book = openpyxl.load_workbook(io.BytesIO(self._file(record.action_xlsx())))
        totals, lines = book.worksheets
        self.assertEqual(lines.max_row, len(rows))
        self.assertIn(250, [cell.value for cell in totals["B"]])
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_billing.report_remittance", record.ids
        )[0]
        self.assertIn(b"Control total", html)
        with self.assertRaises(AccessError):
            record.with_user(self.agent).action_csv()
        self.assertEqual(self.operator.remittance_count, 1)
        action = agreement.with_user(self.biller).action_open_next()
        self.assertEqual(action["res_id"], record.id)
