"""The company's month, beside others, printed and mailed (003-08)."""

import io

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .test_concession import ConcessionCase


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestManagementReport(ConcessionCase):
    def _report(self, month="2026-03-15", **values):
        report = (
            self.env["toll.management.report"]
            .with_user(self.manager)
            .create({"month": month, **values})
        )
        report.action_compute()
        return report

    def _value(self, report, section, label, name="value"):
        (line,) = report.line_ids.filtered(
            lambda line: line.section == section and line.label == label
        )
        return line[name]

    def test_month_beside_the_month_before(self):
        before = self._report("2026-02-10")
        charged = "Charged, taxes included"
        start = self._value(before, "traffic", charged)
        march = self._report()
        zero = self._value(march, "traffic", charged)
        self._load(
            *self._cars(3),
            self._row_at("R7", "02-20T18:00", tag="", plate="CCC333C"),
            self._row_at("R8", "03-11T18:00", tag="NOBODY"),
        )
        march.action_compute()
        self.assertEqual(self._value(march, "traffic", charged), zero + 300)
        self.assertEqual(
            self._value(march, "traffic", charged, "value_previous"), start + 100
        )
        plaza = self.plaza.display_name
        self.assertEqual(self._value(march, "plaza", plaza), 300)
        self.assertEqual(self._value(march, "plaza", plaza, "value_previous"), 100)
        self.assertEqual(self._value(march, "electronic", plaza), 100)
        self.assertEqual(self._value(march, "electronic", plaza, "value_previous"), 0)
        self.assertEqual(
            self._value(march, "operator", self.operator.display_name), 300
        )
        self.assertAlmostEqual(
            self._value(march, "plaza", plaza, "change_previous"), 200
        )
        count = len(march.line_ids)
        march.action_compute()
        self.assertEqual(len(march.line_ids), count)

    def test_customers_won_and_lost(self):
        march, april = self._report(), self._report("2026-04-01")
        won = self._value(april, "customers", "Won")
        lost = self._value(april, "customers", "Lost")
        accounts = self.env["toll.account"].create(
            [{"partner_id": self.grantor.copy().id} for _n in range(2)]
        )
        accounts.opened_at = "2026-03-31 12:00:00"
        accounts[0].write({"opened_at": "2026-04-02 12:00:00"})
        accounts[1].sudo().write({"closed_at": "2026-04-03 12:00:00"})
        (march | april).action_compute()
        self.assertEqual(self._value(april, "customers", "Won"), won + 1)
        self.assertEqual(self._value(april, "customers", "Lost"), lost + 1)
        self.assertEqual(
            self._value(april, "customers", "Won", "value_previous"),
            self._value(march, "customers", "Won"),
        )

    def test_receivables_as_they_were(self):
        march, april = self._report(), self._report("2026-04-01")
        april_start = self._value(april, "ageing", "1–30 days")
        labels = ("Not due", "1–30 days")
        start = [self._value(march, "ageing", label) for label in labels]
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.postpaid.partner_id.id,
                "invoice_date": "2026-03-01",
                "invoice_date_due": "2026-03-10",
                "invoice_payment_term_id": False,
                "toll_account_id": self.postpaid.id,
                "invoice_line_ids": [
                    (0, 0, {"name": "Fee", "price_unit": 70, "tax_ids": []})
                ],
            }
        )
        invoice.action_post()
        # paid in April: at the end of March it was owed
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": "2026-04-05"})._create_payments()
        march.action_compute()
        found = [self._value(march, "ageing", label) for label in labels]
        self.assertEqual(found, [start[0], start[1] + 70])
        self.assertGreaterEqual(self._value(march, "billing", "Invoiced"), 70)
        april.action_compute()
        self.assertEqual(self._value(april, "ageing", "1–30 days"), april_start)

    def test_paper_spreadsheet_and_mail(self):
        report = self._report()
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("toll_billing.report_management", report.ids)[0]
            .decode()
        )
        self.assertIn("2026-03", html)
        action = report.with_user(self.analyst).action_xlsx()
        number = int(action["url"].split("/")[3].split("?")[0])
        raw = self.env["ir.attachment"].browse(number).raw
        book = openpyxl.load_workbook(io.BytesIO(raw))
        self.assertGreaterEqual(len(book.worksheets), 4)
        with self.assertRaisesRegex(UserError, "Nobody"):
            report.action_send()

    def test_sent_once_a_month(self):
        boss = self.env["res.partner"].create(
            {"name": "Boss", "email": "boss@example.com", "lang": "en_US"}
        )
        self.env["toll.report.subscriber"].search([]).unlink()
        self.env["toll.report.subscriber"].create({"partner_id": boss.id})
        Report = self.env["toll.management.report"]

        def mails():
            return self.env["mail.mail"].search([("recipient_ids", "in", boss.ids)])

        with freeze_time("2026-04-02 18:00:00"):
            Report._cron_send()
            self.assertFalse(mails(), "late files are still coming in")
        for _again in range(2):
            Report._cron_send()
        self.assertEqual(len(mails()), 1)
        self.assertIn("2026-03", mails().subject)
        report = Report.search(
            [("company_id", "=", self.company.id), ("month", "=", "2026-03-01")]
        )
        self.assertTrue(report.sent_at)
        self.assertTrue(mails().attachment_ids)

    def test_who_may(self):
        report = self._report()
        self.assertTrue(report.with_user(self.analyst).line_ids)
        with self.assertRaises(AccessError):
            report.with_user(self.analyst).action_compute()
        with self.assertRaises(AccessError):
            report.with_user(self.analyst).action_send()
        with self.assertRaises(AccessError):
            report.with_user(self.agent).read(["name"])
        with self.assertRaises(AccessError):
            self.env["toll.report.subscriber"].with_user(self.analyst).create(
                {"partner_id": self.grantor.id}
            )
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.manager.write({"company_ids": [(4, other.id)]})
        theirs = self._report(company_id=other.id)
        self.assertFalse(
            self.env["toll.management.report"]
            .with_user(self.analyst)
            .search([("id", "=", theirs.id)])
        )
        self.assertEqual(self._value(theirs, "traffic", "Exempt crossings"), 0)
