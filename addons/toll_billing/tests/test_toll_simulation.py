"""Which day is simulated."""

from datetime import date

from odoo.tests import freeze_time, tagged

from .common import TollBillingCommon


@tagged("post_install", "-at_install")
class TestTollSimulation(TollBillingCommon):
    def test_the_day_is_over_at_every_plaza(self):
        """And whoever was still driving at midnight has arrived."""
        simulation = self.env["toll.simulation"]
        self.plaza_2.tz = "Europe/Madrid"
        with freeze_time("2026-03-02 13:59:00"):
            self.assertEqual(simulation._last_day(), date(2026, 2, 28))
        with freeze_time("2026-03-02 14:00:00"):
            self.assertEqual(simulation._last_day(), date(2026, 3, 1))
