"""Errands in the browser, each as the person who has them."""

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .portal_common import TollHttpCommon


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
        self.start_tour(url, name, login=login)

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

    def test_held_queue(self):
        self._tour(
            "toll_billing.toll_crossing_action_held", "toll_held_queue", "tour_analyst"
        )
        crossing = self.env["toll.crossing"].search([("ref", "=", "TOUR-HELD")])
        self.assertEqual(crossing.state, "posted")
        self.assertEqual(crossing.account_id, self.account)
