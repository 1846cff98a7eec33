from datetime import timedelta

from odoo.tests import tagged

from .common import TollBillingCommon


@tagged("post_install", "-at_install")
class TestTagLost(TollBillingCommon):
    """A lost TAG is blocked, replaced and charged rightly from its time on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.lot.product_id
        warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        wizard = cls.env["toll.tag.reception"].create(
            {
                "product_id": cls.product.id,
                "location_id": warehouse.lot_stock_id.id,
                "first_number": "NEWT00000001",
                "last_number": "NEWT00000002",
            }
        )
        domain = wizard.action_receive()["domain"]
        cls.new, cls.spare = cls.env["stock.lot"].search(domain, order="name")
        cls.lost_at = cls.noon

    def _at(self, hours):
        return (self.noon + timedelta(hours=hours)).isoformat() + "Z"

    def _fate(self, ref):
        crossing = self.env["toll.crossing"].search([("ref", "=", ref)])
        return crossing.state, crossing.reason, crossing.account_id

    def test_blocked_replaced_and_charged_from_its_time_on(self):
        self._load(self._row("before", occurred_at=self._at(-2)), name="a.csv")
        balance = self.prepaid.balance
        lot = self.lot.with_user(self.agent)
        lot.toll_report_lost("lost", self.lost_at, "Left in a taxi")
        lot.toll_replace(self.new.id, "lost", self.lost_at)
        status = self.lot.toll_status_ids.filtered(lambda row: not row.date_to)
        self.assertEqual((status.status, status.reason), ("blocked", "lost"))
        self.assertEqual(status.date_from, self.lost_at)
        self.assertEqual(self.vehicle.toll_tag_id, self.new)
        self.assertEqual(self.new.toll_account_id, self.prepaid)

        rows = (
            self._row("finder", occurred_at=self._at(1)),
            self._row("at once", occurred_at=self._at(0)),
            self._row("new tag", occurred_at=self._at(2), tag="NEWT00000001"),
            self._row("new too soon", occurred_at=self._at(-1), tag="NEWT00000001"),
        )
        batch = self._load(*rows, name="b.csv")
        held = self.env["toll.account"]
        self.assertEqual(self._fate("finder"), ("held", "blocked_tag", held))
        self.assertEqual(self._fate("at once"), ("held", "blocked_tag", held))
        self.assertEqual(self._fate("new tag"), ("posted", False, self.prepaid))
        self.assertEqual(self._fate("new too soon")[0], "held")
        self.assertEqual(self.prepaid.balance, balance - 100)

        # the operator is late: what happened before the loss is still the customer's
        late = self._row("late", occurred_at=self._at(-3))
        self._load(late, name="late.csv")
        self.assertEqual(self._fate("late"), ("posted", False, self.prepaid))
        self.assertEqual(self.prepaid.balance, balance - 200)
        again = self._load(*rows, name="b.csv")
        self.assertEqual(again, batch)
        self._load(late, *rows, name="again.csv")
        self.assertEqual(self.prepaid.balance, balance - 200)
        self._assert_rules_hold()

    def test_the_fee_is_paid_from_the_deposit(self):
        self.product.write({"toll_terms": "deposit", "toll_replacement_fee": 100})
        row = self.lot.toll_assignment_ids.filtered("is_open")
        self.prepaid.top_up(1000, ref="for the fee")
        balance = self.prepaid.balance
        self.lot.with_user(self.agent).toll_report_lost("stolen")
        invoice = row.charge_move_ids
        self.assertEqual((invoice.state, invoice.payment_state), ("posted", "paid"))
        self.assertEqual(invoice.toll_account_id, self.prepaid)
        self.assertEqual(self.prepaid.balance, balance - invoice.amount_total)
        self.assertEqual(self.prepaid.amount_receivable, 0)
        self._assert_rules_hold()
        # the TAG turns up: the fee is credited and the money is the customer's again
        self.lot.with_user(self.agent).toll_return()
        credit = invoice._reverse_moves(cancel=True)
        self.assertEqual(credit.toll_account_id, self.prepaid)
        self.assertEqual(self.prepaid.balance, balance)
        self.assertEqual(self.prepaid.amount_receivable, 0)
        self._assert_rules_hold()

    def test_guarantee_and_fee_together(self):
        self.product.write(
            {
                "toll_terms": "deposit",
                "toll_guarantee_amount": 200,
                "toll_replacement_fee": 100,
            }
        )
        self.prepaid.top_up(1000, ref="for the guarantee")
        balance = self.prepaid.balance
        self.lot.with_user(self.agent).toll_replace(self.new.id, "defective")
        # the old one came without a guarantee, so the new one takes none
        self.assertEqual(self.prepaid.balance, balance)
        self.new.with_user(self.agent).toll_replace(self.spare.id, "lost")
        row = self.spare.toll_assignment_ids
        self.assertEqual(row.guarantee_state, "held")
        invoice = self.new.toll_assignment_ids.charge_move_ids
        self.assertEqual(self.prepaid.balance, balance - 200 - invoice.amount_total)
        self._assert_rules_hold()
        self.spare.with_user(self.agent).toll_return()
        self.assertEqual(self.prepaid.balance, balance - invoice.amount_total)
        self._assert_rules_hold()

    def test_a_postpaid_customer_gets_an_invoice_to_pay(self):
        self.product.toll_replacement_fee = 100
        self.lot_2.with_user(self.agent).toll_report_lost()
        invoice = self.lot_2.toll_assignment_ids.charge_move_ids
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertEqual(self.postpaid.amount_receivable, invoice.amount_total)
        self._assert_rules_hold()

    def test_the_trace_shows_where_the_tag_was_used(self):
        self._load(self._row("one"), self._row("two", occurred_at=self._at(1)))
        titles = [event["title"] for event in self.lot._toll_get_trace()]
        self.assertIn("2 crossings in the month", titles)

    def test_misreads_make_candidates_001_10(self):
        rows = [
            self._row(
                f"r{number}", tag="", plate="AAA111A", occurred_at=self._at(-number)
            )
            for number in range(1, 5)
        ]
        rows += [
            self._row(f"t{number}", occurred_at=self._at(-number - 0.5))
            for number in range(1, 13)
        ]
        self._load(*rows)
        campaign = self.env["toll.tag.campaign"].create(
            {"name": "Misread", "min_age_months": 0, "min_misread_rate": 20}
        )
        rates = campaign._get_misread_rates(self.lot | self.lot_2)
        self.assertEqual(rates, {self.lot: 25.0})
        campaign.action_find()
        self.assertEqual(campaign.line_ids.lot_id, self.lot)
        self.assertEqual(campaign.line_ids.misread_rate, 25)
