"""Customers see their packs and buy them in the virtual office (004-12, X10)."""

import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .portal_common import PRICE, TollHttpCommon

KEY = "0123456789abcdef0123456789abcdef"


@tagged("post_install", "-at_install")
class TestPackPortal(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["toll.discount.plan"].search([]).sudo().write({"state": "draft"})
        cls.theirs = cls._hold_pack(cls.stranger)
        cls.offer = cls.theirs.pack_id
        cls.offer.is_per_vehicle = True
        cls.hidden = cls._hold_pack(
            cls.stranger, name="Only at the Counter", code="HIDDEN", is_public=False
        ).pack_id

    def _form(self):
        return self.url_open(f"/my/toll/packs/buy?pack={self.offer.id}").text

    def _buy(self, **values):
        form = self._form()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
        key = re.search(r'name="key"[^>]*value="([^"]+)"', form)
        data = {
            "csrf_token": token,
            "key": key[1] if key else KEY,
            "pack": self.offer.id,
            "account": self.account.id,
            "vehicle": self.vehicle.id,
            **values,
        }
        return self.url_open("/my/toll/packs/buy", data=data), data

    def test_customer_buys_once_and_reads_what_is_left(self):
        self.authenticate("portal_ana", "portal_ana")
        page = self.url_open("/my/toll/packs").text
        self.assertIn("Two Crossings", page)
        self.assertIn("25.00", page, "what a crossing comes to")
        self.assertNotIn("Only at the Counter", page)
        answer, data = self._buy(renew="1")
        self.assertIn("o_toll_pack_bought", answer.text)
        again = self.url_open("/my/toll/packs/buy", data=data)
        self.assertIn("o_toll_pack_bought", again.text)
        held = self.account.pack_ids
        self.assertEqual((len(held), held.origin, held.is_renewed), (1, "portal", True))
        self.assertEqual((held.user_id, held.vehicle_id), (self.user, self.vehicle))
        self.assertEqual(self.account.balance, 950)
        self.assertEqual(held.move_id.payment_state, "paid")

    def test_why_this_amount_in_plain_words(self):
        self.account._buy_pack(self.offer, self.vehicle)
        self.env.flush_all()
        (crossing,) = self._post_events([self._event("P-1", minutes=0)])
        self.assertEqual((crossing.amount, crossing.amount_charged), (PRICE, 0))
        self.authenticate("portal_ana", "portal_ana")
        page = self.url_open(f"/my/toll/crossings/{crossing.id}").text
        self.assertIn("1 of 2 crossings were left", page)
        self.assertIn("1 of 2 crossings", self.url_open("/my/toll/packs").text)

    def test_not_enough_money_shows_the_way_out(self):
        self.authenticate("portal_ana", "portal_ana")
        self.offer.price = 1001
        self.env.flush_all()
        page = self._form()
        self.assertIn("/my/toll/topup?account=", page)
        with self.assertRaisesRegex(UserError, "top it up"):
            self.account.with_user(self.user)._portal_buy_pack(
                self.offer.id, self.vehicle.id, key=KEY
            )
        self.assertFalse(self.account.pack_ids)

    def test_strangers_ids_and_hidden_packs(self):
        self.authenticate("portal_ana", "portal_ana")
        for values in (
            {"account": self.stranger.id},
            {"vehicle": self.stranger_vehicle.id},
            {"pack": self.hidden.id},
            {"pack": "1 OR 1=1"},
            {"key": "short"},
        ):
            self._buy(**values)
        self.assertFalse(self.account.pack_ids)
        self.assertEqual(len(self.stranger.pack_ids), 2)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self._form())[1]
        self.url_open(
            "/my/toll/packs",
            data={"csrf_token": token, "held": self.theirs.id, "renew": "1"},
        )
        self.theirs.invalidate_recordset()
        self.assertFalse(self.theirs.is_renewed)
        theirs = self.theirs.with_user(self.user)
        for attempt in (
            lambda: theirs.read(["left"]),
            lambda: self.offer.with_user(self.user).read(["price"]),
            lambda: self.theirs.use_ids.with_user(self.user).search([]),
            lambda: theirs.write({"is_renewed": True}),
            lambda: self.stranger.with_user(self.user)._portal_buy_pack(
                self.offer.id, self.stranger_vehicle.id, key=KEY
            ),
        ):
            with self.assertRaises(AccessError):
                attempt()
