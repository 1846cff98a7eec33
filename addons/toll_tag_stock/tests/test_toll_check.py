from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollTagCheck(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZKA00000001", "ZZKA00000002")
        cls.lots.toll_assign(cls.vehicle | cls.vehicle_2)
        cls.lot = cls.lots[0]

    def _differences(self, code):
        for result in self.env["toll.check"].run():
            if result["code"] == code:
                return [text for text in result["differences"] if "ZZKA" in text]
        return self.fail(f"rule {code} is missing")

    def _sql(self, query, *params):
        self.env.flush_all()
        self.env.cr.execute(query, params)
        self.env.invalidate_all()

    def test_all_is_well(self):
        self.lots[1].toll_report_lost()
        for code in ("tag_location", "tag_vehicle", "tag_holder", "tag_status"):
            self.assertFalse(self._differences(code), code)

    def test_an_assigned_tag_on_the_shelf_is_found(self):
        self._sql(
            "UPDATE stock_quant SET location_id = %s"
            " WHERE lot_id = %s AND quantity > 0",
            self.shelf.id,
            self.lot.id,
        )
        self.assertEqual(len(self._differences("tag_location")), 1)

    def test_a_vehicle_that_left_is_found(self):
        self._sql(
            "UPDATE toll_vehicle SET active = FALSE WHERE id = %s", self.vehicle.id
        )
        self.assertIn("TST-001-A", self._differences("tag_vehicle")[0])

    def test_a_holder_that_differs_is_found(self):
        self._sql(
            "UPDATE stock_lot SET toll_state = 'stocked' WHERE id = %s", self.lot.id
        )
        self.assertEqual(len(self._differences("tag_holder")), 1)

    def test_a_missing_status_is_found(self):
        self._sql("DELETE FROM toll_tag_status WHERE lot_id = %s", self.lot.id)
        self.assertEqual(len(self._differences("tag_status")), 1)
