"""Volume discounts again, late, in part; on invoices, in wallets (000-10)."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import discounts
from .discount_common import make_plan
from .discount_volume_common import DiscountVolumeCase


@tagged("post_install", "-at_install")
class TestDiscountSettle(DiscountVolumeCase):
    # === AGAIN, LATE, PARTLY === #
    def test_computing_again_gives_the_same(self):
        self._volume()
        self._use(100, 100, 100)
        run = self._run()
        for _time in range(3):
            run.action_compute()
            self.assertEqual(run.statement_ids.amount_volume, 10)
            self.assertEqual(len(run.statement_ids.discount_line_ids), 1)
        self.assertRules()
        run.action_cancel()
        self.assertFalse(self.env["toll.discount.line"].search([]))
        self.assertEqual(self._bill().amount_volume, 10)

    def test_late_crossing_brings_its_difference(self):
        self._volume()
        self._use(100, 100, 100)
        self.assertEqual(self._bill().amount_volume, 10)
        # of the same month, before the others: now the 4th gets 10 % as well
        self._use(100, start=datetime(2026, 1, 31, 18) + timedelta(days=1, hours=-6))
        self._use(200, start=datetime(2026, 3, 10))
        statement = self._bill(until=date(2026, 4, 1))
        self.assertEqual(statement.amount_volume, 10)
        self.assertEqual(statement.discount_line_ids.period, date(2026, 2, 1))
        self.assertEqual(self.account.balance, 0)

    def test_month_over_two_runs(self):
        self._volume((2, 10), (4, 50))
        self._use(100, 100)
        self.assertEqual(self._bill(until=date(2026, 2, 15)).amount_volume, 10)
        self._use(100, 100, start=datetime(2026, 2, 20, 18))
        self.assertEqual(self._bill().amount_volume, 60)

    def test_what_does_not_fit_is_carried(self):
        self._volume((4, 50), is_whole=True)
        self._use(100, 100, 100)
        self.assertEqual(self._bill(until=date(2026, 2, 15)).amount_volume, 0)
        self._use(60, start=datetime(2026, 2, 20, 18))
        run = self._billed()
        statement = self._statement(run)
        # 180 are due, the statement has 60
        self.assertEqual((statement.amount_volume, statement.amount_total), (60, 0))
        self.assertEqual(statement.discount_line_ids.amount_carried, 120)
        self.assertIn("discount_carried", run.exception_ids.mapped("code"))
        self.assertRules()
        self._use(1000, start=datetime(2026, 3, 20, 18))
        self.assertEqual(self._bill(until=date(2026, 4, 1)).amount_volume, 120)
        self._use(1000, start=datetime(2026, 4, 20, 18))
        self.assertEqual(self._bill(until=date(2026, 5, 1)).amount_volume, 0)

    def _carry(self):
        """180 are due, the statement takes 60 of them."""
        self._volume((4, 50), is_whole=True)
        self._use(100, 100, 100)
        self._bill(until=date(2026, 2, 15))
        self._use(60, start=datetime(2026, 2, 20, 18))
        return self._bill()

    def test_closing_gives_back_what_was_carried_000_10(self):
        self.account.payment_mode = "prepaid"
        self.account.top_up(400, ref="carry")
        statement = self._carry()
        self.assertEqual(self.account.balance, 100)
        reason = self.env.ref("toll_account.toll_state_reason_moved")
        entry = self.account._close_and_settle(reason, None, "cash", "CARRY-1")
        self.assertEqual((entry.amount, self.account.state), (-220, "closed"))
        line = statement.discount_line_ids.filtered(lambda d: d.kind == "closing")
        self.assertEqual((line.amount, line.move_id.amount_total), (120, 120))
        self.assertEqual(line.move_id.amount_residual, 0)
        self.assertFalse(self.account._give_back_carried(), "once")
        self.assertRules()

    def test_closing_of_a_postpaid_account_leaves_the_credit_note_open(self):
        self._carry()
        with self.assertRaisesRegex(UserError, "volume discounts"):
            self.account._check_closing()
        note = self.account._give_back_carried()
        self.assertEqual((note.move_type, note.amount_residual), ("out_refund", 120))
        self.assertEqual(note.invoice_line_ids.tax_ids, self._statement_taxes())
        self._use(1000, start=datetime(2026, 3, 20, 18))
        self.assertEqual(self._bill(until=date(2026, 4, 1)).amount_volume, 0)

    def _statement_taxes(self):
        return self.account.statement_ids.line_ids[:1].tax_ids

    def test_better_plan_that_is_reached_later_replaces_the_first(self):
        first = self._volume((1, 10))
        whole = self._volume((3, 30), is_whole=True)
        self._use(100, 100)
        self.assertEqual(self._bill(until=date(2026, 2, 15)).amount_volume, 20)
        self._use(100, start=datetime(2026, 2, 20, 18))
        statement = self._bill()
        self.assertEqual(statement.amount_volume, 70)
        self.assertEqual(
            {(line.plan_id, line.amount) for line in statement.discount_line_ids},
            {(first, -20), (whole, 90)},
        )

    def test_crossing_that_was_cancelled_does_not_count(self):
        self._volume((2, 50))
        first = self._use(100, 100, 100)
        self.env.cr.execute(
            "UPDATE toll_crossing_data SET state = 'offset', reason = 'cancelled'"
            " WHERE ref = %s",
            [f"REF{first}"],
        )
        run = self._run()
        run.action_compute()
        self.assertEqual(run.statement_ids.amount_volume, 50)

    # === MONEY === #
    def test_prepaid_deposit_pays_what_is_left(self):
        self._volume((1, 25))
        account = self._accounts(1, "prepaid")
        account.top_up(1000, ref="VOL-1")
        self._use(100, 100, account=account)
        run = self._billed()
        statement = self._statement(run, account)
        self.assertEqual(statement.amount_settled, 150)
        self.assertEqual(statement.move_id.payment_state, "paid")
        self.assertEqual(account.balance, 850)
        self.assertEqual(statement.amount_adjustment, 0)
        self.assertRules()

    def test_next_statement_opens_where_the_last_one_closed(self):
        self._volume((1, 25))
        self._use(100)
        self._bill()
        self._use(100, start=datetime(2026, 3, 5))
        statement = self._bill(until=date(2026, 4, 1))
        self.assertEqual(statement.opening_balance, -75)
        self.assertEqual(statement.amount_adjustment, 0)
        # what settles the first one is dated today
        self.assertEqual(statement.closing_balance, -150)

    def test_two_drafts_at_once_add_up(self):
        self._volume((1, 25))
        self._use(100)
        first = self._run()
        first.action_compute()
        self._use(100, start=datetime(2026, 3, 5))
        second = self._run(until=date(2026, 4, 1))
        second.action_compute()
        self.assertEqual(second.statement_ids.amount_adjustment, 0)
        self.assertRules()

    def test_many_invoices_by_set(self):
        self._volume((2, 33.33))
        accounts = self._accounts(12)
        self._cross_many(
            [
                (account, 10 + n + number, None, "toll", None, 0)
                for n, account in enumerate(accounts)
                for number in range(3)
            ]
        )
        run = self._billed()
        self.assertTrue(run.mass_count)
        self.assertRules()
        self.assertFalse(run._verify_sample())
        for statement in run.statement_ids:
            self.assertGreater(statement.amount_volume, 0)
            self.assertEqual(statement.amount_total, statement.move_id.amount_total)

    def test_wallet_gets_it_once(self):
        self._volume((1, 25))
        self._use(100)
        statement = self._bill()
        entry = self.env["toll.wallet.entry"].search([("kind", "=", "discount")])
        self.assertEqual(len(entry), 1)
        self.assertTrue(entry.ref.endswith(f"/2026-02/{statement.id}"))
        self.env["toll.invoice.issuer"]._finish(statement, [], {})
        again = self.env["toll.wallet.entry"].search([("kind", "=", "discount")])
        self.assertEqual(again, entry)

    def test_check_finds_a_difference(self):
        self._volume((1, 25))
        self._use(100)
        self._bill()
        self.env.cr.execute("UPDATE toll_discount_line SET amount = amount + 1")
        self.env.invalidate_all()
        found = {r["code"]: r["differences"] for r in self.env["toll.check"].run()}
        self.assertEqual(len(found["billing-discount"]), 2)
        self.assertTrue(found["billing-invoice"])

    def test_annex_says_what_was_taken_off(self):
        plan = self._volume((1, 25))
        self._use(100)
        statement = self._bill()
        annex = statement._get_annex()
        self.assertEqual(annex["amount"], 100)
        self.assertEqual(annex["volume"], [(plan.name, date(2026, 2, 1), 1, 25)])
        self.assertTrue(statement._annex_xlsx())
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_billing.report_toll_statement", statement.ids
        )[0]
        self.assertIn(plan.name.encode(), html)

    # === REVENUE === #
    def test_shares_of_plazas_are_the_discount_000_10(self):
        """A cap takes 10.00 off three equal crossings: 3.34, 3.33 and 3.33."""
        make_plan(self, kind="cap", amount_cap=290, is_automatic=True)
        plazas = self.plaza_a | self.env["toll.plaza"].create(
            [
                {"code": code, "name": code, "operator_id": self.operator_a.id}
                for code in ("P8", "P9")
            ]
        )
        for plaza in plazas:
            self._use(100, plaza=plaza)
        self.assertEqual(self._bill().amount_volume, 10)
        shares = self.env["toll.discount.share"].search(
            [("operator_id", "=", self.operator_a.id)]
        )
        self.assertEqual(shares.plaza_id, plazas)
        self.assertEqual(sorted(shares.mapped("amount")), [3.33, 3.33, 3.34])
        self.assertEqual(set(shares.mapped("day")), {date(2026, 2, 1)})
        Day = self.env["toll.traffic.day"]
        for _time in range(2):
            Day._refresh()
            days = Day.search([("operator_id", "=", self.operator_a.id)])
            self.assertEqual(round(sum(days.mapped("amount_volume")), 2), 10)
            self.assertEqual(sum(days.mapped("amount_charged")), 0)
        concession = self.env["toll.concession"].create(
            {
                "code": "SHARE",
                "name": "Shares",
                "operator_id": self.operator_a.id,
                "partner_id": self.company.partner_id.id,
                "date_from": "2026-02-01",
                "plaza_ids": [Command.set(plazas[:1].ids)],
            }
        )
        facts = concession._get_facts(date(2026, 2, 1), date(2026, 2, 28), {})
        revenue = facts["revenue", "toll"]
        mine = shares.filtered(lambda share: share.plaza_id == plazas[:1]).amount
        self.assertEqual(float(revenue["amount_volume"]), mine)
        self.assertEqual(float(revenue["amount"]), -mine)
        self.assertFalse(self.env["toll.check"]._check_discount_shares())
        self.env.cr.execute("UPDATE toll_discount_share SET amount = amount + 1")
        self.assertTrue(self.env["toll.check"]._check_discount_shares())
        self.env.cr.execute("DELETE FROM toll_discount_share")
        for _time in range(2):
            self.env["toll.discount.share"].init()
            self.assertFalse(self.env["toll.check"]._check_discount_shares())
        shares = self.env["toll.discount.share"].search([])
        with self.assertRaises(AccessError):
            shares.with_user(self.agent).mapped("amount")
        with self.assertRaises(UserError):
            shares.sudo().write({"amount": 1})

    # === THE SAME IN PYTHON === #
    def test_python_and_database_agree(self):
        chance = random.Random(7)
        plans = [
            self._volume((3, 5), (9, 12.5), (20, 40), scope="vehicle"),
            self._volume((500, 7), (1500, 33.33), measure="amount"),
            self._volume((25, 20), is_whole=True),
            self._volume((3, 60), scope="vehicle_plaza"),
            make_plan(
                self,
                kind="cap",
                amount_cap=150,
                scope="vehicle",
                period="day",
                is_automatic=True,
            ),
        ]
        for _n in range(80):
            amount = Decimal(chance.randrange(100, 12000)) / 100
            part = Decimal(chance.choice(["0", "0", "0.1", "0.5", "1"]))
            self._use(
                amount,
                vehicle=chance.choice(self.vehicles),
                start=datetime(2026, 2, 1, 7)
                + timedelta(minutes=chance.randrange(26 * 1440)),
                plaza=chance.choice([self.plaza_a, self.plaza_b]),
                discount=round(amount * part, 2),
            )
        crossings = self.env["toll.crossing"].search(
            [("account_id", "=", self.account.id)]
        )
        pairs = []
        for plan in plans:
            covered = crossings.filtered(plan._covers)
            pairs.append(
                (
                    plan._get_core(),
                    [
                        discounts.Paid(
                            c.id,
                            c._get_local(),
                            Decimal(str(c.amount)),
                            Decimal(str(c.amount_discount)),
                            vehicle=c.vehicle_id.id,
                            plaza=c.plaza_id.id,
                        )
                        for c in covered
                    ],
                )
            )
        expected = dict.fromkeys([plan.id for plan in plans], Decimal(0))
        for amount, plan_id in discounts.best_by_volume(pairs).values():
            expected[plan_id] += amount
        # in two runs, so that the differences are settled too
        self._bill(until=date(2026, 2, 14))
        self._bill()
        found = {
            plan.id: Decimal(str(round(amount, 2)))
            for plan, amount in self.env["toll.discount.line"]._read_group(
                [("account_id", "=", self.account.id)], ["plan_id"], ["amount:sum"]
            )
        }
        self.assertEqual(
            {key: value for key, value in found.items() if value},
            {key: value for key, value in expected.items() if value},
        )

    # === WHO === #
    def test_lines_are_nobodys_to_write(self):
        self._volume((1, 25))
        self._use(100)
        line = self._bill().discount_line_ids
        self.assertEqual(line.with_user(self.agent).amount, 25)
        for user in (self.agent, self.biller, self.manager):
            with self.assertRaises(AccessError):
                line.with_user(user).write({"amount": 1})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            line.plan_id.sudo().write({"state": "draft"})
            line.plan_id.sudo().unlink()

    def test_another_companys_plan_takes_nothing_off(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        plan = self._volume((1, 50))
        plan.sudo().company_id = company
        self.env.flush_all()
        self._use(100)
        self.assertEqual(self._bill().amount_volume, 0)
