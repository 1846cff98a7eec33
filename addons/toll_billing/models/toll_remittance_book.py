from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class TollRemittance(models.Model):
    """A remittance in the books: bill, invoice of the fee, setting one off."""

    _inherit = "toll.remittance"  # pylint: disable=consider-merging-classes-inherited

    # === CURRENCY === #
    def _to_settlement(self, amount):
        """In the operator's currency, at the rate of the last day, rounded once."""
        return self.currency_id._convert(
            amount, self.settlement_currency_id, self.company_id, self.date_to
        )

    def _get_due_by_service(self):
        """[(service code, crossings, amount in the settlement's currency)]."""
        self.ensure_one()
        groups = self.env["toll.remittance.line"]._read_group(
            [
                ("remittance_id", "=", self.id),
                ("concept", "in", ("usage", "volume", "credit")),
            ],
            ["service"],
            ["crossings:sum", "amount:sum"],
            order="service",
        )
        return [
            (service, crossings, self._to_settlement(amount))
            for service, crossings, amount in groups
        ]

    def _get_fee(self):
        """(fee before tax, fee with tax) in the settlement's currency."""
        fee = self._to_settlement(self.amount_fee)
        taxes = self.agreement_id.fee_tax_ids.compute_all(
            fee, currency=self.settlement_currency_id, partner=self._get_partner()
        )
        return fee, taxes["total_included"]

    def _get_partner(self):
        return self.operator_id.partner_id

    def _convert(self):
        """Fill what is paid, in the currency in which it is paid."""
        self.ensure_one()
        currency = self.settlement_currency_id
        due = sum(amount for _service, _count, amount in self._get_due_by_service())
        _fee, with_tax = self._get_fee()
        kept = self._to_settlement(self.amount_guarantee)
        self.write(
            {
                "rate": self.currency_id._get_conversion_rate(
                    self.currency_id, currency, self.company_id, self.date_to
                ),
                "payable_due": currency.round(due - kept),
                "payable_fee": with_tax,
                "payable_net": currency.round(due - kept - with_tax),
            }
        )

    # === DOCUMENTS === #
    def _make_moves(self):
        """Draft the operator's bill and the invoice of our fee; once."""
        self.ensure_one()
        # guarded fields; ``action_approve`` has checked everything
        record_sudo = self.sudo()
        if record_sudo.bill_id or record_sudo.fee_move_id:
            raise UserError(self.env._("%s has its documents already.", self.name))
        # with the rights of the manager, who is an accountant too
        Move = self.env["account.move"].with_company(self.company_id)
        for name, values, total in (
            ("bill_id", self._prepare_bill_vals(), abs(self.payable_due)),
            ("fee_move_id", self._prepare_fee_vals(), abs(self.payable_fee)),
        ):
            if not values:
                continue
            move = Move.create(values)
            if move.currency_id.compare_amounts(move.amount_total, total):
                raise UserError(
                    self.env._(
                        "The document would be %(amount)s, not %(total)s: check the "
                        "taxes of the agreement.",
                        amount=move.amount_total,
                        total=total,
                    )
                )
            record_sudo[name] = move

    def _prepare_move_vals(self, move_type):
        self.ensure_one()
        agreement = self.agreement_id
        return {
            "move_type": move_type,
            "partner_id": self._get_partner().id,
            "company_id": self.company_id.id,
            "currency_id": self.settlement_currency_id.id,
            "invoice_date": self.date_to,
            "invoice_payment_term_id": agreement.payment_term_id.id,
            "ref": self.name,
            "invoice_origin": self.name,
        }

    def _prepare_bill_vals(self):
        """The operator's bill; where it owes us, its credit note; None: nothing."""
        agreement = self.agreement_id
        currency = self.settlement_currency_id
        if currency.is_zero(self.payable_due) and not self.amount_guarantee:
            return None
        sign = -1 if self.payable_due < 0 else 1
        lines = [
            self._prepare_bill_line_vals(service, crossings, sign * amount)
            for service, crossings, amount in self._get_due_by_service()
            if not currency.is_zero(amount)
        ]
        kept = self._to_settlement(self.amount_guarantee)
        if not currency.is_zero(kept):
            lines.append(
                {
                    "name": self.env._("Guarantee, %(period)s", period=self.name),
                    "quantity": 1,
                    "price_unit": -sign * kept,
                    "account_id": agreement.guarantee_account_id.id,
                    "tax_ids": [Command.clear()],
                }
            )
        values = self._prepare_move_vals("in_refund" if sign < 0 else "in_invoice")
        if agreement.journal_id:
            values["journal_id"] = agreement.journal_id.id
        return values | {"invoice_line_ids": [Command.create(line) for line in lines]}

    def _prepare_bill_line_vals(self, service, crossings, amount):
        agreement = self.agreement_id
        services = self.env["toll.service"].sudo().with_context(active_test=False)
        label = services.search([("code", "=", service)]).name or service
        values = {
            "name": self.env._(
                "%(service)s, %(first)s – %(last)s, %(count)s crossings",
                service=label,
                first=self.date_from,
                last=self.date_to,
                count=crossings,
            ),
            "quantity": 1,
            "price_unit": amount,
            "tax_ids": [Command.set(agreement.tax_ids.ids)],
        }
        if agreement.account_id:
            values["account_id"] = agreement.account_id.id
        return values

    def _prepare_fee_vals(self):
        agreement = self.agreement_id
        fee, _with_tax = self._get_fee()
        if self.settlement_currency_id.is_zero(fee):
            return None
        line = {
            "name": self.env._(
                "Fee for billing on your behalf, %(first)s – %(last)s",
                first=self.date_from,
                last=self.date_to,
            ),
            "quantity": 1,
            "price_unit": abs(fee),
            "tax_ids": [Command.set(agreement.fee_tax_ids.ids)],
        }
        if agreement.fee_account_id:
            line["account_id"] = agreement.fee_account_id.id
        values = self._prepare_move_vals("out_refund" if fee < 0 else "out_invoice")
        return values | {"invoice_line_ids": [Command.create(line)]}

    def action_view_moves(self):
        self.ensure_one()
        moves = self.bill_id | self.fee_move_id | self.net_move_id
        return moves._get_records_action(name=self.env._("Documents"))

    # === SETTING OFF === #
    def action_net(self):
        """Pay our fee out of the operator's bill: only the rest is transferred."""
        self.ensure_one()
        if not self.env.user.has_group("toll_account.group_toll_accountant"):
            raise AccessError(self.env._("Only accountants set documents off."))
        self.check_access("read")
        # accountants read remittances; the lock needs no more than that
        record_sudo = self.sudo()
        record_sudo._take("approved")
        bill, invoice = record_sudo.bill_id, record_sudo.fee_move_id
        if (
            bill.move_type != "in_invoice"
            or invoice.move_type != "out_invoice"
            or {bill.state, invoice.state} != {"posted"}
        ):
            raise UserError(
                self.env._("Post the bill of the operator and our invoice first.")
            )
        if record_sudo.net_move_id:
            raise UserError(self.env._("They are set off already."))
        amount = min(bill.amount_residual, invoice.amount_residual)
        if self.settlement_currency_id.is_zero(amount):
            raise UserError(self.env._("There is nothing left to set off."))
        record_sudo.net_move_id = self._set_off(bill, invoice, amount)
        record_sudo._note_payments()
        return True

    def _set_off(self, bill, invoice, amount):
        owed, due = (
            move.line_ids.filtered(lambda line: line.account_id.reconcile)[:1]
            for move in (bill, invoice)
        )
        today = self.company_id._toll_today()
        currency = self.settlement_currency_id
        balance = currency._convert(
            amount, self.company_id.currency_id, self.company_id, today
        )
        common = {
            "partner_id": bill.commercial_partner_id.id,
            "currency_id": currency.id,
            "name": self.env._("Fee set off, %(period)s", period=self.name),
        }
        journal = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self.company_id),
                ("type", "=", "general"),
            ],
            limit=1,
        )
        # with the accountant's own rights
        move = (
            self.env["account.move"]
            .with_company(self.company_id)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "date": today,
                    "ref": self.name,
                    "line_ids": [
                        Command.create(
                            {
                                **common,
                                "account_id": line.account_id.id,
                                "amount_currency": sign * amount,
                                "balance": sign * balance,
                            }
                        )
                        for line, sign in ((owed, 1), (due, -1))
                    ],
                }
            )
        )
        move.action_post()
        for line in (owed, due):
            counterpart = move.line_ids.filtered(
                lambda found, line=line: found.account_id == line.account_id
            )
            (line | counterpart).reconcile()
        return move
