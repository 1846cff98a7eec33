from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollCommission(TollTagCommon):
    def test_tags_are_paid_once_and_not_their_replacements_004_09(self):
        self.account.seller_id = self.agent
        rule = self.env["toll.commission.rule"].create(
            {"name": "TAG", "basis": "tag", "amount": 25, "date_from": "2020-01-01"}
        )
        tags = self._receive("IMDM88800001", "IMDM88800003")
        tags[0].toll_assign(self.vehicle)
        tags[1].toll_assign(self.vehicle_2)
        tags[0].toll_replace(tags[2])
        date = tags[1].toll_assignment_ids.date_from.date()
        commissions = self.env["toll.commission"]
        commissions._calculate(date.replace(day=1))
        line = commissions.search([("rule_id", "=", rule.id)])
        self.assertEqual((line.quantity, line.amount), (2, 50))

    def test_office_counts_the_tags_on_its_shelf_003_38(self):
        office = self.env["toll.office"].create(
            {"code": "STK", "name": "Stock", "toll_location_id": self.shelf.id}
        )
        before = office.stock_count
        self._receive("IMDM88900001", "IMDM88900004")
        office.invalidate_recordset()
        self.assertEqual(office.stock_count, before + 4)
