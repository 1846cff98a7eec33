"""Mandates, files and returns of bank debits (000-14)."""

from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from psycopg2.errors import UniqueViolation

from odoo import tools
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import debit_iso, debit_text
from ..models import toll_debit_run_book
from ..models.account_payment_mode import XSD
from .debit_common import CLABES, IBANS, DebitCase

SPACE = {"p": debit_iso.NAMESPACE}


@tagged("post_install", "-at_install")
class TestDebitRun(DebitCase):
    def test_from_mandate_to_file_to_return_to_second_run_000_14(self):
        account, invoice = self._debtor(120)
        other, paid = self._debtor(80, IBANS[1])
        run = self._new_run()
        self.assertEqual((run.ready_count, run.amount_total), (2, 200))
        run.action_order()
        root = etree.fromstring(self._file(run))
        schema = etree.XMLSchema(etree.parse(tools.file_open(XSD)))
        schema.assertValid(root)
        amounts = [n.text for n in root.iterfind(".//p:InstdAmt", SPACE)]
        self.assertEqual(sorted(amounts), ["120.00", "80.00"])
        self.assertEqual(root.findtext(".//p:SeqTp", None, SPACE), "FRST")
        self.assertEqual(invoice.amount_residual, 120, "nothing is booked yet")
        with self.assertRaisesRegex(UserError, "Somebody else"):
            run.action_upload()
        run.with_user(self.accountant).action_upload()
        self.env.invalidate_all()
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(invoice.payment_state, "in_payment")
        mandate = account.mandate_id
        self.assertEqual(mandate.recurrent_sequence_type, "recurring")
        line, good = self._lines(run, account), self._lines(run, other)
        file, is_new = self._load(
            self._pain(
                (line.payment_id.id, 120, "RJCT", "AM04"),
                (good.payment_id.id, 80, "ACSC", ""),
                (10**8, 5, "RJCT", "AM04"),
                (line.payment_id.id, 120, "RJCT", "AM04"),
            )
        )
        self.assertTrue(is_new)
        self.assertEqual(
            file.answer_ids.sorted("line").mapped("fate"),
            ["returned", "paid", "unknown", "duplicate"],
        )
        self.assertEqual(invoice.amount_residual, 120)
        self.assertTrue(invoice.returned_payment)
        self.assertEqual((paid.amount_residual, paid.payment_state), (0, "paid"))
        self.assertEqual(run.state, "done")
        self.assertEqual((run.returned_count, run.return_rate), (1, 50))
        self.assertEqual(line.retry_on, self._later(5))
        # too early, then in the next run, as RCUR
        soon = self._new_run()
        self.assertEqual(self._lines(soon, account).reason, "returned")
        again = self._new_run(date=self._later(5))
        again.action_order()
        root = etree.fromstring(self._file(again))
        self.assertEqual(root.findtext(".//p:SeqTp", None, SPACE), "RCUR")
        self.assertEqual(self._lines(again, account).tries, 2)
        self.assertSound()

    def test_file_twice_loads_once(self):
        account, invoice = self._debtor(100)
        run = self._new_run()
        self._send(run)
        content = self._pain((self._lines(run, account).payment_id.id, 100, "", "MD01"))
        first, is_new = self._load(content)
        same, again = self._load(content, name="other name.xml")
        self.assertEqual((first, is_new, again), (same, True, False))
        # the same return in another file
        later, _new = self._load(content + b"\n")
        self.assertEqual(later.answer_ids.fate, "duplicate")
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(account.mandate_ids.state, "cancel", "MD01 stops it")
        self.assertIn("No mandate", account.mandate_ids.toll_cancel_reason)
        self.assertSound()

    def test_two_runs_collect_once(self):
        account, invoice = self._debtor(100)
        # the run decides how it is paid: invoices of different customers are alike
        account.partner_id.customer_payment_mode_id = self.sepa
        self.assertFalse(self._invoice(self._accounts(1), 1).payment_mode_id)
        first, second = self._new_run(), self._new_run()
        self.assertEqual((first.ready_count, second.ready_count), (1, 1))
        first.action_order()
        with self.assertRaisesRegex(UserError, "Nothing can be collected"):
            second.action_order()
        second.action_prepare()
        self.assertEqual(self._lines(second, account).reason, "in_debit")
        # what the screen prevents, the database does
        line = self._lines(second, account)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            line.state = "sent"
            self.env.flush_all()
        # given up before the bank has it: free again
        first.action_cancel()
        second.action_prepare()
        self._send(second)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertSound()

    def test_killed_in_between_goes_on(self):
        debtors = [self._debtor(10 + n, IBANS[n])[0] for n in range(4)]
        run = self._new_run()
        delayed = []
        book = toll_debit_run_book
        with (
            patch.object(book, "CHUNK", 2),
            patch.object(type(run), "_delay", lambda self, *step: delayed.append(step)),
        ):
            run.action_order()
            run_sudo = run.sudo()
            run_sudo._job_order()  # two of four; here the machine stops
            self.assertEqual(len(run_sudo.order_id.payment_ids), 2)
            for _again in range(3):
                run_sudo._job_order()
            self.assertEqual(len(run_sudo.order_id.payment_ids), 4)
            self.assertEqual(run.state, "generated")
            run.with_user(self.accountant).action_upload()
            run_sudo._job_book()
            self.assertEqual(
                len(
                    run_sudo.order_id.payment_ids.filtered(lambda p: p.state != "draft")
                ),
                2,
            )
            for _again in range(3):
                run_sudo._job_book()
        self.assertFalse(run.is_running)
        self.assertEqual({d.state for d in self._lines(run, *debtors)}, {"sent"})
        self.assertEqual(
            sum(self._lines(run, *debtors).move_id.mapped("amount_residual")), 0
        )
        self.assertSound()

    def test_text_layout_there_and_back(self):
        account, invoice = self._debtor(99.5, CLABES[0])
        lost, owed = self._debtor(40, CLABES[1])
        fee = self.env["product.product"].create(
            {"name": "Return fee", "list_price": 25, "taxes_id": False}
        )
        self.company.toll_debit_fee_product_id = fee
        run = self._new_run(self.text)
        self._send(run)
        read = debit_text.read(self._file(run))
        self.assertEqual(
            sorted((d.account, float(d.amount)) for d in read),
            sorted([(CLABES[0], 99.5), (CLABES[1], 40)]),
        )
        good, bad = self._lines(run, account), self._lines(run, lost)
        file, _new = self._load(
            self._text(
                (good.payment_id.id, 99.5, "paid", ""),
                (bad.payment_id.id, 40, "returned", "02"),
                (bad.payment_id.id + 10**6, 1, "returned", "02"),
            ),
            self.text,
            name="answer.txt",
        )
        self.assertEqual(
            [file.paid_count, file.returned_count, file.unknown_count], [1, 1, 1]
        )
        self.assertEqual((invoice.amount_residual, owed.amount_residual), (0, 40))
        charge = self.env["toll.charge"].search([("account_id", "=", lost.id)])
        self.assertEqual((charge.amount_total, charge.source), (25, "debit"))
        # code 02 is for a person: a call is asked for, and nothing by itself
        self.assertIn("blocked", lost.activity_ids.summary)
        again = self._new_run(self.text, date=self._later(60))
        self.assertEqual(self._lines(again, lost).reason, "returned")
        bad.with_user(self.clerk).action_release()
        again.action_prepare()
        self.assertEqual(self._lines(again, lost).state, "ready")
        # the answers' money that does not fit is nobody's
        file, _new = self._load(
            self._text((good.payment_id.id, 1, "paid", "")), self.text
        )
        self.assertEqual(file.answer_ids.fate, "unknown")
        self.assertSound()

    def test_exceptions_say_why_and_the_way_out(self):
        cases = {}
        cases["no_mandate"], _inv = self._debtor(10)
        expired, _inv = self._debtor(10, IBANS[1])
        expired.mandate_id.sudo().state = "expired"
        cases["expired"] = expired
        cases["disputed"], invoice = self._debtor(10, IBANS[2])
        invoice.toll_debit_hold = True
        cases["hold"], _inv = self._debtor(10)
        cases["hold"].partner_id.toll_legal_hold = True
        cases["other_layout"], _inv = self._debtor(10, CLABES[0])
        cases["below"], _inv = self._debtor(4)
        cases["above"], _inv = self._debtor(900)
        promised, _inv = self._debtor(10)
        self._refresh(promised)
        self._promise(self._case(promised), 10, user=self.supervisor)
        cases["promise"] = promised
        cases["cancelled"] = cases.pop("no_mandate")
        cases["cancelled"].mandate_id._toll_cancel("Closed", keep_means=True)
        ready, _inv = self._debtor(10)
        run = self._new_run(amount_min=5, amount_max=500)
        for reason, account in cases.items():
            line = self._lines(run, account)
            self.assertEqual((line.reason, line.state), (reason, "excluded"))
            self.assertTrue(line.way_out)
        self.assertEqual(self._lines(run, ready).state, "ready")
        self.assertEqual((run.ready_count, run.excluded_count), (1, len(cases)))
        # nobody who pays in another way is in the run
        stranger = self._accounts(1)
        self._invoice(stranger, 10)
        run.action_prepare()
        self.assertFalse(self._lines(run, stranger))
        self.assertEqual(run.ready_count, 1)

    def test_customers_are_told_once_and_in_time(self):
        account, _invoice = self._debtor(100)
        self._invoice(account, 50)
        held = self._invoice(account, 7)
        held.toll_debit_hold = True
        run = self._new_run(notice_days=5, date=self._later(2))
        with self.assertRaisesRegex(UserError, "5 days before"):
            run.action_announce()
        with self.assertRaisesRegex(UserError, "Announce"):
            run.action_order()
        run.date = self._later(5)
        run.action_prepare()
        told = []
        with patch.object(
            type(account),
            "_tell",
            lambda self, purpose, subject, body, ref: told.append((self, body, ref)),
        ):
            run.action_announce()
        ((who, body, ref),) = told
        self.assertEqual((who, ref), (account, f"debit-{run.id}-{account.id}"))
        self.assertIn("150.00", body)
        self.assertIn("•••• 1332", body)
        self.assertNotIn(IBANS[0], body)
        self.assertEqual(sum(account._get_next_debits().mapped("amount")), 150)
        # paid meanwhile is not debited, nor what was released after the word
        self._pay(self._lines(run, account).filtered(lambda d: d.amount == 50).move_id)
        held.toll_debit_hold = False
        run.action_order()
        states = self._lines(run, account).mapped("state")
        self.assertEqual(sorted(states), ["excluded", "excluded", "sent"])

    def test_third_party_payer_and_amendment(self):
        account, _invoice = self._debtor(0)
        account.mandate_id._toll_cancel("Another pays")
        payer = self.env["res.partner"].create({"name": "The Payer"})
        bank, new = self.env["res.partner.bank"].create(
            [{"partner_id": payer.id, "acc_number": number} for number in IBANS[1:3]]
        )
        agent_mandate = (
            self.env["account.banking.mandate"]
            .with_user(self.agent)
            .create(
                {
                    "toll_account_id": account.id,
                    "partner_bank_id": bank.id,
                    "signature_date": self.today,
                }
            )
        )
        with self.assertRaisesRegex(UserError, "signed paper"):
            agent_mandate.validate()
        agent_mandate.scan = "c2Nhbg=="
        agent_mandate.validate()
        self.assertEqual(account.mandate_id.partner_id, payer)
        self._invoice(account, 70)
        run = self._new_run()
        self._send(run)
        self.assertIn(b"<Nm>The Payer</Nm>", self._file(run))
        payment = self._lines(run, account).payment_id
        self.assertEqual(payment.partner_id, account.partner_id)
        # another account of the payer: the bank is told with the next debit
        agent_mandate.partner_bank_id = new
        self.assertEqual(agent_mandate.recurrent_sequence_type, "first")
        self._invoice(account, 30)
        later = self._new_run()
        later.action_order()
        self.assertIn(b"SMNDA", self._file(later))
        action = agent_mandate.cancel()
        wizard = (
            self.env["toll.mandate.cancel"]
            .with_user(self.agent)
            .with_context(**action["context"])
            .create({"reason": "Asked at the counter"})
        )
        wizard.action_confirm()
        self.assertEqual(agent_mandate.state, "cancel")
        with self.assertRaises(UserError):
            agent_mandate.back2draft()

    def test_bad_numbers_and_bad_files(self):
        account = self._accounts(1)
        for number in (
            "",
            "ES9121000418450200051333",
            "032180000118359710",
            "12345678",
        ):
            with self.subTest(number), self.assertRaises(ValidationError):
                self._sign(account, number)
        self.assertFalse(account.mandate_ids)
        Load = self.env["toll.debit.file"].with_user(self.clerk)
        for content, message in (
            (b"<x", "no XML"),
            (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
            (b"H", "trailer"),
        ):
            with self.subTest(content), self.assertRaisesRegex(UserError, message):
                self._load(content)
        with self.assertRaisesRegex(UserError, "arrive whole"):
            Load.load(self.sepa.id, "x", "***")
        self.company.sepa_creditor_identifier = False
        with self.assertRaisesRegex(UserError, "creditor identifier"):
            self._new_run()

    def test_too_many_returns_raise_an_alarm(self):
        self.company.toll_debit_alarm_rate = 20
        account, _invoice = self._debtor(10)
        run = self._new_run()
        self._send(run)
        payment = self._lines(run, account).payment_id
        self._load(self._pain((payment.id, 10, "RJCT", "ZZ99")))
        self.assertTrue(run.is_alarming)
        self.assertEqual(run.activity_ids.user_id, self.clerk)
        self.assertEqual(run.line_ids.returned_on, self.today)
        self.assertFalse(run.line_ids.retry_on, "unknown codes are for a person")

    def test_without_news_it_is_paid_and_may_still_come_back(self):
        account, invoice = self._debtor(10)
        run = self._new_run()
        self._send(run)
        self.Run._cron_settle()
        self.assertEqual(self._lines(run, account).state, "sent", "too early")
        run.sudo().date = self.today - timedelta(days=5)
        self.Run._cron_settle()
        self.env.invalidate_all()
        line = self._lines(run, account)
        self.assertEqual((line.state, run.state), ("paid", "done"))
        self.assertEqual(invoice.payment_state, "paid")
        self._load(self._pain((line.payment_id.id, 10, "RJCT", "MD06")))
        self.assertEqual((line.state, invoice.amount_residual), ("returned", 10))
        self.assertSound()

    def test_the_bank_refuses_a_whole_file(self):
        account, invoice = self._debtor(10)
        run = self._new_run()
        self._send(run)
        run.with_user(self.accountant).action_refuse()
        self.env.invalidate_all()
        self.assertEqual((invoice.amount_residual, run.state), (10, "cancelled"))
        self.assertFalse(
            self.env["toll.charge"].search([("account_id", "=", account.id)])
        )
        self._send(self._new_run())
        self.assertEqual(invoice.amount_residual, 0)
        self.assertSound()

    def test_returns_entered_by_hand_end_the_debit(self):
        account, invoice = self._debtor(10)
        run = self._new_run()
        self._send(run)
        line = self._lines(run, account)
        entry = self.env["payment.return"].create(
            {
                "journal_id": self.sepa.fixed_journal_id.id,
                "line_ids": [(0, 0, line._prepare_return_vals({}))],
            }
        )
        entry.action_confirm()
        self.assertEqual((line.state, invoice.amount_residual), ("returned", 10))
        entry.action_cancel()
        self.assertEqual((line.state, invoice.amount_residual), ("paid", 0))
        self.assertSound()
