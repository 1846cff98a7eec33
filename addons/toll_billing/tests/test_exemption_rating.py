"""Exempt vehicles cross for nothing, and everything says why (X21, 000-08, 000-10)."""

import base64
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TollBillingCommon
from .portal_common import PRICE, TollHttpCommon

PDF = base64.b64encode(b"%PDF-1.4 decree")


def grant(case, account, date_from, date_to, **values):
    """An exemption that one person asked for and another approved."""
    exemption = (
        case.env["toll.exemption"]
        .with_user(case.agent)
        .create(
            {
                "account_id": account.id,
                "kind": "emergency",
                "legal_basis": "Decree 7",
                "date_from": date_from,
                "date_to": date_to,
                "document_ids": [Command.create({"name": "Decree", "file": PDF})],
                **values,
            }
        )
    )
    exemption.action_ask()
    exemption.with_user(case.manager).action_approve()
    case.env.flush_all()  # in real life the approval is committed by now
    return exemption


@tagged("post_install", "-at_install")
class TestExemptionRating(TollBillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "toll_manager", groups="toll_account.group_toll_manager"
        )
        cls.day = cls.noon.date()  # noon in Mexico as in Greenwich
        cls.ahead = cls.now.date() + timedelta(days=30)

    def _grant(self, vehicle=True, account=None, **values):
        if vehicle:
            values["vehicle_id"] = self.vehicle.id
        values.setdefault("date_from", self.day)
        values.setdefault("date_to", self.ahead)
        return grant(self, account or self.prepaid, **values)

    def _end(self, exemption, day):
        """As if its last day had been another."""
        exemption.sudo().date_to = day
        self.env.flush_all()

    def _local(self, day, hour, minute, tz):
        moment = datetime.combine(day, time(hour, minute), ZoneInfo(tz))
        return moment.isoformat()

    def _charged(self, *rows, **kwargs):
        """What each row costs, in the order of the file."""
        batch = self._load(*rows, **kwargs)
        crossings = self._crossings(batch)
        self.assertEqual(set(crossings.mapped("state")), {"posted"})
        self.assertTrue(batch.is_conserved)
        self._assert_rules_hold()
        return crossings.mapped("amount_charged")

    # === WHO AND WHERE === #
    def test_exempt_vehicle_keeps_price_and_discount(self):
        exemption = self._grant()
        batch = self._load(self._row("R1"))
        crossing = self._crossings(batch)
        self.assertEqual((crossing.state, crossing.amount), ("posted", 100))
        self.assertEqual(crossing.amount_discount, 100)
        self.assertEqual(crossing.amount_charged, 0)
        self.assertEqual(crossing.exemption_id, exemption)
        self.assertEqual(self.prepaid.balance, 500)
        self.assertEqual((batch.posted, batch.amount_posted), (1, 0))
        self.assertEqual(
            crossing.with_user(self.agent).explanation["discounts"],
            [
                {
                    "kind": "exempt",
                    "exemption": exemption.name,
                    "reason": "Emergency Service",
                    "legal_basis": "Decree 7",
                    "amount": 100,
                }
            ],
        )
        self._assert_rules_hold()

    def test_price_of_the_operator_is_waived_too(self):
        self._grant()
        (crossing,) = self._crossings(self._load(self._row("R1", amount="87.50")))
        self.assertEqual((crossing.amount, crossing.amount_charged), (87.5, 0))
        self.assertEqual(crossing.explanation["source"], "operator")
        self.assertEqual(crossing.explanation["discounts"][0]["amount"], 87.5)
        self._assert_rules_hold()

    def test_plate_without_tag_and_whole_account(self):
        self._grant(vehicle=False, account=self.plate_only)
        row = {"tag": "", "plate": "CCC333C"}
        self.assertEqual(
            self._charged(self._row("R1", **row), self._row("R2")), [0, 100]
        )

    def test_other_vehicle_of_the_account_pays(self):
        other = self.env["toll.vehicle"].create(
            {
                "account_id": self.prepaid.id,
                "plate": "DDD-444-D",
                "class_id": self.auto.id,
                "date_from": self.now - timedelta(days=30),
            }
        )
        self._grant(vehicle_id=other.id, vehicle=False)
        row = {"tag": "", "plate": "DDD444D"}
        self.assertEqual(
            self._charged(self._row("R1"), self._row("R2", **row)), [100, 0]
        )

    def test_only_at_its_operators(self):
        other = self.operator.copy({"code": "T2", "name": "Other Roads"})
        self._grant(operator_ids=[Command.set(other.ids)])
        self.assertEqual(self._charged(self._row("R1")), [100])
        self._grant(operator_ids=[Command.set((other + self.operator).ids)])
        self.assertEqual(self._charged(self._row("R2")), [0])

    # === WHEN === #
    def test_days_are_those_of_the_plaza(self):
        self.plaza.tz = "America/Tijuana"
        exemption = self._grant()
        self._end(exemption, self.day)
        day = timedelta(days=1)
        moments = [
            (self.day - day, 23, 59),
            (self.day, 0, 0),
            (self.day, 23, 59),
            (self.day + day, 0, 0),
        ]
        rows = [
            self._row(f"R{n}", occurred_at=self._local(*moment, "America/Tijuana"))
            for n, moment in enumerate(moments)
        ]
        self.assertEqual(self._charged(*rows), [100, 0, 0, 100])

    def test_draft_and_asked_do_not_count(self):
        values = {
            "account_id": self.prepaid.id,
            "date_from": self.day,
            "date_to": self.ahead,
            "document_ids": [Command.create({"name": "Decree", "file": PDF})],
        }
        exemption = self.env["toll.exemption"].with_user(self.agent).create(values)
        self.assertEqual(self._charged(self._row("R1")), [100])
        exemption.action_ask()
        self.env.flush_all()
        self.assertEqual(self._charged(self._row("R2")), [100])
        exemption.with_user(self.manager).action_revoke()
        self.env.flush_all()
        self.assertEqual(self._charged(self._row("R3")), [100], "never approved")

    def test_revoked_counts_to_its_last_day(self):
        exemption = self._grant(date_from=self.day - timedelta(days=20))
        exemption.with_user(self.manager).action_revoke()
        self.assertEqual(exemption.state, "revoked")
        self._end(exemption, self.day - timedelta(days=1))
        before = (self.noon - timedelta(days=1)).isoformat() + "Z"
        rows = self._row("R1"), self._row("R2", occurred_at=before)
        self.assertEqual(self._charged(*rows), [100, 0])

    def test_expired_counts_for_late_crossings(self):
        exemption = self._grant()
        self._end(exemption, self.day)
        self.env["toll.exemption"]._cron_expire()
        self.env.flush_all()
        self.assertEqual(exemption.state, "expired")
        self.assertEqual(self._charged(self._row("R1")), [0])

    def test_revoked_before_its_first_day_never_counts(self):
        exemption = self._grant(date_from=self.ahead)
        exemption.with_user(self.manager).action_revoke()
        self.assertFalse(exemption.approved_by_id)
        exempt = self.env["toll.exemption"]._get_exempt_vehicles(self.ahead)
        self.assertNotIn(self.vehicle.id, exempt)

    def test_late_approval_leaves_history_alone(self):
        crossing = self._crossings(self._load(self._row("R1")))
        self._grant()
        self.assertEqual(self._charged(self._row("R2")), [0])
        self.env.invalidate_all()
        self.assertEqual((crossing.amount_charged, self.prepaid.balance), (100, 400))
        self.assertFalse(crossing.exemption_id)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env.cr.execute(
                "UPDATE toll_crossing_data SET exemption_id = 1 WHERE id = %s",
                [crossing.id],
            )

    def test_two_exemptions_give_one_crossing(self):
        """The vehicle's own goes before the account's, the older before the newer."""
        account_wide = self._grant(vehicle=False)
        own = self._grant()
        self._grant()
        batch = self._load(self._row("R1"), self._row("R2", tag="", plate="AAA111A"))
        self.assertEqual((batch.received, batch.posted), (2, 2))
        self.assertEqual(self._crossings(batch).exemption_id, own)
        self.assertEqual((own.crossing_count, account_wide.crossing_count), (2, 0))
        self._assert_rules_hold()

    # === CHANGES OF FATE === #
    def test_held_crossing_is_judged_as_of_its_time(self):
        held = self._crossings(self._load(self._row("R1", **{"class": "C"})))
        self.assertEqual((held.state, held.reason), ("held", "class_mismatch"))
        exemption = self._grant()
        held.with_user(self.analyst).action_correct({"policy": "registered"})
        self.assertEqual((held.state, held.amount), ("posted", 100))
        self.assertEqual((held.exemption_id, held.amount_charged), (exemption, 0))
        self.assertEqual(self.prepaid.balance, 500)
        batch = held.batch_id
        self.assertEqual((batch.amount_received, batch.amount_held), (0, 0))
        self._assert_rules_hold()

    def test_held_crossing_before_the_exemption_is_charged(self):
        held = self._crossings(self._load(self._row("R1", **{"class": "C"})))
        self._grant(date_from=self.day + timedelta(days=1))
        held.with_user(self.analyst).action_correct({"policy": "registered"})
        self.assertEqual((held.state, held.amount_charged), ("posted", 100))
        self.assertEqual(self.prepaid.balance, 400)
        self._assert_rules_hold()

    def test_held_exempt_crossing_may_be_refused(self):
        self._grant()
        held = self._crossings(self._load(self._row("R1", **{"class": "C"})))
        self.assertFalse(held.exemption_id, "nothing is decided yet")
        held.with_user(self.analyst).action_refuse("not ours")
        self._assert_rules_hold()

    def test_repeated_exempt_crossing_is_a_duplicate(self):
        self._grant()
        self._load(self._row("R1"))
        batch = self._load(self._row("R1"), self._row("R2"))
        self.assertEqual(
            self._fates(batch),
            [("R1", "duplicate", "repeated"), ("R2", "posted", False)],
        )
        self._assert_rules_hold()

    def test_cancelled_exempt_crossing_moves_no_money(self):
        exemption = self._grant()
        crossing = self._crossings(self._load(self._row("R1")))
        Entry = self.env["toll.wallet.entry"]
        entries = Entry.search_count([("account_id", "=", self.prepaid.id)])
        batch = self._load(self._row("R1", status="cancelled"))
        self.env.invalidate_all()
        self.assertEqual(self._fates(batch), [("R1", "offset", "cancelled")])
        self.assertEqual(crossing.state, "offset")
        self.assertEqual(self.prepaid.balance, 500)
        # the usage of nothing stays in the ledger; no adjustment undoes it
        left = Entry.search_count([("account_id", "=", self.prepaid.id)])
        self.assertEqual(left, entries)
        self.assertEqual(exemption.crossing_count, 0)
        self._assert_rules_hold()

    # === MONEY === #
    def _bill(self, accounts):
        cycle = self.env["toll.billing.cycle"].create(
            {"name": "Exempt", "code": "EXEMPT", "days": "1"}
        )
        accounts.billing_cycle_id = cycle
        self.company._toll_set_up()
        self.env["toll.service"].search([])._ensure_company_taxes()
        run = self.env["toll.billing.run"].create(
            {"cycle_id": cycle.id, "until": self.now.date() + timedelta(days=1)}
        )
        run.action_compute()
        run.action_confirm()
        self.assertEqual(run.state, "invoiced")
        return run

    def test_invoice_of_a_mixed_account(self):
        self._grant(vehicle=False, account=self.plate_only)
        before = (self.noon - timedelta(days=1)).isoformat() + "Z"
        plate = {"tag": "", "plate": "CCC333C"}
        truck = {"tag": "TEST00000002", "class": "C"}
        self._load(
            self._row("R1", **plate),
            self._row("R2", occurred_at=before, **plate),
            self._row("R3", **truck),
        )
        run = self._bill(self.plate_only + self.postpaid)
        statement = run.statement_ids.filtered(
            lambda s: s.account_id == self.plate_only
        )
        self.assertEqual(
            (
                statement.crossing_count,
                statement.amount_gross,
                statement.amount_discount,
                statement.amount_total,
                statement.move_id.amount_total,
            ),
            (2, 200, 100, 100, 100),
        )
        self.assertEqual([row[9] for row in statement._get_annex_rows()], [100, 0])
        self.assertEqual(run.amount_total, 350)
        self._assert_rules_hold()

    def test_account_with_exempt_crossings_only_gets_no_invoice(self):
        self._grant(vehicle=False, account=self.plate_only)
        self._load(self._row("R1", tag="", plate="CCC333C"))
        run = self._bill(self.plate_only)
        statement = run.statement_ids
        self.assertEqual(statement.state, "invoiced")
        self.assertEqual((statement.amount_gross, statement.amount_total), (100, 0))
        self.assertFalse(statement.move_id)
        self.assertEqual(run.exception_ids.mapped("code"), ["zero"])
        self.assertTrue(statement._annex_xlsx())
        self._assert_rules_hold()

    # === WHO MAY SEE IT === #
    def test_forgone_amount_on_the_exemption(self):
        exemption = self._grant()
        self._load(self._row("R1"), self._row("R2", plaza="P2", lane="L1"))
        mine = exemption.with_user(self.agent)
        self.assertEqual((mine.crossing_count, mine.amount_forgone), (2, 150))
        action = mine.action_open_crossings()
        found = self.env["toll.crossing"].with_user(self.agent)
        self.assertEqual(found.search_count(action["domain"]), 2)
        groups = found._read_group(
            [("exemption_id", "!=", False), ("account_id", "=", self.prepaid.id)],
            ["exemption_id"],
            ["amount_discount:sum"],
        )
        self.assertEqual(groups, [(mine, 150)])

    def test_another_company_does_not_see_it(self):
        exemption = self._grant()
        self._load(self._row("R1"))
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "toll_elsewhere",
            groups="toll_account.group_toll_agent",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        with self.assertRaises(AccessError):
            exemption.with_user(stranger).read(["amount_forgone"])
        found = self.env["toll.crossing"].with_user(stranger)
        self.assertFalse(found.search([("exemption_id", "=", exemption.id)]))


@tagged("post_install", "-at_install")
class TestExemptionHttp(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = new_test_user(
            cls.env, "exempt_agent", groups="toll_account.group_toll_agent"
        )
        cls.manager = new_test_user(
            cls.env, "exempt_manager", groups="toll_account.group_toll_manager"
        )

    def test_event_of_an_exempt_vehicle_costs_nothing(self):
        today = self.env.cr.now().date()
        week = timedelta(days=7)
        exemption = grant(self, self.account, today - week, today + week)
        before = self.account.balance
        crossings = self.env["toll.crossing"].browse()
        with self.subTest("an event"):
            (fate,) = self.env["toll.crossing.batch"]._post_events(
                self.operator, [self._event("E-1")]
            )
            self.assertEqual((fate["state"], float(fate["amount"])), ("posted", 0))
            crossings = crossings.browse(fate["id"])
            self.assertEqual(crossings.exemption_id, exemption)
            self.assertEqual(crossings.amount, PRICE)
        with self.subTest("somebody else's"):
            (other,) = self._post_events([self._event("E-2", self.stranger_vehicle)])
            self.assertEqual((other.amount_charged, other.amount_discount), (PRICE, 0))
        self.env.invalidate_all()
        self.assertEqual(self.account.balance, before)

    def test_portal_says_that_it_was_free_and_why(self):
        today = self.env.cr.now().date()
        week = timedelta(days=7)
        exemption = grant(
            self,
            self.account,
            today - week,
            today + week,
            vehicle_id=self.vehicle.id,
        )
        (crossing,) = self._post_events([self._event("E-3")])
        self.env.flush_all()
        self.authenticate("portal_ana", "portal_ana")
        detail = self.url_open(f"/my/toll/crossings/{crossing.id}").text
        self.assertIn(f"(Decree 7, {exemption.name})", detail)
        self.assertIn(f"{PRICE:.2f}", detail)
        self.assertIn("You were charged nothing.", detail)
        listed = self.url_open("/my/toll/crossings?sort=highest").text
        self.assertIn("Exempt", listed)
        cells = self.url_open("/my/toll/crossings/csv").text
        self.assertIn("149.00,149.00,0.00", cells)
        self.authenticate("portal_ben", "portal_ben")
        answer = self.url_open(f"/my/toll/crossings/{crossing.id}")
        unknown = self.url_open("/my/toll/crossings/999999999")
        self.assertEqual(
            (answer.status_code, answer.url.rsplit("/", 1)[0]),
            (unknown.status_code, unknown.url.rsplit("/", 1)[0]),
        )
        self.assertNotIn(exemption.name, answer.text)
