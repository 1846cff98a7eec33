"""Public bodies on invoices (001-05); what concessions have to deliver (001-06)."""

from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .test_concession import ConcessionCase


@tagged("post_install", "-at_install")
class TestPublicBody(ConcessionCase):
    CODES = {
        "toll_is_public_body": True,
        "toll_public_order": "CT-7",
        "toll_public_accounting": "OC0017",
        "toll_public_managing": "OG0042",
        "toll_public_processing": "UT0108",
    }

    def test_codes_are_required(self):
        with self.assertRaisesRegex(ValidationError, "Processing Unit"):
            self.grantor.write({**self.CODES, "toll_public_processing": False})
        self.grantor.write(self.CODES)
        contact = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.grantor.id}
        )
        self.assertEqual(contact.toll_public_managing, "OG0042")

    def test_codes_stand_on_the_invoice(self):
        self.grantor.write({**self.CODES, "lang": "en_US"})
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.grantor.id,
                "invoice_line_ids": [
                    Command.create({"name": "Tolls", "price_unit": 100})
                ],
            }
        )
        invoice.action_post()
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("account.report_invoice", invoice.ids)[0]
            .decode()
        )
        for code in ("CT-7", "OC0017", "OG0042", "UT0108"):
            self.assertIn(code, html)
        self.grantor.toll_is_public_body = False
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("account.report_invoice", invoice.ids)[0]
            .decode()
        )
        self.assertNotIn("UT0108", html)


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestObligations(ConcessionCase):
    def _obligation(self, **values):
        return self.env["toll.obligation"].create(
            {
                "name": "Traffic",
                "concession_id": self._concession().id,
                "user_id": self.biller.id,
                "days_due": 20,
                **values,
            }
        )

    def test_each_period_makes_its_delivery_once(self):
        obligation = self._obligation()
        for _again in range(2):
            self.env["toll.obligation"]._cron_make_tasks()
        (task,) = obligation.task_ids
        self.assertEqual(
            (task.date_from, task.date_to, task.date_due),
            (date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 20)),
        )
        self.assertEqual(task.activity_ids.user_id, self.biller)
        self.assertEqual(len(task.activity_ids), 1)
        self.assertFalse(task.is_late)
        with freeze_time("2026-04-21 12:00:00"):
            task.invalidate_recordset()
            self.assertTrue(task.is_late)
            self.assertIn(task, task.search([("is_late", "=", True)]))
            self.assertNotIn(task, task.search([("is_late", "=", False)]))

    def test_evidence_is_kept(self):
        obligation = self._obligation()
        obligation._make_tasks()
        task = obligation.task_ids.with_user(self.biller)
        with self.assertRaisesRegex(UserError, "Attach"):
            task.action_deliver()
        with self.assertRaises(AccessError):
            task.write({"state": "delivered"})
        Files = self.env["ir.attachment"].with_user(self.biller)
        proof = Files.create({"name": "r.txt", "raw": b"receipt"})
        task.attachment_ids = proof
        task.action_deliver()
        self.assertEqual((task.state, task.delivered_by_id), ("delivered", self.biller))
        self.assertFalse(task.activity_ids)
        self.assertEqual(proof.with_user(self.analyst).raw, b"receipt")
        for work in (
            lambda: task.action_deliver(),
            lambda: task.write({"attachment_ids": [Command.clear()]}),
            lambda: task.sudo().unlink(),
        ):
            with self.assertRaises(UserError):
                work()

    def test_quarters_and_concessions_that_begin_later(self):
        quarter = self._obligation(periodicity="quarter")
        quarter._make_tasks()
        self.assertEqual(quarter.task_ids.date_from, date(2026, 1, 1))
        late = self.env["toll.obligation"].create(
            {
                "name": "Later",
                "concession_id": self._concession(code="C2", date_from="2026-04-01").id,
            }
        )
        late._make_tasks()
        self.assertFalse(late.task_ids)

    def test_who_may(self):
        obligation = self._obligation()
        with self.assertRaises(AccessError):
            obligation.with_user(self.agent).read(["name"])
        with self.assertRaises(AccessError):
            obligation.with_user(self.analyst).action_make_tasks()
        obligation.with_user(self.biller).action_make_tasks()
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.biller.write({"company_ids": [(4, other.id)]})
        Task = self.env["toll.obligation.task"].with_user(self.biller)
        Task = Task.with_context(allowed_company_ids=[other.id])
        self.assertFalse(Task.search([("obligation_id", "=", obligation.id)]))
