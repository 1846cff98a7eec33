from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..core import autotopup

# The usage that is looked at, and what is too short to learn from.
WINDOW = 56
LEAST_DAYS = 14
LEARN_EVERY = timedelta(days=7)
# A new amount is told so many days before it is charged.
NOTICE_DAYS = 5
CHUNK = 500
KINDS = ("usage", "fee", "discount")


class TollAutoTopup(models.Model):
    """The amount of a charge follows what the customer uses, where he wants it."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.auto.topup"

    is_learned = fields.Boolean(
        string="Amount from Usage",
        tracking=True,
        help="Once a week the amount is calculated anew from the last eight weeks. "
        "The customer is told of a new one five days before it is charged.",
    )
    cover_weeks = fields.Integer(
        string="Weeks per Charge",
        default=2,
        tracking=True,
        help="How long one charge shall last at the customer's usual pace.",
    )
    amount_min = fields.Monetary(string="Never Less than", tracking=True)
    amount_max = fields.Monetary(string="Never More than", tracking=True)
    used_week = fields.Monetary(
        string="Used a Week",
        readonly=True,
        copy=False,
        help="On average of the last eight weeks: crossings and fees, less discounts.",
    )
    learned_at = fields.Datetime(string="Calculated on", readonly=True, copy=False)
    next_amount = fields.Monetary(
        string="New Amount", readonly=True, copy=False, tracking=True
    )
    next_amount_date = fields.Date(
        string="From", readonly=True, copy=False, help="The customer was told so."
    )
    learned_text = fields.Char(
        string="Why This Amount", compute="_compute_learned_text"
    )

    _learning_valid = models.Constraint(
        "CHECK (NOT is_learned OR (amount_min > 0 AND amount_max >= amount_min "
        "AND daily_cap >= amount_max AND cover_weeks BETWEEN 1 AND 8))",
        "The amount from usage needs bounds that fit into the daily limit, and 1 to 8 "
        "weeks.",
    )

    @api.depends("is_learned", "used_week", "learned_at", "cover_weeks", "amount")
    def _compute_learned_text(self):
        for auto in self:
            auto.learned_text = auto._get_learned_text()

    def _get_learned_text(self):
        if not self.is_learned:
            return False
        if not self.learned_at:
            return self.env._(
                "There is not enough usage to calculate an amount yet; %(amount)s are "
                "charged until then.",
                amount=self.currency_id.format(self.amount),
            )
        return self.env._(
            "You used %(used)s a week on average. A charge lasts %(weeks)s weeks: "
            "%(need)s, rounded up to a multiple of %(step)s, not less than %(low)s "
            "and not more than %(high)s.",
            used=self.currency_id.format(self.used_week),
            weeks=self.cover_weeks,
            need=self.currency_id.format(self.used_week * self.cover_weeks),
            step=self.currency_id.format(self._get_step()),
            low=self.currency_id.format(self.amount_min),
            high=self.currency_id.format(self.amount_max),
        )

    def _get_step(self):
        # customers may not read all of their company
        return self.company_id.sudo().toll_auto_topup_step or 1

    @api.model
    def _prepare_learning_vals(
        self, daily_cap, is_learned=False, cover_weeks=2, amount_min=0, amount_max=0
    ):
        """Values of what the customer has chosen; raise where they do not fit."""
        values = {
            "is_learned": is_learned,
            "next_amount": False,
            "next_amount_date": False,
            "learned_at": False,
        }
        if not is_learned:
            return values
        if not 1 <= cover_weeks <= 8:
            raise UserError(self.env._("A charge lasts 1 to 8 weeks."))
        if amount_min <= 0 or amount_max < amount_min:
            raise UserError(
                self.env._("Write the least and the most that one charge may be.")
            )
        if daily_cap < amount_max:
            raise UserError(
                self.env._("The daily limit must be at least the most of one charge.")
            )
        return {
            **values,
            "cover_weeks": cover_weeks,
            "amount_min": amount_min,
            "amount_max": amount_max,
        }

    # The runs

    @api.model
    def _cron_learn(self):
        """Charge what was announced from today on; calculate and announce anew."""
        self._apply_announced()
        now = fields.Datetime.now()
        autos = self.search(
            [
                ("is_learned", "=", True),
                ("state", "in", ("active", "paused")),
                ("account_id.state", "in", ("active", "suspended")),
                "|",
                ("learned_at", "=", False),
                ("learned_at", "<=", now - LEARN_EVERY),
            ],
            order="id",
        )
        for start in range(0, len(autos), CHUNK):
            part = autos[start : start + CHUNK]
            part._learn(now)
            self.env["ir.cron"]._commit_progress(len(part))

    @api.model
    def _apply_announced(self):
        due = self.search(
            [
                ("next_amount", ">", 0),
                ("next_amount_date", "<=", fields.Date.context_today(self)),
            ]
        )
        for auto in due:
            auto.write(
                {
                    "amount": auto.next_amount,
                    "next_amount": False,
                    "next_amount_date": False,
                }
            )

    def _get_usage(self, since):
        """{account: money used since then}; in one statement."""
        groups = self.env["toll.wallet.entry"]._read_group(
            [
                ("account_id", "in", self.account_id.ids),
                ("kind", "in", KINDS),
                ("occurred_at", ">=", since),
            ],
            ["account_id"],
            ["amount:sum"],
        )
        return {account: -total for account, total in groups}

    def _learn(self, now):
        used = self._get_usage(now - timedelta(days=WINDOW))
        for auto in self:
            account = auto.account_id
            days = min((now - (account.opened_at or now)).days, WINDOW)
            if days < LEAST_DAYS or account.partner_id._toll_is_quiet(now):
                continue  # another day
            low, high = account._get_top_up_limits()
            week, amount = autotopup.learned_amount(
                used.get(account, 0),
                days,
                auto.cover_weeks,
                auto._get_step(),
                max(auto.amount_min, low),
                min(auto.amount_max, high or auto.amount_max),
            )
            auto.write({"used_week": week, "learned_at": now})
            auto._announce(auto.currency_id.round(amount))

    def _announce(self, amount):
        """Tell the customer of a new amount; what was told before is replaced."""
        self.ensure_one()
        current = self.next_amount or self.amount
        if not self.currency_id.compare_amounts(amount, current):
            return
        if not self.currency_id.compare_amounts(amount, self.amount):
            self.write({"next_amount": False, "next_amount_date": False})
            return
        start = fields.Date.add(fields.Date.context_today(self), days=NOTICE_DAYS)
        self.write({"next_amount": amount, "next_amount_date": start})
        auto = self.with_context(lang=self.partner_id.lang)
        auto.account_id.message_post(
            body=auto.env._(
                "From %(date)s on the automatic top-up of account %(number)s charges "
                "%(new)s instead of %(old)s. %(why)s You can change it or switch it "
                "off in the virtual office.",
                date=format_date(auto.env, start),
                number=auto.account_id.number,
                new=auto.currency_id.format(amount),
                old=auto.currency_id.format(auto.amount),
                why=auto._get_learned_text(),
            ),
            subject=auto.env._("New amount of your automatic top-up"),
            partner_ids=auto.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )
