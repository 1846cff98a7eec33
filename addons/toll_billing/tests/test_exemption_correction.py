"""Crossings charged before a late approval are given back (X21)."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import TollBillingCommon
from .test_exemption_rating import grant


@tagged("post_install", "-at_install")
class TestExemptionCorrection(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager, cls.other = (
            new_test_user(cls.env, name, groups="toll_account.group_toll_manager")
            for name in ("correction_manager", "correction_other")
        )
        cls.day = cls.noon.date()

    def _late(self, account=None, vehicle=None):
        """An exemption that is approved after the crossings of its first day."""
        return grant(
            self,
            account or self.prepaid,
            self.day,
            self.now.date() + timedelta(days=30),
            vehicle_id=(vehicle or self.vehicle).id,
        )

    def _propose(self, exemption):
        action = exemption.with_user(self.agent).action_propose_correction()
        return self.env["toll.exemption.correction"].browse(action["res_id"])

    def test_unbilled_crossings_go_back_to_the_wallet_x21(self):
        self._load(self._row("FIRST"), self._row("OTHER", tag="TEST00000002", **C2))
        self.assertEqual(self.prepaid.balance, 400)
        exemption = self._late()
        correction = self._propose(exemption)
        self.assertEqual((correction.crossing_count, correction.amount), (1, 100))
        with self.assertRaisesRegex(AccessError, "manager decides"):
            correction.with_user(self.agent).action_approve()
        with self.assertRaisesRegex(UserError, "No crossing"):
            exemption.with_user(self.agent).action_propose_correction()
        correction.with_user(self.other).action_approve()
        self.assertEqual(self.prepaid.balance, 500)
        crossing = correction.line_ids.crossing_id
        self.assertEqual((crossing.state, crossing.reason), ("offset", "exempted"))
        self.assertTrue(crossing.batch_id.is_conserved)
        self.assertEqual(crossing.batch_id.offset, 1)
        self._assert_rules_hold()
        with self.assertRaisesRegex(UserError, "not possible now"):
            correction.with_user(self.other).action_approve()
        with self.assertRaisesRegex(UserError, "No crossing"):
            exemption.with_user(self.agent).action_propose_correction()
        batch = self._load(self._row("FIRST"), name="again.csv")
        self.assertEqual(self._fates(batch)[0][1], "duplicate")
        self.assertEqual(self.prepaid.balance, 500)

    def test_invoiced_crossings_are_credited(self):
        self._load(self._row("BILLED"))
        run = self.env["toll.billing.run"].create(self.prepaid._prepare_run_vals())
        run.action_compute()
        exemption = self._late()
        correction = self._propose(exemption)
        with self.assertRaisesRegex(UserError, "not invoiced yet"):
            with self.env.cr.savepoint():
                correction.with_user(self.other).action_approve()
        run.action_confirm()
        correction.with_user(self.other).action_approve()
        note = correction.move_ids
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 100))
        self.assertEqual(note.toll_statement_id, run.statement_ids)
        self.assertEqual(note.reversed_entry_id, run.statement_ids.move_id)
        self.assertTrue(correction.line_ids.is_credited)
        self.assertEqual(self.prepaid.balance, 500)
        self._assert_rules_hold()

    def test_nobody_approves_his_own_and_refused_ones_come_again(self):
        self._load(self._row("MINE"))
        exemption = self._late()
        action = exemption.with_user(self.other).action_propose_correction()
        correction = self.env["toll.exemption.correction"].browse(action["res_id"])
        with self.assertRaisesRegex(UserError, "somebody else"):
            correction.with_user(self.other).action_approve()
        with self.assertRaises(AccessError):
            correction.with_user(self.manager).state = "done"
        with self.assertRaises(AccessError):
            correction.line_ids.with_user(self.manager).write({"amount": 1})
        correction.with_user(self.manager).action_refuse()
        self.assertEqual(self.prepaid.balance, 400)
        self.assertEqual(self._propose(exemption).crossing_count, 1)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.other.write({"company_ids": [(6, 0, company.ids)], "company_id": company})
        found = self.env["toll.exemption.correction"].with_user(self.other).search([])
        self.assertFalse(found)

    def test_only_what_it_covers(self):
        self._load(
            self._row("DAY BEFORE", occurred_at=self._utc(self.noon - timedelta(1))),
            self._row("PLATE", tag="", plate="CCC-333-C"),
        )
        exemption = self._late()
        with self.assertRaisesRegex(UserError, "No crossing"):
            exemption.with_user(self.agent).action_propose_correction()

    def _utc(self, at):
        return at.isoformat() + "Z"


C2 = {"class": "C"}
