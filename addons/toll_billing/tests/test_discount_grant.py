"""Who may have a discount: evidence, four eyes, renewal, rights (000-10, 001-06)."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .discount_common import PDF, DiscountCommon, make_grant, make_plan


@tagged("post_install", "-at_install")
class TestDiscountGrant(DiscountCommon):
    # === WHO DECIDES === #
    def test_plan_needs_two_people_and_stays_as_it_is(self):
        Plan = self.env["toll.discount.plan"]
        with self.assertRaises(AccessError):
            Plan.with_user(self.agent).create({"name": "Mine", "code": "MINE"})
        plan = Plan.with_user(self.manager).create({"name": "Mine", "code": "MINE"})
        with self.assertRaisesRegex(UserError, "percent"):
            plan.action_ask()
        plan.percent = 10
        plan.action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            plan.action_approve()
        with self.assertRaises(AccessError):
            plan.with_user(self.biller).action_approve()
        with self.assertRaises(AccessError):
            plan.write({"state": "approved"})
        with self.assertRaises(UserError):
            plan.percent = 20
        self.assertFalse(self.operator._crossing_facts()["has_discounts"])

    def test_grant_needs_evidence_and_two_people(self):
        plan = make_plan(self, percent=50, needs_evidence=True)
        values = {"plan_id": plan.id, "account_id": self.prepaid.id}
        grant = self.env["toll.discount.grant"].with_user(self.agent).create(values)
        with self.assertRaisesRegex(UserError, "document"):
            grant.action_ask()
        grant.document_ids = [Command.create({"name": "Proof", "file": PDF})]
        self.assertEqual(grant.document_ids.account_id, self.prepaid)
        grant.action_ask()
        with self.assertRaises(AccessError):
            grant.action_approve()
        self.assertEqual(self._charged(self._row("R1")), [100], "not approved yet")
        with self.assertRaisesRegex(UserError, "why"):
            grant.with_user(self.manager).action_refuse()
        grant.with_user(self.manager).action_approve()
        self.env.flush_all()
        self.assertEqual(self._charged(self._row("R2")), [100], "before its first day")
        with self.assertRaises(UserError):
            grant.date_to = "2090-01-01"

    def test_manager_does_not_approve_his_own_grant(self):
        plan = make_plan(self, percent=50)
        grant = (
            self.env["toll.discount.grant"]
            .with_user(self.manager)
            .create({"plan_id": plan.id, "account_id": self.prepaid.id})
        )
        grant.action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            grant.action_approve()
        grant.refusal = "No right to it"
        grant.action_refuse()
        self.assertEqual(grant.state, "refused")

    def test_same_discount_twice_is_refused_by_the_database(self):
        plan = make_plan(self, percent=50)
        make_grant(self, plan, self.prepaid)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            make_grant(self, plan, self.prepaid)

    def test_revoked_counts_to_its_last_day(self):
        plan = make_plan(self, percent=50)
        grant = make_grant(self, plan, self.prepaid)
        grant.with_user(self.manager).action_revoke()
        self.assertEqual(grant.state, "revoked")
        grant.sudo().date_to = self.day - timedelta(days=1)
        self.env.flush_all()
        before = (self.noon - timedelta(days=1)).isoformat() + "Z"
        rows = self._row("R1"), self._row("R2", occurred_at=before)
        self.assertEqual(self._charged(*rows), [100, 50])

    def test_renewal_is_asked_for_once_and_the_end_comes(self):
        plan = make_plan(self, percent=50, grant_months=1)
        self.prepaid.partner_id.email = "ana@example.com"
        today = fields.Date.today()
        grant = make_grant(
            self, plan, self.prepaid, date_from=today, date_to=today + timedelta(20)
        )
        Grant = self.env["toll.discount.grant"]
        Grant._cron_expire()
        self.assertTrue(grant.notified_at)
        self.assertEqual(len(grant.activity_ids), 1)
        mails = self.env["mail.mail"].search_count(
            [("model", "=", "toll.discount.grant"), ("res_id", "=", grant.id)]
        )
        Grant._cron_expire()
        self.assertEqual(len(grant.activity_ids), 1)
        self.assertEqual(
            mails,
            self.env["mail.mail"].search_count(
                [("model", "=", "toll.discount.grant"), ("res_id", "=", grant.id)]
            ),
        )
        action = grant.with_user(self.agent).action_renew()
        following = Grant.browse(action["res_id"])
        self.assertEqual(following.date_from, today + timedelta(21))
        self.assertEqual(following.state, "draft")
        grant.sudo().write(
            {"date_from": today - timedelta(9), "date_to": today - timedelta(2)}
        )
        Grant._cron_expire()
        self.assertEqual(grant.state, "expired")

    def test_joined_accounts_keep_their_discounts(self):
        plan = make_plan(self, percent=50)
        grant = make_grant(self, plan, self.prepaid, vehicle_id=self.vehicle.id)
        target = self.env["toll.account"].create(
            {"partner_id": self.prepaid.partner_id.id, "payment_mode": "prepaid"}
        )
        target.action_activate()
        self.prepaid.merge_into(target, "Opened twice")
        self.env.flush_all()
        self.assertEqual((grant.account_id, grant.state), (target, "approved"))
        self.assertEqual(grant.document_ids.account_id, target)

    def test_another_company_neither_sees_nor_gets_it(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        plan = make_plan(self, percent=50, is_automatic=True)
        theirs = plan.sudo().copy({"company_id": company.id, "code": "THEIRS"})
        theirs.percent = 90
        theirs.sudo().write({"state": "approved", "approved_by_id": self.env.uid})
        self.env.flush_all()
        self.assertEqual(self._charged(self._row("R1")), [50])
        stranger = new_test_user(
            self.env,
            "discount_elsewhere",
            groups="toll_account.group_toll_agent",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        with self.assertRaises(AccessError):
            plan.with_user(stranger).read(["percent"])
        found = self.env["toll.discount.plan"].with_user(stranger).search([])
        self.assertEqual(found, theirs)

    def test_bad_steps_and_windows_are_refused(self):
        Plan = self.env["toll.discount.plan"]
        values = {"name": "Bad", "code": "BAD", "kind": "volume"}
        plan = Plan.create(values)
        with self.assertRaisesRegex(ValidationError, "at least one step"):
            plan.action_ask()
        with self.assertRaisesRegex(ValidationError, "as much"):
            plan.tier_ids = [
                Command.create({"start": 5, "percent": 20}),
                Command.create({"start": 9, "percent": 10}),
            ]
        for start, percent, error in (
            (5, 100.5, IntegrityError),
            (5, -1, IntegrityError),
            (-1, 10, IntegrityError),
            (0, 10, ValidationError),
            (1.5, 10, ValidationError),
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(error):
                tier = {"start": start, "percent": percent}
                Plan.create(
                    {**values, "code": "BAD2", "tier_ids": [Command.create(tier)]}
                )

    def test_form_and_simulation(self):
        form = Form(self.env["toll.discount.plan"].with_user(self.biller))
        form.name, form.code, form.percent = "Night", "NIGHT", 40
        form.hour_from, form.hour_to = 22, 6
        plan = form.save()
        self.assertEqual((plan.minute_from, plan.minute_to), (1320, 360))
        night = self._at(self.day, 23, 0)
        self._load(self._row("R1", occurred_at=night), self._row("R2"))
        simulation = (
            self.env["toll.discount.simulation"]
            .with_user(self.biller)
            .create(
                {
                    "plan_id": plan.id,
                    "account_id": self.prepaid.id,
                    "month": self.day,
                }
            )
        )
        plan.date_from = "2020-01-01"
        self.assertEqual(simulation.discounted_count, 1)
        self.assertEqual(simulation.amount_saved, 40)

    def test_grants_are_in_the_copy_and_go_with_the_person_x13(self):
        plan = make_plan(self, percent=50)
        account = self.prepaid
        partner = account.commercial_partner_id
        grant = make_grant(self, plan, account)
        grant.sudo().write({"note": "Uses a wheelchair"})
        scan = grant.document_ids
        files = partner._toll_export_files()
        self.assertIn(grant.name, files["discounts.csv"])
        self.assertIn("wheelchair", files["discounts.csv"])
        accounts = partner._toll_all_accounts()
        accounts.sudo().write({"state": "closed"})
        partner.sudo()._toll_pseudonymise()
        self.assertFalse(grant.note)
        self.assertFalse(scan.exists())
        self.assertFalse(grant.message_ids.filtered("body"))
        self.assertEqual((grant.state, grant.plan_id), ("approved", plan))
