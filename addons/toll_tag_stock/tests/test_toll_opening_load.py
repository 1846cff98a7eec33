import base64
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollOpeningLoad(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Load = cls.env["toll.opening.load"]
        cls.code = cls.vehicle_class.code
        cls.company.sudo()._toll_set_up()

    def _rows(self):
        return [
            {
                "name": "Opening One",
                "plate": "OPA-001",
                "class_code": self.code,
                "tag": "ZZOA0001",
                "opening_balance": "250.50",
                "email": "one@example.com",
            },
            {
                "name": "Opening Fleet",
                "payment_mode": "postpaid",
                "plate": "OPA-002",
                "class_code": self.code,
                "tag": "ZZOA0002",
                "group": "F1",
            },
            {
                "name": "Opening Fleet",
                "payment_mode": "postpaid",
                "plate": "OPA-003",
                "class_code": self.code,
                "tag": "ZZOA0003",
                "epc": "AAAA0000000000000000F003",
                "group": "F1",
            },
            {"name": "Opening Debtor", "opening_balance": Decimal("-10")},
        ]

    def test_everything_comes_at_once(self):
        ids = self.Load._load(self._rows(), date="2026-05-01 06:00:00")
        accounts = self.env["toll.account"].browse(ids["account_ids"])
        lots = self.env["stock.lot"].browse(ids["lot_ids"][:3])
        self.assertEqual(ids["lot_ids"][3], False)
        self.assertEqual(ids["account_ids"][1], ids["account_ids"][2])
        self.assertEqual(accounts[0].state, "active")
        self.assertEqual(accounts[0].balance, 250.50)
        self.assertEqual(accounts[3].balance, -10)
        self.assertEqual(accounts[1].payment_mode, "postpaid")
        self.assertEqual(len(accounts[1].vehicle_ids), 2)
        self.assertEqual(lots.mapped("name"), ["ZZOA0001", "ZZOA0002", "ZZOA0003"])
        self.assertEqual(lots[0].toll_epc, "5A5A4F413030303100000000")
        self.assertEqual(lots[2].toll_epc, "AAAA0000000000000000F003")
        self.assertEqual(set(lots.mapped("toll_state")), {"assigned"})
        self.assertEqual(set(lots.mapped("toll_status")), {"valid"})
        self.assertEqual(lots.location_id.usage, "customer")
        row = lots[0].toll_assignment_ids
        self.assertEqual(row.vehicle_id.plate, "OPA-001")
        self.assertEqual(str(row.date_from), "2026-05-01 06:00:00")
        self.assertEqual(row.company_id, self.company)

    def test_loaded_partners_equal_created_ones_in_every_column(self):
        """One load creates the first partner and copies its row for the others."""
        lang = self.env["res.lang"].get_installed()[-1][0]
        rows = [
            {"name": "Zoe", "email": "Zoe <z@Example.com>", "phone": "55 1234 0000"},
            {"name": "Carlos", "group": "G1", "lang": lang},
            {"name": "Mara", "vat": False, "email": "m@x.mx", "lang": lang},
            {"name": "Flota Uno", "group": "G2", "phone": "+52 55 9999 0000"},
        ]
        ids = self.Load._load([{"name": "Aa"}, {"name": "Bb", "group": "G0"}, *rows])
        accounts = self.env["toll.account"].browse(ids["account_ids"][2:])
        loader = self.Load.with_context(mail_create_nosubscribe=True)
        created = self.env["res.partner"].create(
            [
                loader._prepare_partner_vals(
                    {"email": "", "group": "", **row}, self.company
                )
                for row in rows
            ]
        )
        self.env.flush_all()
        # its own id, and the moment of its making
        own = {"id", "commercial_partner_id", "create_date", "write_date"}
        own.add("calendar_last_notif_ack")
        for loaded, model in zip(accounts.partner_id, created, strict=True):
            self.assertEqual(loaded.commercial_partner_id, loaded)
            for name, field in model._fields.items():
                if field.store and field.column_type and name not in own:
                    self.assertEqual(loaded[name], model[name], f"{model.name}.{name}")

    def test_the_rules_hold_after_a_load(self):
        before = {r["code"]: r["differences"] for r in self.env["toll.check"].run()}
        self.Load._load(self._rows())
        after = {r["code"]: r["differences"] for r in self.env["toll.check"].run()}
        self.assertEqual(before, after)

    def test_balances_are_booked_as_deposits(self):
        ids = self.Load._load(self._rows())
        entries = self.env["toll.wallet.entry"].search(
            [("account_id", "in", ids["account_ids"])]
        )
        move = entries.move_id
        self.assertEqual(len(move), 1)
        self.assertEqual(move.state, "posted")
        deposit = self.company.toll_deposit_account_id
        lines = move.line_ids.filtered(lambda line: line.account_id == deposit)
        self.assertEqual(lines.credit, 240.50)
        self.assertEqual(set(entries.mapped("kind")), {"adjustment"})

    def test_loaded_tags_live_on_like_others(self):
        ids = self.Load._load(self._rows())
        lot = self.env["stock.lot"].browse(ids["lot_ids"][0])
        lot.with_user(self.agent).toll_return()
        self.assertEqual(lot.toll_state, "stocked")
        self.assertEqual(self._location(lot).usage, "internal")

    def test_the_same_rows_again_are_refused_line_by_line(self):
        self.Load._load(self._rows())
        with self.assertRaises(UserError) as refused:
            self.Load._load(self._rows())
        for text in ("Plate OPA-001", "TAG ZZOA0002", "TAG ZZOA0003"):
            self.assertIn(text, str(refused.exception))

    def test_bad_lines_stop_everything(self):
        rows = [
            *self._rows(),
            {"name": "Bad Class", "plate": "OPA-009", "class_code": "NOPE"},
            {"name": "Bad Lang", "lang": "xx_XX"},
            {"name": "Bad Money", "opening_balance": "1,5O"},
        ]
        with self.assertRaises(UserError) as refused:
            self.Load._load(rows)
        for text in ("Line 5", "NOPE", "xx_XX", "1,5O"):
            self.assertIn(text, str(refused.exception))
        self.assertFalse(
            self.env["toll.vehicle"].search([("plate_normalized", "=", "OPA001")])
        )

    def test_only_managers_load(self):
        with self.assertRaises(AccessError):
            self.Load.with_user(self.agent)._load(self._rows())
        self.Load.with_user(self.manager)._load(self._rows())

    def test_the_wizard_checks_then_loads(self):
        Wizard = self.env["toll.opening.wizard"].with_user(self.manager)
        bad = "name,plate,class,tag\nAna,OPB-001,NOPE,ZZOB0001\n,OPB-002,,\n"
        wizard = Wizard.create({"file": base64.b64encode(bad.encode())})
        wizard.action_check()
        self.assertTrue(wizard.is_checked)
        self.assertIn("Line 2", wizard.problems)
        self.assertIn("Line 3", wizard.problems)
        good = f"name;plate;class;tag;balance\nAna;OPB-001;{self.code};ZZOB0001;99.9\n"
        wizard = Wizard.create({"file": base64.b64encode(good.encode())})
        wizard.action_check()
        self.assertFalse(wizard.problems)
        self.assertEqual(wizard.row_count, 1)
        action = wizard.action_load()
        account = self.env["toll.account"].search(action["domain"])
        self.assertEqual(account.balance, 99.9)
        self.assertEqual(account.toll_tag_ids.name, "ZZOB0001")

    def test_the_example_file_is_valid(self):
        wizard = self.env["toll.opening.wizard"].create({"file": b"eA=="})
        wizard.file = wizard.template_file
        rows, problems = wizard._read()
        self.assertEqual(len(rows), 3)
        self.assertFalse(problems)
