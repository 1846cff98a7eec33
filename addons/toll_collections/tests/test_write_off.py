from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CollectionsCase


@tagged("post_install", "-at_install")
class TestWriteOff(CollectionsCase):
    """003-06: four eyes, limits, the books and the way back."""

    def _request(self, case, user=None, **values):
        write_off = (
            self.env["toll.write.off"]
            .with_user(user or self.supervisor)
            .create(
                {
                    "case_id": case.id,
                    "reason": "uncollectable",
                    "note": "Moved away, no address",
                    **values,
                }
            )
        )
        write_off.action_request()
        return write_off.with_user(self.env.user)

    def _balance(self, account):
        return sum(
            self.env["account.move.line"]
            .search([("account_id", "=", account.id), ("parent_state", "=", "posted")])
            .mapped("balance")
        )

    def test_invoices_are_booked_as_a_loss_and_reconciled_003_06(self):
        case = self._open_case(100)
        invoice = case.item_ids.move_id
        second = self._invoice(case.account_id, 50, 5)
        before = self._balance(self.company._toll_get_bad_debt_account())
        write_off = self._request(case)
        self.assertEqual(write_off.amount, 150)
        write_off.with_user(self.accountant).action_approve()
        self.assertEqual(write_off.state, "approved")
        self.assertEqual((invoice.amount_residual, second.amount_residual), (0, 0))
        self.assertEqual(write_off.move_id.state, "posted")
        loss = self._balance(self.company.toll_bad_debt_account_id) - before
        self.assertEqual(loss, 150)
        self.assertEqual((case.state, case.close_reason), ("closed", "written_off"))
        self.assertRules()
        self.assertFalse(self.env["toll.check"]._check_write_offs())

    def test_taxes_stay_where_they_are(self):
        tax = self.env["account.tax"].search(
            [
                ("company_id", "=", self.company.id),
                ("type_tax_use", "=", "sale"),
                ("amount", ">", 0),
                ("tax_exigibility", "=", "on_payment"),
            ],
            limit=1,
        )
        case = self._open_case(100)
        account = case.account_id
        taxed = self._invoice(account, 100, 20)
        if tax:
            taxed.button_draft()
            taxed.invoice_line_ids.tax_ids = tax
            taxed._post(soft=False)
        tax_lines = taxed.line_ids.filtered("tax_line_id")
        before = {line.account_id: self._balance(line.account_id) for line in tax_lines}
        self._request(case).with_user(self.manager).action_approve()
        self.assertEqual(taxed.amount_residual, 0)
        self.assertFalse(taxed.tax_cash_basis_created_move_ids)
        for ledger, balance in before.items():
            self.assertEqual(self._balance(ledger), balance)

    def test_a_wallet_debt_is_an_entry_of_its_own_kind(self):
        (account,) = self._accounts(1, "prepaid")
        self._overdraw(account, 70)
        self._refresh()
        case = self._case(account)
        write_off = self._request(case)
        write_off.with_user(self.accountant).action_approve()
        self.assertEqual(account.balance, 0)
        entry = self.env["toll.wallet.entry"].search(
            [("account_id", "=", account.id), ("kind", "=", "writeoff")]
        )
        self.assertEqual((entry.amount, entry.move_id), (70, write_off.move_id))
        self.assertEqual(case.state, "closed")
        self.assertRules()

    def test_taking_back_restores_the_debt(self):
        (account,) = self._accounts(1, "prepaid")
        self._overdraw(account, 70)
        invoice = self._invoice(account, 100, 10)
        self._refresh()
        case = self._case(account)
        write_off = self._request(case)
        write_off.with_user(self.accountant).action_approve()
        self.assertEqual((account.balance, invoice.amount_residual), (0, 0))
        wizard = (
            self.env["toll.write.off.decision"]
            .with_user(self.accountant)
            .create(
                {
                    "write_off_ids": write_off.ids,
                    "kind": "take_back",
                    "note": "Pays after all",
                }
            )
        )
        wizard.action_confirm()
        self.assertEqual(write_off.state, "reversed")
        self.assertEqual((account.balance, invoice.amount_residual), (-70, 100))
        self.assertEqual(self._balance(self.company.toll_bad_debt_account_id), 0)
        self.assertEqual(self._case(account).amount_due, 170)
        self.assertEqual(write_off.move_id.state, "posted")
        self.assertRules()
        self.assertFalse(self.env["toll.check"]._check_write_offs())
        with self.assertRaisesRegex(UserError, "not possible now"):
            write_off.with_user(self.accountant)._take_back("Again")

    def test_four_eyes(self):
        case = self._open_case(100)
        for user in (self.accountant, self.manager):
            supervised = self._request(case)
            supervised.sudo().requested_by_id = user
            with self.assertRaisesRegex(UserError, "Somebody else"):
                supervised.with_user(user).action_approve()
            supervised.sudo().write({"state": "refused"})
        own = self._request(case, self.manager)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            own.with_user(self.manager).action_approve()
        own.with_user(self.accountant).action_approve()

    def test_who_may_not_decide(self):
        write_off = self._request(self._open_case(100, user=self.collector))
        for user in (self.supervisor, self.collector, self.billing_user):
            with self.assertRaises(AccessError):
                write_off.with_user(user).action_approve()
            with self.assertRaises(AccessError):
                write_off.with_user(user)._refuse("No")
        with self.assertRaises(AccessError):
            write_off.with_user(self.collector).state = "approved"

    def test_limits_by_role(self):
        self.company.toll_write_off_limit_manager = 3000
        case = self._open_case(2000)
        write_off = self._request(case)
        self.assertTrue(write_off.needs_manager)
        with self.assertRaisesRegex(UserError, "up to"):
            write_off.with_user(self.accountant).action_approve()
        write_off.with_user(self.manager).action_approve()
        above = self._request(self._open_case(3001))
        with self.assertRaisesRegex(UserError, "up to"):
            above.with_user(self.manager).action_approve()

    def test_approvers_are_told_and_the_activity_goes_with_the_decision(self):
        write_off = self._request(self._open_case(100))
        self.assertTrue(write_off.activity_ids)
        self.assertNotIn(self.supervisor, write_off.activity_ids.user_id)
        write_off.with_user(self.accountant)._refuse("Try once more")
        self.assertEqual((write_off.state, write_off.activity_ids.ids), ("refused", []))

    def test_a_second_approval_counts_nothing(self):
        write_off = self._request(self._open_case(100))
        write_off.with_user(self.accountant).action_approve()
        move = write_off.move_id
        with self.assertRaisesRegex(UserError, "not possible now"):
            write_off.with_user(self.manager).action_approve()
        self.assertEqual(write_off.move_id, move)

    def test_what_was_paid_meanwhile_is_not_written_off(self):
        case = self._open_case(100)
        write_off = self._request(case)
        self._pay(case.item_ids.move_id, 60)
        with self.assertRaisesRegex(UserError, "is owed now"):
            write_off.with_user(self.accountant).action_approve()
        self.assertEqual(write_off.state, "requested")

    def test_a_part_can_be_written_off(self):
        case = self._open_case(100)
        write_off = (
            self.env["toll.write.off"]
            .with_user(self.supervisor)
            .create({"case_id": case.id, "reason": "agreement", "note": "Half of it"})
        )
        write_off.line_ids.amount = 40
        write_off.action_request()
        write_off.with_user(self.accountant).action_approve()
        self.assertEqual(case.item_ids.move_id.amount_residual, 60)
        self.assertEqual((case.state, case.amount_due), ("open", 60))

    @mute_logger("odoo.sql_db")
    def test_nothing_changes_after_the_request_and_nothing_is_deleted(self):
        write_off = self._request(self._open_case(100)).with_user(self.supervisor)
        for change in (
            lambda: write_off.line_ids.write({"amount": 1}),
            lambda: write_off.line_ids.unlink(),
            lambda: write_off.write({"reason": "small"}),
            lambda: write_off.unlink(),
        ):
            with self.assertRaises(UserError):
                change()
        write_off.with_user(self.accountant).action_approve()
        with self.assertRaisesRegex(UserError, "write-off"):
            write_off.sudo().move_id.button_draft()
        with self.assertRaisesRegex(UserError, "write-off"):
            write_off.sudo().move_id._reverse_moves(cancel=True)
        with self.assertRaisesRegex(UserError, "write-off"):
            write_off.sudo().move_id.with_context(toll_write_off=True)._reverse_moves(
                cancel=True
            )

    def test_an_entry_unreconciled_by_hand_is_found(self):
        case = self._open_case(100)
        invoice = case.item_ids.move_id
        write_off = self._request(case)
        write_off.with_user(self.accountant).action_approve()
        self.assertFalse(self.env["toll.check"]._check_write_offs())
        write_off.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(self.env["toll.check"]._check_write_offs(), [write_off.name])

    def test_lines_of_strangers_are_refused(self):
        case, other = self._open_case(100), self._open_case(100)
        with self.assertRaisesRegex(UserError, "not an invoice of this account"):
            self._request(
                case,
                line_ids=[
                    (
                        0,
                        0,
                        {
                            "move_id": other.item_ids.move_id.id,
                            "name": "Somebody's",
                            "amount": 10,
                        },
                    )
                ],
            )
