"""Invoices that customers and agents ask for: what is on them, and what is not."""

from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .billing_common import BillingCase

SINCE, TO = datetime(2026, 1, 1), datetime(2026, 3, 31)


@tagged("post_install", "-at_install")
class TestSelfInvoice(BillingCase):
    @classmethod
    def setUpClass(cls):
        cls.startClassPatcher(freeze_time("2026-04-15 18:00:00"))
        super().setUpClass()
        cls.company.toll_self_invoice_days = 0
        (cls.account,) = cls._accounts(1, "prepaid", email="ana@example.com")

    def _free(self, account=None):
        """Ids of what no invoice has charged, in the order of the road."""
        crossings = self.env["toll.crossing"].search(
            [
                ("account_id", "=", (account or self.account).id),
                ("statement_id", "=", False),
            ],
            order="id",
        )
        return crossings.ids

    def _issue(self, key, ids=None, account=None, **kwargs):
        account = account or self.account
        return account._issue_self_invoice(key, SINCE, TO, ids, **kwargs)

    def test_prepaid_crossings_become_one_paid_invoice_000_26(self):
        """The same entries as a billing run makes; the next run finds the rest only."""
        self.account.top_up(100, ref="self-1")
        for amount in (20, 30, 40):
            self._cross(self.account, amount)
        first, second, third = self._free()
        seen = self.account._preview_self_invoice(SINCE, TO, [first, second])
        self.assertEqual((seen["total"], seen["paid"], seen["open"]), (50, 50, 0))
        self.assertEqual(seen["count"], 2)
        self.assertAlmostEqual(
            seen["untaxed"] + sum(tax[2] for tax in seen["taxes"]), 50, places=2
        )
        self.assertEqual(self._free(), [first, second, third], "nothing was kept")
        statement = self._issue("one", [first, second], expected=50)
        invoice = statement.move_id
        self.assertEqual((invoice.state, invoice.amount_total), ("posted", 50))
        self.assertEqual(invoice.payment_state, "paid")
        self.assertTrue(invoice.sending_data, "Odoo's job sends it")
        self.assertEqual(self.account.balance, 10)
        self.assertEqual(self._issue("one", [first, second, third]), statement)
        self.assertEqual(self._free(), [third])
        self.assertRules()
        run = self._billed()
        self.assertEqual(run.statement_ids.move_id.amount_total, 40)
        self.assertRules()
        self.assertFalse(run._verify_sample())

    def test_what_is_on_an_invoice_is_not_invoiced_again(self):
        self._cross(self.account, 20)
        ids = self._free()
        self._issue("first", ids)
        for asked in (ids, None):
            with self.assertRaisesRegex(UserError, "nothing to invoice"):
                self._issue("other", asked)
        (other,) = self._accounts(1, "prepaid")
        self._cross(other, 20)
        with self.assertRaisesRegex(UserError, "nothing to invoice"):
            self._issue("theirs", self._free(other))
        self.assertEqual(len(self._free(other)), 1)
        self.assertEqual(
            self.env["toll.billing.run"].search_count(
                [("account_id", "=", self.account.id)]
            ),
            1,
            "a refusal leaves no run",
        )

    def test_a_short_balance_leaves_the_rest_to_pay(self):
        self.account.top_up(50, ref="self-2")
        self._cross(self.account, 70)
        seen = self.account._preview_self_invoice(SINCE, TO)
        self.assertEqual((seen["paid"], seen["open"]), (50, 20))
        invoice = self._issue("short").move_id
        self.assertEqual(invoice.amount_residual, 20)
        self.assertRules()

    def test_another_amount_than_the_one_seen_is_not_issued(self):
        self._cross(self.account, 20)
        self._cross(self.account, 5)
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            self._issue("seen", expected=20)
        self.assertEqual(len(self._free()), 2)

    def test_old_held_and_open_crossings_are_told_apart_000_26(self):
        self._cross(self.account, 7, at=datetime(2026, 1, 5))
        self.env.cr.execute(
            """
            INSERT INTO toll_crossing_data (
                occurred_at, company_id, operator_id, batch_id, line, account_id,
                currency_id, amount, state, service, ref)
            VALUES ('2026-02-10', %s, %s, 0, 0, %s, %s, 20, 'held', 'toll', 'HELD')
            """,
            [
                self.company.id,
                self.operator_a.id,
                self.account.id,
                self.currency.id,
            ],
        )
        self._cross(self.account, 30)
        days = 73  # back to the first of February
        self.company.toll_self_invoice_days = days
        fates = self.account._get_self_fates(SINCE, TO)
        self.assertEqual(fates, {"held": (1, 20), "old": (1, 7), "free": (1, 30)})
        reasons = " ".join(self.account._get_self_reasons(fates))
        self.assertIn("still being reviewed", reasons)
        self.assertIn(f"older than {days} days", reasons)
        self.assertEqual(self._issue("part").amount_total, 30)

    def test_postpaid_invoices_the_open_period_only_where_it_may(self):
        (account,) = self._accounts(1, "postpaid")
        self._cross(account, 20)
        with self.assertRaisesRegex(UserError, "nothing to invoice"):
            self._issue("open", account=account)
        self.assertEqual(account._get_self_fates(SINCE, TO), {"open": (1, 20)})
        self._run(until=date(2026, 3, 1))  # the period is over
        self.assertEqual(account._get_self_fates(SINCE, TO), {"free": (1, 20)})
        self._cross(account, 7, at=datetime(2026, 3, 9))
        self.assertEqual(account._get_self_fates(SINCE, TO)["open"], (1, 7))
        self.company.toll_self_invoice_postpaid = True
        invoice = self._issue("allowed", account=account).move_id
        self.assertEqual((invoice.amount_total, invoice.amount_residual), (27, 27))
        self.assertRules()

    def test_a_part_of_a_joint_invoice_does_not_invoice_itself(self):
        (main,) = self._accounts(1, "prepaid")
        self.account.parent_id = main
        main.write({"invoice_together": True, "invoice_together_from": "2026-01-01"})
        self._cross(self.account, 20)
        with self.assertRaisesRegex(UserError, f"together with account {main.number}"):
            self._issue("part")
        statement = self._issue("main", account=main)
        self.assertEqual(statement.account_id, main)
        self.assertEqual(statement.move_id.amount_total, 20)
        self.assertRules()

    def test_an_agent_invoices_a_period_once(self):
        self._cross(self.account, 50)
        self.account.top_up(50, ref="self-3")
        account = self.account.with_user(self.agent)
        action = account.action_invoice_now()
        form = Form(
            self.env["toll.self.invoice"]
            .with_user(self.agent)
            .with_context(**action["context"])
        )
        form.date_from, form.date_to = date(2026, 2, 1), date(2026, 2, 28)
        self.assertEqual((form.crossing_count, form.amount), (1, 50))
        wizard = form.save()
        shown = [wizard.action_issue()["res_id"] for _press in range(2)]
        statement = self.env["toll.statement"].browse(shown[0])
        self.assertEqual(shown[0], shown[1])
        self.assertEqual(statement.move_id.payment_state, "paid")
        self.assertEqual(statement.run_id.requested_by_id, self.agent)
        nobody = new_test_user(self.env, "self_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            wizard.with_user(nobody).create({"account_id": self.account.id})
        with self.assertRaises(AccessError):
            self.account.with_user(nobody).action_invoice_now()

    def test_the_invoice_goes_out_with_its_file(self):
        """Sent by Odoo's own job, with the annex that the account wants."""
        self._cross(self.account, 20)
        self.account.annex_format = "csv"
        move = self._issue("mail").move_id
        self.env["account.move.send"].with_context(
            force_report_rendering=False
        )._generate_and_send_invoices(move, from_cron=True)
        self.assertFalse(move.sending_data)
        mails = move.message_ids.filtered("attachment_ids")
        self.assertIn("ana@example.com", mails.notified_partner_ids.mapped("email"))
        self.assertTrue(
            mails.attachment_ids.filtered(lambda file: file.name.endswith(".csv"))
        )
