from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollTagAccess(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZAA00000001", "ZZAA00000004")
        cls.lot = cls.lots[0]

    def test_an_agent_assigns_replaces_and_takes_back(self):
        lot = self.lot.with_user(self.agent)
        lot.toll_assign(self.vehicle.id)
        lot.toll_block()
        lot.toll_unblock()
        lot.toll_replace(self.lots[1].id)
        self.lots[1].with_user(self.agent).toll_return()
        self.assertEqual(self.lots[1].toll_state, "stocked")

    def test_an_agent_reads_the_whole_tag(self):
        self.lot.toll_assign(self.vehicle)
        lot = self.lot.with_user(self.agent)
        self.assertEqual(lot.toll_assignment_ids.vehicle_id.plate, "TST-001-A")
        self.assertEqual(lot.toll_status_ids.status, "valid")
        self.assertTrue(lot.toll_move_line_ids.mapped("reference"))
        self.assertEqual(lot.toll_epc, self.lot.toll_epc)
        self.assertEqual(self.vehicle.with_user(self.agent).toll_tag_id.name, lot.name)

    def test_an_agent_does_not_retire_scrap_or_edit(self):
        lot = self.lot.with_user(self.agent)
        with self.assertRaises(AccessError):
            lot.toll_retire()
        with self.assertRaises(AccessError):
            lot.name = "ZZAA99999999"
        with self.assertRaises(AccessError):
            lot.unlink()
        env = self.env(user=self.agent)
        for model, vals in (
            ("stock.scrap", {"product_id": self.product.id, "lot_id": lot.id}),
            ("stock.lot", {"name": "ZZAA5555", "product_id": self.product.id}),
            ("product.product", {"name": "My TAG", "toll_is_tag": True}),
            ("toll.tag.reception", {"product_id": self.product.id}),
            ("toll.opening.wizard", {"file": b"eA=="}),
        ):
            with self.assertRaises(AccessError, msg=model), mute_logger("odoo.models"):
                env[model].create(vals)
        with self.assertRaises(AccessError):
            self.product.with_user(self.agent).toll_epc_scheme = "none"

    def test_nobody_writes_the_history(self):
        self.lot.toll_assign(self.vehicle)
        for user in (self.agent, self.manager):
            for rows in (self.lot.toll_assignment_ids, self.lot.toll_status_ids):
                with self.assertRaises(AccessError):
                    rows.with_user(user).date_to = "2026-12-01"
                with self.assertRaises(AccessError):
                    rows.with_user(user).unlink()

    def test_state_account_and_vehicle_change_by_method_only(self):
        lot = self.lot.with_user(self.manager)
        for vals in (
            {"toll_state": "assigned"},
            {"toll_account_id": self.account.id},
            {"toll_vehicle_id": self.vehicle.id},
        ):
            with self.assertRaises(AccessError):
                lot.write(vals)
        with self.assertRaises(AccessError):
            self.env["stock.lot"].with_user(self.manager).create(
                {
                    "name": "ZZAA6666",
                    "product_id": self.product.id,
                    "toll_state": "stocked",
                }
            )

    def test_a_manager_corrects_a_number_in_stock_only(self):
        lot = self.lot.with_user(self.manager)
        lot.name = "ZZAA77777777"
        lot.toll_assign(self.vehicle)
        with self.assertRaisesRegex(Exception, "with a customer"):
            lot.name = "ZZAA88888888"

    def test_an_analyst_reads_and_does_nothing(self):
        lot = self.lot.with_user(self.analyst)
        self.assertEqual(lot.name, "ZZAA00000001")
        for call in (
            lambda: lot.toll_assign(self.vehicle.id),
            lambda: lot.toll_return(),
            lambda: lot.toll_report_lost(),
            lambda: lot.toll_replace(self.lots[1].id),
            lambda: lot.toll_block(),
            lambda: lot.toll_mark_defective(),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_a_plain_employee_does_nothing(self):
        user = new_test_user(self.env, "tag_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.lot.with_user(user).toll_assign(self.vehicle.id)
        with self.assertRaises(AccessError):
            self.lot.with_user(user).read(["name"])

    def test_blocks_of_others_are_lifted_by_a_manager(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.toll_block("unpaid")
        with self.assertRaises(AccessError):
            self.lot.with_user(self.agent).toll_unblock()
        self.lot.with_user(self.manager).toll_unblock()
        self.assertEqual(self.lot.toll_status, "valid")

    def test_another_company_neither_sees_nor_gets_a_tag(self):
        other = self.env["res.company"].create({"name": "Other Issuer"})
        stranger = new_test_user(
            self.env,
            "tag_stranger",
            groups="toll_account.group_toll_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.lot.toll_assign(self.vehicle)
        env = self.env(user=stranger)
        for model in ("toll.tag.assignment", "toll.tag.status"):
            self.assertFalse(env[model].search([]), model)
        self.assertFalse(env["stock.lot"].search([("toll_state", "!=", False)]))
        with self.assertRaises(AccessError):
            self.lots[1].with_user(stranger).toll_assign(self.vehicle_2.id)
        partner = self.env["res.partner"].create({"name": "Far"})
        far = self.env["toll.account"].create(
            {"partner_id": partner.id, "company_id": other.id}
        )
        car = self._create_vehicle(far, "FAR-001-A")
        with self.assertRaisesRegex(Exception, "different companies"):
            self.lots[1].toll_assign(car)

    def test_a_customer_sees_his_own_tags(self):
        self.lot.toll_assign(self.vehicle)
        other = self._create_account("Luis Otro")
        car = self._create_vehicle(other, "OTR-001-A")
        self.lots[1].toll_assign(car)
        user = new_test_user(self.env, "tag_customer", groups="base.group_portal")
        self.account.partner_id = user.partner_id
        env = self.env(user=user)
        self.assertEqual(env["stock.lot"].search([]), self.lot)
        self.assertEqual(env["toll.tag.assignment"].search([]).lot_id, self.lot)
        self.assertEqual(env["toll.tag.status"].search([]).lot_id, self.lot)
        with self.assertRaises(AccessError):
            self.lot.with_user(user).read(["toll_epc"])
        with self.assertRaises(AccessError):
            self.lot.with_user(user).toll_report_lost()
