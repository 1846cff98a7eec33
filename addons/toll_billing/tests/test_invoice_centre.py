"""Invoice lines by cost centre (000-30)."""

from odoo.tests import tagged

from .test_invoice_joint import JointCase


@tagged("post_install", "-at_install")
class TestInvoiceCentre(JointCase):
    def _vehicles(self, account, codes):
        """{cost centre code: vehicle}; no code, no cost centre."""
        found = {}
        for number, code in enumerate(codes):
            centre = code and self.env["toll.cost.centre"].create(
                {"account_id": account.id, "code": code, "name": f"Centre {code}"}
            )
            found[code] = self.env["toll.vehicle"].create(
                {
                    "account_id": account.id,
                    "plate": f"CEN-{account.id}{number}",
                    "country_id": self.env.ref("base.mx").id,
                    "class_id": self.vehicle_class.id,
                    "cost_centre_id": centre and centre.id,
                }
            )
        return found

    def _drive(self, account, uses):
        """Crossings of vehicles: [(vehicle, amount, plaza)]."""
        for vehicle, amount, plaza in uses:
            self._cross(account, amount, plaza)
            self.env.cr.execute(
                "UPDATE toll_crossing_data SET vehicle_id = %s WHERE ref = %s",
                [vehicle.id, f"REF{self.crossing_number}"],
            )

    def _sections(self, move):
        """[(heading, Σ of its lines)]."""
        found = []
        for line in move.invoice_line_ids.sorted("sequence"):
            if line.display_type == "line_section":
                found.append([line.name, 0])
            else:
                found[-1][1] += line.price_total
        return [(name, round(amount, 2)) for name, amount in found]

    def test_headings_and_subtotals_per_cost_centre_000_30(self):
        north = self._vehicles(self.north, ("10", "20"))
        south = self._vehicles(self.south, ("30", False))
        self._cross(self.main, 5)
        self._drive(
            self.north,
            [
                (north["10"], 10.01, self.plaza_a),
                (north["20"], 20.02, self.plaza_b),
                (north["10"], 30.03, self.plaza_b),
            ],
        )
        self._drive(
            self.south,
            [(south[False], 7, self.plaza_a), (south["30"], 8.5, self.plaza_a)],
        )
        self.env["toll.charge"].create(
            {
                "account_id": self.south.id,
                "product_id": self.env["product.product"]
                .create({"name": "Kit", "list_price": 50, "taxes_id": False})
                .id,
                "date": "2026-02-20",
            }
        )
        by_account = self._billed()
        plain = by_account.statement_ids.move_id
        self.assertEqual(len(self._sections(plain)), 4)
        total, untaxed = plain.amount_total, plain.amount_untaxed
        self.assertEqual(total, 130.56)
        # the same month again, by cost centre
        self.env.cr.execute("UPDATE toll_crossing_data SET statement_id = NULL")
        self.env.cr.execute(
            "UPDATE toll_charge SET statement_id = NULL, state = 'pending'"
        )
        self.env.invalidate_all()
        self.main.invoice_lines_by = "cost_centre"
        run = self._billed()
        (move,) = run.statement_ids.move_id
        self.assertEqual((move.amount_total, move.amount_untaxed), (total, untaxed))
        main, first, second = (
            f"{account.number}, {account.partner_id.complete_name}"
            for account in (
                self.main,
                *(self.north | self.south).sorted("number"),
            )
        )
        self.assertEqual(
            self._sections(move),
            [
                (f"{main}: Without cost centre", 5),
                (f"{first}: 10 Centre 10", 40.04),
                (f"{first}: 20 Centre 20", 20.02),
                (f"{second}: 30 Centre 30", 8.5),
                (f"{second}: Without cost centre", 7),
                ("Fees and other charges", 50),
            ],
        )
        lines = move.invoice_line_ids.filtered("toll_statement_id")
        self.assertEqual(
            {
                account: round(sum(own.mapped("price_total")), 2)
                for account, own in lines.grouped(
                    lambda line: line.toll_statement_id.account_id
                ).items()
            },
            {self.main: 5, self.north: 60.06, self.south: 65.5},
            "each part's share is its own",
        )

    def test_fleets_by_set_equal_the_orm(self):
        for number in range(6):
            account = self._accounts(1)
            account.invoice_lines_by = "cost_centre"
            vehicles = self._vehicles(account, ("A", "B"))
            self._drive(
                account,
                [
                    (vehicles["A"], 33.25 + number, self.plaza_a),
                    (vehicles["B"], 7.35, self.plaza_a),
                    (vehicles["B"], 54, self.plaza_b),
                ],
            )
        run = self._billed()
        self.assertGreaterEqual(run.mass_count, 4)
        self.assertEqual(run._verify_sample(3), [])
        self.assertRules()
        self.assertEqual(
            [name for name, _sum in self._sections(run.statement_ids[0].move_id)],
            ["A Centre A", "B Centre B"],
        )
