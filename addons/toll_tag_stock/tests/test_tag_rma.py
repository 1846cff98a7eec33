import base64

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagRma(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.toll_warranty_months = 12
        cls.supplier = cls.env["res.partner"].create({"name": "TAG Maker"})
        cls.lots = cls._receive("ZZRA00000001", "ZZRA00000010")
        cls.supply = cls.lots.toll_supply_id
        cls.supply.write(
            {"partner_id": cls.supplier.id, "unit_cost": 80, "supplier_ref": "=L1"}
        )
        cls.lot, cls.new = cls.lots[0], cls.lots[1]

    def _broken(self, lot):
        """An RMA of a TAG that failed in stock and was tested."""
        lot.with_user(self.agent).toll_mark_defective()
        rma = lot.toll_rma_ids
        rma.with_user(self.agent).record_test("dead", 0, "no answer at 10 cm")
        return rma

    def test_a_swap_keeps_account_and_history_000_21(self):
        self.lot.toll_assign(self.vehicle)
        self.lot.with_user(self.agent).toll_replace(self.new, note="Not read")
        self.assertEqual(self.vehicle.toll_tag_id, self.new)
        self.assertEqual(self.new.toll_account_id, self.account)
        self.assertEqual(self.vehicle.toll_assignment_ids.lot_id, self.lot | self.new)
        rma = self.lot.toll_rma_ids
        self.assertEqual((rma.state, rma.symptom), ("new", "Not read"))
        self.assertEqual(rma.account_id, self.account)
        self.assertEqual(rma.supply_id, self.supply)
        self.assertTrue(rma.in_warranty)
        self.assertFalse(rma.is_defect)

    def test_a_good_tag_goes_back_to_stock(self):
        self.lot.toll_mark_defective()
        rma = self.lot.toll_rma_ids
        manager_rma = rma.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "not possible now"):
            manager_rma.action_restock()
        rma.with_user(self.agent).record_test("works", 6.5)
        self.assertEqual((rma.tested_by_id, rma.state), (self.agent, "tested"))
        with self.assertRaises(AccessError):
            rma.with_user(self.agent).action_restock()
        manager_rma.action_restock()
        self.assertEqual((rma.state, rma.decision), ("closed", "restock"))
        self.assertEqual(self.lot.toll_state, "stocked")
        self.assertEqual(self.supply.defect_count, 0)

    def test_a_dead_tag_is_not_put_back(self):
        rma = self._broken(self.lot).with_user(self.manager)
        with self.assertRaisesRegex(UserError, "does not work"):
            rma.action_restock()

    def test_scrap_has_a_reason_and_a_value(self):
        rma = self._broken(self.lot)
        reason = self.env.ref("toll_tag_stock.toll_tag_scrap_reason_damaged")
        rma.scrap_reason_id = reason
        rma.with_user(self.manager).action_scrap()
        self.assertEqual(self.lot.toll_state, "retired")
        self.assertEqual(self.lot.toll_scrap_reason_id, reason)
        self.assertEqual(self.lot.toll_scrap_value, 80)
        self.assertEqual((rma.state, rma.decision), ("closed", "scrap"))
        self.assertFalse(self._location(self.lot))

    def test_a_claim_from_test_to_credit(self):
        place = self.env["stock.location"].create(
            {
                "name": "To the maker",
                "location_id": self.shelf.id,
                "toll_place_kind": "supplier_rma",
                "toll_partner_id": self.supplier.id,
            }
        )
        rmas = self._broken(self.lot) | self._broken(self.lots[2])
        rmas |= self._broken(self.lots[3])
        action = rmas.with_user(self.manager).action_claim()
        claim = self.env["toll.tag.claim"].browse(action["res_id"])
        self.assertEqual((claim.tag_count, claim.amount_claimed), (3, 240))
        mine = claim.with_user(self.manager)
        mine.action_send()
        self.assertEqual(set(rmas.mapped("state")), {"claimed"})
        self.assertEqual(rmas.lot_id.location_id, place)
        self.assertEqual(claim.picking_ids.partner_id, self.supplier)
        with self.assertRaisesRegex(UserError, "3 TAGs of claim"):
            mine.action_close()
        mine.answer("credited", rmas[0].ids)
        mine.answer("refused", rmas[1])
        mine.action_replace_all()
        self.assertEqual(rmas.mapped("outcome"), ["credited", "refused", "replaced"])
        self.assertEqual(rmas.mapped("state"), ["closed", "tested", "closed"])
        self.assertEqual(
            rmas.lot_id.mapped("toll_state"), ["retired", "defective", "retired"]
        )
        self.assertEqual(claim.amount_credited, 80)
        mine.action_close()
        rmas[1].with_user(self.manager).action_scrap()
        self.assertEqual(rmas[1].outcome, "refused")
        with self.assertRaises(UserError):
            mine.unlink()

    def test_the_claim_s_list_cannot_carry_formulas(self):
        rma = self._broken(self.lot)
        rma.test_note = "=1+1"
        rma.with_user(self.manager).action_claim()
        claim = rma.claim_id
        action = claim.with_user(self.manager).action_csv()
        number = int(action["url"].split("/")[3].split("?")[0])
        text = base64.b64decode(self.env["ir.attachment"].browse(number).datas)
        line = text.decode("utf-8-sig").splitlines()[1]
        self.assertIn("'=L1", line)
        self.assertIn("'=1+1", line)
        self.assertTrue(line.startswith("ZZRA00000001,"))
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_tag_stock.report_tag_claim", claim.ids
        )[0]
        self.assertIn(self.lot.name, html.decode())

    def test_no_claim_after_the_warranty_or_without_supplier(self):
        rma = self._broken(self.lot)
        self.supply.date = "2020-01-01"
        self.assertFalse(rma.in_warranty)
        with self.assertRaisesRegex(UserError, "out of the supplier's warranty"):
            rma.with_user(self.manager).action_claim()
        self.supply.partner_id = False
        with self.assertRaisesRegex(UserError, "supplier of TAG"):
            rma.with_user(self.manager).action_claim()

    def test_defect_rate_by_box(self):
        self._broken(self.lot)
        self.lots[5].toll_mark_defective()
        self.lots[5].toll_rma_ids.record_test("works", 7)
        self.env.flush_all()
        self.assertEqual((self.supply.defect_count, self.supply.defect_rate), (1, 10))
        report = self.env["toll.tag.defect.report"].with_user(self.analyst)
        rows = report._read_group(
            [("supply_id", "=", self.supply.id)],
            ["supply_id"],
            ["tag_count:sum", "defect_count:sum", "defect_rate:avg"],
        )
        self.assertEqual(rows[0][1:3], (10, 1))
        self.assertAlmostEqual(rows[0][3], 10)

    def test_nobody_writes_the_outcome_by_hand(self):
        rma = self._broken(self.lot)
        for user in (self.agent, self.manager):
            for vals in (
                {"state": "closed"},
                {"decision": "restock"},
                {"outcome": "credited"},
                {"tested_by_id": self.manager.id},
            ):
                with self.assertRaises(AccessError):
                    rma.with_user(user).write(vals)
        other = self.lots[4]
        other.toll_mark_defective()
        mine = other.toll_rma_ids.with_user(self.agent)
        mine.write({"test_result": "weak", "test_distance": 1})
        self.assertEqual((mine.state, mine.tested_by_id), ("tested", self.agent))
        rma.with_user(self.manager).action_scrap()
        with self.assertRaisesRegex(UserError, "not possible now"):
            rma.with_user(self.agent).test_result = "works"

    def test_one_open_rma_per_tag(self):
        self._broken(self.lot)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.env["toll.tag.rma"].create({"lot_id": self.lot.id})
        with self.assertRaisesRegex(UserError, "not defective"):
            self.env["toll.tag.rma"].create({"lot_id": self.lots[7].id})

    def test_who_decides(self):
        rma = self._broken(self.lot)
        for user in (self.agent, self.analyst):
            for call in ("action_scrap", "action_claim"):
                with self.assertRaises(AccessError):
                    getattr(rma.with_user(user), call)()
        with self.assertRaises(AccessError):
            rma.with_user(self.analyst).record_test("works")
        with self.assertRaises(UserError):
            rma.record_test("magic")
        claim = self.env["toll.tag.claim"].create({"partner_id": self.supplier.id})
        with self.assertRaises(AccessError):
            claim.with_user(self.agent).action_send()
        with self.assertRaisesRegex(UserError, "no TAG on claim"):
            claim.with_user(self.manager).action_send()
