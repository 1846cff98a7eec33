from datetime import date, timedelta

from freezegun import freeze_time
from psycopg2.errors import ExclusionViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestLanePart(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.env["toll.operator"].create(
            {"code": "TPART", "name": "Parts", "company_id": cls.company.id}
        )
        cls.plaza = cls.env["toll.plaza"].create(
            {"code": "PP", "name": "Plaza", "operator_id": cls.operator.id}
        )
        cls.lane, cls.lane_2 = cls.env["toll.lane"].create(
            [
                {"plaza_id": cls.plaza.id, "code": "01", "position": 1},
                {"plaza_id": cls.plaza.id, "code": "02", "position": 2},
            ]
        )
        cls.antenna, cls.camera = cls.env["product.product"].create(
            [
                {"name": "Antenna T", "toll_part_kind": "antenna"},
                {"name": "Camera T", "toll_part_kind": "camera"},
            ]
        )
        cls.storekeeper = new_test_user(
            cls.env, "part_store", groups="stock.group_stock_user"
        )
        with freeze_time("2026-01-05 10:00:00"):
            cls.ant_1, cls.ant_2, cls.ant_3 = (
                cls._part(cls.antenna, f"ZANT{number}") for number in range(1, 4)
            )
            cls.cam = cls._part(cls.camera, "ZCAM1")
        cls.reason = cls.env.ref("toll_tag_stock.toll_tag_scrap_reason_damaged")

    @classmethod
    def _part(cls, product, name):
        lot = cls.env["stock.lot"].create({"name": name, "product_id": product.id})
        cls.env["stock.quant"].create(
            {
                "product_id": product.id,
                "lot_id": lot.id,
                "location_id": cls.shelf.id,
                "inventory_quantity": 1,
            }
        ).action_apply_inventory()
        return lot

    def _install(self, part, lane=None, position="1", on="2026-02-01 10:00:00"):
        part = part.with_user(self.storekeeper)
        with freeze_time(on):
            return part.toll_install(lane or self.lane, position)

    def _assert_stock_agrees(self):
        names = {self.ant_1.name, self.ant_2.name, self.ant_3.name, self.cam.name}
        found = self.env["toll.check"]._check_lane_part()
        self.assertFalse([line for line in found if any(n in line for n in names)])

    def test_a_part_is_received_installed_and_taken_out_003_35(self):
        self.assertEqual(self.ant_1.toll_part_state, "stock")
        self.assertEqual(self.ant_1.company_id, self.company)
        row = self._install(self.ant_1)
        self.assertEqual(
            (self.ant_1.toll_part_state, self.ant_1.toll_lane_id),
            ("installed", self.lane),
        )
        place = self._location(self.ant_1)
        self.assertEqual(place, self.lane.location_id)
        self.assertEqual(place.location_id, self.plaza.lanes_location_id)
        self.assertFalse(place.warehouse_id, "nobody sells what is in a lane")
        self._install(self.ant_2, self.lane_2)
        self.assertEqual(
            self.lane_2.location_id.location_id, self.plaza.lanes_location_id
        )
        with freeze_time("2026-03-01 10:00:00"):
            self.ant_1.with_user(self.storekeeper).toll_uninstall()
        self.assertEqual(self._location(self.ant_1), self.shelf)
        self.assertEqual(
            (self.ant_1.toll_part_state, self.ant_1.toll_lane_id.id), ("stock", False)
        )
        self.assertEqual(str(row.sudo().date_to), "2026-03-01 10:00:00")
        self._assert_stock_agrees()

    def test_a_swap_is_one_step_and_the_lane_keeps_its_history(self):
        workshop = self.env["stock.location"].create(
            {
                "name": "Bench",
                "location_id": self.shelf.id,
                "toll_place_kind": "workshop",
            }
        )
        self._install(self.ant_1)
        self._install(self.cam)
        action = self.ant_1.with_user(self.storekeeper).action_toll_swap()
        wizards = self.env["toll.part.move"].with_user(self.storekeeper)
        form = Form(wizards.with_context(**action["context"]))
        self.assertEqual((form.lane_id, form.destination), (self.lane, "repair"))
        form.new_lot_id = self.ant_2
        form.place_id = workshop
        form.note = "Water inside"
        with freeze_time("2026-03-01 10:00:00"):
            form.save().action_confirm()
        self.assertEqual(self.ant_2.toll_lane_id, self.lane)
        self.assertEqual(self.ant_1.toll_part_state, "repair")
        self.assertEqual(self._location(self.ant_1), workshop)
        rows = self.ant_1.toll_installation_ids
        self.assertEqual(
            (rows.end_reason, rows.replaced_by_id), ("swapped", self.ant_2)
        )
        day = date(2026, 2, 15)
        self.assertEqual(self.lane.parts_on(day), self.ant_1 | self.cam)
        self.assertEqual(
            self.lane.parts_on(day + timedelta(days=30)), self.ant_2 | self.cam
        )
        self.assertFalse(self.lane.parts_on(date(2026, 1, 15)))
        found = self.env["toll.lane.installation"].search(
            [("on_date", "=", day), ("lane_id", "=", self.lane.id)]
        )
        self.assertEqual(found.lot_id, self.ant_1 | self.cam)
        self._assert_stock_agrees()

    def test_from_repair_back_to_stock_or_to_scrap(self):
        self._install(self.ant_1)
        self._install(self.ant_2, position="2")
        (self.ant_1 | self.ant_2).with_user(self.storekeeper).toll_uninstall(
            "repair", note="Deaf"
        )
        rmas = (self.ant_1 | self.ant_2).toll_rma_ids
        self.assertEqual(rmas.mapped("symptom"), ["Deaf", "Deaf"])
        self.ant_1.toll_rma_ids.with_user(self.manager).record_test("works")
        self.ant_1.toll_rma_ids.with_user(self.manager).action_restock()
        self.assertEqual(self.ant_1.toll_part_state, "stock")
        self.ant_2.toll_rma_ids.with_user(self.manager).record_test("dead")
        self.ant_2.toll_rma_ids.with_user(self.manager).action_scrap()
        self.assertEqual(self.ant_2.toll_part_state, "scrapped")
        self.assertFalse(self.ant_2.toll_state, "a part is no TAG")
        self.assertEqual(set(rmas.mapped("state")), {"closed"})
        with self.assertRaisesRegex(UserError, "Scrapped"):
            self._install(self.ant_2)

    def test_only_managers_scrap_and_they_say_why(self):
        self._install(self.ant_1)
        part = self.ant_1.with_user(self.storekeeper)
        with self.assertRaises(AccessError):
            part.toll_uninstall("scrap", reason=self.reason)
        part = self.ant_1.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "why"):
            part.toll_uninstall("scrap")
        part.toll_uninstall("scrap", reason=self.reason)
        self.assertEqual(self.ant_1.toll_part_state, "scrapped")
        self.assertEqual(self.ant_1.toll_scrap_reason_id, self.reason)
        self.assertFalse(self._location(self.ant_1))
        self._assert_stock_agrees()

    def test_one_page_from_arrival_to_scrap_003_35(self):
        self._install(self.ant_1)
        with freeze_time("2026-03-01 10:00:00"):
            self.ant_1.with_user(self.storekeeper).toll_swap(self.ant_2)
        with freeze_time("2026-03-02 10:00:00"):
            self.ant_1.with_user(self.manager).toll_retire("Rust", self.reason)
        part = self.ant_1.with_user(self.analyst)
        titles = [event["title"] for event in part._toll_get_trace()]
        order = [
            next(n for n, title in enumerate(titles) if words in title)
            for words in (
                "Into stock at",
                "Installed in PP/01",
                "Out of PP/01",
                "Scrapped",
            )
        ]
        self.assertEqual(order, sorted(order))
        self.assertIn("replaced by ZANT2", part.toll_trace)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_tag_stock.report_tag_trace", self.ant_1.ids
        )[0]
        self.assertIn("Installed in PP/01", html.decode())

    def test_what_cannot_be(self):
        self._install(self.ant_1)
        part = self.ant_2.with_user(self.storekeeper)
        cases = [
            ("already has ZANT1", lambda: part.toll_install(self.lane, "1")),
            ("position", lambda: part.toll_install(self.lane, " ")),
            ("future", lambda: part.toll_install(self.lane, "2", "2100-01-01")),
            ("In stock", lambda: part.toll_uninstall()),
            ("Installed", lambda: self._install(self.ant_1, self.lane_2)),
            ("same kind", lambda: self.ant_1.toll_swap(self.cam)),
            ("takes this one's place", lambda: self.ant_1.toll_swap(self.ant_1)),
            ("after that date", lambda: self.ant_1.toll_uninstall(date="2026-01-20")),
            (
                "cannot go",
                lambda: self.ant_1.toll_uninstall(place=self.lane.location_id),
            ),
            ("not a TAG", lambda: self.ant_1.toll_assign(self.vehicle)),
            ("stays on record", lambda: self.ant_1.unlink()),
        ]
        for words, action in cases:
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                action()
        tag = self._receive("ZZPT00000001")
        with self.assertRaisesRegex(UserError, "not a lane part"):
            tag.toll_install(self.lane)
        with self.assertRaises(ValidationError):
            self.product.product_tmpl_id.toll_part_kind = "antenna"

    def test_a_position_has_one_part_at_a_time_in_the_database_too(self):
        row = self._install(self.ant_1).sudo()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(ExclusionViolation),
            self.cr.savepoint(),
        ):
            row.copy({"lot_id": self.ant_2.id, "date_from": "2026-02-05 10:00:00"})

    def test_lanes_are_not_emptied_by_a_plain_transfer(self):
        self._install(self.ant_1)
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.int_type_id.id,
                "location_id": self.lane.location_id.id,
                "location_dest_id": self.shelf.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.antenna.id,
                            "product_uom_qty": 1,
                            "location_id": self.lane.location_id.id,
                            "location_dest_id": self.shelf.id,
                        },
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.action_assign()
        picking.move_ids.picked = True
        with self.assertRaisesRegex(UserError, "buttons"):
            picking.button_validate()

    def test_units_of_a_product_become_parts_where_they_stand(self):
        product = self.env["product.product"].create(
            {"name": "Loop", "is_storable": True, "tracking": "serial"}
        )
        lot = self._part(product, "ZLOOP1")
        self.assertFalse(lot.toll_part_state)
        product.toll_part_kind = "other"
        self.assertEqual(lot.toll_part_state, "stock")

    def test_roles_and_companies(self):
        row = self._install(self.ant_1)
        agent = self.agent
        self.assertTrue(row.with_user(agent).lot_id.name)
        with self.assertRaises(AccessError):
            self.ant_2.with_user(agent).toll_install(self.lane, "2")
        with self.assertRaises(AccessError):
            row.with_user(self.manager).write({"position": "9"})
        with self.assertRaises(AccessError):
            self.ant_2.with_user(self.manager).write({"toll_part_state": "installed"})
        customer = new_test_user(self.env, "part_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            row.with_user(customer).read(["position"])
        company = self.env["res.company"].create({"name": "Other lanes"})
        other = new_test_user(
            self.env,
            "part_other",
            groups="toll_account.group_toll_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        rows = self.env["toll.lane.installation"].with_user(other)
        self.assertFalse(rows.search([("id", "=", row.id)]))
        with self.assertRaises(AccessError):
            self.ant_2.with_user(other).toll_install(self.lane, "2")

    def test_old_antennas_are_a_campaign_001_10(self):
        with freeze_time("2019-01-05 10:00:00"):
            old = self._part(self.antenna, "ZOLD1")
            old.toll_supply_id = self.env["toll.tag.supply"].create(
                {"product_id": self.antenna.id, "date": "2019-01-05"}
            )
        self._install(old)
        self._install(self.ant_1, position="2")
        self._install(self.cam)
        campaign = (
            self.env["toll.tag.campaign"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Old antennas",
                    "target": "part",
                    "product_ids": [(6, 0, self.antenna.ids)],
                    "min_age_months": 60,
                    "unit_cost": 500,
                    "budget": 5000,
                }
            )
        )
        with freeze_time("2026-03-01 10:00:00"):
            campaign.action_find()
            self.assertEqual(campaign.line_ids.lot_id, old)
            self.assertEqual(campaign.line_ids.lane_id, self.lane)
            campaign.action_start()
            campaign.action_contact()
            line = campaign.line_ids
            self.assertIn("PP/01", line.activity_ids.summary)
            action = line.action_swap()
            wizard = (
                self.env["toll.part.move"]
                .with_user(self.manager)
                .with_context(**action["context"])
                .create({"new_lot_id": self.ant_2.id})
            )
            wizard.action_confirm()
        self.assertEqual((line.state, line.new_lot_id), ("swapped", self.ant_2))
        self.assertEqual(campaign.amount_spent, 500)
