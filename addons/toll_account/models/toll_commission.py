from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..queries import commission as queries


class TollCommission(models.Model):
    """What a seller earns by an account in a month. Rules write it, people approve."""

    _name = "toll.commission"
    _description = "Commission"
    _order = "period desc, user_id, id desc"
    _rec_name = "account_id"

    rule_id = fields.Many2one(
        "toll.commission.rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="cascade"
    )
    period = fields.Date(string="Month", required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        string="Seller",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    channel_id = fields.Many2one(
        "toll.sales.channel", readonly=True, ondelete="restrict"
    )
    campaign_id = fields.Many2one("utm.campaign", readonly=True, ondelete="set null")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    quantity = fields.Float(readonly=True)
    base_amount = fields.Monetary(string="Base", readonly=True)
    amount = fields.Monetary(string="Commission", readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("paid", "Paid")],
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True)
    paid_date = fields.Date(string="Paid on", readonly=True)

    _rule_account_period_uniq = models.Constraint(
        "UNIQUE (rule_id, account_id, period)",
        "A rule pays an account once a month.",
    )

    @api.model
    def action_calculate(self, months=1):
        """Calculate the current month and the ones before it; drafts only change."""
        groups = "toll_account.group_toll_accountant,toll_account.group_toll_manager"
        if not self.env.su and not self.env.user.has_groups(groups):
            raise AccessError(self.env._("Only accounting calculates commissions."))
        today = fields.Date.context_today(self)
        written = removed = 0
        for back in range(int(months) + 1):
            period = fields.Date.subtract(today.replace(day=1), months=back)
            # all sellers' accounts, in single statements; the right is checked
            one, other = self.sudo()._calculate(period)
            written, removed = written + one, removed + other
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(written)s commissions calculated, %(removed)s taken back.",
                    written=written,
                    removed=removed,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _calculate(self, period):
        """(written, removed) for a month, by the rules of the companies in sight."""
        after = fields.Date.add(period, months=1)
        rules = self.env["toll.commission.rule"].search(
            [
                ("company_id", "in", self.env.companies.ids),
                ("date_from", "<", after),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", period),
            ]
        )
        self.env.flush_all()
        written = removed = 0
        for rule in rules:
            first = max(period, rule.date_from)
            last = after
            if rule.date_to:
                last = min(after, rule.date_to + timedelta(days=1))
            source = rule._get_source(
                self._midnight(first, rule.company_id),
                self._midnight(last, rule.company_id),
            )
            if source is None:
                continue
            query = queries.refresh(rule, period, source, self.env.uid)
            [(one, other)] = self.env.execute_query(query)
            written, removed = written + one, removed + other
        self.invalidate_model()
        return written, removed

    @api.model
    def _midnight(self, date, company):
        """When a day begins for the company, in UTC."""
        zone = ZoneInfo(company.partner_id.tz or "UTC")
        local = datetime.combine(date, time.min, tzinfo=zone)
        return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    @api.model
    def _cron_calculate(self):
        companies = self.env["res.company"].search([("active", "=", True)])
        self.with_context(allowed_company_ids=companies.ids).action_calculate()

    def _advance(self, before, state, **vals):
        if not self.env.su and not self.env.user.has_group(
            "toll_account.group_toll_accountant"
        ):
            raise AccessError(
                self.env._("Only accounting approves and pays commissions.")
            )
        self.check_access("read")
        if self.filtered(lambda c: c.state != before):
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Choose only commissions that are %(state)s.",
                    state=labels[before].lower(),
                )
            )
        # nobody may write commissions but these methods; the right is checked
        self.sudo().write({"state": state, **vals})

    def action_approve(self):
        """Nobody approves the own commission."""
        if self.filtered(lambda c: c.user_id == self.env.user):
            raise UserError(
                self.env._("Somebody else has to approve your own commissions.")
            )
        self._advance("draft", "approved", approved_by_id=self.env.uid)

    def action_paid(self):
        self._advance("approved", "paid", paid_date=fields.Date.context_today(self))

    def action_back_to_draft(self):
        self._advance("approved", "draft", approved_by_id=False)
