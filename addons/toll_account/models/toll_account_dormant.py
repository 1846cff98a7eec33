from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import dormant as queries

BATCH = 500


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    dormant_since = fields.Date(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The day on which the wallet was found without movements for the time in "
        "the settings. The customer was told.",
    )
    dormant_balance_ids = fields.One2many("toll.dormant.balance", "account_id")
    dormant_amount = fields.Monetary(
        string="Unclaimed", compute="_compute_dormant_amount"
    )

    def _compute_dormant_amount(self):
        amounts = dict(
            self.env["toll.dormant.balance"]
            .sudo()  # part of the account for whoever sees it
            ._read_group(
                [("account_id", "in", self.ids), ("state", "=", "apart")],
                ["account_id"],
                ["amount:sum"],
            )
        )
        amounts = {account.id: amount for account, amount in amounts.items()}
        for account in self:
            account.dormant_amount = amounts.get(account._origin.id, 0)

    @api.model
    def _cron_find_dormant(self):
        """Mark wallets without movements and tell the customers, in batches."""
        companies = self.env["res.company"].search([("toll_dormant_months", ">", 0)])
        for company in companies:
            remaining = 1
            while remaining:
                remaining = self._find_dormant(company)
                self.env["ir.cron"]._commit_progress(BATCH, remaining=remaining)

    @api.model
    def _find_dormant(self, company, limit=BATCH):
        """Mark and tell up to so many new ones; answer how many are left.

        Those that have moved since lose the mark.
        """
        since = fields.Datetime.now() - relativedelta(
            months=company.toll_dormant_months
        )
        self.flush_model()
        found = self.browse(
            row[0]
            for row in self.env.execute_query(
                queries.dormant_accounts(company.id, since)
            )
        )
        marked = self.search(
            [("company_id", "=", company.id), ("dormant_since", "!=", False)]
        )
        (marked - found).dormant_since = False
        new = found - marked
        batch = new[:limit]
        batch.dormant_since = fields.Date.context_today(self)
        for account in batch:
            account._tell_dormant()
        return len(new) - len(batch)

    def _tell_dormant(self):
        """Say it to the customer by e-mail and to the executive by an activity."""
        self.ensure_one()
        account = self.with_context(lang=self.partner_id.lang)
        company = self.company_id
        account.message_post(
            subject=account.env._("Your toll account %s has money", self.number),
            body=account.env._(
                "Your account %(number)s has not moved for %(months)s months and holds "
                "%(amount)s. Use it, ask for it back or call us: from %(date)s on we "
                "keep it apart for you.",
                number=self.number,
                months=company.toll_dormant_months,
                amount=self.currency_id.format(self.balance),
                date=fields.Date.to_string(self._get_dormant_date()),
            ),
            partner_ids=self.partner_id.ids,
            subtype_xmlid="mail.mt_comment",
        )
        if self.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self._get_dormant_date(),
                user_id=self.user_id.id,
                summary=self.env._("Dormant balance"),
            )

    def _get_dormant_date(self):
        """From when on the balance may be set apart."""
        days = self.company_id.toll_dormant_notice_days
        return self.dormant_since + relativedelta(days=days)

    def action_set_apart(self):
        """Move dormant balances out of the wallets, after the notice has passed."""
        Balance = self.env["toll.dormant.balance"]
        self.check_access("read")
        Balance._check_may()
        today = fields.Date.context_today(self)
        for account in self:
            if not account.dormant_since or account._get_dormant_date() > today:
                raise UserError(
                    self.env._(
                        "Account %(number)s is not dormant, or its notice has not "
                        "passed yet.",
                        number=account.number,
                    )
                )
            account._claim_wallets()
            if account.currency_id.compare_amounts(account.balance, 0) <= 0:
                raise UserError(
                    self.env._(
                        "The wallet of account %(number)s is empty.",
                        number=account.number,
                    )
                )
            # the user's role was checked; the records are the system's own
            balance_sudo = Balance.sudo().create(
                {
                    "account_id": account.id,
                    "amount": account.balance,
                    "dormant_since": account.dormant_since,
                }
            )
            balance_sudo.move_id = balance_sudo._book(1)
            account.sudo().dormant_since = False
        return True

    def action_view_dormant(self):
        return self._open_records("toll_account.toll_dormant_balance_action")
