"""Crossings in figures, and the figures of the day (003-08)."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, freeze_time, get_db_name, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..queries import traffic as queries
from .common import TollBillingCommon
from .test_exemption_rating import grant


class TrafficCase(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "toll_manager", groups="toll_account.group_toll_manager"
        )
        cls.Traffic = cls.env["toll.traffic.day"]
        cls.Traffic._refresh()

    def _figures(self, *names, **only):
        """{(day, plaza, state): figures} of the operator of the tests."""
        names = names or ("crossings", "amount_charged")
        domain = [("operator_id", "=", self.operator.id)]
        domain += [(name, "=", value) for name, value in only.items()]
        rows = self.Traffic._read_group(
            domain, ["day:day", "plaza_id", "state"], [f"{n}:sum" for n in names]
        )
        return {
            (str(day), plaza.code, state): tuple(sums)
            for day, plaza, state, *sums in rows
        }


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestTraffic(TrafficCase):
    def test_only_what_is_new_is_counted(self):
        self._load(
            self._row("R1", occurred_at="2026-04-10T18:00:00Z"),
            self._row("R2", occurred_at="2026-04-10T19:00:00Z"),
            self._row("R3", occurred_at="2026-04-10T19:00:00Z", plaza="P2"),
            self._row("R1", occurred_at="2026-04-10T18:00:00Z"),
            self._row("R5", occurred_at="2026-04-10T20:00:00Z", tag="NOBODY"),
        )
        self.assertFalse(self._figures())
        self.assertEqual(self.Traffic._refresh(), 1)
        expected = {
            ("2026-04-10", "P1", "posted"): (2, 200),
            ("2026-04-10", "P2", "posted"): (1, 50),
            ("2026-04-10", "P1", "duplicate"): (1, 100),
            ("2026-04-10", "P1", "held"): (1, 100),
        }
        self.assertEqual(self._figures(), expected)
        # a second time finds nothing to do; everything again gives the same
        ids = self.Traffic.search([]).ids
        self.assertEqual(self.Traffic._refresh(), 0)
        self.assertEqual(self.Traffic.search([]).ids, ids)
        self.Traffic.action_recount()
        self.assertEqual(self._figures(), expected)
        self._assert_rules_hold()

    def test_job_counts_in_slices(self):
        for number in range(3):
            self._load(
                self._row(f"R{number}", occurred_at="2026-04-10T18:00:00Z"),
                name=f"{number}.csv",
            )
        self.assertEqual(self.Traffic._refresh(limit=2), 2)
        self.assertFalse(self._check())
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=60
        ) as progress:
            self.Traffic._cron_refresh()
        progress.assert_called_once_with(1, remaining=0)
        self.assertEqual(
            self._figures("crossings"), {("2026-04-10", "P1", "posted"): (3,)}
        )
        self._assert_rules_hold()

    def test_late_crossings_count_on_their_own_day(self):
        self._load(self._row("R1", occurred_at="2026-03-10T18:00:00Z"))
        self.Traffic._refresh()
        self._load(
            self._row("R2", occurred_at="2026-03-10T19:00:00Z"),
            self._row("R3", occurred_at="2026-04-12T19:00:00Z"),
            name="late.csv",
        )
        self.Traffic._refresh()
        self.assertEqual(
            self._figures(),
            {
                ("2026-03-10", "P1", "posted"): (2, 200),
                ("2026-04-12", "P1", "posted"): (1, 100),
            },
        )
        self._assert_rules_hold()

    def test_cancelled_and_corrected_crossings_move(self):
        self._load(
            self._row("R1", occurred_at="2026-04-10T18:00:00Z"),
            self._row("R2", occurred_at="2026-04-10T19:00:00Z", plaza="P9"),
        )
        self.Traffic._refresh()
        self.assertEqual(
            self._figures("crossings"),
            {
                ("2026-04-10", "P1", "posted"): (1,),
                ("2026-04-10", False, "held"): (1,),
            },
        )
        self._load(
            self._row("R1", occurred_at="2026-04-10T18:00:00Z", status="void"),
            name="void.csv",
        )
        held = self.env["toll.crossing"].search([("ref", "=", "R2")])
        held.with_user(self.analyst).action_correct({"plaza": "P2"})
        self.Traffic._refresh()
        self.assertEqual(
            self._figures("crossings"),
            {
                ("2026-04-10", "P1", "offset"): (2,),
                ("2026-04-10", "P2", "posted"): (1,),
            },
        )
        self._assert_rules_hold()

    def test_held_crossing_that_stays_held_elsewhere(self):
        self._load(self._row("R1", occurred_at="2026-04-10T18:00:00Z", tag="NOBODY"))
        self.Traffic._refresh()
        held = self.env["toll.crossing"].search([("ref", "=", "R1")])
        held.with_user(self.analyst).action_correct({"plaza": "P3"})
        self.env.invalidate_all()
        self.assertEqual(held.state, "held")
        self.Traffic._refresh()
        self.assertEqual(
            self._figures("crossings"), {("2026-04-10", "P3", "held"): (1,)}
        )
        self._assert_rules_hold()

    def test_day_is_the_plazas(self):
        """Months end by the plaza's clock, with its daylight saving time."""
        self.plaza_2.tz = "Europe/Madrid"
        self.env.flush_all()
        self._load(
            # Mexico: still February; Madrid: March already
            self._row("R1", occurred_at="2026-03-01T05:30:00Z"),
            self._row("R2", occurred_at="2026-02-28T23:30:00Z", plaza="P2"),
            # Madrid is two hours ahead from 29 March on
            self._row("R3", occurred_at="2026-03-28T22:30:00Z", plaza="P2"),
            self._row("R4", occurred_at="2026-03-31T22:30:00Z", plaza="P2"),
            self._row("R5", occurred_at="2026-03-28T23:30:00Z", plaza="P2"),
        )
        self.Traffic._refresh()
        self.assertEqual(
            set(self._figures()),
            {
                ("2026-02-28", "P1", "posted"),
                ("2026-03-01", "P2", "posted"),
                ("2026-03-28", "P2", "posted"),
                ("2026-03-29", "P2", "posted"),
                ("2026-04-01", "P2", "posted"),
            },
        )
        for row in self.Traffic.search([("operator_id", "=", self.operator.id)]):
            found = self.env["toll.crossing"].search_count(
                row.action_open_crossings()["domain"]
            )
            self.assertEqual(found, row.crossings, row.day)
        self._assert_rules_hold()

    def test_who_and_how_is_told_apart(self):
        grant(self, self.prepaid, date(2026, 4, 1), date(2026, 4, 30))
        self._load(
            self._row("R1", occurred_at="2026-04-10T18:00:00Z"),
            self._row(
                "R2", occurred_at="2026-04-10T18:00:00Z", tag="", plate="CCC333C"
            ),
        )
        self.Traffic._refresh()
        free, paid = self.Traffic.search(
            [("operator_id", "=", self.operator.id)], order="payment_mode desc"
        )
        self.assertEqual(
            (free.payment_mode, free.identified, free.exempt_kind),
            ("prepaid", "tag", "emergency"),
        )
        self.assertEqual((free.crossings_exempt, free.amount_forgone), (1, 100))
        self.assertEqual((free.amount, free.amount_charged), (100, 0))
        self.assertEqual((paid.payment_mode, paid.identified), ("postpaid", "plate"))
        self.assertEqual((paid.crossings_tag, paid.amount_forgone), (0, 0))

    def test_row_without_a_time_counts_on_arrival(self):
        self._load(self._row("R1", occurred_at="yesterday"))
        self.Traffic._refresh()
        ((_day, _plaza, state),) = self._figures()
        self.assertEqual(state, "rejected")
        self._assert_rules_hold()

    def test_a_wrong_figure_is_found(self):
        self._load(self._row("R1", occurred_at="2026-04-10T18:00:00Z"))
        self.Traffic._refresh()
        self.cr.execute(
            "UPDATE toll_traffic_day SET crossings = 7 WHERE operator_id = %s",
            [self.operator.id],
        )
        self.assertTrue(self._check())
        self.Traffic.action_recount()
        self.assertFalse(self._check())
        self.cr.execute("UPDATE toll_traffic_batch SET amount = amount + 1")
        self.assertTrue(self._check())

    def _check(self):
        results = {r["code"]: r["differences"] for r in self.env["toll.check"].run()}
        return results["traffic"]

    def test_archived_months_keep_their_figures(self):
        self._load(
            self._row("R1", occurred_at="2026-03-10T18:00:00Z"),
            self._row("R2", occurred_at="2026-04-10T18:00:00Z"),
        )
        self.assertTrue(self.Traffic._freeze(date(2026, 4, 2)))
        before = self._figures()
        self.cr.execute(
            "ALTER TABLE toll_crossing_data"
            " DETACH PARTITION toll_crossing_data_y2026m03"
        )
        self.Traffic.action_recount()
        self.assertEqual(self._figures(), before)
        self.assertFalse(self._check())

    def test_plaza_moves_to_another_road(self):
        road = self.env["toll.road"].create(
            {"code": "R", "name": "Road", "operator_id": self.operator.id}
        )
        self._load(self._row("R1", occurred_at="2026-04-10T18:00:00Z"))
        self.Traffic._refresh()
        self.plaza.road_id = road
        self.Traffic.invalidate_model()
        rows = self.Traffic.search([("operator_id", "=", self.operator.id)])
        self.assertEqual(rows.road_id, road)

    def test_two_at_once(self):
        self.Traffic._refresh()
        with db_connect(get_db_name()).cursor() as cr:
            cr.execute(queries.lock_state())
            self.assertFalse(cr.fetchall(), "this transaction is at work")
        with patch.object(queries, "lock_state", lambda: SQL("SELECT 1 WHERE FALSE")):
            self.assertIsNone(self.Traffic._refresh())
            self.assertFalse(self.Traffic._freeze(date(2026, 1, 1)))
            self.assertIn("already", self.Traffic.action_refresh()["params"]["message"])

    def test_who_may(self):
        self._load(self._row("R1", occurred_at="2026-04-10T18:00:00Z"))
        self.Traffic.with_user(self.analyst).action_refresh()
        domain = [("operator_id", "=", self.operator.id)]
        Mine = self.Traffic.with_user(self.analyst)
        self.assertTrue(Mine.search(domain))
        with self.assertRaises(AccessError):
            self.Traffic.with_user(self.agent).search(domain)
        with self.assertRaises(AccessError):
            self.Traffic.with_user(self.agent).action_refresh()
        with self.assertRaises(AccessError):
            Mine.action_recount()
        with self.assertRaises(UserError):
            self.Traffic.create({"day": "2026-04-10"})
        with self.assertRaises(UserError):
            self.Traffic.search(domain).write({"crossings": 1})
        with self.assertRaises(UserError):
            self.Traffic.search(domain).unlink()
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.analyst.write({"company_ids": [(4, other.id)]})
        Theirs = Mine.with_context(allowed_company_ids=[other.id])
        self.assertFalse(Theirs.search(domain))


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 18:00:00")
class TestTiles(TrafficCase):
    def _tile(self, code, user=None):
        tile = self.env.ref(f"toll_billing.toll_report_tile_{code}")
        return tile.with_user(user or self.manager)

    def _behind(self, tile):
        action = tile.action_open()
        return self.env[action["res_model"]].search_count(action["domain"])

    def test_every_figure_opens_its_list(self):
        self._load(
            self._row("R1", occurred_at="2026-04-15T16:00:00Z"),
            self._row("R2", occurred_at="2026-04-14T16:00:00Z"),
            self._row("R3", occurred_at="2026-04-14T16:00:00Z", plaza="P2"),
            self._row("R4", occurred_at="2026-04-01T16:00:00Z", tag="NOBODY"),
        )
        self._load("x", header=None, name="damaged.csv")
        self.Traffic._refresh()
        for tile in self.env["toll.report.tile"].with_user(self.manager).search([]):
            with self.subTest(code=tile.code):
                behind = self._behind(tile)
                if tile.section != "traffic":
                    self.assertEqual(tile.count, behind)
        yesterday = self._tile("crossings_yesterday")
        self.assertGreaterEqual(yesterday.count, 2)
        self.assertGreaterEqual(yesterday.amount, 150)
        self.assertGreaterEqual(self._tile("held_old").count, 1)
        self.assertTrue(self._tile("held_old").is_alert)
        self.assertTrue(self._tile("batches_failed").is_alert)

    def test_agents_count_their_own_office(self):
        mine, other = self.env["toll.office"].create(
            [
                {"code": code, "name": code, "company_id": self.company.id}
                for code in ("O1", "O2")
            ]
        )
        self.agent.toll_office_id = mine
        kind = self.env["toll.request.type"].search([], limit=1)
        before = self._tile("requests_open").count
        self.env["toll.request"].create(
            [
                {
                    "type_id": kind.id,
                    "account_id": self.prepaid.id,
                    "description": "Please help",
                    "office_id": office.id,
                    "deadline": "2026-04-10",
                }
                for office in (mine, other)
            ]
        )
        self.env.invalidate_all()
        self.assertEqual(self._tile("requests_open").count, before + 2)
        self.assertEqual(self._tile("requests_open", self.agent).count, 1)
        self.assertEqual(self._behind(self._tile("requests_late", self.agent)), 1)

    def test_each_role_sees_its_figures(self):
        Tile = self.env["toll.report.tile"]
        seen = {
            user.login: set(Tile.with_user(user).search([]).mapped("code"))
            for user in (self.agent, self.analyst, self.manager)
        }
        self.assertLessEqual({"topups_today", "requests_late"}, seen["toll_agent"])
        self.assertNotIn("crossings_today", seen["toll_agent"])
        self.assertNotIn("topups_today", seen["toll_analyst"])
        self.assertLessEqual(
            seen["toll_agent"] | seen["toll_analyst"], seen["toll_manager"]
        )
        with self.assertRaises(AccessError):
            self._tile("held", self.agent).action_open()
        with self.assertRaises(AccessError):
            self._tile("requests_late", self.agent).name = "Mine"

    def test_other_companys_figures_stay_there(self):
        self._load(self._row("R1", occurred_at="2026-04-15T16:00:00Z", tag="NOBODY"))
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.manager.write({"company_ids": [(4, other.id)]})
        tile = self._tile("held").with_context(allowed_company_ids=[other.id])
        self.assertEqual(tile.count, 0)


@tagged("post_install", "-at_install")
class TestTrafficConcurrency(BaseCase):
    """Commits for real: a tally that commits late has a smaller id than one seen."""

    BATCH = -8173

    def _cursor(self):
        cr = db_connect(get_db_name()).cursor()
        self.addCleanup(cr.close)
        return cr

    def _tally(self, cr, batch_id):
        cr.execute("INSERT INTO toll_crossing_tally (batch_id) VALUES (%s)", [batch_id])

    def _clean(self):
        with Registry(get_db_name()).cursor() as cr:
            cr.execute("ALTER TABLE toll_crossing_tally DISABLE TRIGGER USER")
            cr.execute(
                "DELETE FROM toll_crossing_tally WHERE batch_id <= %s", [self.BATCH]
            )
            cr.execute("ALTER TABLE toll_crossing_tally ENABLE TRIGGER USER")

    @mute_logger("odoo.sql_db")
    def test_late_commit_is_not_missed(self):
        self.addCleanup(self._clean)
        slow, quick, reader = self._cursor(), self._cursor(), self._cursor()
        self._tally(slow, self.BATCH)
        self._tally(quick, self.BATCH - 1)
        quick.commit()
        reader.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        reader.execute(queries.look())
        noted = self._noted(reader)
        self.assertIn(self.BATCH - 1, noted)
        self.assertNotIn(self.BATCH, noted)
        reader.execute(queries.take(None))
        slow.commit()
        reader.execute(queries.look())
        noted = self._noted(reader)
        reader.rollback()
        self.assertIn(self.BATCH, noted)
        self.assertNotIn(self.BATCH - 1, noted)

    def _noted(self, cr):
        cr.execute("SELECT batch_id FROM toll_traffic_waiting")
        return {batch_id for (batch_id,) in cr.fetchall()}
