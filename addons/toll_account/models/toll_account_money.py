import math
import uuid

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..queries import wallet as queries

METHODS = [
    ("cash", "Cash"),
    ("card", "Card"),
    ("transfer", "Transfer"),
    ("online", "Online"),
    ("other", "Other"),
]
MONEY_GROUPS = (
    "toll_account.group_toll_agent,"
    "toll_account.group_toll_billing,"
    "toll_account.group_toll_accountant"
)


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    def _check_money_access(self):
        """Only staff moves money, whatever may be read."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(MONEY_GROUPS):
            raise AccessError(
                self.env._("You are not allowed to take or give out money.")
            )

    def _check_number(self, amount):
        """Raise for what a program may send instead of an amount."""
        is_number = isinstance(amount, (int, float)) and not isinstance(amount, bool)
        if not is_number or not math.isfinite(amount):
            raise UserError(
                self.env._("%(amount)s is not an amount of money.", amount=amount)
            )

    def top_up(self, amount, ref=None, method="cash", journal_id=None):
        """Take money in: a posted payment and a wallet entry, or none of both.

        The same `ref` again answers the entry of the first time. An empty one is made
        up, so the call cannot be repeated safely.
        """
        self.ensure_one()
        self._check_money_access()
        self._check_number(amount)
        ref = (ref or "").strip() or f"TOPUP-{uuid.uuid4().hex}"
        known = self._find_entry("topup", ref, amount)
        if known:
            return known
        self._check_top_up(amount)
        payment = self._create_payment("inbound", amount, ref, method, journal_id)
        return self._post_payment_entry("topup", payment, ref, origin=method)

    def refund(self, amount, ref=None, method="transfer", journal_id=None):
        """Give money of the wallet back to the customer, never more than it has."""
        self.ensure_one()
        self._check_money_access()
        self._check_number(amount)
        ref = (ref or "").strip() or f"REFUND-{uuid.uuid4().hex}"
        known = self._find_entry("refund", ref, -amount)
        if known:
            return known
        self._claim_wallets()
        if amount <= 0 or self.currency_id.compare_amounts(amount, self.balance) > 0:
            raise UserError(
                self.env._(
                    "The wallet of account %(number)s has %(balance)s: %(amount)s "
                    "cannot be given back.",
                    number=self.number,
                    balance=self.currency_id.format(self.balance),
                    amount=self.currency_id.format(amount),
                )
            )
        payment = self._create_payment("outbound", amount, ref, method, journal_id)
        return self._post_payment_entry("refund", payment, ref, origin=method)

    def _claim_wallets(self):
        """Keep others from taking money until this transaction ends."""
        self.env.cr.execute(queries.claim_wallets(self.ids))
        self._invalidate_balance()

    def _invalidate_balance(self):
        self.invalidate_recordset(
            [
                "balance",
                "available",
                "amount_reserved",
                "amount_receivable",
                "is_low_balance",
                "entry_ids",
            ],
            flush=False,
        )

    def _find_entry(self, kind, ref, amount):
        """The entry that was posted with this reference; raise if it says otherwise."""
        entry = self.env["toll.wallet.entry"]._find(kind, ref)
        if entry and (
            entry.account_id != self
            or self.currency_id.compare_amounts(entry.amount, amount)
        ):
            raise UserError(
                self.env._(
                    "Reference %(ref)s was used before, for %(amount)s on account "
                    "%(number)s.",
                    ref=ref,
                    amount=entry.currency_id.format(abs(entry.amount)),
                    number=entry.account_id.number,
                )
            )
        return entry.sudo(False)

    def _check_top_up(self, amount):
        """Raise unless this amount may be taken for this account."""
        if self.state in ("draft", "closed"):
            raise UserError(
                self.env._(
                    "Account %(number)s is not open: it takes no top-up.",
                    number=self.number,
                )
            )
        currency = self.currency_id
        if currency.compare_amounts(amount, 0) <= 0:
            raise UserError(self.env._("A top-up must be more than zero."))
        if abs(amount - currency.round(amount)) > 1e-9:
            raise UserError(
                self.env._(
                    "%(amount)s is not an amount in %(currency)s.",
                    amount=amount,
                    currency=currency.name,
                )
            )
        low, high = self._get_top_up_limits()
        if low and currency.compare_amounts(amount, low) < 0:
            raise UserError(
                self.env._(
                    "A top-up must be at least %(amount)s.", amount=currency.format(low)
                )
            )
        if high and currency.compare_amounts(amount, high) > 0:
            raise UserError(
                self.env._(
                    "A top-up can be at most %(amount)s.", amount=currency.format(high)
                )
            )

    def _get_top_up_limits(self):
        """(least, most) that one top-up may bring; 0 stands for no limit."""
        company = self.company_id.sudo()
        return company.toll_topup_min, company.toll_topup_max

    # Accounting

    def _get_top_up_journal(self, method="cash"):
        """The journal that money of this kind goes to, by office, then company."""
        self.ensure_one()
        company = self.company_id
        office = self.env.user.toll_office_id.sudo()
        journal = self.env["account.journal"].sudo()
        if office.company_id == company and method in ("cash", "card", "transfer"):
            journal = office[f"{method}_journal_id"]
        journal = journal or company.sudo()._toll_get_topup_journal(method)
        if not journal:
            raise UserError(
                self.env._(
                    "Choose the top-up journal of %(company)s in the settings.",
                    company=company.name,
                )
            )
        return journal

    def _create_payment(self, payment_type, amount, ref, method, journal_id=None):
        """A posted payment against the customers' deposits."""
        journal = self.env["account.journal"].sudo().browse(journal_id)
        journal = journal or self._get_top_up_journal(method)
        line = journal._get_available_payment_method_lines(payment_type)[:1]
        values = self._prepare_payment_vals(payment_type, amount, ref, method)
        payment = (
            self.env["account.payment"]
            .sudo()
            .with_company(self.company_id)
            .with_context(
                mail_create_nosubscribe=True,
                tracking_disable=True,
                # Without a journal entry the deposits would not know of the money.
                **({} if line.payment_account_id else {"force_payment_move": True}),
            )
            .create(
                {
                    **values,
                    "journal_id": journal.id,
                    "payment_method_line_id": line.id,
                }
            )
        )
        payment.action_post()
        return payment

    def _prepare_payment_vals(self, payment_type, amount, ref, method):
        office = self.env.user.toll_office_id
        return {
            "payment_type": payment_type,
            "partner_type": "customer",
            "partner_id": self.commercial_partner_id.id,
            "amount": amount,
            "currency_id": self.currency_id.id,
            "company_id": self.company_id.id,
            "date": fields.Date.context_today(self),
            "memo": ref,
            "toll_account_id": self.id,
            "toll_office_id": office.id
            if office.company_id == self.company_id
            else False,
            "toll_method": method if method in dict(METHODS) else "other",
            "destination_account_id": self.company_id.sudo()
            ._toll_get_deposit_account()
            .id,
        }

    def _post_payment_entry(self, kind, payment, ref, origin=None):
        """The wallet entry of a payment: exactly what the deposits have received."""
        deposit = self.company_id.sudo().toll_deposit_account_id
        lines = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == deposit
        )
        return self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.id,
                    "kind": kind,
                    "amount": -sum(lines.mapped("balance")),
                    "ref": ref,
                    "origin": origin,
                    "payment_id": payment.id,
                    "move_id": payment.move_id.id,
                }
            ]
        )
