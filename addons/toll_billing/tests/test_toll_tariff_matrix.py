from odoo.tests import HttpCase, tagged

from .tariff_common import TollTariffCommon


@tagged("post_install", "-at_install")
class TestTollTariffMatrix(TollTariffCommon, HttpCase):
    def test_prices_are_typed_and_put_in_force(self):
        tariff = self._create_tariff(band_ids=self._night())
        action = "toll_billing.toll_tariff_action"
        self.start_tour(
            f"/odoo/action-{action}/{tariff.id}",
            "toll_tariff_matrix_edit",
            login=self.manager.login,
            timeout=240,
        )
        self.assertEqual(tariff.state, "active")
        prices = {
            rate.band: rate.amount
            for rate in tariff.rate_ids
            if (rate.plaza_id, rate.class_id) == (self.plaza, self.auto)
        }
        self.assertEqual(prices, {"all": 91.5, "night": 80})
