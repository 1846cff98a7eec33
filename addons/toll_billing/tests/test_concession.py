"""Concessions: canon, ledger, bill, obligations, published figures (001-05, 001-06)."""

import csv
import io
from datetime import date
from unittest.mock import patch

import openpyxl
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .test_exemption_rating import grant
from .test_traffic import TrafficCase


class ConcessionCase(TrafficCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = new_test_user(
            cls.env, "toll_biller", groups="toll_account.group_toll_billing"
        )
        cls.accountant = new_test_user(
            cls.env, "toll_accountant", groups="toll_account.group_toll_accountant"
        )
        cls.grantor = cls.env["res.partner"].create(
            {"name": "Ministry of Roads", "is_company": True}
        )
        cls.company._toll_set_up()
        cls.env["toll.service"].search([])._ensure_company_taxes(cls.company)
        cls.rate = sum(
            cls.env["toll.service"]
            .search([("code", "=", "toll")])
            .tax_ids.mapped("amount")
        )

    @classmethod
    def _concession(cls, *rules, **values):
        return cls.env["toll.concession"].create(
            {
                "code": "C1",
                "name": "Test Roads",
                "partner_id": cls.grantor.id,
                "operator_id": cls.operator.id,
                "date_from": "2026-03-01",
                "rule_ids": [Command.create(rule) for rule in rules],
                **values,
            }
        )

    def _row_at(self, ref, when, **values):
        return self._row(ref, occurred_at=f"2026-{when}:00Z", **values)

    def _cars(self, count, when="03-10T18:00", first=1, **values):
        """So many cars at P1, 100.00 each with tax."""
        return [
            self._row_at(f"R{first + number}", when, **values)
            for number in range(count)
        ]

    def _period(self, concession, day="2026-03-15"):
        run = (
            self.env["toll.canon.run"]
            .with_user(self.biller)
            .create({"concession_id": concession.id, "day": day})
        )
        run.action_compute()
        return run

    def _close(self, run):
        run.action_review()
        run.with_user(self.manager).action_close()
        return run

    def _canon(self, run):
        return {
            (entry.label, str(entry.date_from)): entry.amount
            for entry in run.entry_ids
            if entry.concept == "canon"
        }

    def _net(self, charged):
        return self.company.currency_id.round(charged * 100 / (100 + self.rate))


PERCENT = {"name": "Ten percent", "kind": "percentage", "rate": 10}


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestCanon(ConcessionCase):
    def test_each_rule_to_the_cent(self):
        concession = self._concession(
            {"name": "Fixed", "kind": "fixed", "amount": 250},
            {
                "name": "Tiers",
                "kind": "percentage",
                "tier_ids": [
                    Command.create({"amount_from": 0, "rate": 5}),
                    Command.create({"amount_from": 300, "rate": 10}),
                ],
            },
            {"name": "Each", "kind": "crossing", "amount": 0.15},
            {"name": "Share", "kind": "share", "amount": 400, "rate": 50},
        )
        self._load(*self._cars(6))
        run = self._period(concession)
        net = self._net(600)
        self.assertEqual(run.amount_revenue, net)
        (revenue,) = run.entry_ids.filtered(lambda e: e.concept == "revenue")
        self.assertEqual((revenue.quantity, revenue.amount), (6, 600))
        self.assertEqual(revenue.amount_tax, round(600 - net, 2))
        day = "2026-03-01"
        expected = {
            ("Fixed", day): 250,
            ("Tiers", day): round(15 + (net - 300) * 0.1, 2),
            ("Each", day): 0.9,
            ("Share", day): round((net - 400) / 2, 2),
        }
        canon = self._canon(run)
        self.assertEqual(canon.keys(), expected.keys())
        for key, amount in expected.items():
            self.assertAlmostEqual(canon[key], amount, 2, key)

    def test_minimum_is_guaranteed(self):
        concession = self._concession(
            PERCENT, {"name": "Minimum", "kind": "minimum", "amount": 500}
        )
        self._load(*self._cars(2))
        run = self._period(concession)
        self.assertEqual(run.amount_canon, 500)
        self._load(*self._cars(80, first=50), name="more.csv")
        run.action_compute()
        self.assertEqual(
            self._canon(run),
            {
                ("Ten percent", "2026-03-01"): self.company.currency_id.round(
                    self._net(8200) / 10
                )
            },
        )
        self.assertGreater(run.amount_canon, 500)

    def test_computing_again_doubles_nothing(self):
        concession = self._concession(PERCENT)
        self._load(*self._cars(3))
        run = self._period(concession)
        before = self._canon(run)
        self.assertTrue(before)
        for _again in range(2):
            run.action_compute()
            self.assertEqual(self._canon(run), before)
            self.assertEqual(len(run.entry_ids), 2)
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            with self.cr.savepoint():
                self._period(concession, "2026-03-20")
        self.assertIn(type(caught.exception).__name__, ("UniqueViolation",))

    def test_late_crossing_comes_with_the_next_period(self):
        concession = self._concession(
            PERCENT, {"name": "Minimum", "kind": "minimum", "amount": 30}
        )
        self._load(*self._cars(3))
        march = self._close(self._period(concession))
        closed = self._canon(march)
        first = self._net(300)
        self._load(
            *self._cars(1, first=90),
            self._row_at("R80", "04-02T18:00"),
            self._row_at("R1", "03-10T18:00", status="void"),
            self._row_at("R2", "03-10T18:00", status="void"),
            name="late.csv",
        )
        april = self._period(concession, "2026-04-10")
        self.assertEqual(self._canon(march), closed)
        adjustments = april.entry_ids.filtered("is_adjustment")
        self.assertEqual(set(adjustments.mapped("date_from")), {date(2026, 3, 1)})
        (revenue,) = adjustments.filtered(lambda e: e.concept == "revenue")
        # one came late, two were taken back: 300 became 200
        self.assertEqual((revenue.quantity, revenue.amount), (-1, -100))
        self.assertAlmostEqual(revenue.amount_base, self._net(200) - first, 2)
        march_total = sum(
            (march.entry_ids | april.entry_ids)
            .filtered(lambda e: e.concept == "canon" and e.date_from.month == 3)
            .mapped("amount")
        )
        self.assertAlmostEqual(march_total, max(30, self._net(200) / 10), 2)
        again = self._canon(april)
        april.action_compute()
        self.assertEqual(self._canon(april), again)

    def test_everything_taken_back_leaves_nothing(self):
        concession = self._concession(PERCENT)
        self._load(*self._cars(1))
        march = self._close(self._period(concession))
        self._load(self._row_at("R1", "03-10T18:00", status="void"), name="v.csv")
        april = self._period(concession, "2026-04-10")
        total = sum((march | april).entry_ids.mapped("amount"))
        self.assertAlmostEqual(total, 0, 2)

    def test_month_ends_at_the_plaza(self):
        self.plaza.tz = "Europe/Madrid"
        self.env.flush_all()
        self._load(
            self._row_at("R1", "02-28T23:30"),  # March already
            self._row_at("R2", "02-28T22:30"),
            self._row_at("R3", "03-31T21:30"),
            self._row_at("R4", "03-31T22:30"),  # April, with the clocks changed
        )
        run = self._period(self._concession(PERCENT))
        (revenue,) = run.entry_ids.filtered(lambda e: e.concept == "revenue")
        self.assertEqual((revenue.quantity, revenue.amount), (2, 200))

    def test_only_the_granted_plazas(self):
        road = self.env["toll.road"].create(
            {"code": "R", "name": "Road", "operator_id": self.operator.id}
        )
        self.plaza_2.road_id = road
        concession = self._concession(PERCENT, road_ids=[Command.link(road.id)])
        self._load(*self._cars(2), self._row_at("R9", "03-10T18:00", plaza="P2"))
        run = self._period(concession)
        (revenue,) = run.entry_ids.filtered(lambda e: e.concept == "revenue")
        self.assertEqual(revenue.amount, 50)
        stranger = self.env["toll.operator"].create(
            {"code": "T2", "name": "Others", "tz": "UTC"}
        )
        theirs = self.env["toll.plaza"].create(
            {"code": "X", "name": "X", "operator_id": stranger.id, "kind": "open"}
        )
        with self.assertRaises(ValidationError):
            self._concession(code="C2", plaza_ids=[Command.link(theirs.id)])

    def test_exempt_crossings_are_shown_and_cost_nothing(self):
        grant(self, self.prepaid, date(2026, 3, 1), date(2026, 4, 30))
        self._load(*self._cars(2))
        run = self._period(self._concession(PERCENT))
        (exempt,) = run.entry_ids.filtered(lambda e: e.concept == "exempt")
        self.assertEqual(
            (exempt.exempt_kind, exempt.quantity, exempt.amount), ("emergency", 2, 200)
        )
        self.assertFalse(run.amount_canon)

    def test_closed_is_for_good(self):
        concession = self._concession(PERCENT)
        self._load(*self._cars(1))
        run = self._period(concession)
        with self.assertRaisesRegex(UserError, "draft"):
            run.with_user(self.manager).action_close()
        self._close(run)
        entry = run.entry_ids[:1]
        for work in (
            lambda: run.action_compute(),
            lambda: run.action_draft(),
            lambda: run.unlink(),
            lambda: entry.sudo().write({"amount": 1}),
            lambda: entry.sudo().unlink(),
            lambda: concession.write({"periodicity": "year"}),
            lambda: concession.rule_ids.write({"rate": 1}),
            lambda: concession.rule_ids.unlink(),
            lambda: concession.write({"rule_ids": [Command.create(PERCENT)]}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                work()
        concession.rule_ids.date_to = "2026-03-31"
        concession.write(
            {"rule_ids": [Command.create({**PERCENT, "date_from": "2026-04-01"})]}
        )
        self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE toll_concession_entry SET amount = 1 WHERE id = %s", [entry.id]
            )

    def test_order_and_end_of_periods(self):
        concession = self._concession(PERCENT)
        march, april = (
            self._period(concession, day) for day in ("2026-03-15", "2026-04-10")
        )
        (march | april).action_review()
        with self.assertRaisesRegex(UserError, "not over"):
            april.with_user(self.manager).action_close()
        with freeze_time("2026-05-02 12:00:00"):
            with self.assertRaisesRegex(UserError, "before"):
                april.with_user(self.manager).action_close()
            (april | march).with_user(self.manager).action_close()
        self.assertEqual(set((march | april).mapped("state")), {"closed"})

    def test_next_period_follows(self):
        concession = self._concession(PERCENT).with_user(self.biller)
        action = concession.action_open_next()
        march = self.env["toll.canon.run"].browse(action["res_id"])
        self.assertEqual(march.date_from, date(2026, 3, 1))
        self.assertEqual(concession.action_open_next()["res_id"], march.id)
        self._close(march.with_user(self.biller))
        april = self.env["toll.canon.run"].browse(
            concession.action_open_next()["res_id"]
        )
        self.assertEqual(april.date_from, date(2026, 4, 1))

    def test_two_at_once(self):
        concession = self._concession(PERCENT)
        run = self._period(concession)
        with (
            patch.object(type(run), "lock_for_update", side_effect=LockError("taken")),
            self.assertRaisesRegex(UserError, "right now"),
        ):
            run.action_compute()

    def test_bill_once(self):
        concession = self._concession(PERCENT)
        self._load(*self._cars(5))
        run = self._period(concession)
        with self.assertRaisesRegex(UserError, "draft"):
            run.with_user(self.accountant).action_bill()
        self._close(run)
        mine = run.with_user(self.accountant)
        move_id = mine.action_bill()["res_id"]
        self.assertEqual(mine.action_bill()["res_id"], move_id)
        move = self.env["account.move"].browse(move_id)
        self.assertEqual(
            (move.move_type, move.state, move.partner_id),
            ("in_invoice", "draft", self.grantor),
        )
        self.assertAlmostEqual(move.amount_untaxed, run.amount_canon, 2)
        with self.assertRaises(AccessError):
            run.with_user(self.analyst).action_bill()

    def test_payment_is_noted_once(self):
        concession = self._concession(PERCENT)
        self._load(*self._cars(5))
        run = self._close(self._period(concession))
        move = self.env["account.move"].browse(
            run.with_user(self.accountant).action_bill()["res_id"]
        )
        move.invoice_date = "2026-04-15"
        move.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"amount": 10})._create_payments()
        for _again in range(2):
            self.env["toll.canon.run"]._cron_note_payments()
            run.invalidate_recordset()
            self.assertEqual(run.amount_paid, move.amount_total - move.amount_residual)
        paid = run.entry_ids.filtered(lambda e: e.concept == "paid")
        self.assertLessEqual(len(paid), 1)

    def test_nothing_to_pay(self):
        run = self._close(self._period(self._concession(PERCENT)))
        with self.assertRaisesRegex(UserError, "no canon"):
            run.with_user(self.accountant).action_bill()

    def test_who_may(self):
        concession = self._concession(PERCENT)
        run = self._period(concession)
        run.action_review()
        with self.assertRaises(AccessError):
            run.action_close()
        with self.assertRaises(AccessError):
            run.write({"state": "closed"})
        with self.assertRaises(AccessError):
            run.with_user(self.analyst).action_draft()
        with self.assertRaises(AccessError):
            concession.with_user(self.agent).read(["name"])
        with self.assertRaises(AccessError):
            concession.with_user(self.biller).name = "Mine"
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.manager.write({"company_ids": [(4, other.id)]})
        theirs = self.env["toll.canon.run"].with_user(self.manager)
        theirs = theirs.with_context(allowed_company_ids=[other.id])
        self.assertFalse(theirs.search([("id", "=", run.id)]))
        with self.assertRaises(AccessError):
            theirs.browse(run.id).action_draft()

    def test_rules_that_say_nothing_are_refused(self):
        for rule in (
            {"name": "x", "kind": "percentage"},
            {"name": "x", "kind": "fixed"},
            {"name": "x", "kind": "share", "amount": 5},
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self._concession(rule)

    def test_files(self):
        self.plaza.name = '=HYPERLINK("http://x","Plaza, P1")'
        self._load(*self._cars(2))
        run = self._period(self._concession(PERCENT))
        content = self._file(run.with_user(self.analyst).action_csv())
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        self.assertEqual(rows[1][2], "'" + self.plaza.name)
        self.assertEqual(rows[1][0], "2026-03-10")
        self.assertEqual(rows[1][4:8], ["2", "2", "0", "200.00"])
        book = openpyxl.load_workbook(io.BytesIO(self._file(run.action_xlsx())))
        ledger, traffic = book.worksheets
        self.assertEqual(ledger.max_row, len(run.entry_ids) + 1)
        self.assertEqual(traffic["C2"].data_type, "s")
        self.assertEqual(traffic["E2"].value, 2)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_billing.report_canon_run", run.ids
        )[0]
        self.assertIn(b"Ten percent", html)
        with self.assertRaises(AccessError):
            run.with_user(self.agent).action_csv()

    def _file(self, action):
        number = int(action["url"].split("/")[3].split("?")[0])
        return self.env["ir.attachment"].browse(number).raw
