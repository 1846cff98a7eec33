"""Selling packs, paying them, cancelling, closing, the night (004-12)."""

from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .pack_common import PackCommon, make_pack


@tagged("post_install", "-at_install")
class TestPackSale(PackCommon):
    def _sell(self, offer, account=None, user=None, **values):
        account = (account or self.prepaid).with_user(user or self.agent)
        held = account._sell_pack(offer.with_env(account.env), **values)
        return held.with_env(self.env)

    # === SELLING === #
    def test_agent_sells_and_the_wallet_pays_004_12(self):
        offer = make_pack(self)
        wizard = (
            self.env["toll.pack.sale"]
            .with_user(self.agent)
            .create({"account_id": self.prepaid.id, "pack_id": offer.id})
        )
        self.assertIn(offer, wizard.choice_ids)
        self.assertEqual((wizard.content, wizard.duration), ("2 crossings", "30 days"))
        for _time in range(2):
            wizard.action_sell()
        held = self.prepaid.pack_ids
        self.assertEqual(
            (len(held), held.state, held.user_id), (1, "active", self.agent)
        )
        self.assertEqual((self.prepaid.balance, self.prepaid.pack_count), (380, 1))
        move = held.move_id
        self.assertEqual((move.amount_total, move.payment_state), (120, "paid"))
        rate = sum(offer.tax_ids.mapped("amount"))
        self.assertAlmostEqual(move.amount_untaxed, 120 / (1 + rate / 100), 2)
        self._assert_rules_hold()
        with self.assertRaises(UserError):
            held.with_user(self.agent).write({"crossings_left": 50})
        with self.assertRaises(UserError):
            held.with_user(self.agent).unlink()
        held.with_user(self.agent).is_renewed = True

    def test_not_enough_in_the_wallet(self):
        offer = make_pack(self, price=540)
        with self.assertRaisesRegex(UserError, "top it up first"):
            self._sell(offer)
        self.assertFalse(self.prepaid.pack_ids)
        self.assertEqual(self.prepaid.balance, 500)
        self.prepaid.top_up(50, ref="PACK-1")
        self.assertTrue(self._sell(offer))
        self.assertEqual(self.prepaid.balance, 10)

    def test_postpaid_pays_with_the_next_toll_invoice_or_at_once(self):
        offer = make_pack(self)
        self.postpaid.fee_invoicing = "toll"
        held = self._sell(offer, self.postpaid)
        self.assertEqual((held.charge_id.state, held.state), ("pending", "active"))
        with self.assertRaisesRegex(UserError, "cancel the pack"):
            held.charge_id.with_user(self.biller).action_cancel()
        held._cancel("Never mind")
        self.assertEqual(held.charge_id.state, "cancelled")
        self.postpaid.fee_invoicing = "own"
        held = self._sell(offer, self.postpaid)
        self.assertEqual(held.move_id.payment_state, "not_paid")
        held._cancel("Never mind")
        self.assertEqual(held.move_id.payment_state, "reversed")
        self.assertEqual(held.charge_id.state, "credited")
        self.assertEqual(self.postpaid.amount_receivable, 0)

    def test_pack_that_waits_for_its_payment(self):
        held = self._sell(make_pack(self, needs_payment=True), self.postpaid)
        self.assertEqual(held.state, "pending")
        truck = {"tag": "TEST00000002", "class": "C"}
        moment = (self.now - timedelta(minutes=5)).isoformat() + "Z"
        self.assertEqual(
            self._cross(self._row("R1", occurred_at=moment, **truck)), {"R1": 250}
        )
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=held.move_id.ids
        ).create({})._create_payments()
        held.move_id._invoice_paid_hook()
        self.assertEqual(held.state, "active")

    def test_who_may_sell_and_see(self):
        offer = make_pack(self)
        with self.assertRaises(AccessError):
            self._sell(offer, user=self.analyst)
        with self.assertRaises(AccessError):
            self.env["toll.pack"].with_user(self.agent).create(
                {"name": "Mine", "code": "MINE", "price": 1}
            )
        with self.assertRaises(UserError):
            offer.with_user(self.biller).price = 1
        other = self.env["res.company"].create({"name": "Other Roads"})
        foreign = make_pack(self)
        foreign.plan_id.company_id = other
        found = self.env["toll.pack"].with_user(self.agent).search([])
        self.assertIn(offer, found)
        self.assertNotIn(foreign, found)
        with self.assertRaisesRegex(UserError, "not on sale"):
            self.prepaid._buy_pack(foreign)
        draft = offer.copy()
        self.assertEqual((draft.state, draft.kind), ("draft", "crossings"))
        self.assertNotEqual(draft.plan_id, offer.plan_id)
        with self.assertRaisesRegex(UserError, "somebody else"):
            draft.with_user(self.manager).action_ask()
            draft.with_user(self.manager).action_approve()

    def test_limits_and_conditions(self):
        company = self.company
        plan = self.env["toll.plan"].search([], limit=1) or self.env[
            "toll.plan"
        ].create({"code": "PACKS", "name": "Packs", "payment_mode": "prepaid"})
        self.prepaid.partner_id.is_company = False
        for values, message in (
            ({"payment_mode": "postpaid"}, "kind of account"),
            ({"person_kind": "company"}, "kind of account"),
            ({"account_plan_ids": [Command.set(plan.ids)]}, "kind of account"),
            ({"is_per_vehicle": True}, "vehicle that uses"),
            ({"date_to": company._toll_today() - timedelta(1)}, "not on sale"),
            ({"date_from": company._toll_today() + timedelta(1)}, "not on sale"),
        ):
            with self.subTest(**values), self.assertRaisesRegex(UserError, message):
                self.prepaid.plan_id = False
                self._sell(make_pack(self, **values))
        for values, message in (
            ({"limit_at_once": 1}, "already"),
            ({"limit_month": 1}, "this month"),
            ({"number_for_sale": 1}, "sold out"),
        ):
            offer = make_pack(self, price=1, **values)
            self._sell(offer)
            with self.subTest(**values), self.assertRaisesRegex(UserError, message):
                self._sell(offer)
        truck_only = make_pack(
            self, is_per_vehicle=True, class_ids=[Command.set(self.truck.ids)]
        )
        for vehicle, message in (
            (self.vehicle, "not for vehicles"),
            (self.vehicle_2, "vehicle that uses"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self._sell(truck_only, vehicle=vehicle)
        dated = make_pack(self, start="date", price=1)
        with self.assertRaisesRegex(UserError, "in the past"):
            self._sell(dated, first=company._toll_today() - timedelta(days=1))
        first = company._toll_today() + timedelta(days=9)
        held = self._sell(dated, first=first)
        self.assertEqual(held.date_from, first)
        self.assertEqual(held.date_to, first + timedelta(days=29))

    # === CANCELLING === #
    def test_unused_pack_is_given_back_whole(self):
        held = self._sell(make_pack(self))
        action = held.with_user(self.agent).action_cancel()
        wizard = (
            self.env["toll.pack.cancel"]
            .with_user(self.agent)
            .with_context(**action["context"])
            .create({"reason": "Bought twice"})
        )
        self.assertEqual(wizard.amount, 120)
        wizard.action_cancel_pack()
        self.assertEqual(
            (held.state, held.cancel_reason), ("cancelled", "Bought twice")
        )
        self.assertEqual(self.prepaid.balance, 500)
        self.assertEqual(held.refund_ids.amount_total, 120)
        with self.assertRaisesRegex(UserError, "over already"):
            held._cancel("Again")
        self.assertEqual(self.prepaid.balance, 500)
        self._assert_rules_hold()

    def test_used_pack_in_part_or_not_at_all(self):
        part = self._buy(refund_days=90)
        self._cross(self._row("R1"))
        self.assertEqual((part.crossings_left, part.amount_unused), (1, 60))
        part._cancel("Moves away")
        self.assertEqual(self.prepaid.balance, 500 - 120 + 60)
        none = self._sell(make_pack(self, refund_days=0))
        with self.assertRaisesRegex(UserError, "nothing is given back"):
            none._cancel("Moves away")
        none._cancel("Moves away", is_lapse=True)
        self.assertEqual((none.state, self.prepaid.balance), ("cancelled", 320))
        used = self._buy(refund_days=90, refund_used="none")
        self._cross(self._row("R2"), name="r2.csv")
        self.assertEqual(used._get_refund(), 0)
        late = self._buy(at=self.now - timedelta(days=20), refund_days=7)
        self.assertEqual(late._get_refund(), 0)
        # a crossing of a cancelled pack that is taken back brings nothing to life
        self._load(self._row("R1", status="cancelled"), name="c.csv")
        part.invalidate_recordset()
        self.assertEqual((part.state, part.crossings_left), ("cancelled", 0))
        self._assert_rules_hold()

    def test_pack_ends_with_a_credit_note_of_its_invoice(self):
        held = self._sell(make_pack(self))
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=held.move_id.ids)
            .create(
                {"journal_id": held.move_id.journal_id.id, "toll_recharge": "never"}
            )
        )
        reversal.refund_moves()
        note = self.env["account.move"].search(
            [("reversed_entry_id", "=", held.move_id.id)]
        )
        note._post(soft=False)
        self.assertEqual((held.state, held._get_refund()), ("cancelled", 0))
        self.assertEqual(self.prepaid.balance, 500)
        self._assert_rules_hold()

    def test_tag_passes_while_a_pack_runs(self):
        def status():
            self.env["toll.tag.status"]._follow_balances(self.company, self.prepaid.ids)
            current = self.env["toll.tag.status"].search(
                [("lot_id", "=", self.lot.id), ("date_to", "=", False)]
            )
            return current.status

        bought = self._buy(price=500, crossings_given=1)
        self.assertEqual(self.prepaid.balance, 0)
        self.assertEqual(status(), "low")
        self._cross(self._row("R1"))
        self.assertEqual((bought.state, status()), ("used", "blocked"))
        credit = self._hold(kind="credit", amount_given=2000)
        self.assertEqual(status(), "valid")
        credit._end("Test")
        self.assertEqual(status(), "blocked")
        self._hold(kind="pass", is_per_vehicle=True, vehicle=self.vehicle_2)
        self.assertEqual(status(), "blocked")

    def test_account_is_not_closed_over_a_pack(self):
        held = self._sell(make_pack(self, price=500))
        account = self.plate_only
        self._hold(account)
        with self.assertRaisesRegex(UserError, "packs that are not used up"):
            account._check_closing()
        checks = {label: ok for label, ok, _hint in self.prepaid._get_closing_checks()}
        self.assertFalse(checks["No packs are running"])
        plan = self.env["toll.planned.closing"].create(
            {
                "account_id": self.prepaid.id,
                "date": self.company._toll_today(),
                "reason_id": self.env.ref("toll_account.toll_state_reason_moved").id,
                "method": "cash",
            }
        )
        plan._before_closing()
        self.assertEqual((held.state, self.prepaid.balance), ("cancelled", 500))

    # === THE NIGHT === #
    def test_night_ends_tells_and_renews_once(self):
        with freeze_time("2026-03-01 18:00:00"):
            held = self._buy(
                at="2026-03-01 18:00:00",
                validity=3,
                notice_days=1,
                price=240,
                crossings_given=10,
            )
            held.is_renewed = True
        night = self.env["toll.account.pack"]._cron_look_after
        told = self.env["mail.message"]

        def messages():
            return told.search_count(
                [("model", "=", "toll.account"), ("res_id", "=", self.prepaid.id)]
            )

        before = messages()
        with freeze_time("2026-03-03 05:59:00"):  # the evening of the 2nd in Mexico
            night()
            night()
        self.assertEqual((held.state, messages()), ("active", before + 1))
        with freeze_time("2026-03-04 05:59:00"):
            night()
            self.assertEqual(held.state, "active", "its last day is not over")
        with freeze_time("2026-03-04 06:00:00"):
            night()
            night()
        self.assertEqual((held.state, held.amount_expired), ("expired", 240))
        following = held.renewed_id
        self.assertEqual((following.origin, following.state), ("renewal", "active"))
        self.assertEqual(following.date_from, date(2026, 3, 4))
        self.assertEqual(self.prepaid.pack_ids, held | following)
        self.assertEqual(self.prepaid.balance, 20)
        # with nothing left to pay it from, it says so, once
        with freeze_time("2026-04-04 06:00:00"):
            night()
            night()
        self.assertFalse(following.renewed_id)
        self.assertIn("top it up", following.renewal_error)
        self._assert_rules_hold()

    def test_little_left_is_told_once(self):
        held = self._hold(crossings_given=2, notice_percent=50, notice_days=0)
        night = self.env["toll.account.pack"]._cron_look_after
        night()
        self.assertFalse(held.left_told_at)
        self._cross(self._row("R1"))
        night()
        self.assertTrue(held.left_told_at)
        self.assertIn("1 of 2 crossings", self.prepaid.message_ids[0].body)
        count = len(self.prepaid.message_ids)
        night()
        self.assertEqual(len(self.prepaid.message_ids), count)
