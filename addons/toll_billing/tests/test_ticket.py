"""Lane tickets: files of them, invoices of single ones, the global invoice."""

from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .billing_common import BillingCase

HEADER = "plaza;lane;folio;issued_at;class;amount;payment"
DATA = {
    "name": "Rosa Vidal",
    "vat": "GODE561231GR8",
    "street": "Calle 1",
    "zip": "64000",
    "city": "Monterrey",
    "email": "rosa@example.com",
}


@tagged("post_install", "-at_install")
class TestTicket(BillingCase):
    @classmethod
    def setUpClass(cls):
        cls.startClassPatcher(freeze_time("2026-04-02 18:00:00"))
        super().setUpClass()
        cls.company.toll_ticket_days = 3
        cls.data = {**DATA, "country_id": cls.env.ref("base.mx").id}
        cls.analyst = new_test_user(
            cls.env, "ticket_analyst", groups="toll_account.group_toll_analyst"
        )
        cls.lanes = cls.env["toll.lane"].create(
            [
                {"plaza_id": plaza.id, "code": "01", "position": 1}
                for plaza in (cls.plaza_a, cls.plaza_b)
            ]
        )

    def _load(self, *rows, operator=None, header=HEADER):
        content = "\n".join([header, *rows]).encode()
        batches = self.env["toll.ticket.batch"].with_user(self.analyst)
        batch, is_new = batches._receive(operator or self.operator_a, "a.csv", content)
        return batch.sudo(), is_new

    def _tickets(self, *rows):
        self._load(*rows)
        return self.env["toll.ticket"].search(
            [("plaza_id", "=", self.plaza_a.id), ("state", "=", "open")], order="id"
        )

    def _find(self, folio, day=date(2026, 3, 30), amount=35, plaza=None):
        return self.env["toll.ticket"]._find_free(
            self.company, (plaza or self.plaza_a).id, folio, day, amount
        )

    def _issue(self, tickets, key="key", **data):
        return self.env["toll.ticket"]._issue_for_visitor(
            self.company, tickets.ids, key, {**self.data, **data}, "en_US"
        )

    # === FILES === #
    def test_every_row_of_a_file_has_a_fate_001_15(self):
        rows = (
            "P1;01;A-1;2026-03-30T23:30:00;;35.00;cash",
            "P1;01;A-1;2026-03-30T23:30:00;;35.00;cash",
            "P1;01;A-2;2026-03-31T08:00:00Z;;35,00;tarjeta",
            "P1;99;A-3;2026-03-30T10:00:00;;35.00;cash",
            "XX;01;A-4;2026-03-30T10:00:00;;35.00;cash",
            "P1;01;A-5;2026-03-30T10:00:00;;-3;cash",
            "P1;01;A-6;yesterday;;35.00;cash",
            "P1;01;A-7;0001-01-01T00:00:00+14:00;;35.00;cash",
            "P1;01;A-8;2026-05-01T10:00:00;;35.00;cash",
            "P1;01;;2026-03-30T10:00:00;;35.00;cash",
            "P1;01;=1+1|cmd",
        )
        batch, is_new = self._load(*rows)
        self.assertTrue(is_new)
        self.assertEqual(
            (batch.received_count, batch.stored_count, batch.duplicate_count),
            (11, 2, 1),
        )
        self.assertEqual(batch.amount_stored, 70)
        self.assertEqual(
            batch.fault_ids.sorted("line").mapped("reason"),
            [
                "repeated",
                "unknown_lane",
                "unknown_plaza",
                "bad_amount",
                "bad_time",
                "bad_time",
                "future",
                "no_folio",
                "field_count",
            ],
        )
        first, second = self.env["toll.ticket"].search(
            [("batch_id", "=", batch.id)], order="line"
        )
        self.assertEqual(first.issued_on, date(2026, 3, 30), "the plaza's day")
        self.assertEqual(second.payment_kind, "card")
        again, is_new = self._load(*rows)
        self.assertEqual((again, is_new, again.repeat_count), (batch, False, 1))
        other, is_new = self._load("P1;01;A-1;2026-03-30T23:30:00;;36.00;cash")
        self.assertEqual((other.stored_count, other.duplicate_count), (0, 1))
        self.assertEqual(other.fault_ids.reason, "repeated_differs")
        for content, words in (("x", "no column"), (HEADER, "no tickets")):
            with self.assertRaisesRegex(UserError, words):
                self._load(header=content)

    def test_low_rights_and_other_companies(self):
        batches = self.env["toll.ticket.batch"]
        with self.assertRaises(AccessError):
            batches.with_user(self.agent)._receive(self.operator_a, "a", b"x")
        (ticket,) = self._tickets("P1;01;A-1;2026-03-30T10:00:00;;35.00;cash")
        with self.assertRaises(AccessError):
            ticket.with_user(self.agent).action_cancel()
        for user in (self.agent, self.analyst, self.billing_user):
            with self.assertRaises(AccessError):
                ticket.with_user(user).write({"amount": 1})
        with self.assertRaises(AccessError):
            self.env["toll.ticket.global"].with_user(self.analyst).create({})
        other = self.env["res.company"].create({"name": "Other roads"})
        stranger = new_test_user(
            self.env,
            "ticket_other",
            groups="toll_account.group_toll_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.env["toll.ticket"].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            ticket.with_user(stranger).action_cancel()
        ticket.with_user(self.analyst).action_cancel()
        self.assertFalse(self._find("A1"))
        ticket.with_user(self.analyst).action_reopen()
        self.assertEqual(self._find("A1"), ticket)

    # === INVOICES === #
    def test_a_ticket_is_found_with_all_that_it_says_only_001_15(self):
        self._load(
            "P1;01;000A1;2026-03-30T10:00:00;;35.00;cash",
            "P1;01;B1;2026-02-10T10:00:00;;35.00;cash",
        )
        ticket = self._find(" a-1 ")
        self.assertEqual(ticket.folio, "000A1")
        for wrong in (
            {"folio": "A2"},
            {"folio": "%"},
            {"folio": ""},
            {"day": date(2026, 3, 29)},
            {"amount": 36},
            {"plaza": self.plaza_b},
        ):
            with self.subTest(wrong=wrong):
                self.assertFalse(self._find(**{"folio": "A1", **wrong}))
        self.assertFalse(self._find("B1", day=date(2026, 2, 10)), "too old")
        with freeze_time("2026-04-04 18:00:00"):
            self.assertFalse(self._find("A1"), "the third day has passed")

    def test_invoice_is_paid_from_the_cash_of_the_lanes_once(self):
        tickets = self._tickets(
            "P1;01;A1;2026-03-30T10:00:00;;35.00;cash",
            "P1;01;A2;2026-03-30T11:00:00;;65.00;card",
        )
        customer = self.env["res.partner"].create({**self.data, "name": "Rosa Vidal"})
        move = self._issue(tickets)
        self.assertEqual((move.state, move.amount_total), ("posted", 100))
        self.assertEqual(move.payment_state, "paid")
        self.assertNotEqual(move.partner_id, customer, "no customer is touched")
        self.assertTrue(move.access_token and move.sending_data)
        account = self.company.toll_ticket_account_id
        lines = self.env["account.move.line"].search([("account_id", "=", account.id)])
        self.assertEqual(sum(lines.mapped("balance")), 100)
        self.assertEqual(set(tickets.mapped("state")), {"invoiced"})
        # pressed twice; another visitor with the same paper; one of two is gone
        self.assertEqual(self._issue(tickets), move)
        self.assertFalse(self._issue(tickets, key="other"))
        more = self._tickets("P1;01;A3;2026-03-30T12:00:00;;35.00;cash")
        self.assertFalse(self._issue(more | tickets[0], key="third"))
        self.assertEqual(more.state, "open")
        again = self._issue(more, key="third")
        self.assertEqual(again.partner_id, move.partner_id, "the same data, one person")
        self.assertRules()
        with self.assertRaisesRegex(UserError, "credit note"):
            move.button_draft()

    def test_an_operator_has_its_own_clearing_account(self):
        account = self.company._toll_get_ticket_account().copy({"name": "Own lanes"})
        self.operator_a.ticket_account_id = account
        move = self._issue(self._tickets("P1;01;A1;2026-03-30T10:00:00;;35.00;cash"))
        entry = self.env["account.move.line"].search([("account_id", "=", account.id)])
        self.assertEqual((entry.balance, entry.ref), (35, move.name))

    def test_a_credit_note_gives_the_tickets_back_001_15(self):
        for cancel in (False, True):
            with self.subTest(cancel=cancel):
                tickets = self._tickets(
                    f"P1;01;C{cancel};2026-03-30T10:00:00;;35.00;cash"
                )
                move = self._issue(tickets, key=f"credit {cancel}")
                credit = move._reverse_moves(
                    [{"invoice_date": date(2026, 4, 2)}], cancel=cancel
                )
                if not cancel:
                    credit.action_post()
                self.assertEqual((tickets.state, tickets.move_id.id), ("open", False))
                self.assertFalse(credit.amount_residual)
                self.assertFalse(move.amount_residual)
                account = self.company.toll_ticket_account_id
                lines = self.env["account.move.line"].search(
                    [("account_id", "=", account.id)]
                )
                self.assertEqual(sum(lines.mapped("balance")), 0)
                self.assertTrue(self._issue(tickets, key=f"again {cancel}"))
                self.assertRules()
                # free the day for the other way
                self.company.toll_ticket_account_id = False
        move = self._issue(self._tickets("P1;01;D1;2026-03-30T10:00:00;;35.00;cash"))
        part = move._reverse_moves([{"invoice_date": date(2026, 4, 2)}])
        part.invoice_line_ids.price_unit = 10
        with self.assertRaisesRegex(UserError, "Credit the whole invoice"):
            part.action_post()

    def test_what_nobody_asked_for_goes_to_the_general_public_001_15(self):
        asked = self._tickets("P1;01;A1;2026-03-30T10:00:00;;35.00;cash")
        self._issue(asked)
        self._load(
            *(f"P1;01;G{n};2026-03-{n:02};;35.00;cash" for n in range(1, 6)),
            "P1;01;APRIL;2026-04-01;;35.00;cash",
        )
        self._load("P1;01;G1;2026-03-01;;20.00;cash", operator=self.operator_b)
        wizard = (
            self.env["toll.ticket.global"]
            .with_user(self.billing_user)
            .create({"date_from": "2026-03-01", "date_to": "2026-03-31"})
        )
        self.assertEqual((wizard.ticket_count, wizard.amount), (6, 195))
        self.assertTrue(wizard.has_recent)
        action = wizard.action_issue()
        tickets = self.env["toll.ticket"].search(action["domain"])
        moves = tickets.move_id
        self.assertEqual(sorted(moves.mapped("amount_total")), [20, 175])
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})
        self.assertEqual(moves.partner_id, self.company.toll_public_partner_id)
        self.assertTrue(all(tickets.mapped("is_global")))
        self.assertFalse(asked.is_global)
        self.assertRules()
        with self.assertRaisesRegex(UserError, "nothing to do"):
            wizard.action_issue()
        self.assertFalse(self._find("G1", day=date(2026, 3, 1)))

    @mute_logger("odoo.sql_db")
    def test_hostile_files(self):
        for content in (b"", b"\xff\xfe\x00", b"\0" * 100, b"PK\x03\x04" + b"x" * 50):
            with self.assertRaises(UserError):
                self.env["toll.ticket.batch"]._receive(self.operator_a, "x", content)
        batch, _is_new = self._load(
            'P1;01;"A;2026-03-30;;35;cash',
            "P1;01;<script>;2026-03-30;;99999999999;cash",
            "P1;01;" + "9" * 5000 + ";2026-03-30;;35;cash",
            "P1;01;' DROP TABLE x--;2026-03-30;;35.00;cash",
        )
        self.assertEqual((batch.stored_count, batch.rejected_count), (1, 3))
        stored = self.env["toll.ticket"].search([("batch_id", "=", batch.id)])
        self.assertEqual(stored.folio, "DROPTABLEX")
