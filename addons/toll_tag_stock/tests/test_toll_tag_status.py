from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTollTagStatus(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lots = cls._receive("ZZSA00000001", "ZZSA00000002")
        cls.Status = cls.env["toll.tag.status"]
        with freeze_time("2026-06-01 10:00:00"):
            cls.lots.toll_assign(cls.vehicle | cls.vehicle_2)

    def _history(self, lot):
        return [
            (row.status, row.reason, str(row.date_from), str(row.date_to or ""))
            for row in lot.toll_status_ids.sorted(lambda row: (row.date_from, row.id))
        ]

    def test_status_in_time(self):
        lot = self.lots[0]
        self.Status._set(lot, "low", "low_balance", "2026-06-02 10:00:00")
        self.Status._set(lot, "blocked", "unpaid", "2026-06-03 10:00:00")
        self.Status._set(lot, "valid", "paid", "2026-06-04 10:00:00")
        self.assertEqual(
            self._history(lot),
            [
                ("valid", "assigned", "2026-06-01 10:00:00", "2026-06-02 10:00:00"),
                ("low", "low_balance", "2026-06-02 10:00:00", "2026-06-03 10:00:00"),
                ("blocked", "unpaid", "2026-06-03 10:00:00", "2026-06-04 10:00:00"),
                ("valid", "paid", "2026-06-04 10:00:00", ""),
            ],
        )
        self.assertEqual(lot.toll_status, "valid")
        self.assertEqual(self.lots[1].toll_status, "valid")

    def test_the_same_status_is_not_written_twice(self):
        changed = self.Status._set(self.lots, "valid", "paid")
        self.assertFalse(changed)
        changed = self.Status._set(self.lots, "blocked", "unpaid")
        self.assertEqual(changed, self.lots)
        self.assertFalse(self.Status._set(self.lots, "blocked", "unpaid"))
        self.assertEqual(self.Status._set(self.lots, "blocked", "fraud"), self.lots)

    def test_status_is_not_changed_behind_a_later_one(self):
        self.Status._set(self.lots, "low", "low_balance", "2026-06-05")
        with self.assertRaisesRegex(UserError, "already changed"):
            self.Status._set(self.lots, "blocked", "unpaid", "2026-06-03")

    def test_the_database_keeps_one_status_at_a_time(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.Status.create(
                {
                    "lot_id": self.lots[0].id,
                    "status": "blocked",
                    "date_from": "2026-07-01",
                }
            )

    def test_a_suspended_account_blocks_its_tags(self):
        self.account.with_user(self.agent).action_suspend()
        self.assertEqual(set(self.lots.mapped("toll_status")), {"blocked"})
        self.assertEqual(set(self.lots.mapped("toll_state")), {"assigned"})
        self.account.with_user(self.agent).action_reactivate()
        self.assertEqual(set(self.lots.mapped("toll_status")), {"valid"})

    def test_reactivation_lifts_only_its_own_block(self):
        self.lots[0].toll_block("customer_request")
        self.account.action_suspend()
        self.account.action_reactivate()
        self.assertEqual(self.lots[0].toll_status, "blocked")
        self.assertEqual(self.lots[1].toll_status, "valid")

    def test_release_leaves_lost_tags_blocked(self):
        self.Status._set(self.lots, "blocked", "unpaid")
        self.lots[0].toll_report_lost()
        self.Status._release(self.lots, ("unpaid",), "paid")
        self.assertEqual(self.lots[0].toll_status, "blocked")
        self.assertEqual(self.lots[1].toll_status, "valid")

    def test_search_by_status(self):
        self.lots[0].toll_block()
        Lot = self.env["stock.lot"]
        own = [("id", "in", self.lots.ids)]
        self.assertEqual(
            Lot.search([*own, ("toll_status", "=", "blocked")]), self.lots[0]
        )
        self.assertEqual(
            Lot.search([*own, ("toll_status", "=", "valid")]), self.lots[1]
        )
        self.assertFalse(Lot.search([*own, ("toll_status", "=", False)]))

    def test_a_thousand_tags_change_in_few_statements(self):
        lots = self._receive("ZZSB00001001", "ZZSB00001100")
        self.env.flush_all()
        with self.assertQueryCount(8):
            self.Status._set(lots, "blocked", "fraud")
        self.assertEqual(set(lots.mapped("toll_status")), {"blocked"})
