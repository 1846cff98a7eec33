"""Fees, TAGs and one-off items on the toll invoice (004-12)."""

from datetime import date

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user, tagged

from .billing_common import BillingCase

FEBRUARY = date(2026, 2, 1)


class ChargeCase(BillingCase):
    """``fee`` is taxed beside its price, ``kit`` has no tax and an own account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.toll_verify_sample = 0
        cls.income = cls.env["account.account"].create(
            {"code": "TOLLFEE1", "name": "Fee income", "account_type": "income"}
        )
        toll = cls.env["toll.service"].search([("code", "=", "toll")]).product_id
        cls.toll_tax = toll.taxes_id._filter_taxes_by_company(cls.company)
        cls.tax = cls.toll_tax.copy(
            {
                "name": "Fee tax 16",
                "amount": 16,
                "price_include_override": "tax_excluded",
            }
        )
        cls.fee, cls.kit = cls.env["product.product"].create(
            [
                {
                    "name": "Account fee",
                    "type": "service",
                    "list_price": 10.03,
                    "taxes_id": [Command.set(cls.tax.ids)],
                },
                {
                    "name": "Kit",
                    "type": "consu",
                    "list_price": 150,
                    "taxes_id": False,
                    "property_account_income_id": cls.income.id,
                },
            ]
        )

    @classmethod
    def _charge(cls, account, product=None, **values):
        return cls.env["toll.charge"].create(
            {
                "account_id": account.id,
                "product_id": (product or cls.fee).id,
                "date": date(2026, 2, 15),
                **values,
            }
        )

    @classmethod
    def _contract(cls, account, price=20, unit="account"):
        plan = cls.env["toll.plan"].create(
            {
                "code": f"FEE{account.id}",
                "name": "With a fee",
                "payment_mode": account.payment_mode,
                "fee_invoicing": "toll",
                "fee_ids": [
                    Command.create(
                        {
                            "product_id": cls.fee.id,
                            "price": price,
                            "frequency": "monthly",
                            "unit": unit,
                        }
                    )
                ],
            }
        )
        account.plan_id = plan
        contract = account._open_contract(FEBRUARY)
        contract.toll_sign("Me", how="paper")
        return contract

    def _of(self, run, account):
        return run.statement_ids.filtered(lambda s: s.account_id == account)


@tagged("post_install", "-at_install")
class TestCharge(ChargeCase):
    def test_mass_issue_equals_the_orm_004_12(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            accounts = self._accounts(7) | self._accounts(7, "prepaid", lang="es_MX")
            for number, account in enumerate(accounts):
                account.top_up(1000, ref=f"{method}{account.id}")
                if number % 3:
                    self._cross(account, 54 + number)
                self._cross(account, 33.25, self.plaza_b, "parking")
                self._charge(account)
                self._charge(account, quantity=3)
                if number % 4 == 1:
                    self._charge(account, self.kit)
            run = self._billed()
            self.assertGreaterEqual(run.mass_count, 3)
            self.assertEqual(run._verify_sample(4), [])
            self.assertRules()
            for statement in run.statement_ids:
                move = statement.move_id
                self.assertEqual(move.amount_total, statement.amount_due)
                lines = move.invoice_line_ids
                fees = lines.filtered("toll_charge_id")
                self.assertAlmostEqual(
                    sum(fees.mapped("price_total")), statement.amount_charge
                )
                self.assertEqual(fees.toll_charge_id.mapped("state")[0], "invoiced")
                self.assertEqual(fees.toll_charge_id.move_id, move)
                heading = lines.filtered(lambda x: x.display_type == "line_section")
                self.assertEqual(len(heading), 1)
                self.assertLess(heading.sequence, min(fees.mapped("sequence")))
                kit = fees.filtered(lambda x: x.product_id == self.kit)
                if kit:
                    self.assertEqual(
                        (kit.account_id, len(kit.tax_ids)), (self.income, 0)
                    )
                prepaid = statement.payment_mode == "prepaid"
                self.assertEqual(move.payment_state == "paid", prepaid)

    def test_amounts_are_rounded_once_and_taxes_are_the_products(self):
        account = self._accounts(1)
        charge = self._charge(account, quantity=3)
        self.assertEqual((charge.amount_untaxed, charge.amount_total), (30.09, 34.9))
        self.assertEqual(charge.label, "3 × Account fee")
        run = self._billed()
        line = run.statement_ids.move_id.invoice_line_ids.filtered("toll_charge_id")
        self.assertEqual((line.price_subtotal, line.price_total), (30.09, 34.9))
        self.assertEqual(line.tax_ids, self.tax.toll_included_id)
        self.assertEqual(line.tax_ids, self.toll_tax, "booked alike: the same tax")
        other = self.tax.copy({"name": "Eight", "amount": 8})
        own = other._toll_included()
        self.assertEqual((own.amount, own.price_include), (8, True))
        self.assertEqual(other._toll_included(), own)
        tax = line.tax_ids.copy({"name": "Fixed", "amount_type": "fixed", "amount": 3})
        with self.assertRaisesRegex(ValidationError, "per cent"):
            self._charge(account, tax_ids=[Command.set(tax.ids)])

    def test_account_without_crossings_and_what_is_due_later(self):
        account = self._accounts(1)
        due = self._charge(account)
        later = self._charge(account, date=date(2026, 3, 1))
        run = self._billed()
        statement = run.statement_ids
        self.assertEqual(statement.account_id, account)
        self.assertEqual((statement.amount_total, statement.amount_charge), (0, 11.63))
        self.assertEqual((due.state, later.state), ("invoiced", "pending"))
        self.assertEqual(statement.move_id.amount_total, 11.63)
        self.assertFalse(statement.move_id._toll_has_annex())
        self.assertRules()

    def test_the_wallet_pays_the_fee_part_once(self):
        full, short = self._accounts(2, "prepaid")
        full.top_up(100, ref="full")
        short.top_up(50, ref="short")
        for account in (full, short):
            self._cross(account, 40)
            self._charge(account, self.kit, price_unit=20)
        run = self._billed()
        self.env.invalidate_all()
        self.assertEqual((full.balance, full.amount_receivable), (40, 0))
        self.assertEqual((short.balance, short.amount_receivable), (0, 10))
        fees = self.env["toll.wallet.entry"].search(
            [("account_id", "in", (full | short).ids), ("kind", "=", "fee")]
        )
        self.assertEqual(fees.mapped("amount"), [-20, -20])
        short.top_up(100, ref="more")
        self.env.invalidate_all()
        self.assertEqual((short.balance, short.amount_receivable), (90, 0))
        self.assertRules()
        self.assertEqual(set(run.statement_ids.mapped("payment_state")), {"paid"})

    def test_a_run_computed_cancelled_and_repeated_charges_once(self):
        account = self._accounts(1)
        contract = self._contract(account)
        run = self._run()
        run.action_compute()
        run.action_compute()
        charges = self.env["toll.charge"].search([("account_id", "=", account.id)])
        self.assertEqual(len(charges), 1, "one month is due before 1 March")
        self.assertEqual(charges.amount_total, 23.2)
        self.assertEqual(
            (charges.statement_id, run.amount_charge), (run.statement_ids, 23.2)
        )
        with self.assertRaisesRegex(UserError, "cancel its billing run"):
            charges.action_cancel()
        run.action_cancel()
        self.assertFalse(charges.statement_id)
        # the contract's own job comes between
        self.assertFalse(contract._recurring_create_invoice(date(2026, 2, 28)))
        again = self._billed()
        self.assertEqual(again.statement_ids.move_id.amount_total, 23.2)
        self.assertFalse(contract._recurring_create_invoice(date(2026, 2, 28)))
        following = self._billed(until=date(2026, 4, 1))
        self.assertEqual(following.statement_ids.amount_charge, 23.2)
        charges = self.env["toll.charge"].search([("account_id", "=", account.id)])
        self.assertEqual(charges.mapped("date"), [date(2026, 3, 1), FEBRUARY])
        self.assertRules()

    def test_plan_company_and_account_say_where_fees_go(self):
        account = self._accounts(1)
        contract = self._contract(account)
        account.fee_invoicing = "own"
        move = contract._recurring_create_invoice(FEBRUARY)
        self.assertEqual((move.state, move.amount_total), ("posted", 23.2))
        account.fee_invoicing = False
        self.assertTrue(account._has_fees_on_toll_invoice())
        account.plan_id.fee_invoicing = False
        self.assertFalse(account._has_fees_on_toll_invoice())
        self.company.toll_fee_invoicing = "toll"
        self.assertTrue(account._has_fees_on_toll_invoice())
        account.plan_id.fee_ids.write({"frequency": "once"})
        self.assertFalse(account._charge_once())
        self.assertFalse(account._charge_once())
        charges = self.env["toll.charge"].search([("account_id", "=", account.id)])
        self.assertEqual(charges.mapped("source"), ["plan"])

    def _credit(self, move, **values):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "reason": "wrong", **values})
        )
        action = wizard.reverse_moves()
        credit = self.env["account.move"].browse(action["res_id"])
        credit.action_post()
        return credit

    def test_a_credit_note_gives_the_fee_back_to_be_invoiced(self):
        account = self._accounts(1, "prepaid")
        account.top_up(100, ref="up")
        self._cross(account, 40)
        charge = self._charge(account, self.kit, price_unit=20, reason="lost card")
        move = self._billed().statement_ids.move_id
        with freeze_time("2026-03-05"):
            self._credit(move)
        self.env.invalidate_all()
        self.assertEqual(charge.state, "credited")
        again = charge.search([("origin_id", "=", charge.id)])
        self.assertEqual((again.state, again.amount_total), ("pending", 20))
        self.assertEqual((account.balance, account.amount_receivable), (100, 0))
        self.assertRules()
        second = self._billed(until=date(2026, 4, 1)).statement_ids.move_id
        self.assertEqual(second.amount_total, 20)
        self._credit(second, toll_recharge="never")
        self.assertEqual(again.state, "credited")
        self.assertFalse(charge.search([("origin_id", "=", again.id)]))
        self.assertRules()
        with self.assertRaisesRegex(UserError, "credit note"):
            second.button_draft()

    def test_invoice_now_and_cancel(self):
        account = self._accounts(1, "prepaid")
        account.top_up(100, ref="now")
        charge, other = self._charge(account, self.kit), self._charge(account)
        charge.with_user(self.billing_user).action_invoice()
        self.assertEqual(charge.move_id.amount_total, 150)
        self.assertEqual(charge.move_id.amount_residual, 50)
        self.assertFalse(charge.statement_id)
        other.with_user(self.billing_user).action_cancel()
        for action in (
            charge.action_invoice,
            other.action_invoice,
            other.action_cancel,
        ):
            with self.assertRaisesRegex(UserError, "not waiting"):
                action()
        with self.assertRaisesRegex(UserError, "credit note"):
            charge.move_id.button_draft()
        with self.assertRaisesRegex(UserError, "cancel it"):
            other.unlink()
        run = self._run()
        run.action_compute()
        self.assertFalse(run.statement_ids)
        self.assertRules()

    def test_agent_charges_up_to_the_limit_and_changes_nothing(self):
        self.company.toll_charge_limit = 500
        account = self._accounts(1)
        action = account.with_user(self.agent).action_charge()
        form = Form(
            self.env["toll.charge"]
            .with_user(self.agent)
            .with_context(**action["context"]),
            view="toll_billing.toll_charge_view_form_new",
        )
        form.product_id = self.fee.with_user(self.agent)
        self.assertEqual((form.name, form.amount_total), ("Account fee", 11.63))
        form.price_unit = 500
        with self.assertRaisesRegex(UserError, "up to"):
            form.save()
        form.price_unit = 100
        charge = form.save()
        self.assertEqual((charge.source, charge.user_id), ("manual", self.agent))
        for call in (
            charge.action_cancel,
            charge.action_invoice,
            lambda: charge.write({"price_unit": 1}),
        ):
            with self.assertRaises(UserError):
                call()
        forged = (
            self.env["toll.charge"]
            .with_user(self.agent)
            .create(
                {
                    "account_id": account.id,
                    "product_id": self.fee.id,
                    "state": "invoiced",
                    "key": "mine",
                    "user_id": self.billing_user.id,
                }
            )
        )
        self.assertEqual((forged.state, forged.key), ("pending", False))
        self.assertEqual(forged.user_id, self.agent)
        with self.assertRaisesRegex(UserError, "keeps its amount"):
            charge.with_user(self.billing_user).write({"price_unit": 1})
        charge.with_user(self.billing_user).write({"reason": "as agreed"})

    def test_strangers_see_nothing(self):
        charge = self._charge(self._accounts(1))
        other = self.env["res.company"].create({"name": "Other roads"})
        stranger = new_test_user(
            self.env,
            "toll_charge_stranger",
            groups="toll_account.group_toll_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        customer = new_test_user(
            self.env, "toll_charge_customer", groups="base.group_portal"
        )
        charges = self.env["toll.charge"]
        self.assertFalse(charges.with_user(stranger).search([("id", "=", charge.id)]))
        for user in (stranger, customer):
            with self.assertRaises(AccessError):
                charge.with_user(user).action_cancel()
            with self.assertRaises(AccessError):
                charge.account_id.with_user(user).action_charge()

    def test_closing_asks_for_what_waits(self):
        account = self._accounts(1)
        charge = self._charge(account)
        with self.assertRaisesRegex(UserError, "charges of"):
            account.action_close()
        charge.action_cancel()
        account.action_close()
        with self.assertRaisesRegex(UserError, "closed"):
            self._charge(account)

    def test_parts_of_a_fleet_pay_their_own_fees_000_30(self):
        main, part = self._accounts(1), self._accounts(1, "prepaid")
        part.parent_id = main
        main.write({"invoice_together": True, "invoice_together_from": FEBRUARY})
        part.top_up(60, ref="part")
        self._cross(main, 10)
        self._charge(part, self.kit, price_unit=90)
        run = self._billed()
        (move,) = run.statement_ids.move_id
        self.assertEqual((move.amount_total, move.amount_residual), (100, 40))
        self.assertEqual(self._of(run, part).amount_settled, 60)
        self.env.invalidate_all()
        self.assertEqual((part.balance, main.amount_receivable), (0, 40))
        sections = move.invoice_line_ids.filtered(
            lambda line: line.display_type == "line_section"
        ).sorted("sequence")
        self.assertEqual(len(sections), 3, "two accounts, and the fees of one")
        self.assertRules()

    def test_statement_shows_them_apart(self):
        account = self._accounts(1)
        self._cross(account, 40)
        self._charge(account)
        statement = self._billed().statement_ids
        self.assertEqual(
            (statement.amount_total, statement.amount_charge, statement.amount_due),
            (40, 11.63, 51.63),
        )
        self.assertEqual(statement._get_charge_rows(), [("Account fee", 11.63)])
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("toll_billing.report_toll_statement", statement.ids)[0]
            .decode()
        )
        self.assertIn("Account fee", html)
        self.assertIn("51.63", html)

    def test_a_tag_waits_for_the_toll_invoice(self):
        account = self._accounts(1)
        account.fee_invoicing = "toll"
        product = self.env["product.product"].create(
            {"name": "TAG", "toll_is_tag": True, "list_price": 100, "taxes_id": False}
        )
        lot = self.env["stock.lot"].create(
            {"name": "ZZCH00001", "product_id": product.id}
        )
        row = self._assignment(account, lot)
        for _twice in range(2):
            self.assertFalse(row._charge(product, 100, "TAG ZZCH00001"))
        (charge,) = self.env["toll.charge"].search([("account_id", "=", account.id)])
        self.assertEqual((charge.source, charge.amount_total), ("tag", 100))
        self.assertEqual(charge.name, "TAG ZZCH00001")

    def _assignment(self, account, lot):
        vehicle = self.env["toll.vehicle"].create(
            {
                "account_id": account.id,
                "plate": "CHA-001",
                "country_id": self.env.ref("base.mx").id,
                "class_id": self.vehicle_class.id,
            }
        )
        return self.env["toll.tag.assignment"].create(
            {
                "lot_id": lot.id,
                "vehicle_id": vehicle.id,
                "account_id": account.id,
                "date_from": "2026-02-01",
            }
        )
