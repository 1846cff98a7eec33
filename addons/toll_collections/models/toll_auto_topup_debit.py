from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class TollAutoTopup(models.Model):
    """Automatic top-up from the bank account: a debit of the next run.

    A need has one debit on its way at most; when it comes back, the saved cards are
    next, each once, as after a refused card.
    """

    _inherit = "toll.auto.topup"

    means = fields.Selection(
        [("token", "Saved card"), ("debit", "Bank debit")],
        string="First Means",
        required=True,
        default="token",
        tracking=True,
    )
    debit_line_ids = fields.One2many("toll.debit.line", "auto_topup_id", readonly=True)
    debit_attempt = fields.Integer(
        readonly=True,
        copy=False,
        help="The attempt whose debit came back: the other means are next.",
    )

    @api.constrains("means", "account_id")
    def _check_means(self):
        for auto in self.filtered(lambda a: a.means == "debit"):
            if not auto.sudo().account_id.mandate_id:
                raise ValidationError(
                    self.env._("The account has no valid mandate for bank debits.")
                )

    def _needs_token(self):
        return super()._needs_token() and self.means == "token"

    def _get_open_debit(self):
        return self.debit_line_ids.filtered(
            lambda d: d.state in ("waiting", "ready", "excluded", "sent")
        )

    def _is_due(self):
        return super()._is_due() and not self._get_open_debit()

    def _get_spent_today(self, start):
        debits = self.debit_line_ids.filtered(
            lambda d: (
                d.create_date >= start and d.state not in ("returned", "cancelled")
            )
        )
        return super()._get_spent_today(start) + sum(debits.mapped("amount"))

    def _charge(self, commit):
        self.ensure_one()
        mandate = self.account_id.mandate_id
        if self.means != "debit" or self.debit_attempt == self.attempt or not mandate:
            return super()._charge(commit)
        if not self.try_lock_for_update():
            return 0
        self.invalidate_recordset()
        self.account_id._invalidate_balance()
        if (
            not self._is_due()
            or self._finish_open_charges()
            or not self._has_room_today()
        ):
            return 0
        # counted under the lock: of two runs at once, one fails here
        self.charges += 1
        self.env["toll.debit.line"].create(self._prepare_debit_vals(mandate))
        self.env.flush_all()
        commit()
        return 1

    def _prepare_debit_vals(self, mandate):
        account = self.account_id
        return {
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "account_id": account.id,
            "partner_id": account.commercial_partner_id.id,
            "mandate_id": mandate.id,
            "is_topup": True,
            "auto_topup_id": self.id,
            "amount": self.amount,
            "due_date": self.company_id._toll_today(),
            "state": "waiting",
        }

    def _debit_credited(self):
        for auto in self:
            auto.write(
                {
                    "failures": 0,
                    "next_try_at": False,
                    "last_error": False,
                    "need": auto.need + 1,
                    "attempt": auto.attempt + 1,
                }
            )

    def _debit_returned(self, why):
        """The cards are next, where the customer wants that; else it is tried later."""
        for auto in self:
            auto.write({"debit_attempt": auto.attempt, "last_error": why})
            if not auto._get_next_token():
                auto._failed(why)

    @api.model
    def _save_for_customer(self, account, token, *args, **kwargs):
        """A card chosen in the virtual office is the first means again."""
        auto = super()._save_for_customer(account, token, *args, **kwargs)
        auto.sudo().means = "token"  # as above: the customer's own
        return auto

    @api.model
    def _save_debit_for_customer(self, account, threshold, amount, daily_cap, fallback):
        """Top up the customer's own account from the bank account of its mandate."""
        account.check_access("read")
        # customers have no right to write; the account is theirs
        account_sudo = account.sudo()
        if account.state not in ("active", "suspended"):
            raise UserError(
                self.env._("Only an open account can have automatic top-ups.")
            )
        if not account_sudo.mandate_id:
            raise UserError(self.env._("Please accept a mandate first."))
        if daily_cap < amount:
            raise UserError(
                self.env._("The daily limit must be at least the amount of one charge.")
            )
        values = {
            "means": "debit",
            "threshold": threshold,
            "amount": amount,
            "daily_cap": daily_cap,
            "is_fallback": fallback,
            "state": "active",
            "failures": 0,
            "next_try_at": False,
            "last_error": False,
            "consent_at": fields.Datetime.now(),
        }
        auto_sudo = self.sudo().search([("account_id", "=", account.id)])
        if auto_sudo:
            auto_sudo.write(values)
        else:
            auto_sudo = self.sudo().create({"account_id": account.id, **values})
        return auto_sudo.sudo(self.env.su)
