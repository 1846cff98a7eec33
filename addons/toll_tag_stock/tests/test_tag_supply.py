import base64
import io

import openpyxl
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagSupply(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier = cls.env["res.partner"].create({"name": "TAG Maker"})

    def _wizard(self, **vals):
        wizards = self.env["toll.tag.reception"].with_user(self.manager)
        return wizards.create(
            {"product_id": self.product.id, "location_id": self.shelf.id, **vals}
        )

    def _order(self, quantity):
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.supplier.id,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.product.id,
                            "product_qty": quantity,
                            "price_unit": 77,
                        },
                    )
                ],
            }
        )
        order.button_confirm()
        return order

    def _on_receipt(self, picking, **vals):
        action = picking.with_user(self.manager).action_toll_receive()
        wizards = self.env["toll.tag.reception"].with_user(self.manager)
        return wizards.with_context(**action["context"]).create(vals)

    def test_a_reception_makes_a_box_000_19(self):
        self.product.toll_warranty_months = 24
        wizard = self._wizard(
            first_number="ZZBA00000001",
            last_number="ZZBA00000003",
            partner_id=self.supplier.id,
            origin="GR-1",
            supplier_ref="L-77",
        )
        wizard.action_receive()
        lots = self.env["stock.lot"].search([("name", "like", "ZZBA0000000")])
        box = lots.toll_supply_id
        self.assertEqual(len(box), 1)
        self.assertEqual((box.tag_count, box.defect_count), (3, 0))
        self.assertEqual(
            (box.first_number, box.last_number),
            tuple(lots.sorted("name").mapped("name")[::2]),
        )
        self.assertEqual((box.supplier_ref, box.partner_id), ("L-77", self.supplier))
        self.assertTrue(box.in_warranty)
        self.assertEqual(box.warranty_months, 24)
        self.assertEqual(box.picking_id.state, "done")
        found = self.env["toll.tag.supply"].search([("in_warranty", "=", True)])
        self.assertIn(box, found)
        with self.assertRaises(UserError):
            box.unlink()

    def test_an_order_is_received_in_parts(self):
        order = self._order(5)
        picking = order.picking_ids
        self.assertTrue(picking.toll_expects_tags)
        wizard = self._on_receipt(
            picking, first_number="ZZBB00000001", last_number="ZZBB00000003"
        )
        self.assertEqual(wizard.expected_count, 5)
        self.assertEqual(wizard.partner_id, self.supplier)
        self.assertFalse(wizard.problems)
        wizard.action_receive()
        self.assertEqual(picking.state, "done")
        self.assertEqual(order.order_line.qty_received, 3)
        lots = self.env["stock.lot"].search([("name", "like", "ZZBB0000000")])
        self.assertEqual(set(lots.mapped("toll_state")), {"stocked"})
        self.assertEqual(lots.toll_supply_id.purchase_line_id, order.order_line)
        self.assertEqual(lots.toll_supply_id.unit_cost, 77)
        rest = order.picking_ids - picking
        self.assertEqual(rest.move_ids.product_uom_qty, 2)
        self._on_receipt(
            rest, first_number="ZZBB00000004", last_number="ZZBB00000005"
        ).action_receive()
        self.assertEqual(order.order_line.qty_received, 5)
        self.assertFalse(rest.toll_expects_tags)

    def test_more_than_was_ordered_is_refused(self):
        picking = self._order(2).picking_ids
        wizard = self._on_receipt(
            picking, first_number="ZZBC00000001", last_number="ZZBC00000003"
        )
        self.assertIn("3 TAGs found, 2 expected", wizard.problems)
        with self.assertRaisesRegex(UserError, "waits for 2 TAGs and 3"):
            wizard.action_receive()
        self.assertFalse(
            self.env["stock.lot"].search([("name", "like", "ZZBC0000000")])
        )
        self.assertNotEqual(picking.state, "done")

    def test_control_digits(self):
        self.product.toll_control_digit = "luhn"
        wizard = self._wizard(first_number="ZZ100016", last_number="ZZ100032")
        self.assertFalse(wizard.problems)
        wizard.action_receive()
        lots = self.env["stock.lot"].search([("name", "like", "ZZ1000")], order="name")
        self.assertEqual(lots.mapped("name"), ["ZZ100016", "ZZ100024", "ZZ100032"])
        wizard = self._wizard(source="text", text="ZZ100040\nZZ100041\n")
        self.assertIn("Line 2", wizard.problems)
        self.assertIn("wrong control digit", wizard.problems)
        self.assertNotIn("Line 1", wizard.problems)
        wizard = self._wizard(first_number="ZZ100017", last_number="ZZ100032")
        self.assertIn("it should end in 6", wizard.problems)

    def test_an_xlsx_file(self):
        book = openpyxl.Workbook()
        for row in (
            ("number", "epc", "tid"),
            (7000001, None, "E2801160600020900000AAAA"),
            ("ZZBD1002", "AAAA0000000000000000B002", None),
        ):
            book.active.append(row)
        file = io.BytesIO()
        book.save(file)
        wizard = self._wizard(source="file", file=base64.b64encode(file.getvalue()))
        self.assertFalse(wizard.problems)
        wizard.action_receive()
        lot = self.env["stock.lot"].search([("name", "=", "7000001")])
        self.assertEqual(lot.toll_tid, "E2801160600020900000AAAA")

    def test_broken_and_huge_files(self):
        wizard = self._wizard(source="file", file=base64.b64encode(b"PK\x03\x04bad"))
        self.assertIn("spreadsheet", wizard.problems)
        wizard = self._wizard(
            source="file", file=base64.b64encode(b"1" * (5 * 1024 * 1024 + 1))
        )
        self.assertIn("5 MB", wizard.problems)

    def test_two_boxes_have_two_names(self):
        self._receive("ZZBE1001")
        box = self._receive("ZZBE1002").toll_supply_id
        for change in (
            lambda: box.copy({"name": box.name}),
            lambda: box.write({"warranty_months": -1}),
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                change()
                self.env.flush_all()

    def test_an_agent_reads_boxes_and_changes_nothing(self):
        box = self._receive("ZZBF1001").toll_supply_id.with_user(self.agent)
        self.assertEqual(box.tag_count, 1)
        with self.assertRaises(AccessError):
            box.warranty_months = 99
        with self.assertRaises(AccessError):
            self.env["toll.tag.reception"].with_user(self.agent).create({})

    def test_another_company_sees_nothing_of_the_park(self):
        lot = self._receive("ZZBG1001")
        box = lot.toll_supply_id
        box.partner_id = self.supplier
        box.warranty_months = 12
        shop = self.env["stock.location"].create(
            {
                "name": "Shop",
                "location_id": self.shelf.id,
                "toll_place_kind": "retailer",
                "toll_partner_id": self.supplier.id,
            }
        )
        self.env["toll.tag.settlement"].create({"location_id": shop.id})
        count = self.env["toll.tag.count"].create({"location_id": self.shelf.id})
        count.line_ids = [(0, 0, {"number": "X", "result": "unknown"})]
        lot.toll_assign(self.vehicle)
        campaign = self.env["toll.tag.campaign"].create(
            {"name": "All", "min_age_months": 0, "supply_ids": [(6, 0, box.ids)]}
        )
        campaign.action_find()
        self.assertEqual(campaign.line_ids.lot_id, lot)
        lot.toll_return(condition="defective")
        lot.toll_rma_ids.record_test("dead")
        lot.toll_rma_ids.action_claim()
        self.env.flush_all()
        other = self.env["res.company"].create({"name": "Other Park"})
        stranger = new_test_user(
            self.env,
            "park_stranger",
            groups="toll_account.group_toll_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        env = self.env(user=stranger)
        for model in (
            "toll.tag.supply",
            "toll.tag.settlement",
            "toll.tag.count",
            "toll.tag.count.line",
            "toll.tag.campaign",
            "toll.tag.campaign.line",
            "toll.tag.rma",
            "toll.tag.claim",
            "toll.tag.defect.report",
        ):
            self.assertTrue(self.env[model].search([], limit=1), model)
            self.assertFalse(env[model].search([]), model)
        with self.assertRaises(AccessError):
            box.with_user(stranger).read(["name"])

    def test_a_place_that_is_no_shelf_is_no_place(self):
        with self.assertRaises(ValidationError):
            self.env.ref("stock.stock_location_customers").toll_place_kind = "van"
