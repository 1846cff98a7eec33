"""Errands in the browser, each as the person who has them."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .portal_common import PRICE, TollHttpCommon


@tagged("post_install", "-at_install")
class TestTours(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle.plate = "TSA0001"
        cls._post_events(
            [
                cls._event("TOUR-POSTED"),
                cls._event("TOUR-HELD", plate="NOBODY1"),
                cls._event("TOUR-BAD", occurred_at="soon"),
                cls._event("TOUR-POSTED"),
            ]
        )
        for role in ("agent", "analyst", "billing", "manager"):
            user = new_test_user(
                cls.env,
                f"tour_{role}",
                groups=f"toll_account.group_toll_{role}",
                lang="en_US",
            )
            setattr(cls, role, user)

    def _tour(self, action, name, login, record=None):
        url = f"/odoo/action-{action}" + (f"/{record.id}" if record else "")
        self.start_tour(url, name, login=login, timeout=240)

    def test_account_360(self):
        self._tour("toll_account.toll_account_action", "toll_account_360", "tour_agent")

    def test_crossing_filters(self):
        self._tour(
            "toll_billing.toll_crossing_action", "toll_crossing_filters", "tour_analyst"
        )

    def test_batch_conservation(self):
        self._tour(
            "toll_billing.toll_crossing_batch_action",
            "toll_batch_conservation",
            "tour_analyst",
        )

    def test_tariff_matrix(self):
        draft = self.env["toll.tariff"].create(
            {
                "operator_id": self.other_operator.id,
                "version": "TOUR",
                "valid_from": "2024-01-01",
                "rate_ids": [
                    Command.create(
                        {
                            "plaza_id": self.other_plaza.id,
                            "class_id": self.auto.id,
                            "amount": 100,
                        }
                    )
                ],
            }
        )
        self._tour(
            "toll_billing.toll_tariff_action",
            "toll_tariff_matrix",
            "tour_manager",
            record=draft,
        )
        self.assertEqual((draft.state, draft.rate_ids.amount), ("active", 155.5))

    def test_billing_run(self):
        cycle = self.env["toll.billing.cycle"].create(
            {"name": "Tour", "code": "TOUR", "company_id": self.env.company.id}
        )
        self.account.billing_cycle_id = cycle
        run = self.env["toll.billing.run"].create(
            {
                "cycle_id": cycle.id,
                "until": fields.Date.today() + timedelta(days=2),
            }
        )
        self._tour(
            "toll_billing.toll_billing_run_action",
            "toll_billing_run",
            "tour_billing",
            record=run,
        )
        self.assertEqual(run.state, "invoiced")
        invoice = run.statement_ids.move_id
        self.assertEqual((invoice.state, invoice.amount_total), ("posted", PRICE))
        # The customer finds statement, crossings and invoice in the virtual office.
        self.authenticate("portal_ana", "portal_ana")
        statement = run.statement_ids
        page = self.url_open("/my/toll/statements").text
        self.assertIn(f"/my/toll/statements/{statement.id}", page)
        page = self.url_open(f"/my/toll/statements/{statement.id}").text
        self.assertIn(f"/my/invoices/{invoice.id}", page)
        for kind in ("csv", "xlsx"):
            file = self.url_open(f"/my/toll/statements/{statement.id}/{kind}")
            self.assertIn("attachment", file.headers["Content-Disposition"])
        self.authenticate("portal_ben", "portal_ben")
        self.assertNotIn(
            f"/my/toll/statements/{statement.id}",
            self.url_open("/my/toll/statements").text,
        )
        for path in ("", "/csv", "/xlsx"):
            other = self.url_open(f"/my/toll/statements/{statement.id}{path}")
            self.assertTrue(other.history)
            self.assertNotIn(statement.name, other.text)

    def test_held_queue(self):
        self._tour(
            "toll_billing.toll_crossing_action_held", "toll_held_queue", "tour_analyst"
        )
        crossing = self.env["toll.crossing"].search([("ref", "=", "TOUR-HELD")])
        self.assertEqual(crossing.state, "posted")
        self.assertEqual(crossing.account_id, self.account)
