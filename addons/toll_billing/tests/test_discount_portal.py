"""Customers see their discounts and ask for one (000-10, 001-06)."""

import re
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .discount_common import make_grant, make_plan
from .portal_common import PRICE, TollHttpCommon

FILE = ("proof.pdf", b"%PDF-1.4 proof", "application/pdf")


@tagged("post_install", "-at_install")
class TestDiscountPortal(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent, cls.biller, cls.manager = (
            new_test_user(
                cls.env, f"portal_{role}", groups=f"toll_account.group_toll_{role}"
            )
            for role in ("agent", "billing", "manager")
        )
        cls.env["toll.discount.plan"].search([]).sudo().write({"state": "draft"})
        cls.plan = make_plan(
            cls, name="San Juan", percent=50, needs_evidence=True, is_public=True
        )

    def _apply(self, file=None, **data):
        form = self.url_open("/my/toll/discounts/new").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
        return self.url_open(
            "/my/toll/discounts/new",
            data={
                "csrf_token": token,
                "plan": self.plan.id,
                "account": self.account.id,
                **data,
            },
            files={"files": file} if file else None,
        )

    def _grants(self):
        return self.env["toll.discount.grant"].search(
            [("account_id", "in", (self.account | self.stranger).ids)]
        )

    def test_customer_applies_and_sees_the_answer(self):
        self.authenticate("portal_ana", "portal_ana")
        page = self.url_open("/my/toll/discounts").text
        self.assertIn("Ask for a", page)
        answer = self._apply(FILE, vehicle=self.vehicle.id)
        self.assertIn("We have received it", answer.text)
        grant = self._grants()
        self.assertEqual((grant.state, grant.is_online), ("asked", True))
        self.assertEqual(grant.vehicle_id, self.vehicle)
        self.assertEqual(grant.document_ids.kind, "discount")
        self.assertEqual(grant.asked_by_id, self.user)
        again = self._apply(FILE, vehicle=self.vehicle.id)
        self.assertIn(grant.name, again.text)
        self.assertEqual(len(self._grants()), 1)
        grant.with_user(self.manager).action_approve()
        self.assertIn("Approved", self.url_open("/my/toll/discounts").text)

    def test_refusal_is_shown(self):
        self.authenticate("portal_ana", "portal_ana")
        self._apply(FILE)
        grant = self._grants().with_user(self.manager)
        grant.refusal = "The proof is too old"
        grant.action_refuse()
        page = self.url_open("/my/toll/discounts").text
        self.assertIn("The proof is too old", page)

    def test_bad_files_leave_nothing_behind(self):
        self.authenticate("portal_ana", "portal_ana")
        for file in (
            None,
            ("virus.exe", b"MZ", "application/octet-stream"),
            ("proof.pdf", b"not a pdf", "application/pdf"),
        ):
            answer = self._apply(file)
            self.assertIn('id="toll_error"', answer.text)
        self.assertFalse(self._grants())

    def test_strangers_accounts_vehicles_and_hidden_plans(self):
        hidden = make_plan(self, percent=90)
        self.authenticate("portal_ben", "portal_ben")
        self.url_open("/my/toll/discounts")
        self._apply(FILE)  # Ana's account
        self._apply(FILE, account=self.stranger.id, vehicle=self.vehicle.id)
        self._apply(FILE, account=self.stranger.id, plan=hidden.id)
        self._apply(FILE, account=self.stranger.id, plan="9' OR 1=1")
        self.assertFalse(self._grants())
        with self.assertRaises(AccessError):
            self.account.with_user(self.stranger_user)._portal_apply_discount(
                self.plan.id, files=[FILE[:2]]
            )
        with self.assertRaises(UserError):
            self.stranger.with_user(self.stranger_user)._portal_apply_discount(
                hidden.id, files=[FILE[:2]]
            )

    def test_strangers_grants_stay_unseen(self):
        grant = make_grant(self, self.plan, self.account)
        self.authenticate("portal_ben", "portal_ben")
        page = self.url_open("/my/toll/discounts").text
        self.assertNotIn(grant.name, page)
        theirs = grant.with_user(self.stranger_user)
        with self.assertRaises(AccessError):
            theirs.read(["name"])
        with self.assertRaises(AccessError):
            grant.with_user(self.user).action_approve()
        with self.assertRaises(AccessError):
            grant.with_user(self.user).write({"date_to": "2099-01-01"})

    def test_why_this_amount_in_plain_words(self):
        today = fields.Date.today()
        make_grant(
            self,
            self.plan,
            self.account,
            date_from=today - timedelta(7),
            date_to=today + timedelta(7),
        )
        (crossing,) = self._post_events([self._event("D-1")])
        self.assertEqual(crossing.amount_charged, PRICE / 2)
        (other,) = self._post_events([self._event("D-2", self.stranger_vehicle)])
        self.assertEqual(other.amount_charged, PRICE)
        self.env.flush_all()
        self.authenticate("portal_ana", "portal_ana")
        page = self.url_open(f"/my/toll/crossings/{crossing.id}").text
        self.assertIn("“San Juan”: 50 % off", page)
        self.assertIn("the best one counts", page)
        self.assertIn("74.50", page)

    def test_event_is_lowered_once_and_repeated_never(self):
        make_plan(self, percent=25, is_automatic=True)
        event = self._event("D-3")
        before = self.account.balance
        Batch = self.env["toll.crossing.batch"]
        for state in ("posted", "duplicate"):
            (fate,) = Batch._post_events(self.operator, [event])
            self.assertEqual((fate["state"], fate["amount"]), (state, "111.75"))
        self.env.invalidate_all()
        self.assertEqual(self.account.balance, before - 111.75)

    def test_limit_of_waiting_applications(self):
        account = self.account.with_user(self.user)
        plans = [
            make_plan(self, name=f"P{n}", percent=5, is_public=True) for n in range(11)
        ]
        for plan in plans[:10]:
            account._portal_apply_discount(plan.id)
        with self.assertRaisesRegex(UserError, "many"):
            account._portal_apply_discount(plans[10].id)
