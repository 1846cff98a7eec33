"""The checkout of TAGs, page by page."""

import re

from odoo.tests import HttpCase, new_test_user, tagged

from .shop_common import ShopCommon


@tagged("post_install", "-at_install")
class TestTagShopPages(HttpCase, ShopCommon):
    def _add(self, quantity=1):
        response = self.url_open(
            "/shop/cart/add",
            json={
                "params": {
                    "product_template_id": self.product.product_tmpl_id.id,
                    "product_id": self.product.id,
                    "quantity": quantity,
                }
            },
        )
        self.assertEqual(response.json()["result"]["quantity"], quantity)
        return self.env["sale.order"].search(
            [("website_id", "=", self.website.id)], order="id desc", limit=1
        )

    def _submit(self, page, **data):
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
        return self.url_open("/toll/shop", data={"csrf_token": token, **data})

    def test_a_new_visitor_says_for_which_vehicle(self):
        page = self.url_open(self.product.website_url)
        self.assertIn("On loan", page.text)
        order = self._add()
        cart = self.url_open("/shop/cart").text
        self.assertNotIn("o_payment_express_checkout_form", cart, "vehicles come first")
        page = self.url_open("/shop/checkout")
        self.assertTrue(page.url.endswith("/toll/shop"), page.url)
        self.assertNotIn(self.account.number, page.text)
        data = {
            "plate_0": "SHP-700-A",
            "class_0": self.vehicle_class.id,
            "plan": self.plan.id,
            "topup": "150",
            "conditions": "1",
        }
        for wrong, words in (
            ({"topup": "nan"}, "not an amount"),
            ({"plan": "99999999"}, "Choose the plan"),
            ({"vehicle_0": str(self.vehicle.id)}, "Choose a vehicle"),
            ({"office": "99999999"}, "Choose one of the offices"),
            ({"class_0": "x"}, "class of the vehicle"),
        ):
            with self.subTest(wrong):
                answer = self._submit(page, **{**data, **wrong})
                self.assertIn(words, answer.text)
                self.assertIn("SHP-700-A", answer.text, "what was written stays")
        # the account of somebody else is of no use to a visitor
        answer = self._submit(page, account=self.account.id, **data)
        self.assertIn("/shop/address", answer.url)
        self.assertFalse(order.toll_account_id)
        self.assertEqual(order.amount_total, 350)
        self.assertEqual(order.toll_tag_sale_ids.plate, "SHP-700-A")
        self.assertTrue(self.url_open("/shop/checkout").url.endswith("/shop/address"))

    def test_a_customer_chooses_own_accounts_and_vehicles_only(self):
        new_test_user(
            self.env,
            "shop_customer",
            password="shop_customer",
            groups="base.group_portal",
            partner_id=self.account.partner_id.id,
        )
        other = self._create_account("Otro Cliente")
        theirs = self._create_vehicle(other, "SHP-800-A")
        self.authenticate("shop_customer", "shop_customer")
        order = self._add()
        page = self.url_open("/toll/shop")
        self.assertIn(self.account.number, page.text)
        self.assertIn(self.vehicle.plate, page.text)
        self.assertNotIn(other.number, page.text)
        self.assertNotIn(theirs.plate, page.text)
        data = {
            "account": self.account.id,
            "vehicle_0": self.vehicle.id,
            "conditions": "1",
        }
        answers = [
            self._submit(page, **{**data, **wrong}).text
            for wrong in ({"account": other.id}, {"account": 99999999})
        ]
        for answer in answers:
            self.assertIn("Choose one of your accounts", answer)
        for wrong in (theirs.id, 99999999):
            answer = self._submit(page, **{**data, "vehicle_0": wrong})
            self.assertIn("Choose a vehicle of the account", answer.text)
        answer = self._submit(page, **data)
        self.assertIn("/shop/", answer.url)
        self.assertEqual(order.toll_account_id, self.account)
        self.assertEqual(order.toll_tag_sale_ids.vehicle_id, self.vehicle)

    def test_the_page_without_a_cart_is_the_cart(self):
        self.assertTrue(self.url_open("/toll/shop").url.endswith("/shop/cart"))
