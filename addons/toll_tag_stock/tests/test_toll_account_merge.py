from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollAccountMerge(TollTagCommon):
    def test_tags_go_with_their_vehicles_001_07(self):
        other = self._create_account("Ana Prueba again")
        vehicle = self._create_vehicle(other, "MRG-777")
        tag = self._receive("IMDM77700001")
        tag.toll_assign(vehicle)
        other.merge_into(self.account)
        self.assertEqual(tag.toll_account_id, self.account)
        self.assertEqual(tag.toll_vehicle_id, vehicle)
        self.assertEqual(tag.toll_assignment_ids.account_id, self.account)
        self.assertEqual(tag.toll_status, "valid")
        self.assertEqual(other.state, "closed")

    def test_guarantees_held_stand_in_the_finances_003_03(self):
        tag = self._receive("IMDM77700002")
        tag.toll_assign(self.vehicle)
        tag.toll_assignment_ids.sudo().write(
            {"guarantee_amount": 300, "guarantee_state": "held"}
        )
        account = self.account.with_user(self.agent)
        account.invalidate_recordset(["amount_guarantee"])
        self.assertEqual(account.amount_guarantee, 300)
