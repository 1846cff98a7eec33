import base64

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .point_common import HEADER, PointCase


@tagged("post_install", "-at_install")
class TestPointFile(PointCase):
    """003-38, 000-02: payments of shops and banks become top-ups."""

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
