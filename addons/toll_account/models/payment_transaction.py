from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    toll_account_id = fields.Many2one(
        "toll.account",
        index="btree_not_null",
        readonly=True,
        ondelete="restrict",
        help="The wallet that the money goes to.",
    )

    def _create_payment(self, **extra_create_values):
        """A confirmed top-up goes to the deposits and the wallet, together and once."""
        self.ensure_one()
        account = self.toll_account_id.sudo()
        if not account:
            return super()._create_payment(**extra_create_values)
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
        return payment
