import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..core import autotopup

_logger = logging.getLogger(__name__)

OPEN_STATES = ("draft", "pending", "authorized")
REFUSED = ("error", "cancel")
# How long a charge may stay without an answer before a person looks at it.
UNKNOWN_AFTER = timedelta(hours=24)
CHUNK = 500


class TollAutoTopup(models.Model):
    """Charge a saved card when the wallet runs low, one charge at a time.

    A *need* is a wallet below its threshold: one charge may meet it. An *attempt* is
    one way through the customer's saved methods, each tried once. A charge is three
    transactions: the intention (a payment transaction with a reference of its own,
    while this record is locked), the provider's answer, the wallet. Whatever ends the
    program in between, the next run finds the intention and does not charge again.
    """

    _name = "toll.auto.topup"
    _description = "Automatic Top-up"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    account_id = fields.Many2one(
        "toll.account",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    token_id = fields.Many2one(
        "payment.token",
        string="Saved Payment Method",
        ondelete="restrict",
        tracking=True,
    )
    threshold = fields.Monetary(
        required=True,
        tracking=True,
        help="The charge is made when the available amount falls below this.",
    )
    amount = fields.Monetary(required=True, tracking=True)
    daily_cap = fields.Monetary(
        required=True, tracking=True, help="No more than this is charged in a day."
    )
    max_retries = fields.Integer(default=3)
    is_fallback = fields.Boolean(
        string="Then the Next Means",
        tracking=True,
        help="When a charge is refused, the customer's other saved methods are tried "
        "at once, in the order of the account's means of payment, each one time.",
    )
    need = fields.Integer(
        readonly=True, copy=False, default=1, help="Numbers the times money was needed."
    )
    attempt = fields.Integer(
        readonly=True,
        copy=False,
        default=1,
        help="Numbers the ways through the saved methods.",
    )
    state = fields.Selection(
        [("active", "Active"), ("paused", "Paused"), ("failed", "Failed")],
        required=True,
        default="active",
        tracking=True,
        index=True,
    )
    failures = fields.Integer(readonly=True, copy=False)
    charges = fields.Integer(
        string="Charges Tried", readonly=True, copy=False, help="Numbers the charges."
    )
    next_try_at = fields.Datetime(string="Not Before", readonly=True, copy=False)
    last_error = fields.Char(readonly=True, copy=False)
    consent_at = fields.Datetime(
        string="Agreed on",
        required=True,
        readonly=True,
        default=fields.Datetime.now,
        help="When the customer allowed these charges.",
    )
    transaction_ids = fields.One2many(
        "payment.transaction", "toll_auto_topup_id", string="Charges", readonly=True
    )

    _account_uniq = models.Constraint(
        "UNIQUE (account_id)", "The account has an automatic top-up already."
    )
    _amounts_positive = models.Constraint(
        "CHECK (amount > 0 AND threshold >= 0 AND daily_cap >= amount)",
        "The amount must be more than zero and fit into the daily limit.",
    )

    @api.depends("account_id.number")
    def _compute_display_name(self):
        for auto in self:
            auto.display_name = auto.account_id.number

    @api.constrains("account_id", "token_id", "amount")
    def _check_token_and_amount(self):
        for auto in self:
            account = auto.account_id
            if not auto._needs_token():
                account._check_top_up(auto.amount)
                continue
            # who may set it up may not always read tokens
            token_sudo = auto.token_id.sudo()
            holder = token_sudo.partner_id.commercial_partner_id
            if (
                holder != account.commercial_partner_id
                or token_sudo.company_id != account.company_id
            ):
                raise ValidationError(
                    self.env._("Choose a payment method that the customer has saved.")
                )
            account._check_top_up(auto.amount)

    def _needs_token(self):
        """Whether a saved card is charged first; other means may stand before it."""
        return True

    # Set up by the customer, or for him

    def action_pause(self):
        self._check_may_change()
        # customers may change their own consent at any time, and nothing else
        self.sudo().write({"state": "paused"})
        return True

    def action_resume(self):
        """Go on, also after failures: the count starts again."""
        self._check_may_change()
        for auto_sudo in self.sudo():  # as above
            auto_sudo.write(
                {
                    "state": "active",
                    "failures": 0,
                    "next_try_at": False,
                    "last_error": False,
                    "attempt": auto_sudo.attempt + 1,
                }
            )
        return True

    def _check_may_change(self):
        self.check_access("read")
        user = self.env.user
        if (
            not self.env.su
            and not user._is_portal()
            and not user.has_groups(
                "toll_account.group_toll_agent,toll_account.group_toll_billing"
            )
        ):
            raise AccessError(
                self.env._("You are not allowed to change automatic top-ups.")
            )

    # The runs

    @api.model
    def _cron_run(self):
        self._run(self.env.cr.commit)

    @api.model
    def _run(self, commit=None):
        """Charge what is due; answer how many charges were begun."""
        commit = commit or self.env.flush_all
        begun = 0
        for auto in self._get_due():
            try:
                begun += auto._charge(commit)
            except Exception:
                # One customer's trouble must not stop the others' charges.
                _logger.exception("automatic top-up %s", auto.id)
                self.env.cr.rollback()
            commit()
        self.env["payment.transaction"]._toll_settle_surplus(commit)
        return begun

    @api.model
    def _get_due(self):
        """Those below their threshold now, found by a few statements per thousand."""
        now = fields.Datetime.now()
        candidates = self.search(
            [
                ("state", "=", "active"),
                ("account_id.state", "in", ("active", "suspended")),
                "|",
                ("next_try_at", "=", False),
                ("next_try_at", "<=", now),
            ],
            order="id",
        )
        due = self.browse()
        for start in range(0, len(candidates), CHUNK):
            part = candidates[start : start + CHUNK]
            due |= part.filtered(lambda a: a.account_id.available < a.threshold)
        return due

    def _charge(self, commit):
        """Meet the need: one saved method after the other, until one is charged.

        Answer 1 if a charge was begun.
        """
        self.ensure_one()
        begun = 0
        while tx := self._charge_next(commit):
            begun = 1
            commit()
            if tx.state not in REFUSED:
                break
        return begun

    def _charge_next(self, commit):
        """One charge: intention, answer, wallet. Answer its transaction, or none."""
        transactions = self.env["payment.transaction"]
        if not self.try_lock_for_update():
            return transactions
        self.invalidate_recordset()
        self.account_id._invalidate_balance()
        if not self._is_due() or self._finish_open_charges():
            return transactions
        if not self._has_room_today():
            return transactions
        token = self._get_next_token()
        if not token:
            # the program ended before it noticed, or no method can be used
            self._failed(
                self.last_error or self.env._("No saved payment method can be used.")
            )
            return transactions
        # The counter is written under the lock: of two runs at once, one fails here.
        self.charges += 1
        tx = transactions.create(self._prepare_transaction_vals(token))
        self.env.flush_all()
        commit()
        tx._charge_with_token()
        self.env.flush_all()
        commit()
        self._after_charge(tx)
        return tx

    def _is_due(self):
        now = fields.Datetime.now()
        return (
            self.state == "active"
            and self.account_id.available < self.threshold
            and not (self.next_try_at and self.next_try_at > now)
        )

    def _prepare_transaction_vals(self, token):
        return {
            "provider_id": token.provider_id.id,
            "payment_method_id": token.payment_method_id.id,
            "token_id": token.id,
            "amount": self.amount,
            "currency_id": self.currency_id.id,
            "partner_id": token.partner_id.id,
            "reference": f"AUTO-{self.account_id.number}-{self.charges}",
            "operation": "offline",
            "toll_account_id": self.account_id.id,
            "toll_auto_topup_id": self.id,
            "toll_auto_need": self.need,
            "toll_auto_attempt": self.attempt,
        }

    def _finish_open_charges(self):
        """Whether an earlier charge is still under way; finish it where possible."""
        open_charges = self.transaction_ids.filtered(lambda t: t.state in OPEN_STATES)
        unposted = self.transaction_ids.filtered(
            lambda t: t.state == "done" and not t.payment_id
        )
        for tx in unposted:
            tx._post_process()
        late = fields.Datetime.now() - UNKNOWN_AFTER
        if any(tx.create_date < late for tx in open_charges):
            self._fail(self.env._("The provider did not answer for a day."))
        return bool(open_charges or unposted)

    def _has_room_today(self):
        zone = self.company_id.partner_id.tz or self.env.user.tz or "UTC"
        start = autotopup.day_start(fields.Datetime.now(), zone)
        room = self.daily_cap - self._get_spent_today(start) - self.amount
        return self.currency_id.compare_amounts(room, 0) >= 0

    def _get_spent_today(self, start):
        return sum(
            self.transaction_ids.filtered(
                lambda t: (
                    t.create_date >= start
                    and t.state not in REFUSED
                    and not t.toll_surplus_of_id  # goes back
                )
            ).mapped("amount")
        )

    def _after_charge(self, tx):
        if tx.state == "done":
            tx._post_process()
        elif tx.state in REFUSED and tx.toll_auto_attempt == self.attempt:
            self.last_error = tx.state_message
            if not self._get_next_token():
                self._failed(tx.state_message)

    def _charged(self, tx):
        """The wallet has the money: the need is met, by this charge or an earlier one.

        Of two answers at once one fails at the number of the need, and comes again.
        """
        if not self:
            return
        first = self.transaction_ids.filtered(
            lambda t: (
                t != tx
                and t.toll_auto_need == tx.toll_auto_need
                and t.payment_id
                and not t.toll_held_reason
            )
        )
        if first and tx.toll_auto_need:
            tx._toll_mark_surplus(first[0])
            return
        self.write(
            {
                "failures": 0,
                "next_try_at": False,
                "last_error": False,
                "need": max(self.need, tx.toll_auto_need + 1),
                "attempt": self.attempt + 1,
            }
        )

    def _failed(self, why):
        """Try again later, each time later; give up after some times."""
        self.failures += 1
        self.attempt += 1
        self.last_error = why
        if self.failures > self.max_retries:
            self._fail(why)
        else:
            wait = autotopup.retry_wait(self.failures)
            self.next_try_at = fields.Datetime.now() + wait

    def _fail(self, why):
        """Stop, and tell the customer."""
        self.write({"state": "failed", "last_error": why})
        self.account_id.message_post(
            body=self.env._(
                "The automatic top-up of account %(number)s did not work and is "
                "stopped: %(why)s Please top up, or save another payment method in "
                "the virtual office.",
                number=self.account_id.number,
                why=why or "",
            ),
            subject=self.env._("Automatic top-up stopped"),
            partner_ids=self.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )
