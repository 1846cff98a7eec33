from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..queries import payments as queries

ENDED = ("kept", "partly", "broken", "cancelled")
MOST_PARTS = 60


class TollPaymentPromise(models.Model):
    """What a debtor has said to pay and when. Payments decide what becomes of it."""

    _name = "toll.payment.promise"
    _description = "Promise to Pay"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "made_at desc, id desc"
    _rec_name = "case_id"
    _guarded = frozenset(
        {"state", "amount_paid", "kept_rate", "ended_on", "made_at", "user_id"}
    )

    case_id = fields.Many2one(
        "toll.collection.case", required=True, index=True, ondelete="restrict"
    )
    account_id = fields.Many2one(
        related="case_id.account_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="case_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="case_id.currency_id")
    team_id = fields.Many2one(
        "toll.collection.team", readonly=True, index="btree_not_null"
    )
    segment_id = fields.Many2one(
        "toll.portfolio.segment", readonly=True, index="btree_not_null"
    )
    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
    )
    made_at = fields.Datetime(
        string="Promised on",
        readonly=True,
        required=True,
        default=fields.Datetime.now,
        help="Money that comes in from then on counts.",
    )
    date = fields.Date(string="Pays on", required=True, tracking=True)
    amount = fields.Monetary(required=True, tracking=True)
    part_count = fields.Integer(string="Instalments", required=True, default=1)
    part_unit = fields.Selection(
        [
            ("week", "Every week"),
            ("fortnight", "Every two weeks"),
            ("month", "Monthly"),
        ],
        string="Rhythm",
        default="month",
    )
    line_ids = fields.One2many("toll.payment.promise.line", "promise_id")
    next_date = fields.Date(string="Next Payment", compute="_compute_next_date")
    amount_paid = fields.Monetary(string="Paid", readonly=True)
    kept_rate = fields.Float(
        string="Kept (%)",
        readonly=True,
        aggregator="avg",
        help="Part of the promised amount that came in; empty while it is open.",
    )
    state = fields.Selection(
        [
            ("open", "Open"),
            ("kept", "Kept"),
            ("partly", "Partly Kept"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="open",
        index=True,
        tracking=True,
    )
    ended_on = fields.Date(readonly=True)
    note = fields.Char()

    _case_uniq = models.UniqueIndex(
        "(case_id) WHERE state = 'open'",
        "The case has an open promise already: it ends before the next one begins.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A promise is about more than nothing."
    )
    _part_count_check = models.Constraint(
        f"CHECK (part_count BETWEEN 1 AND {MOST_PARTS})",
        f"A promise has between 1 and {MOST_PARTS} instalments.",
    )

    @api.depends("line_ids.date", "line_ids.amount_paid", "date")
    def _compute_next_date(self):
        for promise in self:
            due = promise.line_ids.filtered(
                lambda line: (
                    line.currency_id.compare_amounts(line.amount_paid, line.amount) < 0
                )
            )
            promise.next_date = min(due.mapped("date"), default=promise.date)

    @api.model_create_multi
    def create(self, vals_list):
        cases = self.env["toll.collection.case"]
        for vals in vals_list:
            case = cases.browse(vals.get("case_id"))
            case._check_open()
            vals["team_id"] = case.team_id.id
            vals["segment_id"] = case.segment_id.id
            if case.promise_id:
                raise UserError(
                    self.env._(
                        "The case has an open promise until %s: cancel it first if the "
                        "customer has made another one.",
                        case.promise_date,
                    )
                )
            self._check_vals(case, vals)
        self.flush_model(["state"])  # one that has just ended makes room
        promises = super().create(vals_list)
        for promise in promises:
            # instalments follow from the promise; nobody writes them by hand
            promise.sudo().line_ids = [
                Command.create(line) for line in promise._prepare_line_vals()
            ]
            promise.case_id.write(
                {
                    "next_action": self.env._("See whether the promise was kept"),
                    "next_action_date": promise.date,
                }
            )
        return promises

    def _check_vals(self, case, vals):
        today = case.company_id._toll_today()
        day = fields.Date.to_date(vals.get("date"))
        if not day or day < today:
            raise UserError(self.env._("A promise is for today or later."))
        currency = case.currency_id
        if currency.compare_amounts(vals.get("amount") or 0, 0) <= 0:
            raise UserError(self.env._("Say how much the customer is going to pay."))
        count = vals.get("part_count", 1)
        if not isinstance(count, int) or not 1 <= count <= MOST_PARTS:
            raise UserError(
                self.env._("A promise has between 1 and %s instalments.", MOST_PARTS)
            )
        if currency.compare_amounts(vals["amount"], count * currency.rounding) < 0:
            raise UserError(self.env._("There are more instalments than money."))

    def _prepare_line_vals(self):
        """Equal parts; the last one takes what rounding leaves."""
        self.ensure_one()
        steps = {
            "week": relativedelta(weeks=1),
            "fortnight": relativedelta(weeks=2),
            "month": relativedelta(months=1),
        }
        step = steps.get(self.part_unit, steps["month"])
        part = self.currency_id.round(self.amount / self.part_count)
        amounts = [part] * (self.part_count - 1)
        amounts.append(self.currency_id.round(self.amount - sum(amounts)))
        return [
            {"date": self.date + step * number, "amount": amount}
            for number, amount in enumerate(amounts)
        ]

    def write(self, vals):
        fixed = {"date", "amount", "part_count", "part_unit", "case_id"}
        if not self.env.su and fixed & vals.keys():
            raise UserError(
                self.env._("A promise stays as it was made: cancel it and log another.")
            )
        return super().write(vals)

    def action_cancel(self):
        """The customer has said something else."""
        self.check_access("write")
        for promise in self:
            if promise.state != "open":
                raise UserError(self.env._("Only an open promise can be cancelled."))
        # guarded; the right and the state are checked
        self.sudo().write(
            {"state": "cancelled", "ended_on": fields.Date.context_today(self)}
        )
        return True

    def action_judge(self):
        """Look now whether the money has come in."""
        self.check_access("write")
        for company, promises in self.grouped("company_id").items():
            # outcomes are written by the payments only
            promises.sudo()._judge(company, promises.account_id)
        return True

    @api.model
    def _judge(self, company, accounts=None):
        """Credit payments and end what is over; by set. Answers how many ended."""
        self.env.flush_all()
        book = company._toll_book()
        only = None
        if accounts is not None:
            only = self.search(
                [("account_id", "in", accounts.ids), ("state", "=", "open")]
            ).ids
        ended = self.env.execute_query(
            queries.judge_promises(
                company.id, book.today, book.tz, company.toll_promise_grace_days, only
            )
        )
        self.env["toll.payment.promise"].invalidate_model(flush=False)
        self.env["toll.payment.promise.line"].invalidate_model(flush=False)
        missed = [row[1] for row in ended if row[2] in ("partly", "broken")]
        cases = self.env["toll.collection.case"].browse(missed)
        if cases:
            self.env.cr.execute(queries.raise_cases(cases.ids, book.today))
            cases.invalidate_model(flush=False)
        self._tell(ended)
        return len(ended)

    @api.model
    def _tell(self, ended):
        """Write the outcome into the cases."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        bodies = {
            case_id: self.env._("Promise to pay: %s", labels[state])
            for _promise, case_id, state in ended
        }
        self.env["toll.collection.case"].browse(bodies)._message_log_batch(
            bodies=bodies
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Promises stay on record: cancel it instead."))


class TollPaymentPromiseLine(models.Model):
    _name = "toll.payment.promise.line"
    _description = "Instalment of a Promise"
    _order = "promise_id, date, id"
    _rec_name = "date"

    promise_id = fields.Many2one(
        "toll.payment.promise", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="promise_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="promise_id.currency_id")
    date = fields.Date(required=True)
    amount = fields.Monetary(required=True)
    amount_paid = fields.Monetary(string="Paid", readonly=True, default=0)
    is_paid = fields.Boolean(compute="_compute_is_paid")

    @api.depends("amount", "amount_paid")
    def _compute_is_paid(self):
        for line in self:
            paid = line.currency_id.compare_amounts(line.amount_paid, line.amount) >= 0
            line.is_paid = paid

    def _guard(self):
        if not self.env.su:
            raise AccessError(
                self.env._("Instalments follow from the promise and its payments.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        self._guard()
        return super().create(vals_list)

    def write(self, vals):
        self._guard()
        return super().write(vals)
