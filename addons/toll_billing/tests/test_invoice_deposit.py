import csv
import io
from datetime import datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestDeposits(BillingCase):
    def test_shortage_stays_open_and_the_next_top_up_pays_it(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(60, ref="one")
        self._cross(account, 100)
        self.assertEqual(account.balance, -40)
        statement = self._billed().statement_ids
        invoice = statement.move_id
        self.assertEqual((statement.amount_settled, invoice.amount_residual), (60, 40))
        self.assertEqual(invoice.payment_state, "partial")
        self.assertEqual(
            (account.balance, account.amount_receivable, account.available),
            (0, 40, -40),
        )
        self.assertRules()
        account.with_user(self.agent).top_up(100, ref="two")
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("paid", 0))
        self.assertEqual((account.balance, account.available), (60, 60))
        self.assertRules()

    def test_usage_after_the_cutoff_does_not_keep_the_deposit_from_paying(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(100, ref="one")
        self._cross(account, 100)
        self._cross(account, 50, at=datetime(2026, 3, 9))
        invoice = self._billed().statement_ids.move_id
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual((account.balance, account.available), (-50, -50))
        self.assertRules()

    def test_postpaid_debt_moves_from_the_wallet_to_the_invoice(self):
        (account,) = self._accounts(1, "postpaid")
        account.credit_limit = 500
        self._cross(account, 100)
        self.assertEqual((account.balance, account.available), (-100, 400))
        invoice = self._billed().statement_ids.move_id
        self.assertEqual((account.balance, account.amount_receivable), (0, 100))
        self.assertEqual(account.available, 400)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertRules()

    def test_fees_of_the_contract_are_paid_from_the_wallet_004_12(self):
        (account,) = self._accounts(1, "prepaid")
        product = self.env["product.product"].create(
            {"name": "Monthly fee", "type": "service", "taxes_id": False}
        )
        account.plan_id = self.env["toll.plan"].create(
            {
                "code": "WALLET",
                "name": "Wallet",
                "fee_ids": [(0, 0, {"product_id": product.id, "price": 30})],
            }
        )
        account.top_up(100, ref="one")
        contract = account._open_contract()
        contract.toll_sign("Me", how="paper")
        move = contract._recurring_create_invoice(contract.recurring_next_date)
        self.assertEqual((move.payment_state, account.balance), ("paid", 70))
        self.assertRules()
        for _month in range(3):
            move = contract._recurring_create_invoice(contract.recurring_next_date)
        self.assertEqual((move.amount_residual, account.balance), (20, 0))
        self.assertEqual(account.available, -20)
        with self.assertRaisesRegex(UserError, "open invoices"):
            account.action_close()
        account.top_up(50, ref="two")
        self.assertEqual((move.payment_state, account.balance), ("paid", 30))
        self.assertRules()

    def test_credit_of_a_paid_invoice_goes_back_to_the_deposit(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(500, ref="one")
        self._cross(account, 100)
        statement = self._billed().statement_ids
        invoice = statement.move_id
        refund = invoice._reverse_moves(cancel=True)
        self.assertEqual(refund.toll_statement_id, statement)
        self.assertEqual(refund.state, "posted")
        self.assertEqual(account.balance, 500)
        self.assertEqual(account.amount_receivable, 0)
        self.assertEqual(statement.crossing_count, 1)
        self.assertRules()
        crossing = self.env["toll.crossing"].search(statement._get_crossing_domain())
        self.assertEqual(crossing.invoice_id, invoice)

    def test_credit_of_a_part_goes_back_to_the_deposit(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(500, ref="one")
        self._cross(account, 100)
        invoice = self._billed().statement_ids.move_id
        refund = invoice._reverse_moves()
        refund.invoice_line_ids.price_unit = 25
        refund.action_post()
        self.assertEqual(refund.amount_residual, 0)
        self.assertEqual(account.balance, 425)
        self.assertRules()

    def test_credit_of_an_open_invoice_only_closes_it(self):
        for mode in ("prepaid", "postpaid"):
            (account,) = self._accounts(1, mode)
            self._cross(account, 100)
            invoice = self._run_and_get(account)
            invoice._reverse_moves(cancel=True)
            self.assertEqual(invoice.amount_residual, 0)
            self.assertEqual((account.balance, account.amount_receivable), (0, 0))
        self.assertRules()

    def _run_and_get(self, account):
        run = self.env["toll.billing.run"].create(
            {"account_id": account.id, "until": "2026-03-01"}
        )
        run.action_compute()
        run.action_confirm()
        return run.statement_ids.move_id

    def test_credit_of_a_partly_paid_invoice(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(60, ref="one")
        self._cross(account, 100)
        invoice = self._billed().statement_ids.move_id
        invoice._reverse_moves(cancel=True)
        self.assertEqual((account.balance, account.amount_receivable), (60, 0))
        self.assertRules()

    def test_issued_documents_cannot_be_reset_or_reversed(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(500, ref="one")
        self._cross(account, 100)
        statement = self._billed().statement_ids
        moves = self.env["account.move"].search(
            [("toll_statement_id", "=", statement.id)]
        )
        self.assertEqual(len(moves), 2)
        for move in moves:
            with self.assertRaisesRegex(UserError, "credit note"):
                move.button_draft()
            with self.assertRaises(UserError):
                move.button_cancel()
        entry = moves - statement.move_id
        with self.assertRaises(UserError):
            entry._reverse_moves()

    def test_account_with_usage_that_is_not_invoiced_cannot_be_closed(self):
        (account,) = self._accounts(1, "prepaid")
        account.top_up(100, ref="one")
        self._cross(account, 100)
        with self.assertRaisesRegex(UserError, "not invoiced"):
            account._check_closing()
        self._billed()
        account._check_closing()


@tagged("post_install", "-at_install")
class TestAnnex(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls._accounts(1)
        cls.plaza_a.name = "=HYPERLINK(1)"
        cls._cross(cls.account, 54, at=datetime(2026, 2, 10, 18, 30))
        cls._cross(cls.account, 46.5, at=datetime(2026, 2, 11, 18, 30))
        cls.statement = cls._billed().statement_ids

    def test_rows_have_the_plaza_time_and_subtotals_per_vehicle(self):
        annex = self.statement._get_annex()
        (group,) = annex["groups"]
        self.assertEqual(group.label, "TST123")
        self.assertEqual(float(group.amount), 100.5)
        self.assertEqual(group.rows[0][1], datetime(2026, 2, 10, 12, 30))

    def test_csv_cells_are_no_formulas(self):
        text = self.statement._annex_csv().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual(len(rows), 3)
        self.assertEqual(rows[1][3], "'=HYPERLINK(1)")
        self.assertEqual(rows[1][1], "2026-02-10 12:30:00")

    def test_files_are_downloaded_by_an_agent(self):
        statement = self.statement.with_user(self.agent)
        for action in (statement.action_annex_csv(), statement.action_annex_xlsx()):
            self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertTrue(self.statement._annex_xlsx().startswith(b"PK"))

    def test_annex_is_printed_behind_toll_invoices_only(self):
        report = self.env["ir.actions.report"]
        invoice = self.statement.move_id
        html, _kind = report._render_qweb_html("account.report_invoice", invoice.ids)
        self.assertIn(b"o_toll_annex", html)
        self.assertIn(b"2026-02-10 12:30:00", html)
        plain = invoice.copy()
        html, _kind = report._render_qweb_html("account.report_invoice", plain.ids)
        self.assertNotIn(b"o_toll_annex", html)

    def test_annex_as_the_account_wants_it_004_11(self):
        report = self.env["ir.actions.report"]
        invoice = self.statement.move_id
        send = self.env["account.move.send"]
        self.account.write(
            {"annex_format": "csv", "invoice_emails": "boss@fleet.example"}
        )
        html, _kind = report._render_qweb_html("account.report_invoice", invoice.ids)
        self.assertNotIn(b"o_toll_annex", html)
        file = send._get_invoice_extra_attachments(invoice)
        self.assertEqual(file.raw, self.statement._annex_csv())
        self.assertEqual(send._get_invoice_extra_attachments(invoice), file)
        template = self.env.ref("account.email_template_edi_invoice")
        people = send._get_default_mail_partner_ids(invoice, template, "en_US")
        self.assertIn("boss@fleet.example", people.mapped("email"))
        self.account.annex_format = "none"
        self.assertFalse(send._get_invoice_extra_attachments(invoice))

    def test_annex_groups_by_time_or_cost_centre_004_11(self):
        for grouping, label in (
            ("none", "All crossings"),
            ("cost_centre", "Without cost centre"),
            ("vehicle", "TST123"),
        ):
            self.account.annex_grouping = grouping
            (group,) = self.statement._get_annex()["groups"]
            self.assertEqual(group.label, label)
            self.assertEqual(float(group.amount), 100.5)

    def test_statement_is_printed(self):
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "toll_billing.report_toll_statement", self.statement.ids
        )
        self.assertIn(self.statement.name.encode(), html)

    def test_very_long_annexes_are_left_to_the_files(self):
        self.env["ir.config_parameter"].set_param("toll_billing.annex_print_limit", 1)
        annex = self.statement._get_annex()
        self.assertTrue(annex["omitted"])
        self.assertFalse(annex["groups"])
