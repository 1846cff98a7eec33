from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagPlaces(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZPA00000001", "ZZPA00000006")
        cls.lot = cls.lots[0]
        cls.retailer = cls.env["res.partner"].create({"name": "Corner Shop"})
        places = cls.env["stock.location"].with_user(cls.manager)
        cls.van, cls.shop = places.create(
            [
                {
                    "name": "Van 7",
                    "location_id": cls.shelf.id,
                    "toll_place_kind": "van",
                },
                {
                    "name": "Corner Shop",
                    "location_id": cls.shelf.id,
                    "toll_place_kind": "retailer",
                    "toll_partner_id": cls.retailer.id,
                    "toll_unit_price": 150,
                },
            ]
        )

    # transfers

    def test_scanned_tags_move_in_one_transfer_000_17(self):
        self.lots[4].toll_assign(self.vehicle)
        with Form(
            self.env["toll.tag.scan"]
            .with_user(self.agent)
            .with_context(default_source_id=self.shelf.id)
        ) as form:
            form.destination_id = self.van
            for text in (self.lot.name, self.lots[1].toll_epc, self.lots[4].name):
                form._barcode_scanned = text
            form.typed = "zzpa-0000 0003"
            form.typed = self.lot.name
            form.typed = "NOTHING9"
            self.assertEqual((form.good_count, form.problem_count), (3, 2))
        wizard = form.record
        problems = wizard.line_ids.filtered("problem")
        self.assertIn("cannot be moved", problems[0].problem)
        self.assertEqual(problems[1].problem, "Unknown code")
        action = wizard.action_transfer()
        picking = self.env["stock.picking"].browse(action["res_id"])
        self.assertEqual(picking.state, "done")
        self.assertEqual(picking.move_ids.quantity, 3)
        self.assertEqual(picking.picking_type_id, self.warehouse.int_type_id)
        self.assertEqual(self.lots[:3].location_id, self.van)
        self.assertEqual(set(self.lots[:3].mapped("toll_state")), {"stocked"})
        self.assertEqual((self.van.toll_tag_count, self.van.toll_ready_count), (3, 3))

    def test_a_scanned_box_is_all_its_tags(self):
        box = self.lot.toll_supply_id
        lots = self.env["stock.lot"]._toll_find_scanned(box.name.lower())
        self.assertEqual(lots, self.lots)

    def test_what_is_not_moved(self):
        self.lot.toll_assign(self.vehicle)
        agent_lot = self.lot.with_user(self.agent)
        with self.assertRaisesRegex(UserError, "cannot be moved"):
            agent_lot.toll_transfer(self.van.id)
        with self.assertRaisesRegex(UserError, "Choose the place"):
            self.lots[1].toll_transfer(self.env.ref("stock.stock_location_customers"))
        with self.assertRaises(AccessError):
            self.lots[1].with_user(self.analyst).toll_transfer(self.van.id)

    def test_the_place_of_another_company(self):
        other = self.env["res.company"].create({"name": "Far Issuer"})
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", other.id)], limit=1
        )
        with self.assertRaisesRegex(UserError, "another company"):
            self.lot.toll_transfer(warehouse.lot_stock_id)

    def test_the_next_tags_come_from_the_own_office(self):
        office_shelf = self.env["stock.location"].create(
            {"name": "Office", "location_id": self.shelf.id}
        )
        self.agent.toll_office_id = self.env["toll.office"].create(
            {"code": "PK1", "name": "Office", "toll_location_id": office_shelf.id}
        )
        self.lots[:2].toll_transfer(self.shop)
        self.lots[2].toll_transfer(self.van)
        self.lots[5].toll_transfer(office_shelf)
        wizard = self.env["toll.tag.assign"].with_user(self.agent)
        self.assertEqual(wizard._next_lots(1, self.company), self.lots[5])
        found = wizard._next_lots(50, self.company) & self.lots
        self.assertEqual(found[0], self.lots[5])
        self.assertEqual(found, self.lots[5] | self.lots[3:5])

    # consignment

    def test_a_retailer_settles_what_he_sold(self):
        self.lots[:4].toll_transfer(self.shop)
        self.assertEqual(self.lots[:4].toll_move_line_ids[0].company_id, self.company)
        first = self.lots[0].with_user(self.agent).toll_assign(self.vehicle)
        self.assertEqual(first.place_id, self.shop)
        settlements = self.env["toll.tag.settlement"].with_user(self.manager)
        settlement = settlements.create({"location_id": self.shop.id})
        settlement.action_compute()
        settlement.action_compute()
        self.assertEqual((settlement.sold_count, settlement.amount), (1, 150))
        self.assertEqual(settlement.stock_count, 3)
        settlement.action_confirm()
        for change in (
            settlement.action_compute,
            settlement.unlink,
            lambda: settlement.write({"unit_price": 1}),
        ):
            with self.assertRaises(UserError):
                change()
        self.lots[1].toll_assign(self.vehicle_2)
        later = settlements.create({"location_id": self.shop.id})
        later.action_compute()
        self.assertEqual(later.assignment_ids.lot_id, self.lots[1])
        with self.assertRaises(AccessError):
            settlements.with_user(self.agent).create({"location_id": self.shop.id})
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_tag_stock.report_tag_settlement", settlement.ids
        )[0]
        self.assertIn(self.lots[0].name, html.decode())

    def test_a_retailer_has_a_name(self):
        with self.assertRaisesRegex(ValidationError, "which retailer"):
            self.van.toll_place_kind = "retailer"

    # counts

    def _count(self, *texts, place=None):
        counts = self.env["toll.tag.count"].with_user(self.agent)
        with Form(counts.create({"location_id": (place or self.van).id})) as form:
            for text in texts:
                form._barcode_scanned = text
        return form.record

    def test_a_count_corrects_the_stock_with_its_reason(self):
        self.lots[:3].toll_transfer(self.van)
        self.lots[4].toll_assign(self.vehicle)
        count = self._count(
            self.lots[0].name,
            self.lots[0].name,
            self.lots[3].name,
            self.lots[4].name,
            "WHAT1234",
        )
        count.action_check()
        results = {line.number: line.result for line in count.line_ids}
        self.assertEqual(
            results,
            {
                self.lots[0].name: "found",
                self.lots[1].name: "missing",
                self.lots[2].name: "missing",
                self.lots[3].name: "unexpected",
                self.lots[4].name: "refused",
                "WHAT1234": "unknown",
            },
        )
        with self.assertRaisesRegex(UserError, "manager"):
            count.action_apply()
        mine = count.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "why the stock differs"):
            mine.action_apply()
        mine.reason = "Van broken into"
        mine.action_apply()
        missing = self.lots[1:3]
        self.assertEqual(set(missing.mapped("toll_state")), {"lost"})
        self.assertEqual(set(missing.mapped("toll_status")), {"blocked"})
        self.assertFalse(self._location(missing[0]))
        move = missing[0].toll_move_line_ids.sorted("id")[-1].move_id
        self.assertIn("Van broken into", move.reference)
        self.assertEqual(self.lots[3].location_id, self.van)
        self.assertEqual(self.lots[4].toll_state, "assigned")
        with self.assertRaises(UserError):
            mine.action_apply()
        with self.assertRaises(UserError):
            mine.unlink()

    def test_a_tag_that_turns_up_again_is_counted_in(self):
        self.lot.toll_transfer(self.van)
        count = self._count()
        count.action_check()
        count.with_user(self.manager).reason = "Not there"
        count.with_user(self.manager).action_apply()
        self.assertEqual(self.lot.toll_state, "lost")
        again = self._count(self.lot.name)
        again.action_check()
        self.assertEqual(again.line_ids.result, "unexpected")
        again.with_user(self.manager).reason = "Under the seat"
        again.with_user(self.manager).action_apply()
        self.assertEqual(self.lot.toll_state, "stocked")
        self.assertEqual(self._location(self.lot), self.van)
        self.lot.toll_assign(self.vehicle)

    def test_what_happens_after_comparing_counts(self):
        self.lots[:2].toll_transfer(self.van)
        count = self._count(self.lots[3].name)
        count.action_check()
        for vals in ({"state": "done"}, {"state": "draft"}):
            with self.assertRaises(AccessError):
                count.write(vals)
        self.lots[0].toll_assign(self.vehicle)
        self.lots[3].toll_assign(self.vehicle_2)
        count.with_user(self.manager).reason = "Monthly"
        count.with_user(self.manager).action_apply()
        self.assertEqual(self.lots[0].toll_state, "assigned")
        self.assertEqual(self.lots[1].toll_state, "lost")
        self.assertEqual(self.lots[3].toll_state, "assigned")
        self.assertEqual(self._location(self.lots[3]).usage, "customer")

    def test_a_count_goes_on_after_comparing(self):
        self.lot.toll_transfer(self.van)
        count = self._count()
        count.action_check()
        count.action_recount()
        self.assertEqual((count.state, len(count.line_ids)), ("draft", 0))
        count.action_cancel()
        with self.assertRaises(UserError):
            count.action_check()

    # low stock

    def test_low_stock_is_told_once(self):
        rule = (
            self.env["stock.warehouse.orderpoint"]
            .with_user(self.manager)
            .create(
                {
                    "location_id": self.van.id,
                    "product_id": self.product.id,
                    "product_min_qty": 2,
                    "product_max_qty": 5,
                    "trigger": "manual",
                }
            )
        )
        self.van.toll_user_id = self.agent
        self.lot.toll_transfer(self.van)
        rule.invalidate_recordset()
        self.assertTrue(rule.toll_is_low)
        self.assertEqual((rule.toll_ready_count, rule.toll_missing_count), (1, 4))
        rules = self.env["stock.warehouse.orderpoint"]
        self.assertIn(rule, rules.search([("toll_is_low", "=", True)]))
        rules._cron_toll_low_stock()
        rules._cron_toll_low_stock()
        activity = rule.sudo().activity_ids
        self.assertEqual(activity.user_id, self.agent)
        self.assertIn("1 TAGs", activity.summary)
        self.lots[1:3].toll_transfer(self.van)
        rules.invalidate_model()
        self.assertNotIn(rule, rules.search([("toll_is_low", "=", True)]))
        rules._cron_toll_low_stock()
        self.assertFalse(rule.sudo().activity_ids)
        rule.sudo().product_max_qty = rule.product_min_qty
        self.env.cr.execute(
            "UPDATE stock_warehouse_orderpoint SET create_uid = 1 WHERE id = %s",
            [rule.id],
        )
        rules.invalidate_model()
        rules._unlink_processed_orderpoints()
        self.assertTrue(rule.exists())

    def test_every_warehouse_is_a_place(self):
        self.env["stock.warehouse"]._toll_mark_all()
        self.assertEqual(self.shelf.toll_place_kind, "warehouse")
        new = self.env["stock.warehouse"].create({"name": "North", "code": "NTH"})
        self.assertEqual(new.lot_stock_id.toll_place_kind, "warehouse")
