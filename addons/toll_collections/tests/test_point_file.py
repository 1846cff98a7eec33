import base64
from unittest.mock import patch

from psycopg2 import IntegrityError
from psycopg2.errors import RestrictViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CollectionsCase

HEADER = "id;cuenta;importe;fecha;tienda;tag"


@tagged("post_install", "-at_install")
class TestPointFile(CollectionsCase):
    """003-38, 000-02: payments of shops and banks become top-ups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.toll_topup_max = 5000
        cls.clerk = cls._user("point_clerk", "toll_account.group_toll_billing")
        cls.teller = cls._user("point_teller", "toll_account.group_toll_agent")
        cls.account, cls.other = cls._accounts(2, "prepaid")
        cls.network = cls._network("SHOP")
        cls.point = cls.env["toll.point"].create(
            {"network_id": cls.network.id, "code": "77", "name": "Shop 77"}
        )

    @classmethod
    def _network(cls, code, columns=None, **values):
        names = ("ref", "id"), ("account", "cuenta"), ("amount", "importe")
        names += ("paid_at", "fecha"), ("point", "tienda"), ("tag", "tag")
        columns = columns or [{"target": t, "name": n} for t, n in names]
        partner = cls.env["res.partner"].create({"name": f"Network {code}"})
        return cls.env["toll.point.network"].create(
            {
                "code": code,
                "name": f"Network {code}",
                "partner_id": partner.id,
                "column_ids": [fields.Command.create(vals) for vals in columns],
                **values,
            }
        )

    def _row(self, ref, account="", amount="100.00", at="", point="77", tag=""):
        return f"{ref};{account};{amount};{at};{point};{tag}"

    def _load(self, *rows, network=None, name="day.csv", user=None, head=HEADER):
        content = "\n".join([*filter(None, [head]), *rows]).encode()
        network = (network or self.network).with_user(user or self.clerk)
        file_id = network.load(name, base64.b64encode(content).decode())
        self.env.invalidate_all()
        return self.env["toll.point.file"].browse(file_id)

    def _fates(self, file):
        rows = file.payment_ids.sorted("line")
        return [(row.fate, row.reason or None) for row in rows]

    def _counts(self, file):
        names = ("received", "posted", "held", "rejected", "duplicate")
        return [file[f"{name}_count"] for name in names]

    def assertSound(self):
        self.assertRules()
        self.assertFalse(self.env["toll.check"]._check_point_files())

    def _ledger(self, account):
        groups = self.env["account.move.line"]._read_group(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")],
            [],
            ["balance:sum"],
        )
        return groups[0][0] or 0

    def test_every_row_has_a_fate_and_the_money_is_in_the_books_003_38(self):
        deposit = self.company._toll_get_deposit_account()
        suspense = self.company._toll_get_point_account()
        before = self._ledger(deposit), self._ledger(suspense)
        number = self.account.number
        typo = number[:-1] + str((int(number[-1]) + 1) % 10)
        file = self._load(
            self._row("R1", number, "150.50", "2026-02-03 10:20:00"),
            self._row("R2", f"0000{self.other.number}", "49.50", point="99"),
            self._row("R3", typo),
            self._row("R4", "NOBODY"),
            self._row("R1", number, "150.50"),
            self._row("R5", number, "12x"),
            self._row("=R6", number),
            self._row("R7", number, "10", "2026-13-45 00:00:00"),
            self._row("R8", number, "5001"),
            "R9;too;few",
            self._row("", number),
            self._row("R10", number, '=HYPERLINK("x")'),
            self._row("R11", number, "0"),
        )
        self.assertEqual(
            self._fates(file),
            [
                ("posted", None),
                ("posted", None),
                ("held", "wrong_digit"),
                ("held", "unknown_account"),
                ("duplicate", "repeated_in_file"),
                ("rejected", "bad_amount"),
                ("rejected", "formula"),
                ("rejected", "bad_time"),
                ("held", "above_limit"),
                ("rejected", "cell_count"),
                ("rejected", "empty"),
                ("rejected", "formula"),
                ("rejected", "zero"),
            ],
        )
        self.assertEqual(self._counts(file), [13, 2, 3, 7, 1])
        self.assertEqual((self.account.balance, self.other.balance), (150.5, 49.5))
        after = self._ledger(deposit), self._ledger(suspense)
        self.assertEqual((before[0] - after[0], before[1] - after[1]), (200, 5201))
        first, second, *_rest = file.payment_ids.sorted("line")
        self.assertEqual((first.point_id, second.point_id.id), (self.point, False))
        self.assertEqual(second.point_text, "99")
        # a shop's clock is the company's
        zone = self.company._toll_tz()
        local = fields.Datetime.context_timestamp(
            first.with_context(tz=zone), first.paid_at
        )
        self.assertEqual(local.strftime("%Y-%m-%d %H:%M"), "2026-02-03 10:20")
        bad = file.payment_ids.filtered(lambda r: r.reason == "bad_amount")
        self.assertEqual((bad.line, bad.fault_column), (7, "amount"))
        self.assertIn("12x", bad.explanation)
        self.assertIn("R5", bad.text)
        self.assertSound()

    def test_a_file_and_a_reference_count_once_000_02(self):
        rows = [self._row("A1", self.account.number), self._row("A2", "NOBODY")]
        file = self._load(*rows)
        self.assertEqual(self._load(*rows), file)
        self.assertEqual(self._load(*rows, name="other name.csv"), file)
        self.assertEqual(self.account.balance, 100)
        again = self._load(
            *rows,
            self._row("A1", self.account.number, "999"),
            self._row("A3", self.account.number),
        )
        self.assertEqual(
            self._fates(again),
            [
                ("duplicate", "repeated"),
                ("duplicate", "repeated"),
                ("duplicate", "repeated_differs"),
                ("posted", None),
            ],
        )
        self.assertEqual(self.account.balance, 200)
        # another network may use the same references
        other = self._network("OTHER")
        self._load(*rows, network=other)
        self.assertEqual(self.account.balance, 300)
        self.assertSound()

    def test_account_by_tag_and_by_the_reference_of_an_invoice(self):
        lot = self._tag("IMDM12345678", self.account)
        move = self._invoice(self.other, 70)
        file = self._load(
            self._row("T1", "", "30", tag=lot.name),
            self._row("T2", lot.name, "31"),
            self._row("T3", move.payment_reference, "70"),
            self._row("T4", "", "30", tag="IMDM00000000"),
        )
        self.assertEqual(
            file.payment_ids.sorted("line").account_id.ids,
            [self.account.id, self.other.id],
        )
        self.assertEqual(self._counts(file), [4, 3, 1, 0, 0])
        # money that comes in pays what is open, as at the counter
        self.assertEqual(move.payment_state, "paid")
        self.assertSound()

    def _tag(self, name, account):
        product = self.env["product.product"].create(
            {
                "name": "Test TAG",
                "is_storable": True,
                "tracking": "serial",
                "toll_is_tag": True,
            }
        )
        lot = self.env["stock.lot"].create({"name": name, "product_id": product.id})
        # the assignment itself is not what is tested here
        self.env.cr.execute(
            "UPDATE stock_lot SET toll_account_id = %s WHERE id = %s",
            [account.id, lot.id],
        )
        self.env.invalidate_all()
        return lot

    def test_fixed_width_with_totals(self):
        columns = [
            {"target": "paid_at", "position": 2, "width": 8},
            {"target": "ref", "position": 10, "width": 6},
            {"target": "account", "position": 16, "width": 12},
            {"target": "amount", "position": 28, "width": 9},
            {"target": "total_count", "position": 2, "width": 4},
            {"target": "total_amount", "position": 6, "width": 9},
        ]
        bank = self._network(
            "BANK",
            columns,
            kind="fixed",
            has_header=False,
            header_mark="H",
            trailer_mark="T",
            date_format="%Y%m%d",
            implied_decimals=2,
            encoding="cp1252",
        )

        def row(ref, amount, account=self.account.number):
            return f"D20260203{ref:<6}{account:>012}{amount:09d}"

        def load(*lines):
            return self._load(*lines, network=bank, head="H BANCO DEL CAMINO Ñ")

        rows = [row("B1", 15050), row("B2", 4950)]
        for trailer, word in (
            ("T0003000020000", "3"),
            ("T0002000020001", "200.01"),
            ("Tabcd000020000", "total_count"),
        ):
            with self.assertRaisesRegex(UserError, word):
                load(*rows, trailer)
        with self.assertRaisesRegex(UserError, "trailer is missing"):
            load(*rows)
        self.assertFalse(bank.file_count)
        self.assertEqual(self.account.balance, 0)
        file = load(*rows, "T0002000020000")
        self.assertEqual(self._counts(file), [2, 2, 0, 0, 0])
        self.assertTrue(file.has_totals)
        self.assertEqual(self.account.balance, 200)
        short = load(*rows, row("B3", 100), "D20260203B4", "T0004000020100")
        self.assertEqual(self._counts(short), [4, 1, 0, 1, 2])

    def test_damaged_files_are_refused_whole(self):
        number = self.account.number
        good = f"{HEADER}\n{self._row('D1', number)}".encode()
        network = self.network.with_user(self.clerk)
        for content, word in (
            (b"", "no payments"),
            (HEADER.encode(), "no payments"),
            (b"PK\x03\x04" + good, "no text"),
            (good + b"\0", "no text"),
            (good + b"\n\xff\xfe", "Line 3"),
            (good.replace(b"importe", b"monto"), "importe"),
            (good.replace(b"\n", b"\r"), "carriage return"),
        ):
            with self.subTest(word=word), self.assertRaisesRegex(UserError, word):
                network.load("x.csv", base64.b64encode(content).decode())
        for wrong in ("no base64!", None, 7):
            with self.assertRaises(UserError):
                network.load("x.csv", wrong)
        self.assertFalse(self.network.file_count)
        self.network.column_ids.filtered(lambda c: c.target == "amount").unlink()
        with self.assertRaisesRegex(UserError, "amount"):
            self._load(self._row("D1", number))

    def test_held_money_is_released_by_an_agent_who_knows_the_account(self):
        file = self._load(self._row("H1", "NOBODY"), self._row("H2", "NOBODY"))
        first, second = file.payment_ids.sorted("line")
        payment = first.with_user(self.teller)
        with self.assertRaisesRegex(UserError, "how the account"):
            payment.release(self.account.id, " ")
        closed = self._accounts(1, "prepaid")
        closed.state = "closed"
        with self.assertRaisesRegex(UserError, "open account"):
            payment.release(closed.id, "Told by phone")
        payment.release(self.account.id, "Showed the slip")
        self.assertEqual((first.fate, first.account_id), ("posted", self.account))
        self.assertEqual(
            (first.decided_by_id, first.note), (self.teller, "Showed the slip")
        )
        self.assertEqual(self.account.balance, 100)
        self.assertEqual(self._counts(file), [2, 1, 1, 0, 0])
        with self.assertRaisesRegex(UserError, "decided already"):
            payment.release(self.other.id, "Again")
        with self.assertRaises(AccessError):
            second.with_user(self.teller).give_back("Not ours")
        second.with_user(self.accountant).give_back("Not ours")
        self.assertEqual((second.fate, second.reason), ("rejected", "refused"))
        self.assertEqual(self._ledger(self.company._toll_get_point_account()), 0)
        self.assertSound()

    def test_posted_money_is_given_back_with_a_reason(self):
        file = self._load(self._row("G1", self.account.number))
        payment = file.payment_ids.with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "why"):
            payment.give_back("")
        payment.give_back("Paid twice by the shop")
        self.assertEqual(self.account.balance, 0)
        self.assertTrue(payment.returned_at)
        self.assertEqual(self._counts(file), [1, 1, 0, 0, 0])
        with self.assertRaisesRegex(UserError, "decided already"):
            payment.give_back("Again")
        # its reference stays taken
        again = self._load(self._row("G1", self.account.number), self._row("G2", "X"))
        self.assertEqual(self._fates(again)[0], ("duplicate", "repeated"))
        self.assertSound()

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
