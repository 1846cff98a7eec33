from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import debit as queries


class TollDebitRun(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.debit.run"

    @api.model
    def _lock_mode(self, mode):
        self.env.cr.execute(queries.lock_mode(mode.id))

    def _load_demo(self):
        """Two mandates, and the preview of a run."""
        open_invoices = self.env["account.move"].search(
            [
                ("toll_account_id", "!=", False),
                ("company_id", "=", self.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
            ],
            order="id",
        )
        for account, number in zip(
            open_invoices.toll_account_id.sorted("id"),
            ("032180000118359719", "012180000118359713"),
            strict=False,
        ):
            self.env["account.banking.mandate"]._toll_sign(
                account, number, account.partner_id.name, "127.0.0.1", "Demo"
            )
        self._prepare()

    def action_refuse(self):
        """The bank refused the whole file: nothing was debited, all is free again."""
        run = self._check_runner("uploaded")
        if run.is_running:
            raise UserError(self.env._("Wait until the payments are booked."))
        sent = run.line_ids.filtered(lambda d: d.state == "sent")
        today = run.company_id._toll_today()
        topups = sent.filtered("is_topup")
        for line in topups:
            line._take_back(today)
        topups.state = "cancelled"
        # customers have nothing to do with it: no fee, no word
        (sent - topups).with_context(toll_debit_refused=True)._reopen(run.name, {})
        sent._after_return()
        run.write({"state": "cancelled"})
        return True

    def _finish(self):
        """A run of which nothing is on its way any more is done."""
        for run in self:
            if run.state == "uploaded" and "sent" not in run.line_ids.mapped("state"):
                run.state = "done"

    def _alarm(self):
        """Tell who made the run that unusually much came back, once."""
        summary = self.env._("Many debits came back")
        for run in self.filtered("is_alarming"):
            if summary in run.activity_ids.mapped("summary"):
                continue
            run.activity_schedule(
                "mail.mail_activity_data_warning",
                user_id=run.ordered_by_id.id or self.env.uid,
                summary=summary,
                note=self.env._("%s %% of the debits of this run.", run.return_rate),
            )


class TollDebitLine(models.Model):
    """What a debit that came back undoes, and what is done next."""

    _inherit = "toll.debit.line"

    def _return(self, file, answers):
        """Debts stand again; wallets lose what they had got; answer OCA's return."""
        said = {answer.payment_id: answer for answer in answers}
        today = file.company_id._toll_today()
        topups = self.filtered("is_topup")
        for line in topups:
            answer = said[line.payment_id]
            line._take_back(today)
            line._follow_up(answer.reason_id, answer.info or answer.code, today)
        made = (self - topups)._reopen(f"{file.name} ({file.id})", said)
        self._after_return()
        return made

    def _after_return(self):
        self.env.flush_all()
        invoices = self.move_id
        self.env.add_to_compute(invoices._fields["payment_state"], invoices)
        self.run_id.invalidate_recordset()
        self.run_id._alarm()
        self.run_id._finish()

    def _reopen(self, name, said):
        """OCA's payment return over the payments of invoices: it opens them again."""
        returns = self.env["payment.return"]
        if not self:
            return returns
        company = self.company_id
        payment = self[0].payment_id
        made = returns.with_context(tracking_disable=True).create(
            {
                "name": name,
                "company_id": company.id,
                "journal_id": payment.journal_id.id,
                "date": company._toll_today(),
                "payment_method_line_id": payment.payment_method_line_id.id,
                "line_ids": [
                    fields.Command.create(lines._prepare_return_vals(said))
                    for lines in self.grouped("payment_id").values()
                ],
            }
        )
        made.action_confirm()
        return made

    def _prepare_return_vals(self, said):
        payment = self.payment_id
        answer = said.get(payment, self.env["toll.debit.answer"])
        moves = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id
        )
        return {
            "reference": str(payment.id),
            "partner_id": payment.partner_id.id,
            "amount": sum(self.mapped("amount")),
            "reason_id": answer.reason_id.id,
            "reason_additional_information": answer.info or answer.code,
            "date": answer.date,
            "move_line_ids": [fields.Command.set(moves.ids)],
        }

    def _take_back(self, today):
        """The money of a top-up went back: out of the books, and of the wallet."""
        self.ensure_one()
        payment = self.payment_id
        if not self.is_credited:
            payment.action_cancel()
            return
        deposit, outstanding = (
            payment.destination_account_id,
            payment.outstanding_account_id,
        )
        move = (
            self.env["account.move"]
            .with_context(tracking_disable=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": payment.journal_id.id,
                    "date": today,
                    "ref": self.env._("Returned debit %s", payment.display_name),
                    "line_ids": [
                        fields.Command.create(
                            {
                                "name": payment.memo,
                                "partner_id": payment.partner_id.id,
                                "account_id": account.id,
                                "debit": debit,
                                "credit": credit,
                            }
                        )
                        for account, debit, credit in (
                            (deposit, self.amount, 0),
                            (outstanding, 0, self.amount),
                        )
                    ],
                }
            )
        )
        move._post(soft=False)
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.account_id.id,
                    "kind": "adjustment",
                    "amount": -self.amount,
                    "ref": f"DEBIT-BACK-{self.id}",
                    "origin": "debit",
                    "move_id": move.id,
                }
            ]
        )

    # === WHAT IS DONE NEXT === #
    def _follow_up(self, reason, info, today):
        action = reason.toll_action if reason else "call"
        values = {
            "state": "returned",
            "return_reason_id": reason.id,
            "returned_on": today,
        }
        if action == "retry" and not self.is_topup:
            if self.tries < self.company_id.toll_debit_max_tries:
                values["retry_on"] = today + timedelta(days=reason.toll_retry_days)
            else:
                action = "call"
        self.write(values)
        words = reason.name or info or ""
        if action == "stop":
            self.mandate_id._toll_cancel(
                self.env._("The bank returned a debit: %s", words), keep_means=True
            )
        if action == "call":
            self._ask_for_a_call(words)
        self._charge_fee(today)
        self.auto_topup_id._debit_returned(words)
        self._tell_return(words)

    def _ask_for_a_call(self, words):
        """Somebody speaks with the customer: on the case, or on the account."""
        note = self.env._("Bank debit returned: %s", words)
        case = self.account_id.collection_case_id
        if case:
            case.write({"next_action": note, "next_action_date": fields.Date.today()})
            return
        user = self.run_id.ordered_by_id or self.env.user
        known = self.account_id.activity_ids.filtered(lambda a: a.summary == note)
        if not known:
            self.account_id.activity_schedule(
                "mail.mail_activity_data_call", user_id=user.id, summary=note
            )

    def _charge_fee(self, today):
        product = self.company_id.toll_debit_fee_product_id
        if not product or not product.lst_price:
            return
        self.env["toll.charge"]._collect(
            [
                {
                    "account_id": self.account_id.id,
                    "product_id": product.id,
                    "name": product.with_context(
                        lang=self.account_id.partner_id.lang
                    ).name,
                    "date": today,
                    "source": "debit",
                    "reason": self.payment_id.display_name,
                    "key": f"toll.debit.payment,{self.payment_id.id}",
                }
            ]
        )

    def _tell_return(self, words):
        account = self.account_id.with_context(lang=self.account_id.partner_id.lang)
        reason = self.return_reason_id.with_context(lang=account.partner_id.lang)
        account._tell(
            "other",
            account.env._("Bank debit returned"),
            account.env._(
                "Your bank returned the debit of %(amount)s for account %(number)s: "
                "%(why)s. Please see how to pay in the virtual office.",
                amount=self.currency_id.format(self.amount),
                number=account.number,
                why=reason.name or words,
            ),
            f"debit-return-{self.id}",
        )


class PaymentReturn(models.Model):
    """Returns that accountants enter by hand end the debits as well."""

    _inherit = "payment.return"

    def action_confirm(self):
        result = super().action_confirm()
        today = self.company_id._toll_today()
        # whoever keeps the books need not see debits
        for row in self.sudo().line_ids:
            payments = row.move_line_ids.move_id.origin_payment_id
            debits = payments._toll_get_debits("sent", "paid")
            if self.env.context.get("toll_debit_refused"):
                debits.write({"state": "returned", "retry_on": today})
                continue
            for debit in debits:
                debit._follow_up(
                    row.reason_id, row.reason_additional_information, today
                )
        return result

    def action_cancel(self):
        payments = self.line_ids.move_line_ids.move_id.origin_payment_id
        result = super().action_cancel()
        debits_sudo = payments.sudo()._toll_get_debits("returned")  # as above
        debits_sudo.write({"state": "paid", "retry_on": False, "returned_on": False})
        return result


class AccountPayment(models.Model):
    _inherit = "account.payment"  # pylint: disable=consider-merging-classes-inherited

    def _toll_get_debits(self, *states):
        return self.env["toll.debit.line"].search(
            [
                ("payment_id", "in", self.ids),
                ("is_topup", "=", False),
                ("state", "in", states),
            ]
        )


class TollCharge(models.Model):
    _inherit = "toll.charge"

    source = fields.Selection(
        selection_add=[("debit", "Returned debit")], ondelete={"debit": "set default"}
    )
