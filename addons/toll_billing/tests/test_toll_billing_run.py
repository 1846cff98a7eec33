from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .billing_common import UNTIL, BillingCase


@tagged("post_install", "-at_install")
class TestBillingCycle(BillingCase):
    def test_code_is_unique(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["toll.billing.cycle"].create({"name": "X", "code": "TESTCYCLE"})

    def test_faulty_calendars_are_refused(self):
        for values in (
            {"days": "0"},
            {"days": "first"},
            {"kind": "interval", "interval": 0, "anchor_date": "2026-01-01"},
            {"kind": "interval", "interval": 1},
        ):
            with self.assertRaises(ValidationError):
                self.cycle.write({"interval_unit": "week", **values})

    @freeze_time("2026-03-01 12:00:00")
    def test_cron_opens_each_due_run_once(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        Run = self.env["toll.billing.run"]
        others = self.env["toll.billing.cycle"].search([("id", "!=", self.cycle.id)])
        others.auto_open = False
        # a cron commits; a test must not
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 99)
        self.env["toll.billing.cycle"]._cron_open_runs()
        run = Run.search([("cycle_id", "=", self.cycle.id)])
        self.assertEqual((run.until, run.state), (UNTIL, "draft"))
        self.assertEqual(run.amount_total, 54)
        self.env["toll.billing.cycle"]._cron_open_runs()
        self.assertEqual(Run.search([("cycle_id", "=", self.cycle.id)]), run)

    @freeze_time("2026-03-01 12:00:00")
    def test_cycle_may_invoice_without_review(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        self.cycle.auto_confirm = True
        run = self.cycle._open_due_run(UNTIL)
        self.assertEqual(run.state, "invoiced")
        self.assertEqual(run.statement_ids.move_id.amount_total, 54)

    def test_accounts_are_spread_over_cycles(self):
        other = self.cycle.copy({"code": "TESTCYCLE2"})
        accounts = self._accounts(5)
        (self.cycle | other)._spread(accounts)
        self.assertEqual(sorted((self.cycle | other).mapped("account_count")), [2, 3])


@tagged("post_install", "-at_install")
class TestBillingRun(BillingCase):
    def test_statements_are_the_sum_of_what_is_unbilled_before_the_cutoff(self):
        first, second = self._accounts(2)
        self._cross_many(
            [
                (first, 54, self.plaza_a, "toll", None, 4),
                (first, 54, self.plaza_a, "toll", None, 0),
                (first, 30, self.plaza_a, "parking", None, 0),
                (first, 108, self.plaza_b, "toll", None, 0),
                (second, 216, self.plaza_b, "toll", None, 0),
                # 05:59 UTC is still February in Mexico, 06:00 is March
                (second, 1, self.plaza_b, "toll", datetime(2026, 3, 1, 5, 59), 0),
                (second, 1000, self.plaza_b, "toll", datetime(2026, 3, 1, 6), 0),
            ]
        )
        self.company.partner_id.tz = "America/Mexico_City"
        run = self._run()
        run.with_user(self.billing_user).action_compute()
        self.assertEqual(
            (run.statement_count, run.crossing_count, run.amount_total), (2, 6, 459)
        )
        by_account = {s.account_id: s for s in run.statement_ids}
        self.assertEqual(
            [
                (line.operator_id.code, line.service, line.crossing_count)
                for line in by_account[first].line_ids
            ],
            [("OPA", "toll", 2), ("OPA", "parking", 1), ("OPB", "toll", 1)],
        )
        self.assertEqual(
            by_account[first].line_ids.mapped("amount_total"), [104, 30, 108]
        )
        self.assertEqual(by_account[first].amount_discount, 4)
        self.assertEqual(by_account[second].amount_total, 217)
        self.assertRules()

    def test_computing_again_gives_the_same_and_takes_what_came_since(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = self._run()
        run.action_compute()
        run.action_compute()
        self.assertEqual((run.statement_count, run.amount_total), (1, 54))
        self._cross(account, 10)
        run.action_compute()
        self.assertEqual((run.crossing_count, run.amount_total), (2, 64))

    def test_two_runs_never_bill_a_crossing_twice(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        first, second = self._run(), self._run()
        first.action_compute()
        second.action_compute()
        self.assertEqual((first.statement_count, second.statement_count), (1, 0))

    def test_cancelling_gives_the_crossings_back(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = self._run()
        run.action_compute()
        run.action_review()
        run.action_cancel()
        self.assertEqual((run.state, run.statement_count), ("cancelled", 0))
        again = self._run()
        again.action_compute()
        self.assertEqual(again.amount_total, 54)
        self.assertRules()

    def test_invoiced_run_can_be_neither_cancelled_nor_computed_nor_confirmed(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = self._billed()
        for action in ("action_compute", "action_cancel", "action_confirm"):
            with self.assertRaises(UserError):
                getattr(run, action)()
        with self.assertRaises(UserError):
            run.statement_ids.unlink()
        with self.assertRaises(UserError):
            run.unlink()

    def test_late_crossings_go_to_the_next_run_and_are_pointed_out(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        self._billed()
        self._cross(account, 33)
        run = self._run(until=date(2026, 4, 1))
        run.action_compute()
        self.assertEqual(run.amount_total, 33)
        self.assertIn("late", run.exception_ids.mapped("code"))

    def test_opening_plus_movements_less_usage_is_closing(self):
        (account,) = self._accounts(1, "prepaid")
        with freeze_time("2026-02-05 12:00:00"):
            account.top_up(500, ref="A")
        self._cross(account, 54)
        first = self._billed().statement_ids
        self.assertEqual(
            (first.opening_balance, first.amount_topup, first.closing_balance),
            (0, 500, 446),
        )
        with freeze_time("2026-03-05 12:00:00"):
            account.top_up(100, ref="B")
        # entered later, for February: nothing may fall between two statements
        with freeze_time("2026-02-20 12:00:00"):
            account.top_up(70, ref="C")
        self._cross(account, 20, at=datetime(2026, 3, 10))
        second = self._billed(until=date(2026, 4, 1)).statement_ids
        self.assertEqual(second.opening_balance, first.closing_balance)
        self.assertEqual(
            second.opening_balance
            + second.amount_topup
            + second.amount_refund
            + second.amount_fee
            + second.amount_adjustment
            + second.amount_settlement
            - second.amount_total,
            second.closing_balance,
        )
        self.assertEqual((second.amount_topup, second.amount_adjustment), (100, 70))
        self.assertEqual(second.closing_balance, 596)

    def test_comparison_with_the_run_before(self):
        first, second = self._accounts(2)
        self._cross_many(
            [
                (first, 50, None, "toll", None, 0),
                (second, 50, None, "toll", None, 0),
            ]
        )
        before = self._billed()
        self._cross_many(
            [
                (first, 400, None, "toll", datetime(2026, 3, 5), 0),
                (second, 50, None, "toll", datetime(2026, 3, 5), 0),
            ]
        )
        run = self._run(until=date(2026, 4, 1))
        run.action_compute()
        self.assertEqual(run.previous_run_id, before)
        self.assertEqual((run.previous_amount, run.change_percent), (100, 350))
        statement = run.statement_ids.filtered(lambda s: s.account_id == first)
        self.assertEqual(
            (statement.previous_amount, statement.amount_change), (50, 350)
        )
        jump = run.exception_ids.filtered(lambda e: e.code == "jump")
        self.assertEqual(jump.account_id, first)

    def test_taxes_on_top_of_the_price_block_the_run(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        service = self.env["toll.service"].search([("code", "=", "toll")])
        excluded = service.product_id.taxes_id.copy(
            {"name": "Not included", "price_include_override": "tax_excluded"}
        )
        service.product_id.taxes_id = excluded
        run = self._run()
        run.action_compute()
        self.assertEqual(run.blocking_count, 1)
        with self.assertRaisesRegex(UserError, "not included"):
            run.action_review()
        with self.assertRaises(UserError):
            run.action_confirm()

    def test_usage_without_cycle_is_pointed_out(self):
        (account,) = self._accounts(1)
        account.billing_cycle_id = False
        self._cross(account, 54)
        run = self._run()
        run.action_compute()
        found = run.exception_ids.filtered(lambda e: e.code == "no_cycle")
        self.assertEqual((found.crossing_count, found.amount), (1, 54))

    def test_invoice_on_demand_takes_all_of_one_account(self):
        account, other = self._accounts(2)
        self._cross(account, 54, at=datetime(2026, 3, 20))
        self._cross(other, 54, at=datetime(2026, 3, 20))
        with freeze_time("2026-03-20 20:00:00"):
            action = account.with_user(self.billing_user).action_bill_now()
        run = self.env["toll.billing.run"].browse(action["res_id"])
        self.assertEqual(run.statement_ids.account_id, account)
        run.action_confirm()
        self.assertEqual(run.statement_ids.move_id.amount_total, 54)

    def test_large_runs_go_through_jobs_chunk_by_chunk(self):
        accounts = self._accounts(5)
        self._cross_many([(a, 54, None, "toll", None, 0) for a in accounts])
        run = self._run()
        run.action_compute()
        self.patch(type(self)._chunk_module(), "CHUNK", 2)
        run.action_confirm()
        self.assertTrue(run.is_running)
        job = self.env["queue.job"].search(
            [
                ("model_name", "=", "toll.billing.run"),
                ("method_name", "=", "_job_issue"),
            ]
        )
        self.assertEqual(len(job), 1)
        with self.assertRaises(UserError):
            run.action_cancel()
        states = []
        for _chunk in range(3):
            run._job_issue()
            run.invalidate_recordset()
            states.append((run.invoiced_count, run.state))
        self.assertEqual(states, [(2, "reviewed"), (4, "reviewed"), (5, "invoiced")])
        self.assertFalse(run.is_running)
        numbers = run.statement_ids.move_id.mapped("sequence_number")
        self.assertEqual(sorted(numbers), list(range(min(numbers), min(numbers) + 5)))

    def test_a_large_run_can_be_issued_at_once(self):
        accounts = self._accounts(5)
        self._cross_many([(a, 54, None, "toll", None, 0) for a in accounts])
        run = self._run()
        run.action_compute()
        self.patch(type(self)._chunk_module(), "CHUNK", 2)
        run.with_context(toll_synchronous=True).action_confirm()
        self.assertEqual((run.state, run.invoiced_count), ("invoiced", 5))

    @staticmethod
    def _chunk_module():
        from ..models import toll_billing_run_issue

        return toll_billing_run_issue

    def test_checks_find_what_does_not_add_up(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = self._billed()
        self.assertRules()
        self.env.cr.execute(
            "UPDATE toll_statement SET amount_total = 55 WHERE run_id = %s", [run.id]
        )
        failed = {r["code"] for r in self.env["toll.check"].run() if not r["ok"]}
        self.assertLessEqual({"billing-invoice", "billing-run"}, failed)


@tagged("post_install", "-at_install")
class TestBillingAccess(BillingCase):
    def test_billing_clerk_does_the_whole_run(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = (
            self.env["toll.billing.run"]
            .with_user(self.billing_user)
            .create({"cycle_id": self.cycle.id, "until": UNTIL})
        )
        run.action_compute()
        run.action_review()
        run.action_confirm()
        self.assertEqual(
            (run.state, run.reviewed_by_id), ("invoiced", self.billing_user)
        )
        self.assertEqual(run.sudo().statement_ids.move_id.state, "posted")

    def test_agent_reads_statements_and_starts_no_run(self):
        (account,) = self._accounts(1)
        self._cross(account, 54)
        run = self._run()
        run.action_compute()
        statement = run.statement_ids.with_user(self.agent)
        self.assertEqual(statement.amount_total, 54)
        with self.assertRaises(AccessError):
            run.with_user(self.agent).action_confirm()
        with self.assertRaises(AccessError):
            statement.write({"name": "x"})
        with self.assertRaises(AccessError):
            self.env["toll.billing.run"].with_user(self.agent).create(
                {"cycle_id": self.cycle.id, "until": UNTIL}
            )

    def test_runs_of_another_company_are_out_of_reach(self):
        other = self.env["res.company"].create({"name": "Other Tolls"})
        cycle = self.env["toll.billing.cycle"].create(
            {"name": "Other", "code": "OTHER", "company_id": other.id}
        )
        run = self.env["toll.billing.run"].create(
            {"cycle_id": cycle.id, "company_id": other.id, "until": UNTIL}
        )
        Run = self.env["toll.billing.run"].with_user(self.billing_user)
        self.assertFalse(Run.search([("id", "=", run.id)]))
        with self.assertRaises(AccessError):
            run.with_user(self.billing_user).action_compute()
        visible = self.env["toll.billing.cycle"].with_user(self.billing_user).search([])
        self.assertNotIn(cycle, visible)

    def test_customers_read_their_own_statements_once_invoiced(self):
        own, other = self._accounts(2)
        self._cross(own, 54)
        self._cross(other, 54)
        customer = new_test_user(
            self.env,
            "toll_customer",
            groups="base.group_portal",
            partner_id=own.partner_id.id,
        )
        run = self._run()
        run.action_compute()
        Statement = self.env["toll.statement"].with_user(customer)
        self.assertFalse(Statement.search([]))
        run.action_confirm()
        self.assertEqual(Statement.search([]).account_id.sudo(), own)
        self.assertEqual(Statement.search([]).line_ids.amount_total, 54)

    def test_nobody_else_sees_billing(self):
        outsider = new_test_user(self.env, "outsider", groups="base.group_user")
        for model in ("toll.billing.run", "toll.billing.cycle", "toll.statement"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(outsider).search([])
