from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# How long a refund may stay without an answer before a person looks at it.
UNKNOWN_AFTER = timedelta(hours=24)


class PaymentTransaction(models.Model):
    """Charges that were answered late, when another method had met the need already.

    The money goes into the wallet, so that it is nowhere else, and back to the
    customer. A refund is two transactions, as a charge is: the intention, then the
    provider's answer; whatever ends the program in between, it is not sent twice.
    """

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "payment.transaction"

    toll_surplus_of_id = fields.Many2one(
        "payment.transaction",
        string="Need Met By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The charge that had met the same need: this one goes back.",
    )
    toll_surplus_state = fields.Selection(
        [
            ("open", "To Give Back"),
            ("sent", "Refund Sent"),
            ("back", "Given Back"),
            ("person", "By a Person"),
        ],
        string="Given Back",
        readonly=True,
        index="btree_not_null",
    )

    def _create_child_transaction(
        self, amount, is_refund=False, **custom_create_values
    ):
        """A refund leaves the wallet that the charge went to."""
        if is_refund and self.toll_account_id and not self.toll_held_reason:
            custom_create_values.setdefault("toll_account_id", self.toll_account_id.id)
        return super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values
        )

    def _toll_mark_surplus(self, first):
        """Another charge had met the need: this money goes back."""
        self.ensure_one()
        # whoever brings the provider's answer, also a visitor
        tx_sudo = self.sudo()
        tx_sudo.write({"toll_surplus_of_id": first.id, "toll_surplus_state": "open"})
        account_sudo = tx_sudo.toll_account_id
        account_sudo.message_post(
            body=self.env._(
                "Charge %(ref)s of %(amount)s was confirmed late, after %(first)s had "
                "been charged for the same top-up. %(amount)s go back to you.",
                ref=self.reference,
                amount=self.currency_id.format(self.amount),
                first=first.reference,
            ),
            subject=self.env._("Charged twice: the second charge goes back"),
            partner_ids=account_sudo.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )
        self.env.ref("toll_account.ir_cron_auto_topup").sudo()._trigger()

    @api.model
    def _toll_settle_surplus(self, commit):
        """Give back what was charged twice, and look after refunds under way."""
        for tx in self.search(
            [("toll_surplus_state", "in", ("open", "sent"))], order="id"
        ):
            if tx.try_lock_for_update():
                tx.invalidate_recordset()
                if tx.toll_surplus_state == "open":
                    tx._toll_give_back(commit)
                elif tx.toll_surplus_state == "sent":
                    tx._toll_follow_refund()
            commit()

    def _toll_give_back(self, commit):
        supported = {
            self.provider_id.support_refund,
            self.payment_method_id.support_refund,
        }
        if supported & {False, "none"}:
            self._toll_ask_person(self.env._("the provider takes no refunds"))
            return
        refund = self._create_child_transaction(self.amount, is_refund=True)
        self.toll_surplus_state = "sent"
        self.env.flush_all()
        commit()
        refund._log_sent_message()
        try:
            refund._send_refund_request()
        except ValidationError as error:
            refund._set_error(str(error))
        self.env.flush_all()
        commit()
        self._toll_follow_refund()

    def _toll_follow_refund(self):
        refund = self.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund"
        ).sorted("id")[-1:]
        late = fields.Datetime.now() - UNKNOWN_AFTER
        if refund.state == "done":
            if not refund.payment_id:
                refund._post_process()
            self.toll_surplus_state = "back"
        elif refund.state in ("error", "cancel"):
            self._toll_ask_person(refund.state_message or "")
        elif refund.create_date < late:
            self._toll_ask_person(
                self.env._("the provider did not answer the refund for a day")
            )

    def _toll_ask_person(self, why):
        """What cannot go back by itself: a task for the one who checks the books."""
        self.toll_surplus_state = "person"
        account = self.toll_account_id
        account.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Give back a second charge"),
            note=self.env._(
                "%(ref)s of %(amount)s was charged after %(first)s for the same "
                "top-up and could not be given back: %(why)s. Give it back from the "
                "wallet.",
                ref=self.reference,
                amount=self.currency_id.format(self.amount),
                first=self.toll_surplus_of_id.reference,
                why=why,
            ),
            user_id=(
                account.company_id.toll_check_user_id
                or account.user_id
                or self.env.ref("base.user_admin")
            ).id,
        )
