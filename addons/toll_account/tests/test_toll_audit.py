from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..core import reads
from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollAudit(TollCommon):
    def _look(self, user):
        """A row of the log of reads, as a call from outside leaves it."""
        call = reads.understand("toll.account", "web_read", [self.account.ids], {})
        log = self.env["toll.access.log"].sudo()
        log._note_call(user.id, call, [{"id": self.account.id}])
        return log.search(
            [("account_id", "=", self.account.id), ("user_id", "=", user.id)]
        )

    def test_who_opened_an_account_is_written_down_x18(self):
        self.assertEqual(len(self._look(self.analyst)), 1)
        self.assertEqual(len(self._look(self.analyst)), 1, "not for every click")
        self.assertEqual(len(self._look(self.agent)), 1)

    def test_nobody_changes_the_log_and_managers_read_it(self):
        look = self._look(self.agent)
        for user in (self.agent, self.billing, self.accountant):
            with self.subTest(user.login), self.assertRaises(AccessError):
                look.with_user(user).read(["date"])
        look.with_user(self.manager).read(["date"])
        with self.assertRaises(AccessError):
            look.with_user(self.manager).unlink()
        with self.assertRaises(UserError):
            look.with_user(self.manager).write({"address": "x"})

    def test_looks_of_another_company_stay_there(self):
        look = self._look(self.agent)
        company = self._create_company("Other audit")
        self.manager.write(
            {"company_ids": [(6, 0, company.ids)], "company_id": company}
        )
        self.assertNotIn(
            look, self.env["toll.access.log"].with_user(self.manager).search([])
        )

    def test_access_review_lists_roles_offices_and_last_login_004_28(self):
        self.agent.toll_office_id = self.office
        self.env["res.users.log"].with_user(self.agent).sudo().create({})
        self.env.flush_all()
        review = self.env["toll.access.review"].with_user(self.manager)
        line = review.search(
            [
                ("user_id", "=", self.agent.id),
                (
                    "group_id",
                    "=",
                    self.env.ref("toll_account.group_toll_agent").id,
                ),
            ]
        )
        self.assertEqual(line.office_id, self.office)
        self.assertTrue(line.last_login)
        with self.assertRaises(AccessError):
            review.with_user(self.agent).search([])

    def test_changes_of_settings_are_written_down_003_34(self):
        self.office.with_user(self.manager).name = "Other name"
        self.company.toll_topup_min = 75
        Log = self.env["toll.setting.log"]
        line = Log.search(
            [("model", "=", "toll.office"), ("res_id", "=", self.office.id)]
        )
        self.assertEqual((line.old_value, line.new_value), ("Test", "Other name"))
        self.assertEqual(line.user_id, self.manager)
        line = Log.search([("model", "=", "res.company")], limit=1)
        self.assertEqual((line.old_value, line.new_value), ("50.0", "75.0"))
        self.company.toll_topup_min = 75
        self.assertEqual(
            Log.search([("model", "=", "res.company")], limit=1), line, "no change"
        )
        with self.assertRaises(AccessError):
            line.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            Log.with_user(self.agent).search([])

    def test_open_items_by_age_003_03(self):
        for days, amount in ((-5, 100), (10, 200), (45, 300), (200, 400)):
            date = self.env.cr.now().date()
            move = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner.id,
                    "invoice_date": "2024-01-01",
                    "invoice_date_due": date.fromordinal(date.toordinal() - days),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [
                        (0, 0, {"name": "x", "price_unit": amount, "tax_ids": []})
                    ],
                }
            )
            if "toll_account_id" in move._fields:
                move.toll_account_id = self.account
            move.action_post()
        account = self.account.with_user(self.agent)
        self.assertEqual(account.amount_not_due, 100)
        self.assertEqual(account.amount_due_30, 200)
        self.assertEqual(account.amount_due_60, 300)
        self.assertEqual(account.amount_due_90, 0)
        self.assertEqual(account.amount_due_older, 400)
        self.assertEqual(account.open_invoice_count, 4)
