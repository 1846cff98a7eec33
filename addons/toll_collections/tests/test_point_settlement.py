from unittest.mock import patch

from psycopg2 import IntegrityError
from psycopg2.errors import RestrictViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .point_common import PointCase


@tagged("post_install", "-at_install")
class TestPointSettlement(PointCase):
    """003-38: settlements of networks, roles, and what the database keeps."""

    def test_settlement_of_a_day(self):
        network = self.network
        network.write({"commission_percent": 1, "commission_fixed": 2})
        network.tax_ids = self.env["account.tax"].create(
            {"name": "T 10", "amount": 10, "type_tax_use": "purchase"}
        )
        file = self._load(
            self._row("S1", self.account.number, "600", point="77"),
            self._row("S2", self.account.number, "300", point="99"),
            self._row("S3", "NOBODY", "100", point="77"),
        )
        file.payment_ids.filtered(lambda r: r.ref == "S2").give_back("Shop's mistake")
        with self.assertRaises(AccessError):
            network.with_user(self.clerk).action_settle()
        later = fields.Datetime.add(fields.Datetime.now(), seconds=5)
        settlement = self.env["toll.point.settlement"]._settle(
            network, self.today, later
        )
        names = ("collected", "held", "returned", "commission", "tax", "owed")
        self.assertEqual(
            [settlement[f"amount_{name}"] for name in names],
            [1000, 100, 300, 11, 1.1, 687.9],
        )
        self.assertEqual(
            [row[1:] for row in settlement._get_point_figures()], [(2, 700), (1, 300)]
        )
        with self.assertRaises(AccessError):
            settlement.with_user(self.clerk).action_confirm()
        settlement.with_user(self.accountant).action_confirm()
        bill = settlement.bill_id
        self.assertEqual((bill.state, bill.move_type), ("draft", "in_invoice"))
        self.assertEqual((bill.amount_untaxed, bill.amount_total), (11, 12.1))
        self.assertEqual(bill.partner_id, network.partner_id)
        with self.assertRaises(UserError):
            settlement.action_confirm()
        # what came after it is the next one's, and nothing twice
        self._load(self._row("S4", self.account.number, "50"))
        with self.assertRaisesRegex(UserError, "tomorrow"):
            self.env["toll.point.settlement"]._settle(network, self.today, later)
        tomorrow = fields.Date.add(self.today, days=1)
        second = self.env["toll.point.settlement"]._settle(network, tomorrow, later)
        self.assertEqual(second.amount_collected, 50)
        settlement.with_user(self.accountant).action_xlsx()
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_collections.report_point_settlement", settlement.ids
        )[0]
        self.assertIn(b"Shop 77", html)

    def test_the_database_keeps_what_was_received(self):
        file = self._load(self._row("K1", self.account.number))
        cases = (
            ("UPDATE toll_point_payment SET amount = 1 WHERE file_id = %s", False),
            ("DELETE FROM toll_point_payment WHERE file_id = %s", False),
            ("UPDATE toll_point_file SET received_count = 2 WHERE id = %s", True),
            ("UPDATE toll_point_file SET amount_posted = 2 WHERE id = %s", True),
        )
        for statement, is_check in cases:
            error = IntegrityError if is_check else RestrictViolation
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(error),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement, [file.id])
        with self.assertRaises(UserError):
            file.unlink()

    def test_roles_and_companies(self):
        rows = [self._row("P1", self.account.number)]
        for user in (self.teller, self.collector):
            with self.assertRaises(AccessError):
                self._load(*rows, user=user)
        file = self._load(*rows, user=self.supervisor)
        payment = file.payment_ids.with_user(self.teller)
        self.assertEqual(payment.amount, 100)
        for change in (
            lambda: payment.write({"fate": "held"}),
            lambda: payment.create({"file_id": file.id, "ref": "P2"}),
            lambda: file.with_user(self.clerk).write({"name": "x"}),
            lambda: self.network.with_user(self.teller).write({"name": "x"}),
        ):
            with self.assertRaises(AccessError):
                change()
        company = self.env["res.company"].create({"name": "Other Roads"})
        self.clerk.write(
            {"company_ids": [fields.Command.set(company.ids)], "company_id": company.id}
        )
        self.env.invalidate_all()
        for record in (self.network, file, file.payment_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.clerk).read(["display_name"])
        with self.assertRaises(AccessError):
            self._load(*rows, self._row("P9", "X"))

    def test_many_rows_cost_as_many_statements_as_a_few(self):
        def statements(first, size):
            rows = [
                self._row(f"M{first + n}", self.account.number, "1.00")
                for n in range(size)
            ]
            self.env.flush_all()
            count = self.env.cr.sql_log_count
            self._load(*rows)
            return self.env.cr.sql_log_count - count

        statements(0, 2)
        self.assertLess(abs(statements(10, 500) - statements(1000, 5)), 12)
        self.assertEqual(self.account.balance, 507)

    def test_a_failure_on_the_way_leaves_nothing(self):
        rows = [self._row("F1", self.account.number)]
        with (
            patch.object(
                type(self.env["toll.point.file"]),
                "_settle_invoices",
                side_effect=UserError("stop"),
            ),
            self.assertRaisesRegex(UserError, "stop"),
            self.env.cr.savepoint(),
        ):
            self._load(*rows)
        self.env.invalidate_all()
        self.assertFalse(self.network.file_count)
        self.assertEqual(self.account.balance, 0)
        self._load(*rows)
        self.assertEqual(self.account.balance, 100)

    def test_the_entries_stay(self):
        file = self._load(self._row("E1", self.account.number), self._row("E2", "X"))
        held = file.payment_ids.filtered(lambda r: r.fate == "held")
        held.release(self.other.id, "Found")
        for move in (file.move_id, held.release_move_id):
            for change in (move.button_draft, move._reverse_moves):
                with self.assertRaisesRegex(UserError, "Give Back"):
                    change()
