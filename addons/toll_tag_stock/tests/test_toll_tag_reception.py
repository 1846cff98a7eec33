import base64

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollTagReception(TollTagCommon):
    def _wizard(self, **vals):
        return (
            self.env["toll.tag.reception"]
            .with_user(self.manager)
            .create(
                {"product_id": self.product.id, "location_id": self.shelf.id, **vals}
            )
        )

    def test_a_range_comes_into_stock(self):
        lots = self._receive("ZZTA00000001", "ZZTA00000010", user=self.manager)
        self.assertEqual(len(lots), 10)
        self.assertEqual(set(lots.mapped("toll_state")), {"stocked"})
        self.assertEqual(lots[0].toll_epc, "5A5A54413030303030303031")
        self.assertEqual(lots.location_id, self.shelf)
        picking = lots.toll_move_line_ids.picking_id
        self.assertEqual(picking.picking_type_id, self.warehouse.in_type_id)
        self.assertEqual(picking.state, "done")
        self.assertEqual(lots.company_id, self.company)

    def test_a_pasted_list_brings_its_epc(self):
        wizard = self._wizard(
            source="text",
            text="number;epc;tid\n"
            "zztb 1001;AAAA00000000000000001001;E28011606000AAAA\n",
        )
        self.assertFalse(wizard.problems)
        self.assertEqual(wizard.tag_count, 1)
        wizard.action_receive()
        lot = self.env["stock.lot"].search([("name", "=", "ZZTB1001")])
        self.assertEqual(lot.toll_epc, "AAAA00000000000000001001")
        self.assertEqual(lot.toll_tid, "E28011606000AAAA")

    def test_every_bad_line_is_named(self):
        self._receive("ZZTC1001")
        text = "ZZTC1001\nZZTC1002,XX\nZZTC1003\nZZTC1003\n??\n"
        wizard = self._wizard(source="text", text=text)
        for part in ("Line 1", "Line 2", "Line 4", "Line 5"):
            self.assertIn(part, wizard.problems)
        self.assertNotIn("Line 3:", wizard.problems)
        with self.assertRaisesRegex(UserError, "Line 2"):
            wizard.action_receive()
        self.assertFalse(self.env["stock.lot"].search([("name", "=", "ZZTC1003")]))

    def test_numbers_that_exist_are_named(self):
        self._receive("ZZTD1001")
        wizard = self._wizard(
            source="range", first_number="ZZTD1000", last_number="ZZTD1002"
        )
        self.assertIn("ZZTD1001 already exists", wizard.problems)

    def test_a_csv_file(self):
        content = base64.b64encode(b"\xef\xbb\xbfnumber,epc\nZZTE1001,\nZZTE1002,\n")
        wizard = self._wizard(source="file", file=content)
        self.assertEqual(wizard.tag_count, 2)
        wizard.action_receive()
        lots = self.env["stock.lot"].search([("name", "like", "ZZTE100")])
        self.assertEqual(len(lots), 2)

    def test_a_file_that_is_not_text(self):
        wizard = self._wizard(source="file", file=base64.b64encode(b"\xff\xfe\x00"))
        self.assertIn("UTF-8", wizard.problems)

    def test_a_tag_without_epc_waits_for_the_encoder(self):
        self.product.toll_epc_scheme = "none"
        lot = self._receive("ZZTF1001")
        self.assertEqual(lot.toll_state, "new")
        self.assertFalse(lot.toll_epc)

    def test_giai96_needs_a_company_prefix(self):
        self.product.toll_epc_scheme = "giai96"
        wizard = self._wizard(source="range", first_number="ZZTG5678")
        self.assertIn("company prefix", wizard.problems)
        with self.assertRaises(ValidationError):
            self.product.toll_company_prefix = "12A"
        self.product.toll_company_prefix = "0614141"
        lot = self._receive("ZZTG5678")
        self.assertEqual(lot.toll_epc, "3414257BF40000000000162E")

    def test_a_tag_product_is_tracked_by_serial_number(self):
        self.assertEqual(self.product.tracking, "serial")
        self.assertTrue(self.product.is_storable)
        with self.assertRaises(ValidationError):
            self.env["product.product"].create(
                {"name": "Bad TAG", "toll_is_tag": True, "tracking": "none"}
            )

    def test_numbers_and_codes_are_stored_in_one_spelling(self):
        lot = self.env["stock.lot"].create(
            {
                "name": "zzth-1001",
                "product_id": self.product.id,
                "toll_epc": "aaaa 0000 0000 0000 0000 2001",
            }
        )
        self.assertEqual(lot.name, "ZZTH1001")
        self.assertEqual(lot.toll_epc, "AAAA00000000000000002001")
        self.assertEqual(lot.toll_state, "new")
        with self.assertRaises(ValidationError):
            lot.toll_epc = "AAAA"

    def test_a_plain_receipt_of_odoo_makes_tags_too(self):
        move = self.env["stock.move"].create(
            {
                "product_id": self.product.id,
                "product_uom": self.product.uom_id.id,
                "product_uom_qty": 1,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.shelf.id,
                "picking_type_id": self.warehouse.in_type_id.id,
            }
        )
        move._action_confirm()
        move.move_line_ids.unlink()
        move.move_line_ids = [
            (
                0,
                0,
                {
                    **move._prepare_move_line_vals(),
                    "lot_name": "ZZTI1001",
                    "quantity": 1,
                },
            )
        ]
        move.picked = True
        move._action_done()
        lot = move.move_line_ids.lot_id
        self.assertEqual(lot.toll_state, "new")
        self.assertEqual(lot.company_id, self.company)

    def test_other_products_are_not_tags(self):
        product = self.env["product.product"].create(
            {"name": "Reader", "is_storable": True, "tracking": "serial"}
        )
        lot = self.env["stock.lot"].create({"name": "r-1", "product_id": product.id})
        self.assertFalse(lot.toll_state)
        self.assertEqual(lot.name, "r-1")
        with self.assertRaisesRegex(UserError, "is not a TAG"):
            lot.toll_assign(self.vehicle)
