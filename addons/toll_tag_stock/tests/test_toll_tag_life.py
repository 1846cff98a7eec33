from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollTagLife(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZLA00000001", "ZZLA00000005")
        cls.lot = cls.lots[0]

    def _open(self, lot):
        return lot.toll_assignment_ids.filtered("is_open")

    # assignment

    def test_assignment_is_a_delivery_to_the_customer(self):
        assignment = self.lot.with_user(self.agent).toll_assign(self.vehicle.id)
        self.assertEqual(self.lot.toll_state, "assigned")
        self.assertEqual(self.lot.toll_account_id, self.account)
        self.assertEqual(self.lot.toll_vehicle_id, self.vehicle)
        self.assertEqual(self.lot.toll_status, "valid")
        self.assertEqual(self._location(self.lot).usage, "customer")
        picking = assignment.sudo().picking_id
        self.assertEqual(picking.state, "done")
        self.assertEqual(picking.partner_id, self.account.partner_id)
        self.assertEqual(picking.picking_type_id, self.warehouse.out_type_id)
        self.assertEqual(picking.origin, self.account.number)
        self.assertEqual(self.vehicle.toll_tag_id, self.lot)
        self.assertEqual(self.account.toll_tag_count, 1)

    def test_a_fleet_is_one_delivery(self):
        assignments = self.lots[:2].toll_assign(self.vehicle | self.vehicle_2)
        self.assertEqual(len(assignments.picking_id), 1)
        self.assertEqual(assignments.picking_id.move_ids.quantity, 2)
        self.assertEqual(assignments.vehicle_id, self.vehicle | self.vehicle_2)

    def test_the_chatter_of_tag_and_account_tell(self):
        self.lot.with_user(self.agent).toll_assign(self.vehicle)
        note = self.lot.message_ids.filtered(lambda m: "TST-001-A" in (m.body or ""))
        self.assertEqual(note.author_id, self.agent.partner_id)
        bodies = self.account.message_ids.mapped("body")
        self.assertTrue(any("ZZLA00000001" in body for body in bodies))

    def test_a_tag_is_assigned_once(self):
        self.lot.toll_assign(self.vehicle)
        with self.assertRaisesRegex(UserError, "cannot be assigned"):
            self.lot.toll_assign(self.vehicle_2)

    def test_a_vehicle_has_one_tag(self):
        self.lot.toll_assign(self.vehicle)
        with self.assertRaisesRegex(UserError, "already has TAG ZZLA00000001"):
            self.lots[1].toll_assign(self.vehicle)

    def test_the_database_refuses_a_second_open_assignment(self):
        self.lot.toll_assign(self.vehicle)
        Assignment = self.env["toll.tag.assignment"]
        base = {"account_id": self.account.id, "date_from": "2026-11-01"}
        for lot, vehicle in (
            (self.lot, self.vehicle_2),
            (self.lots[1], self.vehicle),
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                Assignment.create({**base, "lot_id": lot.id, "vehicle_id": vehicle.id})

    def test_a_backdated_assignment_may_not_overlap_an_old_one(self):
        with freeze_time("2026-06-01 10:00:00"):
            self.lot.toll_assign(self.vehicle)
        with freeze_time("2026-06-10 10:00:00"):
            self.lot.toll_return()
        with freeze_time("2026-06-20 10:00:00"):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.lot.toll_assign(self.vehicle_2, "2026-06-05 10:00:00")
            self.lot.toll_assign(self.vehicle_2, "2026-06-15 10:00:00")
        self.assertEqual(len(self.lot.toll_assignment_ids), 2)

    def test_what_cannot_be_assigned(self):
        with self.assertRaisesRegex(UserError, "future"):
            self.lot.toll_assign(self.vehicle, "2126-01-01")
        with self.assertRaisesRegex(UserError, "one vehicle for each"):
            self.lots[:2].toll_assign(self.vehicle)
        late = self._create_vehicle(
            self.account, "TST-003-A", date_from="2026-10-01 00:00:00"
        )
        with self.assertRaisesRegex(UserError, "only after that date"):
            self.lot.toll_assign(late, "2026-09-01")
        self.account.action_suspend()
        with self.assertRaisesRegex(UserError, "suspended"):
            self.lot.toll_assign(self.vehicle)

    def test_a_vehicle_that_left_gets_no_tag(self):
        self.vehicle_2.action_archive()
        with self.assertRaisesRegex(UserError, "no longer a vehicle"):
            self.lot.toll_assign(self.vehicle_2)

    def test_a_tag_of_the_encoder_must_have_arrived(self):
        lot = self.env["stock.lot"].create(
            {"name": "ZZLB1001", "product_id": self.product.id}
        )
        with self.assertRaisesRegex(UserError, "cannot be assigned"):
            lot.toll_assign(self.vehicle)
        lot.write({"toll_state": "encoded", "toll_epc": "AAAA00000000000000003001"})
        with self.assertRaisesRegex(UserError, "not in stock"):
            lot.toll_assign(self.vehicle)

    # return

    def test_return_ends_the_assignment_and_restocks(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.with_user(self.agent).toll_return()
        self.assertEqual(self.lot.toll_state, "stocked")
        self.assertFalse(self.lot.toll_vehicle_id)
        self.assertFalse(self._open(self.lot))
        row = self.lot.toll_assignment_ids
        self.assertEqual(row.end_reason, "returned")
        self.assertEqual(row.end_user_id, self.agent)
        self.assertEqual(row.return_picking_id.state, "done")
        self.assertEqual(self._location(self.lot), self.shelf)
        self.assertEqual(self.lot.toll_status, "blocked")
        self.lot.toll_assign(self.vehicle_2)
        self.assertEqual(self.lot.toll_status, "valid")

    def test_a_defective_tag_comes_back_and_stays(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.toll_return(condition="defective", note="Glass broken")
        self.assertEqual(self.lot.toll_state, "defective")
        self.assertEqual(self.lot.toll_assignment_ids.note, "Glass broken")
        with self.assertRaises(UserError):
            self.lot.toll_assign(self.vehicle)
        self.lot.with_user(self.manager).toll_mark_good()
        self.lot.toll_assign(self.vehicle)

    def test_returns_go_to_the_office_of_the_user(self):
        shelf = self.env["stock.location"].create(
            {"name": "Office Shelf", "location_id": self.shelf.id}
        )
        office = self.env["toll.office"].create(
            {"code": "TT1", "name": "Office", "toll_location_id": shelf.id}
        )
        self.agent.toll_office_id = office
        self.lot.toll_assign(self.vehicle)
        self.lot.with_user(self.agent).toll_return()
        self.assertEqual(self._location(self.lot), shelf)
        self.lot.toll_assign(self.vehicle)
        self.assertEqual(self.lot.toll_state, "assigned")

    def test_a_return_is_not_before_its_assignment(self):
        self.lot.toll_assign(self.vehicle)
        with self.assertRaisesRegex(UserError, "assigned after that date"):
            self.lot.toll_return("2026-01-05")

    # loss

    def test_loss_blocks_from_its_time_on(self):
        with freeze_time("2026-06-01 10:00:00"):
            self.lot.toll_assign(self.vehicle)
        with freeze_time("2026-06-20 10:00:00"):
            self.lot.with_user(self.agent).toll_report_lost(
                "stolen", "2026-06-19 08:00:00"
            )
        self.assertEqual(self.lot.toll_state, "stolen")
        self.assertEqual(
            str(self.lot.toll_assignment_ids.date_to), "2026-06-19 08:00:00"
        )
        status = self.lot.toll_status_ids.filtered(lambda s: not s.date_to)
        self.assertEqual(status.status, "blocked")
        self.assertEqual(status.reason, "stolen")
        self.assertEqual(str(status.date_from), "2026-06-19 08:00:00")
        self.assertEqual(self._location(self.lot).usage, "customer")
        self.assertFalse(self.vehicle.toll_tag_id)

    def test_a_lost_tag_that_turns_up_is_restocked(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.toll_report_lost()
        with self.assertRaises(UserError):
            self.lot.toll_assign(self.vehicle_2)
        self.lot.toll_return()
        self.assertEqual(self.lot.toll_state, "stocked")
        self.assertEqual(self._location(self.lot), self.shelf)

    def test_loss_needs_a_known_reason(self):
        self.lot.toll_assign(self.vehicle)
        with self.assertRaises(UserError):
            self.lot.toll_report_lost("eaten")

    # replacement

    def test_replacement_keeps_the_vehicle_in_the_lanes(self):
        self.lot.toll_assign(self.vehicle)
        new = self.lots[1]
        self.lot.with_user(self.agent).toll_replace(new.id)
        self.assertEqual(self.lot.toll_state, "defective")
        self.assertEqual(self.vehicle.toll_tag_id, new)
        old_row, new_row = self.lot.toll_assignment_ids, new.toll_assignment_ids
        self.assertEqual(old_row.date_to, new_row.date_from)
        self.assertEqual(old_row.replaced_by_id, new)
        self.assertEqual(self._location(self.lot).usage, "internal")

    def test_replacement_after_a_reported_loss(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.toll_report_lost()
        self.lot.toll_replace(self.lots[1], "lost")
        self.assertEqual(self.vehicle.toll_tag_id, self.lots[1])
        self.assertEqual(self.lot.toll_state, "lost")

    def test_replacement_that_fails_changes_nothing(self):
        self.lot.toll_assign(self.vehicle)
        self.lots[1].toll_assign(self.vehicle_2)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.lot.toll_replace(self.lots[1])
        self.env.invalidate_all()
        self.assertEqual(self.lot.toll_state, "assigned")
        self.assertEqual(self.vehicle.toll_tag_id, self.lot)

    # write-off and stock of others

    def test_retiring_takes_the_tag_out_of_stock(self):
        self.lot.with_user(self.manager).toll_retire("Old model")
        self.assertEqual(self.lot.toll_state, "retired")
        self.assertFalse(self._location(self.lot))
        self.lots[1].toll_assign(self.vehicle)
        with self.assertRaises(UserError):
            self.lots[1].toll_retire()

    def test_an_assigned_tag_is_not_moved_by_hand(self):
        self.lot.toll_assign(self.vehicle)
        location = self._location(self.lot)
        vals = self.env["toll.tag.transfer"]._prepare_move_vals(
            self.lot, location, self.shelf
        )
        move = self.env["stock.move"].create(vals)
        move.picked = True
        with self.assertRaisesRegex(UserError, "is assigned to"):
            move._action_done()

    def test_a_scrapped_tag_is_retired(self):
        scrap = self.env["stock.scrap"].create(
            {
                "product_id": self.product.id,
                "lot_id": self.lot.id,
                "location_id": self.shelf.id,
            }
        )
        scrap.do_scrap()
        self.assertEqual(self.lot.toll_state, "retired")

    def test_a_tag_sold_on_an_order_is_assigned_without_a_second_delivery(self):
        customers = self.env.ref("stock.stock_location_customers")
        move = self.env["stock.move"].create(
            self.env["toll.tag.transfer"]._prepare_move_vals(
                self.lot, self.shelf, customers
            )
        )
        move.picked = True
        move._action_done()
        assignment = self.lot.toll_assign(self.vehicle)
        self.assertFalse(assignment.picking_id)
        self.assertEqual(self.lot.toll_state, "assigned")

    # vehicles and accounts

    def test_a_vehicle_with_a_tag_stays(self):
        self.lot.toll_assign(self.vehicle)
        for vals in (
            {"active": False},
            {"date_to": "2026-11-01 00:00:00"},
            {"account_id": self._create_account("Other").id},
        ):
            with self.assertRaisesRegex(UserError, "still has TAG"):
                self.vehicle.write(vals)
        self.lot.toll_return()
        self.vehicle.action_archive()

    def test_an_account_with_tags_is_not_closed(self):
        self.lot.toll_assign(self.vehicle)
        with self.assertRaisesRegex(UserError, "still has 1 TAGs"):
            self.account.action_close()
        self.lot.toll_return()
        self.account.action_close()

    def test_accounts_and_vehicles_are_found_by_tag(self):
        self.lot.toll_assign(self.vehicle)
        Account = self.env["toll.account"].with_user(self.agent)
        Vehicle = self.env["toll.vehicle"].with_user(self.agent)
        for text in ("ZZLA00000001", "zzla-0000 0001", self.lot.toll_epc):
            found = [id_ for id_, _name in Account.name_search(text)]
            self.assertEqual(found, self.account.ids, text)
            found = [id_ for id_, _name in Vehicle.name_search(text)]
            self.assertEqual(found, self.vehicle.ids, text)
        found = self.env["stock.lot"].name_search(self.lot.toll_epc.lower())
        self.assertEqual([id_ for id_, _name in found], self.lot.ids)

    def test_a_tag_that_was_assigned_is_not_deleted(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.toll_return()
        with self.assertRaises(UserError):
            self.lot.unlink()
