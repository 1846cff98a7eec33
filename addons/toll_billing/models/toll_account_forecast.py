from datetime import timedelta

from odoo import api, fields, models

from ..core import forecast

WINDOW = 30
CHUNK = 500
# The same customer is not told again before this, unless money came in between.
AGAIN_AFTER = timedelta(days=3)


class TollAccount(models.Model):
    """How many days a wallet lasts, and a word to the customer before it is empty."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    low_notice_at = fields.Datetime(
        string="Told of Low Balance",
        readonly=True,
        copy=False,
        help="When the customer was last told that the balance runs out.",
    )

    def _get_usage(self, days=WINDOW):
        """{account id: money used in the last days}; in one statement."""
        since = fields.Datetime.now() - timedelta(days=days)
        groups = self.env["toll.crossing"]._read_group(
            [
                ("account_id", "in", self.ids),
                ("state", "=", "posted"),
                ("occurred_at", ">=", since),
            ],
            ["account_id"],
            ["amount:sum", "amount_discount:sum"],
        )
        return {account.id: full - discount for account, full, discount in groups}

    def _get_days_left(self):
        """{account id: days that the available amount lasts, or None}."""
        usage = self._get_usage()
        now = fields.Datetime.now()
        found = {}
        for account in self:
            ago = (now - (account.opened_at or now)).days
            days = forecast.days_of_use(ago, WINDOW)
            used = usage.get(account.id, 0)
            found[account.id] = forecast.days_left(account.available, used, days)
        return found

    @api.model
    def _cron_low_balance(self):
        """Tell customers whose balance runs out within their company's days."""
        now = fields.Datetime.now()
        accounts = self._find_untold(now)
        told = 0
        for start in range(0, len(accounts), CHUNK):
            part = accounts[start : start + CHUNK]
            told += part._tell_low_balance(now)
            self.env["ir.cron"]._commit_progress(len(part))
        return told

    @api.model
    def _find_untold(self, now):
        return self.search(
            [
                ("state", "=", "active"),
                ("payment_mode", "=", "prepaid"),
                "|",
                ("low_notice_at", "=", False),
                ("low_notice_at", "<", now - AGAIN_AFTER),
            ],
            order="id",
        )

    def _tell_low_balance(self, now):
        left = self._get_days_left()
        told = 0
        for account in self:
            days = left[account.id]
            soon = days is not None and days <= account.company_id.toll_low_balance_days
            if not (
                soon or account.is_low_balance
            ) or account.partner_id._toll_is_quiet(now):
                continue
            partner = account.partner_id
            if not partner._toll_can_be_told(account.company_id):
                continue
            if account._has_active_auto_topup():
                continue
            account._post_low_balance(days)
            account.low_notice_at = now
            told += 1
        return told

    def _has_active_auto_topup(self):
        return any(auto.state == "active" for auto in self.auto_topup_ids)

    def _post_low_balance(self, days):
        account = self.with_context(lang=self.partner_id.lang)
        if days is None:
            body = account.env._(
                "Account %(number)s has %(available)s available.",
                number=account.number,
                available=account.currency_id.format(account.available),
            )
        else:
            body = account.env._(
                "Account %(number)s has %(available)s available: at your usual pace "
                "it lasts for %(days)s days.",
                number=account.number,
                available=account.currency_id.format(account.available),
                days=days,
            )
        account._tell(
            "low_balance",
            account.env._("Your toll balance runs low"),
            body + " " + account.env._("Top up so that your TAG keeps working."),
            f"low-{account.number}-{fields.Datetime.now():%Y%m%d%H%M}",
        )
