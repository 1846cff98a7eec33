"""The first top-up that comes with an order: paid with it, credited once."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    toll_topup_amount = fields.Monetary(string="Top-up", copy=False)

    def _toll_units(self):
        return max(int(self.product_uom_qty), 0)

    def _get_display_price(self):
        if self.product_id.toll_is_topup:
            return self.toll_topup_amount
        return super()._get_display_price()

    def _compute_discount(self):
        topups = self.filtered("product_id.toll_is_topup")
        topups.discount = 0
        return super(SaleOrderLine, self - topups)._compute_discount()

    def _compute_qty_to_invoice(self):
        """A top-up is the customer's own money: it is credited, never invoiced."""
        topups = self.filtered("product_id.toll_is_topup")
        topups.qty_to_invoice = 0
        return super(SaleOrderLine, self - topups)._compute_qty_to_invoice()

    def _compute_invoice_status(self):
        topups = self.filtered("product_id.toll_is_topup")
        for line in topups:
            line.invoice_status = "invoiced" if line.state == "sale" else "no"
        return super(SaleOrderLine, self - topups)._compute_invoice_status()

    def _check_validity(self):
        return super(
            SaleOrderLine, self.filtered(lambda line: not line.product_id.toll_is_topup)
        )._check_validity()

    def _prepare_procurement_values(self):
        values = super()._prepare_procurement_values()
        shelf = self.order_id.sudo().toll_office_id.toll_location_id
        if shelf and self.product_id.toll_is_tag:
            values["toll_source_id"] = shelf.id
        return values


class SaleOrder(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "sale.order"

    def _get_invoiceable_lines(self, final=False):
        lines = super()._get_invoiceable_lines(final=final)
        return lines.filtered(lambda line: not line.product_id.toll_is_topup)

    # === IN THE CART === #

    def _toll_topup_lines(self):
        return self.order_line.filtered("product_id.toll_is_topup")

    def _toll_least_topup(self, account, plan):
        """What has to be in the wallet for the TAGs of this order."""
        guarantees = sum(
            line.product_id.toll_guarantee_amount
            for line in self._toll_tag_units()
            if line.product_id.toll_terms == "deposit"
        )
        if not account:
            return plan.topup_min + (
                guarantees if plan.payment_mode == "prepaid" else 0
            )
        if account.payment_mode != "prepaid":
            return 0
        return max(guarantees - account.available, 0)

    def _toll_check_topup(self, amount, account, plan):
        currency = self.company_id.currency_id
        if amount and self.currency_id != currency:
            raise UserError(
                self.env._("Top-ups are paid in %s only.", currency.name),
            )
        least = self._toll_least_topup(account, plan)
        if currency.compare_amounts(amount, least) < 0:
            raise UserError(
                self.env._(
                    "The first top-up must be at least %s for this plan and these "
                    "TAGs.",
                    currency.format(least),
                )
            )
        if amount:
            company = self.company_id
            high = company.toll_topup_max
            low = company.toll_topup_min
            if currency.compare_amounts(amount, low) < 0:
                raise UserError(
                    self.env._(
                        "A top-up must be at least %(amount)s.",
                        amount=currency.format(low),
                    )
                )
            if high and currency.compare_amounts(amount, high) > 0:
                raise UserError(
                    self.env._(
                        "A top-up can be at most %(amount)s.",
                        amount=currency.format(high),
                    )
                )
        return currency.round(amount)

    def _toll_set_topup(self, amount):
        """The line of the first top-up in the cart, or none."""
        lines = self._toll_topup_lines()
        if not amount:
            lines.unlink()
            return
        if not lines:
            product = self.env.ref("toll_tag_stock.product_template_topup")
            lines = self.env["sale.order.line"].create(
                {
                    "order_id": self.id,
                    "product_id": product.product_variant_id.id,
                    "product_uom_qty": 1,
                    "toll_topup_amount": amount,
                }
            )
        lines[1:].unlink()
        lines[:1].write({"toll_topup_amount": amount, "product_uom_qty": 1})
        lines[:1].with_context(force_price_recomputation=True)._compute_price_unit()

    def _toll_topup_amount(self):
        return sum(self._toll_topup_lines().mapped("price_total"))

    # === PAID === #

    def _toll_topup_ref(self):
        return f"ORDER-{self.id}"

    def _toll_credit_topup(self, payment):
        """The top-up of a paid order goes into the wallet, once.

        The payment stands with the customer's receivables; what is a top-up moves
        from there to the deposits, in the same transaction as the wallet's entry.
        """
        for order in self:
            amount = order._toll_topup_amount()
            if order.currency_id.is_zero(amount) or not order._toll_is_paid():
                continue
            order.lock_for_update()
            entries = self.env["toll.wallet.entry"]
            if entries._find("topup", order._toll_topup_ref()):
                continue
            account = order.toll_account_id
            if account.state not in ("active", "suspended") or (
                account.currency_id != order.currency_id
            ):
                order._toll_ask_person(
                    self.env._("Top-up of an order held"),
                    self.env._(
                        "%(amount)s were paid for a top-up and there is no open "
                        "account in that currency: credit or give them back.",
                        amount=order.currency_id.format(amount),
                    ),
                )
                continue
            move = order._toll_move_topup(amount, payment)
            entries._post(
                [
                    {
                        "account_id": account.id,
                        "kind": "topup",
                        "amount": amount,
                        "ref": order._toll_topup_ref(),
                        "origin": order.name,
                        "move_id": move.id,
                        "payment_id": payment.id,
                    }
                ]
            )

    def _toll_is_paid(self):
        """Confirmed, and all of its money has really come."""
        done = self.transaction_ids.filtered(lambda tx: tx.state == "done")
        paid = sum(done.mapped("amount"))
        enough = self.currency_id.compare_amounts(paid, self.amount_total) >= 0
        return self.state == "sale" and enough

    def _toll_take_topup_back(self):
        """The order is cancelled: its top-up leaves the wallet, if it is there."""
        ref = self._toll_topup_ref()
        entries = self.env["toll.wallet.entry"]
        entry = entries._find("topup", ref)
        if not entry or entries._find("refund", ref):
            return
        account, amount = entry.account_id, entry.amount
        account._claim_wallets()
        label = self.currency_id.format(amount)
        if account.currency_id.compare_amounts(account.balance, amount) < 0:
            self._toll_ask_person(
                self.env._("Top-up of a cancelled order"),
                self.env._(
                    "%(amount)s were topped up with the order and %(balance)s are "
                    "left in the wallet: settle the rest with the customer.",
                    amount=label,
                    balance=self.currency_id.format(account.balance),
                ),
            )
            return
        move = self._toll_move_topup(-amount, entry.payment_id)
        entries._post(
            [
                {
                    "account_id": account.id,
                    "kind": "refund",
                    "amount": -amount,
                    "ref": ref,
                    "origin": self.name,
                    "move_id": move.id,
                }
            ]
        )
        self._toll_ask_person(
            self.env._("Give back the money of a cancelled order"),
            self.env._("The top-up of %s left the wallet and waits.", label),
        )

    def _toll_move_topup(self, amount, payment):
        """A posted entry between the customer's receivables and the deposits."""
        company = self.company_id
        partner = self.partner_invoice_id.commercial_partner_id
        receivable = payment.destination_account_id
        if receivable.account_type != "asset_receivable":
            receivable = partner.with_company(company).property_account_receivable_id
        label = self.env._("Top-up with order %s", self.name)
        move = self.env["account.move"]._toll_entry(
            company,
            partner,
            label,
            receivable,
            company._toll_get_deposit_account(),
            amount,
        )
        lines = (move.line_ids | payment.move_id.line_ids).filtered(
            lambda line: line.account_id == receivable and not line.reconciled
        )
        if amount > 0 and receivable.reconcile and len(lines.move_id) > 1:
            lines.reconcile()
        return move


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _toll_entry(self, company, partner, label, debit, credit, amount):
        """A posted entry of two lines; a negative amount turns them round."""
        journals = self.env["account.journal"].with_company(company)
        journal = journals.search(
            [*journals._check_company_domain(company), ("type", "=", "general")],
            limit=1,
        )
        move = (
            self.with_company(company)
            .with_context(tracking_disable=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "company_id": company.id,
                    "date": fields.Date.context_today(self),
                    "ref": label,
                    "line_ids": [
                        Command.create(
                            {
                                "name": label,
                                "account_id": account.id,
                                "partner_id": partner.id,
                                "balance": balance,
                            }
                        )
                        for account, balance in ((debit, amount), (credit, -amount))
                    ],
                }
            )
        )
        move._post(soft=False)
        return move


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _create_payment(self, **extra_create_values):
        # the notification comes from the provider, whoever it was that paid
        orders_sudo = self.sudo().sale_order_ids.filtered(
            lambda order: order._toll_topup_lines()
        )
        transaction = self
        if orders_sudo:
            # Without a journal entry the receivables would not know of the money.
            transaction = self.with_context(force_payment_move=True)
        payment = super(PaymentTransaction, transaction)._create_payment(
            **extra_create_values
        )
        orders_sudo._toll_credit_topup(payment)
        return payment
