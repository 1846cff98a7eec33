from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .toll_account_closing import REFUND_GROUPS


class TollDormantBalance(models.Model):
    """Money of a customer who cannot be found, kept apart until he comes back."""

    _name = "toll.dormant.balance"
    _description = "Unclaimed Balance"
    _order = "id desc"
    _rec_name = "account_id"
    _check_company_auto = True

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    amount = fields.Monetary(required=True, readonly=True)
    date = fields.Date(
        string="Set Apart On",
        required=True,
        readonly=True,
        default=fields.Date.context_today,
    )
    dormant_since = fields.Date(readonly=True)
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, ondelete="restrict"
    )
    return_date = fields.Date(string="Given Back On", readonly=True)
    return_move_id = fields.Many2one(
        "account.move",
        string="Journal Entry of the Return",
        readonly=True,
        ondelete="restrict",
    )
    state = fields.Selection(
        [("apart", "Set Apart"), ("returned", "Back in the Wallet")],
        required=True,
        readonly=True,
        default="apart",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "Only money that is there can be set apart."
    )

    def _check_may(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(REFUND_GROUPS):
            raise AccessError(
                self.env._("Only Billing and Accounting move unclaimed balances.")
            )

    def _book(self, sign):
        """Move the money between deposits and unclaimed balances, wallet included."""
        self.ensure_one()
        account = self.account_id
        company = account.company_id
        amount = self.amount * sign
        ref = f"DORMANT-{self.id}" if sign > 0 else f"DORMANT-BACK-{self.id}"
        common = {
            "name": self.env._("Unclaimed balance of %s", account.number),
            "partner_id": account.commercial_partner_id.id,
        }
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": company._toll_get_general_journal().id,
                    "ref": ref,
                    "toll_account_id": account.id,
                    "line_ids": [
                        Command.create(
                            {
                                **common,
                                "account_id": ledger.id,
                                "debit": max(value, 0),
                                "credit": max(-value, 0),
                            }
                        )
                        for ledger, value in (
                            (company._toll_get_deposit_account(), amount),
                            (company._toll_get_dormant_account(), -amount),
                        )
                    ],
                }
            )
        )
        move._post(soft=False)
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": account.id,
                    "kind": "adjustment",
                    "amount": -amount,
                    "ref": ref,
                    "origin": move.name,
                    "move_id": move.id,
                }
            ]
        )
        return move

    def action_return(self):
        """The customer is back: the money returns to the wallet."""
        self._check_may()
        for balance in self:
            if balance.state != "apart":
                raise UserError(self.env._("This money is back in the wallet already."))
            if balance.account_id.state == "closed":
                raise UserError(
                    self.env._(
                        "Account %(number)s is closed.",
                        number=balance.account_id.number,
                    )
                )
            # the records are written by these methods only
            balance_sudo = balance.sudo()
            balance_sudo.account_id._claim_wallets()
            move = balance_sudo._book(-1)
            balance_sudo.write(
                {
                    "state": "returned",
                    "return_date": fields.Date.context_today(self),
                    "return_move_id": move.id,
                }
            )
        return True
