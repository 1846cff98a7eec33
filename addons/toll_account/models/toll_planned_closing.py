from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from .toll_request import OPEN

#: What makes another plan of it.
PLAN = {"account_id", "date", "method", "bank_account"}


class TollPlannedClosing(models.Model):
    """An account that closes at the end of a day which is still to come."""

    _name = "toll.planned.closing"
    _description = "Planned Closing of an Account"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "date, id"
    _rec_name = "account_id"
    _check_company_auto = True
    _guarded = frozenset({"state", "problem", "refund_user_id", "closes_at"})

    account_id = fields.Many2one(
        "toll.account",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    currency_id = fields.Many2one(related="account_id.currency_id")
    balance = fields.Monetary(related="account_id.balance")
    date = fields.Date(
        string="Last Day",
        required=True,
        tracking=True,
        help="The account works until the end of this day, by the company's clock.",
    )
    closes_at = fields.Datetime(readonly=True, copy=False)
    reason_id = fields.Many2one(
        "toll.state.reason",
        required=True,
        domain="[('state', '=', 'closed')]",
        ondelete="restrict",
    )
    note = fields.Char()
    method = fields.Selection(
        [("transfer", "Transfer"), ("cash", "Cash")],
        string="Means of Payment",
        required=True,
        default="transfer",
    )
    bank_account = fields.Char(help="The customer's CLABE or IBAN.")
    refund_user_id = fields.Many2one(
        "res.users",
        string="Refund Approved By",
        readonly=True,
        copy=False,
        tracking=True,
        help="Who of Billing lets the job give back what is left.",
    )
    request_id = fields.Many2one("toll.request", ondelete="set null")
    state = fields.Selection(
        [("planned", "Planned"), ("done", "Closed"), ("withdrawn", "Withdrawn")],
        required=True,
        default="planned",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    problem = fields.Text(
        readonly=True,
        copy=False,
        help="Why the account could not be closed; it is tried again every hour.",
    )

    _account_once = models.UniqueIndex(
        "(account_id) WHERE state = 'planned'",
        "The closing of this account is planned already.",
    )

    # === CRUD === #
    @api.model_create_multi
    def create(self, vals_list):
        accounts = self.env["toll.account"].browse(
            [vals["account_id"] for vals in vals_list if vals.get("account_id")]
        )
        for planned in self.search(
            [("account_id", "in", accounts.ids), ("state", "=", "planned")], limit=1
        ):
            raise UserError(
                self.env._(
                    "Account %(number)s closes on %(date)s already: change or withdraw "
                    "that plan.",
                    number=planned.account_id.number,
                    date=planned.date,
                )
            )
        plans = super().create(vals_list)
        for plan in plans:
            plan._check_plan()
        plans._follow()
        return plans

    def write(self, vals):
        changed = vals.keys() & PLAN
        if changed:
            self._take("planned")
        result = super().write(vals)
        if changed:
            for plan in self:
                plan._check_plan()
            # another way of giving the money back is approved again
            self.sudo().refund_user_id = False
            self._follow()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Withdraw the closing instead: its story is kept."))

    def _check_plan(self):
        self.ensure_one()
        account = self.account_id
        if account.state not in ("active", "suspended"):
            raise UserError(
                self.env._("Account %(number)s does not work.", number=account.number)
            )
        if self.date < self.company_id._toll_today():
            raise UserError(self.env._("The last day must be today or later."))
        if self.reason_id.state != "closed":
            raise UserError(self.env._("Choose a reason for closing."))
        if self.method == "transfer" and self.bank_account:
            account._check_bank_account(self.bank_account)

    def _follow(self):
        """The account knows when it ends; its agent is reminded on the last day."""
        # guarded fields; whoever may plan a closing may let the account know
        for plan_sudo in self.sudo():
            zone = ZoneInfo(plan_sudo.company_id._toll_tz())
            end = datetime.combine(plan_sudo.date + timedelta(days=1), time(), zone)
            plan_sudo.closes_at = end.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
            is_planned = plan_sudo.state == "planned"
            plan_sudo.account_id.closes_at = is_planned and plan_sudo.closes_at
            plan_sudo.activity_unlink(["mail.mail_activity_data_todo"])
            if is_planned:
                plan_sudo._remind(
                    plan_sudo.date,
                    self.env._("Last day of account %s", plan_sudo.account_id.number),
                )

    def _remind(self, date, summary, note=None):
        account = self.account_id
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=date,
            summary=summary,
            note=note,
            user_id=(account.user_id or self.create_uid).id,
        )

    # === ACTIONS === #
    def action_withdraw(self):
        """The customer stays; possible while the last day is not over."""
        for plan_sudo in self._take("planned"):
            if plan_sudo.closes_at <= fields.Datetime.now():
                raise UserError(
                    self.env._(
                        "The last day of account %(number)s is over: its crossings are "
                        "refused since. Close it and open a new one.",
                        number=plan_sudo.account_id.number,
                    )
                )
            plan_sudo.write({"state": "withdrawn", "problem": False})
            plan_sudo._follow()
            plan_sudo.account_id.message_post(
                body=self.env._("The planned closing was withdrawn.")
            )
        return True

    def action_approve_refund(self):
        """Billing lets the nightly job give back what is left."""
        if not self.env["toll.account"]._may_refund():
            raise AccessError(self.env._("Only Billing gives money back."))
        for plan_sudo in self._take("planned"):
            if plan_sudo.method == "transfer":
                plan_sudo.account_id._check_bank_account(plan_sudo.bank_account)
            plan_sudo.refund_user_id = self.env.user
        return True

    def action_close_now(self):
        """Try it again by hand, once the last day is over."""
        for plan_sudo in self._take("planned"):
            if plan_sudo.closes_at > fields.Datetime.now():
                raise UserError(
                    self.env._(
                        "Account %(number)s works until the end of %(date)s.",
                        number=plan_sudo.account_id.number,
                        date=plan_sudo.date,
                    )
                )
            plan_sudo._try_close()
        return True

    # === THE LAST DAY IS OVER === #
    @api.model
    def _cron_close(self):
        """Close what has ended; one account that cannot does not hold up others."""
        due = self.search(
            [("state", "=", "planned"), ("closes_at", "<=", fields.Datetime.now())]
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for plan in due:
            locked = plan.try_lock_for_update()
            if locked:
                locked.with_company(locked.company_id)._try_close()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _try_close(self):
        """Close the account, or write down what stands in the way and call somebody."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._close()
        except (UserError, ValidationError) as error:
            # what the savepoint took back is not to be read from the cache
            self.env.invalidate_all(flush=False)
            text = str(error)
            if self.problem != text:
                self.problem = text
                self.activity_unlink(["mail.mail_activity_data_todo"])
                self._remind(
                    self.company_id._toll_today(),
                    self.env._("Account %s cannot close", self.account_id.number),
                    text,
                )
            return False
        return True

    def _close(self):
        """Settle and close: usage, TAGs, what is left, the account."""
        account = self.account_id
        if account.state != "closed":
            self._before_closing()
            account.invalidate_recordset()
            left = account.currency_id.compare_amounts(account.balance, 0) > 0
            if left and not self.refund_user_id:
                raise UserError(
                    self.env._(
                        "%(amount)s are left in the wallet: Billing approves the "
                        "refund here first.",
                        amount=account.currency_id.format(account.balance),
                    )
                )
            ref = self.env["ir.sequence"].sudo().next_by_code("toll.refund")
            account._close_and_settle(
                self.reason_id, self.note, self.method, ref, self.bank_account
            )
            account.closed_at = self.closes_at
        self.write({"state": "done", "problem": False})
        self._follow()
        request = self.request_id
        if request.state in OPEN:
            request.resolution = request.resolution or self.env._(
                "Account %s is closed.", account.number
            )
            request.action_done()

    def _before_closing(self):
        """Hook: what is settled before the money, other addons know of it."""


class TollAccount(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.account"

    closes_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="From this instant on the account counts as closed.",
    )
    planned_closing_ids = fields.One2many("toll.planned.closing", "account_id")
    closes_on = fields.Date(
        compute="_compute_closes_on", search="_search_closes_on", compute_sudo=True
    )

    def write(self, vals):
        if "closes_at" in vals and not self.env.su:
            raise AccessError(
                self.env._("An account ends when its planned closing says so.")
            )
        return super().write(vals)

    @api.depends("planned_closing_ids.state", "planned_closing_ids.date")
    def _compute_closes_on(self):
        for account in self:
            planned = account.planned_closing_ids.filtered(
                lambda plan: plan.state == "planned"
            )
            account.closes_on = planned.date

    def _search_closes_on(self, operator, value):
        return Domain(
            "planned_closing_ids",
            "any",
            Domain("state", "=", "planned") & Domain("date", operator, value),
        )

    def action_view_planned_closing(self):
        self.ensure_one()
        planned = self.planned_closing_ids.filtered(lambda p: p.state == "planned")
        return planned._get_records_action()

    def action_close(self, reason=None, note=None):
        """A plan that was made for later is over with it."""
        result = super().action_close(reason, note)
        # whoever may close the account ends its plan
        plans_sudo = self.sudo().planned_closing_ids.filtered(
            lambda plan: plan.state == "planned"
        )
        plans_sudo.write({"state": "done", "problem": False})
        plans_sudo.activity_unlink(["mail.mail_activity_data_todo"])
        return result
