"""Old data goes by itself, class by class, in batches that survive a kill (X13)."""

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from psycopg2 import errors

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models import toll_retention_run
from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollRetention(TollCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        cls.rules = cls.env["toll.retention"]
        cls.contact = cls._rule("contact")
        other = cls.env["res.partner"].create({"name": "Retention Other"})
        cls.other = cls._create_account(partner_id=other.id)

    @classmethod
    def _rule(cls, data_class):
        rule = cls.rules.search(
            [("data_class", "=", data_class), ("company_id", "=", False)]
        )
        rule.is_active = False
        return rule

    def _calls(self, number, account=None, months=30):
        return self.env["toll.call"].create(
            [
                {
                    "account_id": (account or self.account).id,
                    "phone": "4425551234",
                    "note": f"Said {step}",
                    "started_at": self.now - relativedelta(months=months),
                    "ended_at": self.now - relativedelta(months=months),
                }
                for step in range(number)
            ]
        )

    def _activate(self, rule):
        rule.with_user(self.manager).action_preview()
        rule.with_user(self.manager).action_activate()

    def _sweep(self):
        """The nightly job, on a cursor that commits as it does."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            self.env(cr=cr)["toll.retention"]._cron_sweep()
        self.env.invalidate_all()

    def _last_run(self, rule):
        return self.env["toll.retention.run"].search(
            [("retention_id", "=", rule.id)], limit=1
        )

    def test_a_killed_sweep_goes_on_where_it_was_x13(self):
        calls, young = self._calls(7), self._calls(1, months=3)
        self._activate(self.contact)
        self.assertEqual(self.contact.preview_count, 7)
        self.registry_enter_test_mode()
        erase = type(self.rules)._sweep_contact
        steps = []

        def killed(rule, ids):
            erase(rule, ids)
            steps.append(ids)
            if len(steps) == 2:
                raise KeyboardInterrupt

        with patch.object(toll_retention_run, "BATCH", 3):
            # assertRaises would take back what was committed before
            with (
                patch.object(type(self.rules), "_sweep_contact", killed),
                suppress(KeyboardInterrupt),
            ):
                self._sweep()
            self.assertEqual(len(steps), 2)
            self.env.invalidate_all()
            run = self._last_run(self.contact)
            self.assertEqual((run.state, run.count), ("running", 3))
            self.assertEqual(len(calls.filtered("note")), 4, "the batch came back")
            self._sweep()
        self.assertFalse(calls.filtered(lambda c: c.note or c.phone or c.caller))
        self.assertEqual(young.note, "Said 0")
        self.assertEqual((run.state, run.count), ("done", 7))
        self.assertEqual(self._last_run(self.contact), run, "the same run went on")
        self._sweep()
        self.assertEqual(self._last_run(self.contact), run, "once a night")
        run.started_at -= timedelta(days=1)
        self._sweep()
        again = self._last_run(self.contact)
        self.assertNotEqual(again, run)
        self.assertEqual((again.state, again.count), ("done", 0), "nothing is left")

    def test_a_legal_hold_holds(self):
        held, free = self._calls(2), self._calls(1, self.other)
        self.partner.toll_legal_hold = True
        self._activate(self.contact)
        self.assertEqual(
            (self.contact.preview_count, self.contact.preview_held), (1, 2)
        )
        self.registry_enter_test_mode()
        self._sweep()
        self.assertEqual(len(held.filtered("note")), 2)
        self.assertFalse(free.note)
        run = self._last_run(self.contact)
        self.assertEqual((run.count, run.held), (1, 2))

    def test_nothing_runs_before_somebody_has_looked(self):
        calls = self._calls(1)
        rule = self.contact.with_user(self.manager)
        with self.assertRaises(UserError):
            rule.action_activate()
        with self.assertRaises(AccessError):
            rule.is_active = True
        rule.action_preview()
        self.assertTrue(calls.note, "a preview changes nothing")
        rule.action_activate()
        rule.months = 12
        self.assertFalse(rule.is_active, "another period: look again")
        with self.assertRaises(ValidationError):
            rule.months = 0
        with self.assertRaises(ValidationError):
            self._rule("read_log").action = "pseudonymise"
        with self.assertRaises(UserError):
            self._rule("crossing").with_user(self.manager).action_preview()
        for user in (self.agent, self.billing):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.contact.with_user(user).action_preview()
        self.registry_enter_test_mode()
        self._sweep()
        self.assertTrue(calls.note)

    @mute_logger("odoo.sql_db")
    def test_the_log_of_reads_is_emptied_by_this_door_only(self):
        self.env.cr.execute(
            """
            INSERT INTO toll_access_log (
                date, user_id, company_id, source, model, account_keys)
            SELECT now() - make_interval(months => m), %s, %s, 'list', 'toll.account', k
              FROM (VALUES (30, %s), (30, %s), (2, %s)) AS v (m, k)
            RETURNING id
            """,
            [self.agent.id, self.company.id]
            + [self.account.ids, self.other.ids, self.account.ids],
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        held, old, young = self.env["toll.access.log"].browse(ids)
        self.partner.toll_legal_hold = True
        self._activate(self._rule("read_log"))
        self.registry_enter_test_mode()
        self._sweep()
        self.assertEqual((held + old + young).exists(), held + young)
        with self.assertRaises(errors.RestrictViolation), self.env.cr.savepoint():
            self.env.cr.execute("DELETE FROM toll_access_log WHERE id = %s", [held.id])

    def test_people_of_sign_ups_and_closed_accounts(self):
        person = self.env["res.partner"].create(
            {"name": "Never Came", "email": "never@example.org"}
        )
        user = new_test_user(
            self.env, "never_came", "base.group_portal", partner_id=person.id
        )
        draft = self._create_account(
            activate=False, partner_id=person.id, is_web_signup=True
        )
        self.other.action_close()
        self.other.closed_at = self.now - relativedelta(months=61)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE toll_account SET create_date = %s WHERE id = %s",
            [self.now - relativedelta(months=2), draft.id],
        )
        for data_class in ("signup", "customer"):
            self._activate(self._rule(data_class))
        self.registry_enter_test_mode()
        self._sweep()
        self.assertFalse(person.email)
        self.assertFalse(draft.active)
        self.assertFalse(user.active)
        self.assertTrue(self.other.partner_id.toll_erased_at)
        self.assertNotIn("Retention", self.other.partner_id.name)
        self.assertEqual(self.partner.name, "Test Customer", "an open account")

    def test_who_comes_back_is_kept(self):
        self.other.action_close()
        self.other.closed_at = self.now - relativedelta(months=61)
        self._create_account(activate=False, partner_id=self.other.partner_id.id)
        self.env.flush_all()
        self._activate(self._rule("customer"))
        self.registry_enter_test_mode()
        self._sweep()
        self.assertFalse(self.other.partner_id.toll_erased_at)

    def test_words_and_files_of_old_requests(self):
        request = self.env["toll.request"].create(
            {
                "type_id": self.env.ref("toll_account.toll_request_type_other").id,
                "account_id": self.account.id,
                "description": "My neighbour's name",
                "resolution": "He moved",
                "contact_phone": "4425551234",
            }
        )
        self.env["ir.attachment"].create(
            {"name": "x", "raw": b"x", "res_model": request._name, "res_id": request.id}
        )
        request.sudo().state = "done"
        request.sudo().closed_at = self.now - relativedelta(months=40)
        self._activate(self._rule("request"))
        self.registry_enter_test_mode()
        self._sweep()
        self.assertEqual((request.description, request.contact_phone), ("–", False))
        self.assertTrue(request.erased_at)
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_model", "=", request._name), ("res_id", "=", request.id)]
            )
        )

    def test_the_log_of_sweeps_stays(self):
        self._calls(1)
        self._activate(self.contact)
        self.registry_enter_test_mode()
        self._sweep()
        run = self._last_run(self.contact)
        run.with_user(self.manager).read(["count"])
        with self.assertRaises(UserError):
            run.unlink()
        with self.assertRaises(AccessError):
            run.with_user(self.manager).write({"count": 0})
        with self.assertRaises(AccessError):
            run.with_user(self.agent).read(["count"])
