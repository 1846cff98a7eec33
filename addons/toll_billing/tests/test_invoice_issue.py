import random
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .billing_common import BillingCase


@tagged("post_install", "-at_install")
class TestInvoiceIssue(BillingCase):
    """Invoices written by set equal those of the ORM, column by column."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rng = random.Random(7)
        # verified by the tests themselves
        cls.company.toll_verify_sample = 0

    def _busy(self, accounts, amounts=(54, 108, 33.25, 7.35, 216.4)):
        rows = []
        for account in accounts:
            for _n in range(self.rng.randint(1, 5)):
                rows.append(
                    (
                        account,
                        self.rng.choice(amounts),
                        self.rng.choice((self.plaza_a, self.plaza_b)),
                        self.rng.choice(("toll", "toll", "parking")),
                        None,
                        0,
                    )
                )
        self._cross_many(rows)

    def _assert_equal_to_orm(self, run, by_set):
        self.assertEqual(run.state, "invoiced")
        self.assertGreaterEqual(run.mass_count, by_set)
        self.assertEqual(run._verify_sample(8), [])
        self.assertRules()
        for statement in run.statement_ids:
            self.assertEqual(statement.move_id.amount_total, statement.amount_total)
            balance = sum(statement.move_id.line_ids.mapped("balance"))
            self.assertTrue(self.currency.is_zero(balance), statement.name)

    def test_postpaid_rounding_per_line(self):
        self.company.tax_calculation_rounding_method = "round_per_line"
        self._busy(self._accounts(20))
        self._assert_equal_to_orm(self._billed(), 14)

    def test_postpaid_rounding_globally(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self._busy(self._accounts(20))
        self._assert_equal_to_orm(self._billed(), 14)

    def test_customers_of_several_languages_terms_and_addresses(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "15 days",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 15}
                    )
                ],
            }
        )
        accounts = self._accounts(8) | self._accounts(8, lang="es_MX")
        accounts |= self._accounts(8, property_payment_term_id=term.id)
        for account in accounts[:3]:
            self.env["res.partner"].create(
                {
                    "name": "Warehouse",
                    "type": "delivery",
                    "parent_id": account.partner_id.id,
                }
            )
        self._busy(accounts)
        run = self._billed()
        self._assert_equal_to_orm(run, 12)
        due = {
            statement.account_id: statement.move_id.invoice_date_due
            - statement.move_id.invoice_date
            for statement in run.statement_ids
        }
        self.assertEqual({due[account].days for account in accounts[16:]}, {15})
        spanish = run.statement_ids.filtered(
            lambda s: s.partner_id.lang == "es_MX"
        ).move_id.invoice_line_ids
        self.assertTrue(all("OPA" in n or "OPB" in n for n in spanish.mapped("name")))

    def test_prepaid_deposits_pay_the_invoices(self):
        accounts = self._accounts(16, "prepaid")
        for account in accounts[:12]:
            account.top_up(5000, ref=f"P{account.id}")
        self._busy(accounts)
        run = self._billed()
        self._assert_equal_to_orm(run, 6)
        for statement in run.statement_ids:
            full = statement.account_id in accounts[:12]
            self.assertEqual(
                statement.payment_state, "paid" if full else "not_paid", statement.name
            )
            self.assertEqual(
                statement.amount_settled, statement.amount_total if full else 0
            )

    def test_taxes_exigible_on_payment_follow_the_settlement(self):
        tax = (
            self.env["toll.service"].search([("code", "=", "toll")]).product_id.taxes_id
        )
        if tax.tax_exigibility != "on_payment":
            self.skipTest("the company has no cash basis taxes")
        accounts = self._accounts(10, "prepaid")
        for account in accounts:
            account.top_up(5000, ref=f"C{account.id}")
        self._busy(accounts)
        run = self._billed()
        self._assert_equal_to_orm(run, 4)
        for move in run.statement_ids.move_id:
            caba = move.tax_cash_basis_created_move_ids
            self.assertEqual(len(caba), 1)
            line = caba.line_ids.filtered("tax_line_id")
            self.assertEqual(-sum(line.mapped("balance")), move.amount_tax)

    def test_numbers_have_no_gap_and_go_on_after_the_run(self):
        self._busy(self._accounts(12))
        run = self._billed()
        moves = run.statement_ids.move_id
        numbers = sorted(moves.mapped("sequence_number"))
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 12)))
        self.assertEqual(len(set(moves.mapped("name"))), 12)
        self.assertFalse(any(moves.mapped("made_sequence_gap")))
        after = moves[:1].copy()
        after.action_post()
        self.assertEqual(after.sequence_number, numbers[-1] + 1)
        self.assertFalse(after.toll_statement_id)

    def test_unusual_invoices_are_issued_one_by_one(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 30}
                    ),
                ],
            }
        )
        self._busy(self._accounts(6, property_payment_term_id=term.id))
        run = self._billed()
        self.assertEqual((run.mass_count, run.state), (0, "invoiced"))
        for move in run.statement_ids.move_id:
            self.assertEqual(len(self._receivable(move)), 2)
        self.assertRules()

    @mute_logger("odoo.addons.toll_billing.models.toll_invoice_mass")
    def test_a_difference_sends_the_chunk_the_ordinary_way(self):
        self.company.toll_verify_sample = 2
        self._busy(self._accounts(10))
        issuer = type(self.env["toll.invoice.issuer"])
        with patch.object(issuer, "_verify_jobs", lambda *args: ["a difference"]):
            run = self._billed()
        self.assertEqual((run.mass_count, run.state), (0, "invoiced"))
        self.assertEqual(len(run.statement_ids.move_id), 10)
        numbers = sorted(run.statement_ids.move_id.mapped("sequence_number"))
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 10)))
        self.assertRules()

    def test_verification_finds_a_changed_column(self):
        self._busy(self._accounts(6))
        run = self._billed()
        self.assertEqual(run._verify_sample(6), [])
        self.env.cr.execute(
            "UPDATE account_move_line SET price_subtotal = price_subtotal + 0.01"
            " WHERE move_id = ANY(%s) AND display_type = 'product'",
            [run.statement_ids.move_id.ids],
        )
        self.env.cr.execute(
            "UPDATE account_move SET invoice_user_id = NULL WHERE id = ANY(%s)",
            [run.statement_ids.move_id.ids],
        )
        self.env.invalidate_all(flush=False)
        found = "\n".join(run._verify_sample(2))
        self.assertIn("price_subtotal", found)
        self.assertIn("invoice_user_id", found)

    def test_free_crossings_make_no_invoice(self):
        free, paying = self._accounts(2)
        self._cross(free, 54, discount=54)
        self._cross(paying, 54)
        run = self._billed()
        statement = run.statement_ids.filtered(lambda s: s.account_id == free)
        self.assertEqual((statement.state, statement.amount_total), ("invoiced", 0))
        self.assertFalse(statement.move_id)
        self.assertIn("zero", run.exception_ids.mapped("code"))
        self.assertRules()

    def test_amounts_finer_than_the_currency_go_the_ordinary_way(self):
        accounts = self._accounts(6)
        self._cross_many([(a, 10.005, None, "toll", None, 0) for a in accounts])
        self.assertEqual(self._billed().mass_count, 0)

    def test_cents_are_exact(self):
        accounts = self._accounts(12)
        self._cross_many(
            [
                (a, round(0.07 + n * 0.01, 2), None, "toll", None, 0)
                for n, a in enumerate(accounts)
            ]
            + [(a, 0.01, None, "parking", None, 0) for a in accounts]
        )
        run = self._billed()
        self.assertEqual(run._verify_sample(12), [])
        for statement in run.statement_ids:
            self.assertEqual(statement.move_id.amount_total, statement.amount_total)
        self.assertRules()
