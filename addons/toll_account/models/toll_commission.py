from datetime import datetime, time
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..queries import commission as queries


class TollCommission(models.Model):
    """What a seller earns by an account in a month. Rules write it, people approve."""

    _name = "toll.commission"
    _description = "Commission"
    _order = "period desc, user_id, id desc"
    _rec_name = "account_id"

    kind = fields.Selection(
        [("earned", "Earned"), ("clawback", "Taken Back")],
        required=True,
        readonly=True,
        default="earned",
        index=True,
    )
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
    plan_id = fields.Many2one("toll.plan", readonly=True, ondelete="set null")
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
    run_id = fields.Many2one(
        "toll.commission.run", readonly=True, index=True, ondelete="restrict"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Vendor Bill",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    explanation = fields.Char(compute="_compute_explanation")

    _earned_once = models.UniqueIndex(
        "(rule_id, account_id, period) WHERE kind = 'earned'",
        "A rule pays an account once a month.",
    )
    _taken_back_once = models.UniqueIndex(
        "(rule_id, account_id, user_id) WHERE kind = 'clawback'",
        "A commission is taken back once.",
    )

    @api.depends("kind", "quantity", "base_amount", "amount", "rule_id")
    def _compute_explanation(self):
        for line in self:
            line.explanation = line._explain()

    def _explain(self):
        self.ensure_one()
        # sellers read what they are paid for, not all of the rules
        rule = self.rule_id.sudo()
        if self.kind == "clawback":
            return self.env._(
                "Account closed on %(date)s, within %(months)s months",
                date=format_date(self.env, self.account_id.sudo().closed_at),
                months=rule.clawback_months,
            )
        if rule.percent:
            return self.env._(
                "%(percent)s %% of %(base)s",
                percent=f"{rule.percent:g}",
                base=self.currency_id.format(self.base_amount),
            )
        return self.env._(
            "%(count)s times %(amount)s",
            count=f"{self.quantity:g}",
            amount=self.currency_id.format(rule.amount),
        )

    @api.model
    def action_calculate(self, months=1):
        """Calculate the current month and the ones before it; drafts only change."""
        groups = "toll_account.group_toll_accountant,toll_account.group_toll_manager"
        if not self.env.su and not self.env.user.has_groups(groups):
            raise AccessError(self.env._("Only accounting calculates commissions."))
        today = fields.Date.context_today(self)
        written = removed = 0
        for back in range(int(months), -1, -1):
            period = fields.Date.subtract(today.replace(day=1), months=back)
            # all sellers' accounts, in single statements; the right is checked
            one, other = self.sudo()._calculate(period)
            written, removed = written + one, removed + other
        self.sudo()._mark_paid()  # as above
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
        """(written, removed) for a month, by the rules of the companies in sight.

        A month whose run is closed stays as it is.
        """
        after = fields.Date.add(period, months=1)
        rules = self.env["toll.commission.rule"]
        closed = self.env["toll.commission.run"].search(
            [("period", "=", period), ("state", "!=", "draft")]
        )
        self.env.flush_all()
        counts = []
        for company in self.env.companies - closed.company_id:
            start, end = (self._midnight(day, company) for day in (period, after))
            zone = company.partner_id.tz or "UTC"
            for basis, _label in rules._fields["basis"].selection:
                events = rules._get_events(basis, start, end)
                if events is not None:
                    query = queries.refresh(
                        company, basis, period, zone, events, self.env.uid
                    )
                    counts += self.env.execute_query(query)
            query = queries.refresh_clawbacks(company, period, end, self.env.uid)
            counts += self.env.execute_query(query)
        self.invalidate_model()
        return sum(one for one, _other in counts), sum(other for _one, other in counts)

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

    def _mark_paid(self):
        """Commissions are paid when their vendor bill is."""
        paid = self.search(
            [
                ("state", "=", "approved"),
                ("move_id.payment_state", "in", ("paid", "in_payment")),
            ]
        )
        paid.write({"state": "paid", "paid_date": fields.Date.context_today(self)})

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
        if self.filtered(lambda c: c.run_id.sudo().state in ("closed", "billed")):
            raise UserError(
                self.env._("The month is closed: reopen its commission run first.")
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
