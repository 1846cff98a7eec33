"""TAGs sold on the web (000-36)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .shop_common import ShopCommon


@tagged("post_install", "-at_install")
class TestTagShop(ShopCommon):
    def test_order_opens_the_account_and_the_tag_works_on_receipt_000_36(self):
        referral = self.account
        order = self._fill(self._order(), referral=referral.number, marketing="1")
        self.assertEqual(order.amount_total, 350)
        self.assertFalse(order.toll_account_id, "nothing exists before the order does")
        transaction = self._pay(order)
        account = order.toll_account_id
        self.assertEqual((order.state, account.state), ("sale", "active"))
        self.assertEqual((account.partner_id, account.plan_id), (self.buyer, self.plan))
        self.assertEqual(account.channel_id.code, "shop")
        self.assertEqual(account.referral_id, referral)
        self.assertTrue(account.contract_ids)
        self.assertTrue(self.buyer.user_ids, "invited to the virtual office")
        consents = self.env["toll.consent"]._get_current(self.buyer)
        self.assertEqual(set(consents), {"conditions", "privacy", "marketing"})
        self.assertEqual(consents["conditions"].ip, "192.0.2.1")
        # the money, once
        for _again in range(2):
            transaction._post_process()
            order._toll_credit_topup(transaction.payment_id)
        self.assertEqual(account.balance, 150)
        entry = account.entry_ids
        self.assertEqual(
            (entry.kind, entry.payment_id), ("topup", transaction.payment_id)
        )
        self.assertEqual(order._create_invoices().amount_total, 200, "the TAG only")
        self._assert_books()
        # reserved, not assigned
        sale = order.toll_tag_sale_ids
        self.assertEqual((sale.state, sale.vehicle_id.plate), ("ordered", "SHP-100-A"))
        reserved = order.picking_ids.move_line_ids.lot_id
        self.assertIn(reserved, self.lots)
        self.assertEqual(reserved.toll_state, "stocked")
        # delivered: on its vehicle, and lanes refuse it until the customer has it
        self._ship(order)
        self.assertEqual((sale.state, sale.lot_id), ("shipped", reserved))
        self.assertEqual(reserved.toll_vehicle_id, sale.vehicle_id)
        self.assertEqual(reserved.toll_status, "blocked")
        self.assertIn("on its way", account.message_ids[0].body)
        customer = sale.vehicle_id.with_user(self.buyer.user_ids)
        with self.assertRaises(UserError):
            customer._toll_portal_unblock()
        customer._toll_portal_received()
        self.assertEqual((reserved.toll_status, sale.state), ("valid", "done"))
        with self.assertRaises(UserError):
            customer._toll_portal_received()
        # and back
        reserved.with_user(self.agent).toll_return()
        self.assertEqual((sale.state, reserved.toll_state), ("returned", "stocked"))

    def test_second_vehicle_of_a_customer_picked_up_at_an_office(self):
        lots = self.lots[:2]
        lots.with_user(self.manager).toll_transfer(self.place.id)
        self.product.write({"toll_terms": "deposit", "toll_guarantee_amount": 120})
        order = self._order(self.account.partner_id, quantity=3)
        rows = (
            self._row(vehicle=self.vehicle),
            self._row(vehicle=self.vehicle_2),
            self._row("SHP-300-A"),
        )
        with self.assertRaisesRegex(UserError, "has 2"):
            self._fill(order, *rows, account=self.account, office=self.office)
        order.order_line.filtered("product_id.toll_is_tag").product_uom_qty = 2
        with self.assertRaisesRegex(UserError, "at least"):
            self._fill(order, *rows[1:], account=self.account, office=self.office)
        self._fill(
            order, *rows[1:], account=self.account, office=self.office, topup=400
        )
        carriers = order._get_delivery_methods()
        self.assertTrue(carriers)
        self.assertTrue(all(carriers.mapped("toll_is_pickup")))
        self._pay(order)
        self.assertEqual(order.toll_account_id, self.account)
        self.assertEqual(order.picking_ids.move_line_ids.lot_id, lots)
        self.assertEqual(order.picking_ids.location_id, self.place)
        self._ship(order)
        sales = order.toll_tag_sale_ids
        self.assertEqual(set(sales.mapped("state")), {"done"})
        self.assertEqual(set(lots.mapped("toll_status")), {"valid"})
        self.assertEqual(self.account.balance, 400 - 2 * 120, "guarantees were taken")
        self.assertIn("SHP-300-A", self.account.vehicle_ids.mapped("plate"))
        lots[0].with_user(self.agent).toll_return()
        self.assertEqual(self.account.balance, 400 - 120, "with the TAG it comes back")
        self._assert_books()

    def test_plate_of_another_account_waits_for_a_person(self):
        order = self._fill(self._order(), self._row(self.vehicle.plate))
        self._pay(order)
        sale = order.toll_tag_sale_ids
        self.assertEqual(order.state, "sale", "the money is taken: nothing stops")
        self.assertFalse(sale.vehicle_id)
        self.assertIn(self.account.number, sale.problem)
        self.assertTrue(order.activity_ids)
        self._ship(order)
        self.assertEqual((sale.state, sale.lot_id.toll_state), ("waiting", "stocked"))
        agent = sale.with_user(self.agent)
        with self.assertRaisesRegex(UserError, "Choose the vehicle"):
            agent.action_assign()
        agent.vehicle_id = self._create_vehicle(order.toll_account_id, "SHP-101-A")
        agent.action_assign()
        self.assertEqual((sale.state, sale.problem), ("done", False))
        self.assertEqual(sale.lot_id.toll_status, "valid")

    def test_cart_says_what_is_missing(self):
        order = self._order(quantity=2)
        rows = (self._row("SHP-1"), self._row("SHP-2"))
        for data, words in (
            ({"accepted": None}, "accept"),
            ({"plan": None}, "Choose the plan"),
            ({"topup": 99}, "at least"),
            ({"topup": 10**6}, "at most"),
        ):
            with self.subTest(data), self.assertRaisesRegex(UserError, words):
                self._fill(order, *rows, **data)
        for plates, words in (
            (("", "SHP-2"), "number plate"),
            (("A-1-B", "a1b"), "one TAG"),
        ):
            with self.subTest(plates), self.assertRaisesRegex(UserError, words):
                self._fill(order, *map(self._row, plates))
        with self.assertRaises(ValidationError):
            order._check_cart_is_ready_to_be_paid()
        self._fill(order, *rows)
        self.assertTrue(order._toll_is_complete())
        order._cart_update_line_quantity(order.order_line[0].id, 3)
        self.assertFalse(order._toll_is_complete(), "the third one has no vehicle")
        order._cart_update_line_quantity(order.order_line[0].id, 21)
        self.assertEqual(order.order_line[0].product_uom_qty, 6, "as many as there are")
        topup = order._toll_topup_lines()
        order._cart_update_line_quantity(topup.id, 5)
        self.assertEqual((topup.product_uom_qty, topup.price_total), (1, 150))
        order._recompute_cart()
        self.assertEqual(topup.price_total, 150)

    def test_out_of_stock_and_places_that_sell_nothing(self):
        van = self.env["stock.location"].create(
            {
                "name": "Shop van",
                "location_id": self.shelf.id,
                "toll_place_kind": "van",
            }
        )
        self.lots[:5].with_user(self.manager).toll_transfer(van.id)
        self.assertEqual(self.product._toll_get_free(self.company), 1)
        order, other = (
            self._fill(self._order(), self._row(plate), topup=100)
            for plate in ("SHP-11", "SHP-12")
        )
        self._pay(order)
        self.assertEqual(order.picking_ids.move_line_ids.lot_id, self.lots[5])
        self.assertEqual(self.product._toll_get_free(self.company), 0)
        result = self._order(quantity=1)._cart_add(self.product.id, 1)
        self.assertTrue(result["warning"])
        with self.assertRaises(ValidationError):
            other._check_cart_is_ready_to_be_paid()
        # somebody was faster: the order stands and waits for stock
        self._pay(other)
        self.assertEqual(other.toll_tag_sale_ids.state, "ordered")
        self.assertFalse(other.picking_ids.move_line_ids)

    def test_cancelled_order_gives_all_back(self):
        order = self._fill(self._order())
        self._pay(order)
        account = order.toll_account_id
        lot = order.picking_ids.move_line_ids.lot_id
        order._action_cancel()
        self.assertEqual(order.toll_tag_sale_ids.state, "cancelled")
        self.assertEqual(account.balance, 0)
        self.assertEqual(set(account.entry_ids.mapped("kind")), {"topup", "refund"})
        self.assertIn(lot.toll_state, ("stocked", "encoded"))
        self.assertEqual(self.product._toll_get_free(self.company), 6)
        self.assertTrue(order.activity_ids)
        order._toll_take_topup_back()
        self.assertEqual(account.balance, 0, "once")
        order.action_draft()
        self.assertTrue(order._toll_is_complete(), "taken up again, all is known")
        self._assert_books()

    def test_cancelled_order_whose_money_is_spent_is_for_a_person(self):
        order = self._fill(self._order())
        self._pay(order)
        account = order.toll_account_id
        account.refund(100, "SHOP-SPENT")
        order._action_cancel()
        self.assertEqual(account.balance, 50)
        self.assertIn("50", order.activity_ids.mapped("note")[-1])
        self._assert_books()

    def test_part_of_the_money_brings_nothing(self):
        order = self._fill(self._order())
        order.require_payment = True
        order.prepayment_percent = 0.5
        self._pay(order, amount=200)
        self.assertFalse(order.toll_account_id.entry_ids)
        self._pay(order, amount=150)
        self.assertEqual(order.toll_account_id.balance, 150)
        self._assert_books()

    def test_address_of_another_customer_is_told_and_not_taken_over(self):
        known = self.env["res.users"].create(
            {"name": "Known", "login": "berta.shop@example.com"}
        )
        order = self._fill(self._order())
        self._pay(order)
        self.assertFalse(self.buyer.user_ids)
        account = order.toll_account_id
        self.assertEqual(account.partner_id, self.buyer)
        self.assertIn(known.name, account.activity_ids.note)
        # merged by a person; the data file has what was bought, an erasure no plate
        sale = order.toll_tag_sale_ids
        account._merge_records(self.account)
        self.assertEqual(sale.account_id, self.account)
        files = self.buyer._toll_export_files()
        self.assertIn("SHP-100-A", str(files["tags_bought.csv"]))
        self.buyer._toll_pseudonymise()
        self.assertFalse(sale.plate or order.toll_accepted_ip)

    def test_orders_without_tags_are_as_before(self):
        plain = self.env["product.product"].create(
            {"name": "Holder", "list_price": 30, "taxes_id": False}
        )
        order = self._order(order_line=[(0, 0, {"product_id": plain.id})])
        self.assertTrue(order._toll_is_complete())
        methods = order._get_delivery_methods()
        self.assertFalse(methods.filtered("toll_is_pickup"))
        self._pay(order)
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.toll_account_id | order.toll_tag_sale_ids.account_id)

    def test_only_the_front_office_assigns_and_nobody_writes(self):
        order = self._fill(self._order())
        self._pay(order)
        sale = order.toll_tag_sale_ids
        with self.assertRaises(AccessError):
            sale.with_user(self.analyst).action_activate()
        with self.assertRaises(AccessError):
            sale.with_user(self.agent).write({"state": "done"})
        with self.assertRaises(AccessError):
            sale.with_user(self.analyst).vehicle_id = self.vehicle
        with self.assertRaises(UserError):
            sale.with_user(self.agent).action_activate()
        with self.assertRaises(AccessError):
            sale.with_user(self.buyer.user_ids).read(["plate"])
        company = self.env["res.company"].create({"name": "Other shop"})
        self.agent.write({"company_ids": [(6, 0, company.ids)], "company_id": company})
        self.assertFalse(self.env["toll.tag.sale"].with_user(self.agent).search([]))
