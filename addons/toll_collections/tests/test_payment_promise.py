from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CollectionsCase


@tagged("post_install", "-at_install")
class TestPaymentPromise(CollectionsCase):
    """003-06: promises are kept or broken by what comes in, not by hand."""

    def _judge(self):
        self.env.invalidate_all()
        self.env["toll.payment.promise"]._judge(self.company)
        self.env.invalidate_all()

    def test_paid_in_time_is_kept_and_the_case_closes(self):
        case = self._open_case(100)
        promise = self._promise(case, 100)
        self._move_back(promise, 2)
        self._judge()
        self.assertEqual((promise.state, promise.amount_paid), ("open", 0))
        self._pay(case.item_ids.move_id, days_ago=1)
        self._refresh()
        self.assertEqual((promise.state, promise.kept_rate), ("kept", 100))
        self.assertEqual(case.state, "closed")

    def test_agreements_stand_in_the_finances_of_the_account_003_03(self):
        case = self._open_case(100)
        promise = self._promise(case, 100)
        account = case.account_id
        account = account.with_user(self.accountant)
        self.assertIn(promise, account.promise_ids)
        views = account.get_view(
            self.env.ref("toll_account.toll_account_view_form").id, "form"
        )
        self.assertIn('name="promise_ids"', views["arch"])

    def test_not_paid_is_broken_and_raises_the_case(self):
        case = self._open_case(100)
        promise = self._promise(case, 100, days=3)
        self._move_back(promise, 4)
        self._judge()
        self.assertEqual(promise.state, "open", "a day of grace is left")
        self._move_back(promise, 1)
        self._judge()
        self.assertEqual((promise.state, promise.kept_rate), ("broken", 0))
        self.assertEqual((case.priority, case.broken_count), ("1", 1))
        self.assertEqual(case.next_action_date, self.today)
        self.assertIn("Broken", case.message_ids[0].body)
        self._judge()
        self.assertEqual(case.broken_count, 1, "judged once only")

    def test_a_part_is_partly_kept(self):
        case = self._open_case(100)
        promise = self._promise(case, 80, days=3)
        self._move_back(promise, 10)
        self._pay(case.item_ids.move_id, 20, days_ago=8)
        self._judge()
        self.assertEqual((promise.state, promise.kept_rate), ("partly", 25))
        self.assertEqual(promise.amount_paid, 20)

    def test_money_that_came_late_does_not_keep_it_in_part(self):
        """What came after the day counts as paid, the instalment stays missed."""
        case = self._open_case(100)
        promise = self._promise(case, 80, days=3)
        self._move_back(promise, 10)
        self._pay(case.item_ids.move_id, 20, days_ago=1)
        self._judge()
        self.assertEqual(promise.state, "partly")

    def test_money_from_before_the_promise_does_not_count(self):
        case = self._open_case(100)
        invoice = case.item_ids.move_id
        self._pay(invoice, 50, days_ago=9)
        promise = self._promise(case, 50, days=3)
        self._move_back(promise, 8)
        self._judge()
        self.assertEqual((promise.state, promise.amount_paid), ("broken", 0))

    def test_instalments_are_paid_one_after_the_other(self):
        case = self._open_case(100)
        promise = self._promise(case, 100, days=0, part_count=3, part_unit="week")
        self.assertEqual(promise.line_ids.mapped("amount"), [33.33, 33.33, 33.34])
        days = [(line.date - promise.date).days for line in promise.line_ids]
        self.assertEqual(days, [0, 7, 14])
        self._move_back(promise, 5)
        self._pay(case.item_ids.move_id, 50, days_ago=5)
        self._judge()
        self.assertEqual(promise.line_ids.mapped("amount_paid"), [33.33, 16.67, 0])
        self.assertEqual(promise.state, "open")
        self.assertEqual(promise.next_date, promise.line_ids[1].date)
        self._move_back(promise, 4)
        self._judge()
        self.assertEqual(promise.state, "partly", "the second one was missed")

    def test_a_top_up_counts_for_a_wallet_and_its_settlement_not_again(self):
        (account,) = self._accounts(1, "prepaid")
        self._overdraw(account, 100)
        self._refresh()
        case = self._case(account)
        promise = self._promise(case, 100)
        account.top_up(60, ref="promise-60")
        self._judge()
        self.assertEqual((promise.state, promise.amount_paid), ("open", 60))
        self._refresh()
        self.assertEqual(case.amount_due, 40)

    def test_one_open_promise_and_it_cannot_be_written_by_hand(self):
        case = self._open_case(100, user=self.collector)
        promise = self._promise(case, 50, user=self.collector)
        with self.assertRaisesRegex(UserError, "open promise"):
            self._promise(case, 40, user=self.collector)
        with self.assertRaises(AccessError):
            promise.state = "kept"
        with self.assertRaises(UserError):
            promise.amount = 1
        with self.assertRaises(AccessError):
            promise.line_ids.amount_paid = 50
        with self.assertRaises(UserError):
            promise.sudo().unlink()
        promise.action_cancel()
        self.assertEqual(promise.state, "cancelled")
        self.assertTrue(self._promise(case, 40, user=self.collector))

    def test_nonsense_is_refused(self):
        case = self._open_case(100)
        for values in (
            {"amount": 0},
            {"amount": -5},
            {"amount": 50, "days": -1},
            {"amount": 50, "part_count": 0},
            {"amount": 50, "part_count": 61},
            {"amount": 0.02, "part_count": 3},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self._promise(case, **values)

    def test_a_debt_settled_otherwise_cancels_the_promise(self):
        case = self._open_case(100)
        promise = self._promise(case, 100)
        case.item_ids.move_id._reverse_moves(cancel=True)
        self._refresh()
        self.assertEqual((case.state, promise.state), ("closed", "cancelled"))
        with self.assertRaisesRegex(UserError, "closed"):
            self._promise(case, 100)

    def test_looking_for_payments_is_for_whoever_works_the_case(self):
        case = self._open_case(100, user=self.collector)
        promise = self._promise(case, 100, user=self.collector)
        self._move_back(promise.sudo(), 2)
        self._pay(case.item_ids.move_id, days_ago=1)
        promise.action_judge()
        self.assertEqual(promise.state, "kept")
        self.assertEqual(promise.ended_on - self.today, timedelta(0))
        with self.assertRaises(AccessError):
            promise.with_user(self.colleague).action_judge()
