"""Packs on statements, on toll invoices, and in what operators get (004-12)."""

from datetime import datetime

from odoo import Command
from odoo.tests import freeze_time, tagged

from .pack_common import make_pack
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestPackInvoice(RemittanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["toll.discount.plan"].search([]).sudo().write({"state": "draft"})
        cls.env.flush_all()

    def _buy(self, account=None, **values):
        offer = make_pack(self, kind="pass", price=80, validity=90, **values)
        with freeze_time("2026-03-01 12:00:00"):
            held = (account or self.prepaid)._buy_pack(offer)
        self.env.flush_all()
        return held

    def test_operator_gets_its_toll_unless_it_bears_the_pack_003_05(self):
        held = self._buy()
        self._load(*self._cars(3))
        agreement = self._agreement(pack_ids=False)
        record = self._remit(agreement)
        self.assertEqual(
            (record.amount_gross, record.amount_discount, record.amount_borne),
            (300, 300, 300),
        )
        self.assertEqual(record.amount_due, 300)
        agreement.pack_ids = held.pack_id
        record.action_compute()
        self.assertEqual((record.amount_borne, record.amount_due), (0, 0))
        # what we report as revenue is net of what packs paid, whoever bears them
        self.env["toll.traffic.day"]._cron_refresh()
        days = self.env["toll.traffic.day"].search(
            [("operator_id", "=", self.operator.id)]
        )
        self.assertEqual(sum(days.mapped("amount")), 300)
        self.assertEqual(sum(days.mapped("amount_net")), 0)
        self.assertFalse(self._check())
        self.assertFalse(self._check("traffic"))

    def test_price_and_crossings_on_the_toll_invoice(self):
        """Written by the mass issue, every column as the ORM writes it."""
        self.company.toll_verify_sample = 0
        self.postpaid.fee_invoicing = "toll"
        offer = make_pack(self, kind="credit", amount_given=300, price=250, validity=90)
        with freeze_time("2026-03-01 12:00:00"):
            held = self.postpaid._buy_pack(offer)
        self.env.flush_all()
        truck = {"tag": "TEST00000002", "class": "C"}
        self._load(*self._cars(2, **truck))
        self.assertEqual((held.state, held.crossings_used), ("used", 2))
        run = self.env["toll.billing.run"].create(
            self.postpaid._prepare_run_vals(datetime(2026, 4, 1).date())
        )
        run.action_compute()
        run.action_review()
        run.with_context(toll_synchronous=True).action_confirm()
        statement = run.statement_ids
        self.assertEqual(
            (statement.amount_gross, statement.amount_discount), (500, 300)
        )
        self.assertEqual((statement.amount_total, statement.amount_charge), (200, 250))
        self.assertEqual(statement._get_pack_rows(), [(offer.name, 2, 300)])
        self.assertEqual(held.charge_id.state, "invoiced")
        lines = statement.move_id.invoice_line_ids.filtered("price_total")
        self.assertEqual(sorted(lines.mapped("price_total")), [200, 250])
        self.assertEqual(run._verify_sample(8), [])
        report = self.env["ir.actions.report"]._render_qweb_html(
            "toll_billing.report_toll_statement", statement.ids
        )[0]
        self.assertIn(offer.name, report.decode())
        # given back in part: nothing is left, so nothing is given back
        self.assertEqual(held._get_refund(), 0)
        failed = [r["code"] for r in self.env["toll.check"].run() if not r["ok"]]
        self.assertFalse([code for code in failed if code.startswith("billing")])

    def test_grant_of_a_pack_is_refused(self):
        held = self._buy()
        with self.assertRaisesRegex(Exception, "sold, not granted"):
            self.env["toll.discount.grant"].create(
                {
                    "plan_id": held.pack_id.plan_id.id,
                    "account_id": self.postpaid.id,
                    "date_to": "2026-12-31",
                    "document_ids": [Command.clear()],
                }
            )
