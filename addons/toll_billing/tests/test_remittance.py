"""Billing for other operators: remittance, fee, documents (003-05, 004-27)."""

from datetime import date

from odoo import Command
from odoo.tests import freeze_time, tagged

from .discount_common import make_grant, make_plan
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestRemittance(RemittanceCase):
    # === AMOUNTS === #
    def test_month_by_service_plaza_and_class_to_the_cent_003_05(self):
        agreement = self._agreement(
            fee_percent=2.5, fee_crossing=0.1, guarantee_percent=5, guarantee_cap=20
        )
        self._load(
            *self._cars(3),
            self._row_at("R9", "03-11T18:00", plaza="P2"),
            self._row_at("T1", "03-11T18:00", tag="TEST00000002", **{"class": "C"}),
            self._row_at("A1", "04-02T18:00"),
        )
        record = self._remit(agreement)
        day = "2026-03-01"
        expected = {
            (day, "toll", "P1", "AUTO"): (3, 300),
            (day, "toll", "P2", "AUTO"): (1, 50),
            (day, "toll", "P1", "C2"): (1, 250),
        }
        self.assertEqual(self._usage(record), expected)
        self.assertEqual(
            (record.crossings, record.amount_gross, record.amount_due), (5, 600, 600)
        )
        # 2.5 % of 600 and 5 times 0.10; the guarantee reaches its cap
        self.assertEqual((record.amount_fee, record.amount_guarantee), (15.5, 20))
        self.assertEqual(
            (record.payable_due, record.payable_fee, record.payable_net),
            (580, 17.98, 562.02),
        )
        lines = record.line_ids.ids
        record.action_compute()
        self.assertNotEqual(record.line_ids.ids, lines)
        self.assertEqual(self._usage(record), expected)
        self.assertEqual(record.payable_net, 562.02)
        self._confirm(record)
        april = self._remit(agreement, "2026-04-10")
        self.assertEqual((april.amount_due, april.amount_guarantee), (100, 0))
        self.assertFalse(self._check())

    def test_late_and_cancelled_come_with_the_next_period(self):
        agreement = self._agreement(fee_percent=10)
        self._load(*self._cars(3))
        march = self._confirm(self._remit(agreement))
        closed = self._usage(march)
        self._load(
            *self._cars(1, first=90),
            self._row_at("R1", "03-10T18:00", status="void"),
            self._row_at("R2", "03-10T18:00", status="void"),
            self._row_at("A1", "04-02T18:00"),
            name="late.csv",
        )
        self.assertFalse(self._check(), "what has just come is no difference")
        april = self._remit(agreement, "2026-04-10")
        self.assertEqual(self._usage(march), closed)
        self.assertEqual(
            self._usage(april),
            {
                ("2026-03-01", "toll", "P1", "AUTO"): (-1, -100),
                ("2026-04-01", "toll", "P1", "AUTO"): (1, 100),
            },
        )
        self.assertEqual((april.amount_adjustment, april.amount_due), (-100, 0))
        fees = april.line_ids.filtered(lambda line: line.concept == "fee")
        self.assertEqual(
            {(str(fee.date_from), fee.amount) for fee in fees},
            {("2026-03-01", 10), ("2026-04-01", -10)},
        )
        april.action_compute()
        self.assertEqual(april.amount_adjustment, -100)

    def test_fee_by_tiers_and_minimum_of_a_week(self):
        agreement = self._agreement(
            periodicity="week",
            fee_minimum=9,
            tier_ids=[
                Command.create({"amount_from": 0, "rate": 3}),
                Command.create({"amount_from": 200, "rate": 1}),
            ],
        )
        self._load(*self._cars(5))
        week = self._remit(agreement, "2026-03-12")
        self.assertEqual(
            (week.date_from, week.date_to), (date(2026, 3, 9), date(2026, 3, 15))
        )
        self.assertEqual(week.amount_fee, 9)
        self._load(*self._cars(5, first=50), name="more.csv")
        week.action_compute()
        # 200 at 3 %, 800 at 1 %
        self.assertEqual(week.amount_fee, 14)
        empty = self._remit(agreement, "2026-03-20")
        self.assertEqual((empty.amount_due, empty.amount_fee), (0, 9))

    def test_discounts_are_the_operators_unless_we_bear_them(self):
        plan = make_plan(self, percent=20)
        make_grant(self, plan, self.prepaid)
        self._load(*self._cars(2))
        agreement = self._agreement()
        record = self._remit(agreement)
        self.assertEqual(
            (record.amount_gross, record.amount_discount, record.amount_due),
            (200, 40, 160),
        )
        agreement.plan_ids = plan
        record.action_compute()
        self.assertEqual((record.amount_borne, record.amount_due), (40, 200))

    def test_skipped_period_is_not_lost_and_not_paid_twice(self):
        agreement = self._agreement()
        self._load(*self._cars(2))
        april = self._confirm_later(self._remit(agreement, "2026-04-10"))
        self.assertEqual(april.amount_due, 200)
        self.assertEqual(self._remit(agreement).amount_due, 0)

    # === PARKING AND THE LIKE === #
    def test_parking_by_file_and_api_is_billed_and_remitted_003_05(self):
        self._agreement(
            code="PARK",
            service_ids=[
                Command.set(self.env.ref("toll_billing.toll_service_parking").ids)
            ],
            fee_percent=5,
        )
        values = {"service": "parking", "plaza": "P3", "amount": "35.50"}
        batch = self._load(*self._cars(1, **values), *self._cars(1, first=7))
        self.assertEqual(batch.posted, 2)
        event = {
            "ref": "API-1",
            "occurred_at": "2026-03-11T18:00:00Z",
            "plaza": "P3",
            "lane": "L1",
            "tag": "TEST00000001",
            "class": "A",
            "service": "parking",
            "amount": "20.25",
        }
        self.env["toll.crossing.loader"]._prepare_events(is_local=True)
        (fate,) = self.env["toll.crossing.batch"]._load_events(self.operator, [event])
        self.assertEqual((fate["state"], fate["amount"]), ("posted", "20.25"))
        crossing = self.env["toll.crossing"].browse(fate["id"])
        self.assertFalse(crossing.rate_id)
        self.assertEqual(crossing.explanation["source"], "operator")
        move = self._bill(self.prepaid).statement_ids.move_id
        self.assertEqual(
            sorted(move.invoice_line_ids.mapped("price_total")), [55.75, 100]
        )
        agreement = self.env["toll.remittance.agreement"].search(
            [("code", "=", "PARK")]
        )
        record = self._confirm(self._remit(agreement))
        self.assertEqual((record.crossings, record.amount_due), (2, 55.75))
        self.assertEqual(record.bill_id.amount_total, 55.75)
        self.assertIn("Parking", record.bill_id.invoice_line_ids.name)
        self.assertFalse(self._check())

    # === OTHER BASES === #
    def test_invoiced_counts_with_the_invoice(self):
        agreement = self._agreement(basis="invoiced")
        self._load(*self._cars(2), self._row_at("R9", "03-11T18:00", plaza="P2"))
        april = self._remit(agreement, "2026-04-10")
        self.assertEqual(april.amount_due, 0)
        self._bill(self.prepaid)
        self._load(*self._cars(1, first=40), name="not_billed.csv")
        april.action_compute()
        self.assertEqual(
            self._usage(april),
            {
                ("2026-04-01", "toll", "P1", "AUTO"): (2, 200),
                ("2026-04-01", "toll", "P2", "AUTO"): (1, 50),
            },
        )
        self._confirm_later(april)
        with freeze_time("2026-05-20 12:00:00"):
            self._bill(self.prepaid, "2026-05-01")
            may = self._remit(agreement, "2026-05-10")
            self.assertEqual(may.amount_due, 100)
        self.assertFalse(self._check())

    def test_collected_counts_what_was_paid_and_shows_the_rest(self):
        agreement = self._agreement(basis="collected")
        truck = {"tag": "TEST00000002", "class": "C"}
        self._load(*self._cars(3, **truck), *self._cars(1, first=50))
        invoice = self._bill(self.postpaid).statement_ids.move_id
        self.assertEqual(invoice.amount_total, 750)
        april = self._remit(agreement, "2026-04-10")
        self.assertEqual((april.amount_due, april.amount_open), (0, 750))
        self._pay(invoice, 250.01)
        self._bill(self.prepaid)  # its deposit pays
        april.action_compute()
        self.assertEqual((april.amount_due, april.amount_open), (350.01, 499.99))
        self._confirm_later(april)
        with freeze_time("2026-05-20 12:00:00"):
            self._write_off(invoice, 100)
            self._pay(invoice, 399.99)
            may = self._remit(agreement, "2026-05-10")
            self.assertEqual(
                (may.amount_due, may.amount_open, may.amount_lost), (399.99, 0, 100)
            )
        self.assertFalse(self._check())
