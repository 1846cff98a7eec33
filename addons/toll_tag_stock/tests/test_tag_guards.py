from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import TollTagCommon

#: What a program may say of itself; none of it opens anything.
KEYS = {
    "toll_transfer": True,
    "toll_handover": True,
    "toll_merge": True,
    "toll_replace_reason": "defective",
}


@tagged("post_install", "-at_install")
class TestTagGuards(TollTagCommon):
    """Stock moves TAGs and parts as their records say, whatever the call says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.storekeeper = new_test_user(
            cls.env,
            "guard_store",
            groups="stock.group_stock_manager,toll_account.group_toll_agent",
        )
        cls.lots = cls._receive("ZZGU00000001", "ZZGU00000003")

    def _move(self, lot, source, destination):
        """A transfer as a program would make and validate it."""
        env = self.env(user=self.storekeeper, context={**self.env.context, **KEYS})
        places = {"location_id": source.id, "location_dest_id": destination.id}
        picking = env["stock.picking"].create(
            {"picking_type_id": self.warehouse.int_type_id.id, **places}
        )
        line = env["stock.move.line"].create(
            {
                **places,
                "picking_id": picking.id,
                "product_id": lot.product_id.id,
                "lot_id": lot.id,
                "quantity": 1,
                "picked": True,
            }
        )
        picking.action_confirm()
        self.assertTrue(line.exists())
        return picking.button_validate()

    def test_a_tag_of_a_customer_moves_by_its_buttons_only(self):
        lot = self.lots[0]
        self._move(lot, self.shelf, self.warehouse.wh_input_stock_loc_id)
        self._move(lot, self.warehouse.wh_input_stock_loc_id, self.shelf)
        lot.with_user(self.agent).toll_assign(self.vehicle.id)
        place = self._location(lot)
        with self.assertRaisesRegex(UserError, "return, report or replace"):
            self._move(lot, place, self.shelf)
        quants = self.env["stock.quant"].with_user(self.storekeeper)
        with self.assertRaisesRegex(UserError, "return, report or replace"):
            quants.with_context(**KEYS, inventory_mode=True).create(
                {
                    "product_id": lot.product_id.id,
                    "lot_id": lot.id,
                    "location_id": place.id,
                    "inventory_quantity": 0,
                }
            ).action_apply_inventory()
        row = lot.toll_assignment_ids
        lot.with_user(self.agent).toll_return()
        self.assertEqual(self._location(lot), self.shelf)
        self.assertEqual(row.return_picking_id.state, "done")
        self.assertEqual(lot.toll_state, "stocked")

    def test_a_part_enters_and_leaves_a_lane_by_its_buttons_only_003_35(self):
        operator = self.env["toll.operator"].create(
            {"code": "TGUA", "name": "Guards", "company_id": self.company.id}
        )
        plaza = self.env["toll.plaza"].create(
            {"code": "PG", "name": "Plaza", "operator_id": operator.id}
        )
        lanes = self.env["toll.lane"].create(
            [
                {"plaza_id": plaza.id, "code": f"0{number}", "position": number}
                for number in (1, 2)
            ]
        )
        antenna = self.env["product.product"].create(
            {"name": "Antenna G", "toll_part_kind": "antenna"}
        )
        parts = self.env["stock.lot"].create(
            [
                {"name": f"ZGUANT{number}", "product_id": antenna.id}
                for number in range(4)
            ]
        )
        for part in parts:
            self.env["stock.quant"].create(
                {
                    "product_id": antenna.id,
                    "lot_id": part.id,
                    "location_id": self.shelf.id,
                    "inventory_quantity": 1,
                }
            ).action_apply_inventory()
        for part, lane in zip(parts, lanes, strict=False):
            part.with_user(self.storekeeper).toll_install(lane.id)
        one, other = lanes.location_id
        for part, source, destination in (
            (parts[2], self.shelf, one),
            (parts[0], one, self.shelf),
            (parts[0], one, other),
        ):
            with self.assertRaisesRegex(UserError, "Install, Take out"):
                self._move(part, source, destination)
        parts[0].with_user(self.storekeeper).toll_swap(parts[2].id, "stock")
        self.assertEqual(self._location(parts[0]), self.shelf)
        self.assertEqual(self._location(parts[2]), one)

    def test_a_replacement_is_free_by_its_button_only(self):
        """Nobody names an older assignment to go on with, and saves the price."""
        self.product.write({"toll_terms": "sale", "list_price": 120})
        old = self.lots[0]
        old.toll_assign(self.vehicle)
        row = old.toll_assignment_ids
        row.warranty_until = "2099-12-31"
        self.lots[1].with_user(self.agent).with_context(
            **KEYS, toll_replaced={self.lots[1].id: row.id}
        ).toll_assign(self.vehicle_2.id)
        self.assertTrue(self.lots[1].toll_assignment_ids.charge_move_ids)
        old.with_user(self.agent).toll_replace(self.lots[2].id, "defective")
        new_row = self.lots[2].toll_assignment_ids
        self.assertEqual((new_row.terms, new_row.vehicle_id), ("sale", self.vehicle))
        self.assertFalse(new_row.charge_move_ids)

    def test_a_vehicle_with_a_tag_stays_on_its_account(self):
        self.lots[0].toll_assign(self.vehicle)
        other = self._create_account("Luis Guardado")
        vehicle = self.vehicle.with_context(**KEYS)  # as sudo, as code may be
        with self.assertRaisesRegex(UserError, "still has TAG"):
            vehicle.account_id = other
