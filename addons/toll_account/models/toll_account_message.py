from odoo import fields, models


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    message_out_ids = fields.One2many(
        "toll.message",
        "account_id",
        string="Messages Sent",
        groups="toll_account.group_toll_agent,toll_account.group_toll_billing",
    )
    message_out_count = fields.Integer(compute="_compute_message_out_count")

    def _compute_message_out_count(self):
        counts = self.sudo()._count_by_account("toll.message", "account_id")
        for account in self:
            account.message_out_count = counts.get(account._origin.id, 0)

    def action_view_messages(self):
        return self._open_records("toll_account.toll_message_action")

    def _tell(self, purpose, subject, body, ref):
        """A notice by the customer's channel: a message, or else an e-mail.

        The same reference again adds no second message.
        """
        self.ensure_one()
        message = self.env["toll.message"]._queue(self, purpose, body, ref, subject)
        if not message:
            self.message_post(
                body=body,
                subject=subject,
                partner_ids=self.partner_id.ids,
                message_type="notification",
                subtype_xmlid="mail.mt_comment",
            )
        return message

    def _tell_topup(self, transaction):
        """A word that the money has come, for who wants messages; no e-mail."""
        if transaction.amount <= 0 or transaction.toll_receipt_email:
            return
        account = self.with_context(lang=self.partner_id.lang)
        body = account.env._(
            "%(company)s: top-up of %(amount)s received, account %(number)s. Balance "
            "%(balance)s.",
            company=account.company_id.name,
            amount=transaction.currency_id.format(transaction.amount),
            number=account.number,
            balance=account.currency_id.format(account.balance),
        )
        account.env["toll.message"]._queue(
            account,
            "receipt",
            body,
            f"topup-{transaction.reference}",
            account.env._("Top-up received"),
        )

    def _toll_owned(self, model):
        """The records of a model that belong to these accounts, archived ones too."""
        records = self.env[model].with_context(active_test=False)
        return records.search([("account_id", "in", self.ids)])
