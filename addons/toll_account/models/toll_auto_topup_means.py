from odoo import api, fields, models
from odoo.exceptions import UserError


class TollAutoTopup(models.Model):
    """Which of the customer's saved methods are charged, and in which order."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.auto.topup"

    @api.model
    def _save_for_customer(
        self, account, token, threshold, amount, daily_cap, others=None, **learn
    ):
        """Make or change the automatic top-up of the customer's own account.

        The caller has found account and tokens among the customer's own; `others` are
        the ones to try next, in order.
        """
        account.check_access("read")
        if account.state not in ("active", "suspended"):
            raise UserError(
                self.env._("Only an open account can have automatic top-ups.")
            )
        values = {
            "token_id": token.id,
            "threshold": threshold,
            "amount": amount,
            "daily_cap": daily_cap,
            "is_fallback": bool(others),
            "state": "active",
            "failures": 0,
            "next_try_at": False,
            "last_error": False,
            "consent_at": fields.Datetime.now(),
            **self._prepare_learning_vals(daily_cap, **learn),
        }
        if daily_cap < amount:
            raise UserError(
                self.env._("The daily limit must be at least the amount of one charge.")
            )
        if threshold < 0:
            raise UserError(self.env._("The threshold cannot be negative."))
        # Customers have no right to write; the account is theirs.
        auto_sudo = self.sudo().search([("account_id", "=", account.id)])
        if auto_sudo:
            auto_sudo.write(values)
        else:
            auto_sudo = self.sudo().create({"account_id": account.id, **values})
        if others:
            auto_sudo._save_order(token | others)
        return auto_sudo.sudo(self.env.su)

    def _get_tokens(self):
        """The chosen method, then the others in the customer's order."""
        self.ensure_one()
        # who looks at the account may not always read tokens and providers
        auto_sudo = self.sudo()
        tokens_sudo = auto_sudo.token_id
        if auto_sudo.is_fallback:
            rows_sudo = auto_sudo.account_id.payment_preference_ids
            tokens_sudo |= rows_sudo.sorted("sequence").token_id
        holder = auto_sudo.account_id.commercial_partner_id
        return tokens_sudo.filtered(
            lambda token: (
                token.active
                and token.company_id == auto_sudo.company_id
                and token.provider_id.state != "disabled"
                and token.partner_id.commercial_partner_id == holder
            )
        )

    def _get_next_token(self):
        """The first method that this attempt has not tried yet, or none."""
        tried = self.transaction_ids.filtered(
            lambda tx: tx.toll_auto_attempt == self.attempt
        ).token_id
        return (self._get_tokens() - tried)[:1]

    def _save_order(self, tokens):
        """Put these saved methods first, as they stand, among the means of payment."""
        self.ensure_one()
        # the customer has chosen the order; the list itself is kept by staff
        account_sudo = self.sudo().account_id
        rows_sudo = account_sudo.payment_preference_ids
        by_token = {row.token_id: row for row in rows_sudo if row.token_id}
        rest = rows_sudo.filtered(lambda row: row.token_id not in tokens)
        for sequence, token in enumerate(tokens, start=1):
            if token in by_token:
                by_token[token].sequence = sequence
            else:
                rows_sudo.create(
                    {
                        "account_id": account_sudo.id,
                        "means": "token",
                        "token_id": token.id,
                        "sequence": sequence,
                    }
                )
        for sequence, row in enumerate(rest, start=len(tokens) + 1):
            row.sequence = sequence
