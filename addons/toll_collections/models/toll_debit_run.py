from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..queries import debit as queries

#: Who prepares and sends runs.
RUNNERS = (
    "toll_account.group_toll_billing,toll_account.group_toll_accountant,"
    "toll_collections.group_toll_collection_supervisor"
)
#: Payments that one job makes or books; measured: more at once cost more each.
CHUNK = 100


class TollDebitRun(models.Model):
    """What is debited on one day: from the preview to the bank's last word.

    The run stands on top of a payment order: who is debited, who is left alone and
    why, who was told; the order has the payments and the file.
    """

    _name = "toll.debit.run"
    _description = "Debit Run"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _number_sequence = "toll.debit.run"
    _guarded = frozenset(
        {
            "state",
            "order_id",
            "ordered_by_id",
            "uploaded_by_id",
            "announced_on",
            "is_running",
        }
    )

    name = fields.Char(required=True, readonly=True, copy=False, default="/")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    mode_id = fields.Many2one(
        "account.payment.mode",
        string="Creditor",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('toll_layout', '!=', False), ('company_id', '=', company_id)]",
        help="The bank account that collects, and the layout of its files.",
    )
    until = fields.Date(
        string="Due until",
        required=True,
        default=lambda self: self._default_date(),
        help="Invoices that are due by this day are collected.",
    )
    date = fields.Date(
        string="Collection Day",
        required=True,
        tracking=True,
        default=lambda self: self._default_date(),
    )
    notice_days = fields.Integer(
        string="Notice",
        default=lambda self: self.env.company.toll_debit_notice_days,
        help="Customers are told so many days before; zero: nobody is told.",
    )
    amount_min = fields.Monetary(string="Least Amount")
    amount_max = fields.Monetary(
        string="Greatest Amount", help="Of one customer; zero: no limit."
    )
    is_grouped = fields.Boolean(
        string="One Debit per Customer",
        default=True,
        help="What one customer owes is one debit on the bank statement.",
    )
    state = fields.Selection(
        [
            ("draft", "Preview"),
            ("announced", "Announced"),
            ("ordered", "Being Made"),
            ("generated", "File Ready"),
            ("uploaded", "At the Bank"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        tracking=True,
        index=True,
    )
    is_running = fields.Boolean(string="Booking", readonly=True, copy=False)
    announced_on = fields.Date(readonly=True, copy=False)
    order_id = fields.Many2one(
        "account.payment.order",
        string="Payment Order",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    file_id = fields.Many2one(
        "ir.attachment", string="Bank File", readonly=True, copy=False
    )
    ordered_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    uploaded_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    line_ids = fields.One2many("toll.debit.line", "run_id", readonly=True)
    ready_count = fields.Integer(string="To Collect", compute="_compute_counts")
    excluded_count = fields.Integer(string="Excluded", compute="_compute_counts")
    paid_count = fields.Integer(string="Paid", compute="_compute_counts")
    returned_count = fields.Integer(string="Returned", compute="_compute_counts")
    amount_total = fields.Monetary(string="Amount", compute="_compute_counts")
    amount_returned = fields.Monetary(compute="_compute_counts")
    return_rate = fields.Float(string="Returned (%)", compute="_compute_counts")
    is_alarming = fields.Boolean(compute="_compute_counts")

    _amounts = models.Constraint(
        "CHECK (amount_min >= 0 AND amount_max >= 0 AND notice_days >= 0)",
        "Amounts and days are not negative.",
    )

    def _default_date(self):
        return self.env.company._toll_today()

    # === COMPUTES === #
    @api.depends("line_ids.state", "line_ids.amount")
    def _compute_counts(self):
        groups = self.env["toll.debit.line"]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state"],
            ["__count", "amount:sum"],
        )
        found = {(run, state): (count, amount) for run, state, count, amount in groups}
        for run in self:

            def said(*states, of=run):
                rows = [found.get((of._origin, state), (0, 0)) for state in states]
                return sum(row[0] for row in rows), sum(row[1] for row in rows)

            total, run.amount_total = said("ready", "sent", "paid", "returned")
            run.ready_count = total
            run.excluded_count = said("excluded")[0]
            run.paid_count = said("paid")[0]
            run.returned_count, run.amount_returned = said("returned")
            run.return_rate = 100 * run.returned_count / total if total else 0
            limit = run.company_id.sudo().toll_debit_alarm_rate  # a setting
            run.is_alarming = bool(limit and run.return_rate > limit)

    # === STEPS === #
    def _check_runner(self, *states):
        self.ensure_one()
        self.check_access("write")
        if not self.env.su and not self.env.user.has_groups(RUNNERS):
            raise AccessError(self.env._("You are not allowed to run bank debits."))
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(name)s is “%(state)s”: that is not possible any more.",
                    name=self.name,
                    state=labels[self.state],
                )
            )
        # the role and the state are checked; what follows is the system's work
        return self.sudo().with_company(self.company_id)

    def write(self, vals):
        fixed = {"company_id", "mode_id", "until", "is_grouped", "date", "notice_days"}
        if not self.env.su and fixed & vals.keys():
            for run in self:
                run._check_runner("draft")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Runs stay on record: cancel it instead."))

    def action_prepare(self):
        """Look for what can be collected, and say why the rest cannot. Repeatable."""
        self._check_runner("draft")._prepare()
        return True

    def _prepare(self):
        cr = self.env.cr
        self.mode_id._toll_check_creditor()
        self.env.flush_all()
        cr.execute(queries.lock_mode(self.mode_id.id))
        cr.execute(queries.clear_preview(self.id))
        cr.execute(queries.insert_invoices(self, self.env.uid))
        cr.execute(queries.claim_topups(self, self.env.uid))
        self._judge("ready", "excluded")

    def _judge(self, *states):
        self.env.flush_all()
        query = queries.judge(self, self.mode_id.toll_layout == "pain008", states)
        self.env.cr.execute(query)
        self.env.invalidate_all()

    def action_announce(self):
        """Tell every customer what is debited and when; each once."""
        run = self._check_runner("draft")
        if not run.ready_count:
            raise UserError(
                self.env._("Nothing can be collected: look at the excluded debits.")
            )
        today = run.company_id._toll_today()
        first = today + timedelta(days=run.notice_days)
        if run.date < first:
            raise UserError(
                self.env._(
                    "Customers must be told %(days)s days before: choose a collection "
                    "day from %(day)s on.",
                    days=run.notice_days,
                    day=fields.Date.to_string(first),
                )
            )
        run.write({"state": "announced", "announced_on": today})
        if run.notice_days:
            run._delay("_job_announce", "tell")
        return True

    def _job_announce(self, after=0):
        """One chunk of customers; a killed job tells nobody twice (by reference)."""
        lines = self.line_ids.filtered(
            lambda d: d.state in ("ready", "sent") and d.account_id.id > after
        )
        accounts = lines.account_id.sorted("id")[:CHUNK]
        by_account = lines.grouped("account_id")
        for account in accounts:
            self._tell(account, by_account[account])
        if len(accounts) == CHUNK:
            self._delay("_job_announce", f"tell-{accounts[-1].id}", accounts[-1].id)

    def _tell(self, account, lines):
        account = account.with_context(lang=account.partner_id.lang)
        amount = account.currency_id.format(sum(lines.mapped("amount")))
        account._tell(
            "other",
            account.env._("Bank debit announced"),
            account.env._(
                "%(company)s will debit %(amount)s from your bank account %(number)s "
                "on %(date)s for account %(account)s (%(what)s). Mandate: "
                "%(mandate)s.",
                company=account.company_id.name,
                amount=amount,
                number=lines[0].number_masked,
                date=fields.Date.to_string(self.date),
                account=account.number,
                what=", ".join(lines.mapped("display_name")[:10]),
                mandate=lines[0].mandate_id.unique_mandate_reference,
            ),
            f"debit-{self.id}-{account.id}",
        )

    def action_order(self):
        """Take the items, make their payments and the bank's file."""
        run = self._check_runner("draft", "announced")
        if run.notice_days and not run.announced_on:
            raise UserError(self.env._("Announce the debits to the customers first."))
        if run.date < run.company_id._toll_today():
            raise UserError(
                self.env._("The collection day has passed: choose another.")
            )
        run.env.cr.execute(queries.lock_mode(run.mode_id.id))
        run._judge("ready")  # what was not announced is not collected either
        if not run.ready_count:
            raise UserError(
                self.env._("Nothing can be collected: look at the excluded debits.")
            )
        run.env.cr.execute(queries.take(run.id, self.env.uid))
        run.env.invalidate_all()
        order = run.env["account.payment.order"].create(
            {
                "payment_mode_id": run.mode_id.id,
                "date_prefered": "fixed",
                "date_scheduled": run.date,
                "description": run.name,
                "toll_run_id": run.id,
            }
        )
        run.write(
            {
                "state": "ordered",
                "order_id": order.id,
                "ordered_by_id": self.env.uid,
            }
        )
        run._delay("_job_order", "order")
        return True

    def _delay(self, method, key, *args):
        """The next step in a job of its own; a killed one begins where it stopped."""
        job = self.with_delay(
            description=f"{self.name}: {key}",
            identity_key=f"toll.debit.run,{self.id},{key}",
        )
        return getattr(job, method)(*args)

    def action_upload(self):
        """The file is at the bank: the payments are booked. By a second person."""
        run = self._check_runner("generated")
        if self.env.user == self.ordered_by_id:
            raise UserError(
                self.env._("Somebody else must send it: you have made this file.")
            )
        run._mark_mandates()
        run.order_id.write(
            {"state": "uploaded", "date_uploaded": run.company_id._toll_today()}
        )
        run.write(
            {
                "state": "uploaded",
                "uploaded_by_id": self.env.uid,
                "is_running": True,
            }
        )
        run._delay("_job_book", "book")
        return True

    def action_cancel(self):
        """Give it up before the bank has the file; the items are free again."""
        run = self._check_runner("draft", "announced", "generated")
        sent = run.line_ids.filtered(lambda d: d.state == "sent")
        if run.order_id:
            payments = sent.payment_id
            payments.action_cancel()
            run.order_id.action_cancel()
        topups = run.line_ids.filtered(
            lambda d: d.is_topup and d.state in ("ready", "excluded", "sent")
        )
        topups.write({"state": "waiting", "run_id": False, "payment_id": False})
        (sent - topups).state = "cancelled"
        run.write({"state": "cancelled"})
        return True

    # === SCREEN === #
    def _view_lines(self, **context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_debit_line_action"
        )
        return dict(action, domain=[("run_id", "=", self.id)], context=context)

    def action_view_ready(self):
        return self._view_lines(search_default_collected=1)

    def action_view_excluded(self):
        return self._view_lines(search_default_excluded=1)

    def action_view_returned(self):
        return self._view_lines(search_default_returned=1)

    def action_view_order(self):
        self.ensure_one()
        return self.order_id._get_records_action()
