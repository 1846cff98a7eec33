"""One invoice for a whole fleet (000-30)."""

import csv
import io
from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged

from .billing_common import BillingCase


class JointCase(BillingCase):
    """``main`` invoices its parts ``north`` (prepaid) and ``south`` (postpaid)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.toll_verify_sample = 0
        cls.main, cls.north, cls.south = cls._family()

    @classmethod
    def _family(cls, mode="postpaid"):
        main = cls._accounts(1, mode)
        north = cls._accounts(1, "prepaid")
        south = cls._accounts(1)
        (north | south).parent_id = main
        main.write({"invoice_together": True, "invoice_together_from": "2026-02-01"})
        return main, north, south

    def _use(self, *families):
        """100 and 33.33 by the parts, 10.07 by the main account."""
        self._cross_many(
            [
                (account, amount, plaza, service, None, 0)
                for main, north, south in families
                for account, amount, plaza, service in (
                    (main, 10.07, self.plaza_a, "toll"),
                    (north, 100, self.plaza_a, "toll"),
                    (south, 30, self.plaza_b, "toll"),
                    (south, 3.33, self.plaza_b, "parking"),
                )
            ]
        )

    def _of(self, run, account):
        return run.statement_ids.filtered(lambda s: s.account_id == account)


@tagged("post_install", "-at_install")
class TestInvoiceJoint(JointCase):
    def test_one_invoice_and_each_wallet_its_own_000_30(self):
        self.north.top_up(60, ref="north")
        self._use((self.main, self.north, self.south))
        run = self._billed()
        statements = run.statement_ids
        (invoice,) = statements.move_id
        self.assertEqual(invoice.partner_id, self.main.partner_id)
        self.assertEqual(invoice.toll_account_id, self.main)
        self.assertEqual(invoice.amount_total, 143.4)
        # the part's deposit pays what it has; the main account owes the rest
        self.assertEqual(
            {s.account_id: s.amount_settled for s in statements},
            {self.main: 0, self.north: 60, self.south: 0},
        )
        self.assertEqual(invoice.amount_residual, 83.4)
        accounts = self.main | self.north | self.south
        self.assertEqual(accounts.mapped("balance"), [0, 0, 0])
        self.assertEqual(accounts.mapped("amount_receivable"), [83.4, 0, 0])
        headings = invoice.invoice_line_ids.filtered(
            lambda line: line.display_type == "line_section"
        )
        self.assertEqual(
            [name.split(",")[0] for name in headings.mapped("name")],
            [self.main.number, *sorted((self.north.number, self.south.number))],
        )
        crossing = self.env["toll.crossing"].search(
            self._of(run, self.south)._get_crossing_domain(), limit=1
        )
        self.assertEqual(crossing.invoice_id, invoice)
        self.assertRules()
        # nothing twice
        again = self._billed()
        self.assertFalse(again.statement_ids)
        # later money of the part is for its new crossings
        self.north.top_up(50, ref="later")
        self.assertEqual((self.north.balance, invoice.amount_residual), (50, 83.4))
        self.assertRules()

    def test_prepaid_main_account_pays_what_is_left(self):
        main, north, south = self._family("prepaid")
        main.top_up(100, ref="main")
        north.top_up(60, ref="north")
        self._use((main, north, south))
        run = self._billed()
        invoice = self._of(run, main).move_id
        # 10.07 of its own, 40 of the north, 33.33 of the south
        self.assertEqual(self._of(run, main).amount_settled, 83.4)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(
            [account.balance for account in (main, north, south)], [16.6, 0, 0]
        )
        self.assertRules()
        # all of it is credited: each deposit gets back what it had paid
        invoice._reverse_moves(cancel=True)
        self.assertEqual(
            [account.balance for account in (main, north, south)], [100, 60, 0]
        )
        self.assertRules()

    def test_credit_of_one_part_goes_to_its_deposit(self):
        self.north.top_up(300, ref="north")
        self._cross(self.north, 100)
        run = self._billed()
        refund = self._of(run, self.main).move_id._reverse_moves()
        mine = refund.invoice_line_ids.filtered(
            lambda line: line.toll_statement_id == self._of(run, self.north)
        )
        (refund.invoice_line_ids - mine).unlink()
        mine.price_unit = 25
        refund.action_post()
        self.assertEqual((self.north.balance, self.main.balance), (225, 0))
        self.assertEqual(refund.amount_residual, 0)
        with self.assertRaisesRegex(UserError, "credit note"):
            self._of(run, self.main).move_id.button_draft()
        self.assertRules()

    def test_fleets_by_set_equal_the_orm(self):
        # prepaid fleets pay all at once, postpaid ones nothing
        families = [self._family("prepaid" if n < 5 else "postpaid") for n in range(9)]
        for number, (main, north, _south) in enumerate(families[:5]):
            main.top_up(500, ref=f"M{number}")
            north.top_up(60, ref=f"N{number}")
        self.company.tax_calculation_rounding_method = "round_per_line"
        self._use(*families)
        run = self._billed()
        self.assertEqual(run.mass_count, 7)
        self.assertEqual(run._verify_sample(6), [])
        for main, *parts in families:
            invoice = self._of(run, main).move_id
            self.assertEqual(invoice.amount_total, 143.4)
            for part in parts:
                self.assertEqual(self._of(run, part).move_id, invoice)
            balance = sum(invoice.line_ids.mapped("balance"))
            self.assertTrue(self.currency.is_zero(balance))
        self.assertRules()

    def test_main_account_without_usage_has_the_invoice(self):
        self._cross(self.south, 50)
        run = self._billed()
        self.assertEqual(len(run.statement_ids), 2)
        head = self._of(run, self.main)
        self.assertEqual((head.amount_total, head.crossing_count), (0, 0))
        self.assertEqual(head.move_id.amount_total, 50)
        self.assertFalse(run.exception_ids.filtered(lambda e: e.code == "zero"))
        self.assertRules()

    def test_chunks_keep_a_fleet_together(self):
        self._use((self.main, self.north, self.south))
        self.patch(type(self.env["toll.billing.run"]), "_get_chunk", lambda self: 1)
        run = self._run()
        run.action_compute()
        run.with_context(toll_synchronous=True).action_confirm()
        self.assertEqual(len(run.statement_ids.move_id), 1)
        self.assertEqual(set(run.statement_ids.mapped("state")), {"invoiced"})

    def test_bill_now_takes_the_parts_along(self):
        self._use((self.main, self.north, self.south))
        run = self._run(cycle_id=False, account_id=self.main.id)
        run.action_compute()
        self.assertEqual(len(run.statement_ids), 3)
        run.action_cancel()
        part = self._run(cycle_id=False, account_id=self.south.id)
        part.action_compute()
        self.assertEqual(part.statement_ids.account_id, self.main | self.south)
        part.action_confirm()
        self.assertEqual(self._of(part, self.main).move_id.amount_total, 33.33)

    def test_option_counts_from_its_day(self):
        self.main.invoice_together_from = date(2026, 3, 2)
        self._use((self.main, self.north, self.south))
        run = self._billed()
        self.assertEqual(len(run.statement_ids.move_id), 3)
        self.assertFalse(run.statement_ids.payer_id)

    def test_parts_follow_the_cycle_and_the_topmost_main_account(self):
        cycle = self.cycle.copy({"code": "OTHERCYCLE"})
        self.main.with_user(self.billing_user).billing_cycle_id = cycle
        self.assertEqual(self.south.billing_cycle_id, cycle)
        with self.assertRaisesRegex(ValidationError, "follows its billing cycle"):
            self.south.billing_cycle_id = self.cycle
        below = self._accounts(1)
        below.parent_id = self.south
        self.south.write(
            {"invoice_together": True, "invoice_together_from": "2026-01-01"}
        )
        self.assertEqual(below.payer_id, self.main)
        self.main.invoice_together = False
        self.assertEqual((below.payer_id, self.south.payer_id.id), (self.south, False))
        with self.assertRaisesRegex(ValidationError, "From which day"):
            self.south.invoice_together_from = False

    def test_annex_by_part(self):
        self._use((self.main, self.north, self.south))
        run = self._billed()
        head = self._of(run, self.main)
        annex = head._get_annex(whole=True)
        self.assertEqual(
            [group.label.split(" / ")[0] for group in annex["groups"]],
            [self.main.number, *sorted((self.north.number, self.south.number))],
        )
        self.assertEqual(float(annex["amount"]), 143.4)
        self.assertEqual(len(annex["parts"]), 3)
        rows = list(csv.reader(io.StringIO(head._annex_csv(True).decode("utf-8-sig"))))
        self.assertEqual((len(rows), rows[1][0]), (5, self.main.number))
        self.assertTrue(head._annex_xlsx(True).startswith(b"PK"))
        own = list(csv.reader(io.StringIO(head._annex_csv().decode("utf-8-sig"))))
        self.assertEqual(len(own), 2)
        self.main.annex_grouping = "cost_centre"
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account.report_invoice", head.move_id.ids
        )
        self.assertIn(b"o_toll_parts", html)
        self.assertIn(f"{self.south.number} / Without cost".encode(), html)
        part = self._of(run, self.south)
        self.assertEqual(part.move_count, head.move_count)
        self.assertEqual(part.with_user(self.agent).part_ids, run.statement_ids)


@tagged("post_install", "-at_install")
class TestJointPortal(JointCase, HttpCase):
    def test_each_sees_what_is_theirs(self):
        self._use((self.main, self.north, self.south))
        run = self._billed()
        head, part = (self._of(run, a) for a in (self.main, self.south))
        for account, name in ((self.main, "joint_main"), (self.south, "joint_part")):
            user = new_test_user(
                self.env, name, groups="base.group_portal", password="joint-secret-1"
            )
            user.partner_id.parent_id = account.partner_id
        self.env.flush_all()
        self.authenticate("joint_main", "joint-secret-1")
        page = self.url_open(f"/my/toll/statements/{head.id}").text
        self.assertIn("o_toll_shares", page)
        self.assertIn(self.south.number, page)
        csv_file = self.url_open(f"/my/toll/statements/{head.id}/all-csv").text
        self.assertEqual(csv_file.count("TST123"), 8)
        other = self.url_open(f"/my/toll/statements/{part.id}")
        self.assertTrue(other.url.endswith("/my/toll/statements"))
        self.authenticate("joint_part", "joint-secret-1")
        page = self.url_open(f"/my/toll/statements/{part.id}").text
        self.assertIn("o_toll_part", page)
        self.assertNotIn("o_toll_shares", page)
        self.assertNotIn(self.north.number, page)
        for path in (f"{part.id}/all-csv", f"{head.id}", f"{head.id}/all-csv"):
            answer = self.url_open(f"/my/toll/statements/{path}")
            self.assertTrue(answer.url.endswith("/my/toll/statements"), path)
        own = self.url_open(f"/my/toll/statements/{part.id}/csv").text
        self.assertEqual(own.count("REF"), 2)
