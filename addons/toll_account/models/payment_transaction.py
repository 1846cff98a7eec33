from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    toll_account_id = fields.Many2one(
        "toll.account",
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
        help="The wallet that the money goes to.",
    )
    toll_auto_topup_id = fields.Many2one(
        "toll.auto.topup",
        string="Automatic Top-up",
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
    )
    toll_auto_need = fields.Integer(
        string="Need",
        readonly=True,
        help="Charges with the same number were for the same need: one may succeed.",
    )
    toll_auto_attempt = fields.Integer(string="Attempt", readonly=True)
    toll_public_label = fields.Char(
        string="TAG or Plate",
        readonly=True,
        help="What somebody without login has topped up, with its end only.",
    )
    toll_receipt_email = fields.Char(
        string="Receipt To",
        readonly=True,
        help="Where somebody without login wants the receipt of a top-up.",
    )
    toll_held_reason = fields.Char(
        string="Held Because",
        readonly=True,
        help="The money came, but could not go into the wallet: an ordinary payment "
        "of the customer was made instead, for an accountant to give back or apply.",
    )

    @api.constrains("toll_account_id", "currency_id", "provider_id")
    def _check_toll_account(self):
        for tx in self.filtered("toll_account_id"):
            account = tx.toll_account_id
            if tx.currency_id != account.currency_id:
                raise ValidationError(
                    self.env._(
                        "The wallet of account %(number)s is in %(currency)s.",
                        number=account.number,
                        currency=account.currency_id.name,
                    )
                )
            if tx.provider_id.company_id != account.company_id:
                raise ValidationError(
                    self.env._(
                        "The payment provider belongs to another company than account "
                        "%(number)s.",
                        number=account.number,
                    )
                )

    # What providers report

    def _set_done(self, *, state_message=None, extra_allowed_states=()):
        """A top-up that was given up and is paid after all is still the customer's."""
        late = self.filtered(lambda tx: tx.toll_account_id and tx.state == "cancel")
        for tx in late:
            tx._toll_log(
                self.env._("Payment %(ref)s was confirmed after it had been cancelled.")
            )
        if late:
            extra_allowed_states = (*extra_allowed_states, "cancel")
        return super()._set_done(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )

    def _set_error(self, state_message, extra_allowed_states=()):
        """What does not fit (amount, currency) leaves a trace on the account."""
        for tx in self.filtered("toll_account_id"):
            tx._toll_log(
                self.env._("Payment %(ref)s was refused: %(why)s"), why=state_message
            )
        return super()._set_error(
            state_message, extra_allowed_states=extra_allowed_states
        )

    def _toll_log(self, text, **values):
        self.ensure_one()
        # the notification comes from the provider, whoever it was that paid
        account_sudo = self.toll_account_id.sudo()
        account_sudo._message_log(body=text % {"ref": self.reference, **values})

    # The wallet

    def _get_toll_problem(self):
        """Why the money may not go into the wallet, or None."""
        account = self.toll_account_id.sudo()
        if account.state in ("draft", "closed") and self.amount > 0:
            return self.env._("the account is not open")
        if self.currency_id != account.currency_id:
            return self.env._("the currency is not the wallet's")
        if self.provider_id.company_id != account.company_id:
            return self.env._("the provider belongs to another company")
        kind = "topup" if self.amount > 0 else "refund"
        if self.env["toll.wallet.entry"]._find(kind, self.reference):
            return self.env._("the reference is in a wallet already")
        return None

    def _create_payment(self, **extra_create_values):
        """A confirmed top-up goes to the deposits and the wallet, together and once."""
        self.ensure_one()
        account = self.toll_account_id.sudo()
        if not account:
            return super()._create_payment(**extra_create_values)
        # Two notifications at once: the second one waits, then fails and is repeated.
        self.lock_for_update()
        problem = self._get_toll_problem()
        if problem:
            return self._toll_hold(problem, **extra_create_values)
        company = account.company_id
        lines = self.provider_id.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider_id
        )
        transaction = self
        if not lines.payment_account_id:
            # Without a journal entry the deposits would not know of the money.
            transaction = self.with_context(force_payment_move=True)
        payment = super(PaymentTransaction, transaction)._create_payment(
            **{
                "partner_id": account.commercial_partner_id.id,
                "toll_account_id": account.id,
                "toll_method": "online",
                "destination_account_id": company._toll_get_deposit_account().id,
                **extra_create_values,
            }
        )
        kind = "topup" if self.amount > 0 else "refund"
        entry = account._post_payment_entry(
            kind, payment, self.reference, origin=self.provider_code
        )
        account._message_log(
            body=self.env._(
                "%(kind)s of %(amount)s by %(provider)s, reference %(ref)s.",
                kind=dict(entry._fields["kind"]._description_selection(self.env))[kind],
                amount=self.currency_id.format(abs(self.amount)),
                provider=self.provider_id.sudo().name,
                ref=self.reference,
            )
        )
        self.toll_auto_topup_id.sudo()._charged(self)
        self._toll_send_receipt()
        account._tell_topup(self)
        return payment

    def _toll_send_receipt(self):
        """The receipt of a top-up without login, once the money is in the wallet.

        Whichever comes last sends it: the payment, or the visitor's address.
        """
        self.ensure_one()
        is_in = self.payment_id and not self.toll_held_reason
        if self.toll_receipt_email and is_in:
            # whoever paid may not read templates
            template_sudo = self.env.ref("toll_account.mail_template_receipt").sudo()
            # to the address alone: no contact is made of a stranger
            template_sudo.send_mail(
                self.id, email_values={"email_to": self.toll_receipt_email}
            )

    def _toll_hold(self, problem, **extra_create_values):
        """Money that came for a wallet that cannot take it: an ordinary payment."""
        account = self.toll_account_id.sudo()
        payment = super()._create_payment(**extra_create_values)
        self.toll_held_reason = problem
        note = self.env._(
            "%(amount)s paid with reference %(ref)s are not in the wallet: %(why)s. "
            "Give the money back or apply it to an invoice.",
            amount=self.currency_id.format(self.amount),
            ref=self.reference,
            why=problem,
        )
        account._message_log(body=note)
        account.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Online payment held"),
            note=note,
            user_id=(
                account.user_id
                or account.company_id.toll_check_user_id
                or self.env.ref("base.user_admin")
            ).id,
        )
        return payment
