"""TAGs and top-ups sold at a point of sale (000-36)."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagTill(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._toll_set_up()
        cls.company.write({"toll_topup_min": 50, "toll_topup_max": 50000})
        cls.product.write(
            {"list_price": 200, "taxes_id": False, "available_in_pos": True}
        )
        cls.lots = cls._receive("ZZTL00000001", "ZZTL00000004")
        cls.topup = cls.env.ref(
            "toll_tag_stock.product_template_topup"
        ).product_variant_id
        cls.cash = cls.env["pos.payment.method"].create(
            {
                "name": "Test cash",
                "journal_id": cls.env["account.journal"]
                .create({"name": "Test till", "type": "cash", "code": "TTIL"})
                .id,
            }
        )
        cls.config = cls.env["pos.config"].create(
            {"name": "Test till", "payment_method_ids": [(6, 0, cls.cash.ids)]}
        )
        cls.config.open_ui()
        cls.session = cls.config.current_session_id
        cls.session.set_opening_control(0, None)
        cls.cashier = new_test_user(
            cls.env,
            "till_agent",
            groups="toll_account.group_toll_agent,point_of_sale.group_pos_user",
        )
        cls.vehicle_2.action_archive()  # one vehicle without a TAG is left

    def _line(self, product, price, quantity=1, lots=(), **vals):
        return (
            0,
            0,
            {
                "product_id": product.id,
                "qty": quantity,
                "price_unit": price,
                "price_subtotal": price * quantity,
                "price_subtotal_incl": price * quantity,
                "tax_ids": [(6, 0, [])],
                "pack_lot_ids": [(0, 0, {"lot_name": lot}) for lot in lots],
                **vals,
            },
        )

    def _sell(self, uuid, *lines, user=None, partner=None, **vals):
        """What the till sends when the customer has paid."""
        total = sum(line[2]["price_subtotal_incl"] for line in lines)
        partner = self.account.partner_id if partner is None else partner
        data = {
            "uuid": uuid,
            "name": f"Order {uuid}",
            "session_id": self.session.id,
            "company_id": self.company.id,
            "partner_id": partner.id,
            "date_order": fields.Datetime.to_string(fields.Datetime.now()),
            "amount_total": total,
            "amount_paid": total,
            "amount_tax": 0,
            "amount_return": 0,
            "to_invoice": False,
            "lines": list(lines),
            "payment_ids": [
                (
                    0,
                    0,
                    {
                        "amount": total,
                        "name": fields.Datetime.now(),
                        "payment_method_id": self.cash.id,
                    },
                )
            ],
            **vals,
        }
        orders = self.env["pos.order"].with_user(user or self.cashier)
        orders.sync_from_ui([data])
        return self.env["pos.order"].search([("uuid", "=", uuid)])

    def _tag(self, lot=None, **vals):
        lot = lot or self.lots[0]
        return self._line(self.product, 200, lots=[lot.name], **vals)

    def _refused(self, words, *lines, **vals):
        with self.assertRaises(UserError) as caught:  # which also rolls back
            self._sell("till-no", *lines, **vals)
        self.assertIn(words, str(caught.exception))

    def _assert_books(self):
        self.assertFalse(self.env["toll.check"]._check_deposits())

    def test_tag_and_top_up_at_the_till_and_back_000_36(self):
        lines = [self._tag(), self._line(self.topup, 300)]
        order = self._sell("till-1", *lines)
        self._sell("till-1", *lines)
        lot, sale = self.lots[0], order.toll_tag_sale_ids
        self.assertEqual((len(order), order.state, len(sale)), (1, "paid", 1))
        self.assertEqual((sale.state, sale.lot_id), ("done", lot), sale.problem)
        self.assertEqual(lot.toll_vehicle_id, self.vehicle)
        self.assertEqual(lot.toll_status, "valid")
        self.assertEqual(self._location(lot).usage, "customer")
        self.assertFalse(sale.assignment_id.charge_move_ids, "paid at the till")
        self.assertEqual(self.account.balance, 300)
        self._assert_books()
        # refunded: TAG, stock and money
        tag_line, topup_line = order.lines
        refund = self._sell(
            "till-2",
            self._line(
                self.product,
                200,
                -1,
                [lot.name],
                refunded_orderline_id=tag_line.id,
            ),
            self._line(self.topup, 300, -1, refunded_orderline_id=topup_line.id),
        )
        self.assertEqual(refund.state, "paid")
        self.assertEqual((sale.state, lot.toll_state), ("returned", "stocked"))
        self.assertFalse(lot.toll_vehicle_id)
        self.assertEqual(lot.toll_status, "blocked")
        self.assertTrue(self._location(lot)._child_of(self.shelf))
        self.assertEqual(self.account.balance, 0)
        self._assert_books()

    def test_session_books_the_top_up_on_the_clearing_account(self):
        self._sell("till-3", self._line(self.topup, 120))
        clearing = self.company.toll_clearing_account_id
        lines = self.env["account.move.line"]
        domain = [("account_id", "=", clearing.id), ("parent_state", "=", "posted")]
        self.assertEqual(sum(lines.search(domain).mapped("balance")), 120)
        self.session.post_closing_cash_details(120)
        self.session.close_session_from_ui()
        self.assertEqual(self.session.state, "closed")
        self.assertEqual(sum(lines.search(domain).mapped("balance")), 0)
        self.assertEqual(self.account.balance, 120)
        self._assert_books()

    def test_a_top_up_that_is_spent_is_not_given_back(self):
        order = self._sell("till-4", self._line(self.topup, 100))
        self.account.refund(60, "TILL-SPENT")
        back = self._line(self.topup, 100, -1, refunded_orderline_id=order.lines.id)
        self._refused("cannot be given back", back)
        self.assertEqual(self.account.balance, 40)

    def test_who_has_several_vehicles_chooses_later(self):
        self._create_vehicle(self.account, "TIL-900-A")
        order = self._sell("till-6", self._tag())
        sale = order.toll_tag_sale_ids
        self.assertEqual((sale.state, sale.lot_id), ("waiting", self.lots[0]))
        self.assertFalse(self.lots[0].toll_vehicle_id)
        agent = sale.with_user(self.agent)
        agent.vehicle_id = self.vehicle
        agent.action_assign()
        self.assertEqual((sale.state, sale.account_id), ("done", self.account))
        with self.assertRaises(UserError):
            agent.action_assign()

    def test_who_has_no_account_gets_one_later(self):
        stranger = self.env["res.partner"].create({"name": "Till stranger"})
        order = self._sell("till-7", self._tag(), partner=stranger)
        sale = order.toll_tag_sale_ids
        self.assertEqual(sale.state, "waiting")
        self.assertFalse(sale.account_id)
        self._refused("no open account", self._line(self.topup, 100), partner=stranger)

    def test_what_a_till_does_not_sell(self):
        lost = self.lots[1]
        lost.with_user(self.agent).toll_mark_defective()
        elsewhere = self.env["stock.location"].create(
            {"name": "Elsewhere", "location_id": self.warehouse.view_location_id.id}
        )
        self.lots[2].with_user(self.manager).toll_transfer(elsewhere.id)
        nobody = self.env["res.partner"]
        other = new_test_user(
            self.env, "till_only", groups="base.group_user,point_of_sale.group_pos_user"
        )
        for words, line, vals in (
            ("Choose the customer", self._tag(), {"partner": nobody}),
            ("Scan the number", self._line(self.product, 200), {}),
            ("not ready", self._tag(lost), {}),
            ("not ready", self._tag(self.lots[2]), {}),
            ("not ready", self._line(self.product, 200, lots=["ZZTL99999999"]), {}),
            ("at least", self._line(self.topup, 10), {}),
            ("takes the role", self._tag(), {"user": other}),
            ("Refund TAGs", self._line(self.product, 200, -1, [lost.name]), {}),
        ):
            with self.subTest(words):
                self._refused(words, line, **vals)
        check = self.env["pos.order"].with_user(self.cashier).toll_check_sale
        partner = self.account.partner_id
        ready = [self.lots[0].name]
        self.assertFalse(check(self.config.id, partner.id, ready, 1, 0))
        self.assertIn("Choose", check(self.config.id, False, ready, 1, 0))
        check = self.env["pos.order"].with_user(other).toll_check_sale
        self.assertIn("role", check(self.config.id, partner.id, [], 0, -1))
