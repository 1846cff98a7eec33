from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..core.ageing import BANDS, spans
from ..queries import portfolio as queries

PRIORITIES = [("0", "Normal"), ("1", "High"), ("2", "Urgent")]
SUPERVISOR = "toll_collections.group_toll_collection_supervisor"


class TollCollectionCase(models.Model):
    """What an account owes, and the work on getting it. Opened and closed by set.

    Amounts are those of the last refresh, so that lists and reports are fast and agree
    with each other; `amount_now` is asked of the books and the wallet at this moment.
    """

    _name = "toll.collection.case"
    _description = "Collection Case"
    _inherit = ["toll.guarded", "mail.thread", "mail.activity.mixin"]
    _order = "priority desc, next_action_date, amount_due desc, id"
    _rec_name = "account_id"
    _check_company_auto = True
    _guarded = frozenset(
        {
            "account_id",
            "state",
            "close_reason",
            "closed_at",
            "segment_id",
            "team_id",
            "user_id",
            "is_pinned",
            "agency_id",
            "amount_due",
            "since",
            "broken_count",
        }
    )

    account_id = fields.Many2one(
        "toll.account", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        index=True,
        readonly=True,
        ondelete="restrict",
    )
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    lang = fields.Selection(related="partner_id.lang")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    office_id = fields.Many2one(
        "toll.office", index="btree_not_null", readonly=True, ondelete="set null"
    )
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")], readonly=True
    )
    is_company = fields.Boolean(string="Is a Company", readonly=True)
    vehicle_count = fields.Integer(string="Vehicles", readonly=True, aggregator=None)
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")],
        required=True,
        default="open",
        readonly=True,
        index=True,
        tracking=True,
    )
    close_reason = fields.Selection(
        [
            ("paid", "Paid"),
            ("small", "Below the least debt"),
            ("written_off", "Written off"),
        ],
        string="Closed as",
        readonly=True,
    )
    opened_at = fields.Datetime(string="Opened", readonly=True)
    closed_at = fields.Datetime(string="Closed", readonly=True)
    closed_date = fields.Date(string="Closing Day", readonly=True)
    since = fields.Date(
        string="Overdue since", readonly=True, index=True, help="Of its oldest part."
    )
    days_overdue = fields.Integer(
        compute="_compute_days_overdue", search="_search_days_overdue"
    )
    wallet_since = fields.Date(string="Wallet below Zero since", readonly=True)
    amount_due = fields.Monetary(string="Overdue", readonly=True)
    amount_invoice = fields.Monetary(string="Overdue Invoices", readonly=True)
    amount_wallet = fields.Monetary(
        string="Wallet Debt",
        readonly=True,
        help="What a prepaid wallet is below zero, and not on an invoice yet.",
    )
    amount_not_due = fields.Monetary(string="Not Due", readonly=True)
    amount_1 = fields.Monetary(string="First Band", readonly=True)
    amount_2 = fields.Monetary(string="Second Band", readonly=True)
    amount_3 = fields.Monetary(string="Third Band", readonly=True)
    amount_4 = fields.Monetary(string="Fourth Band", readonly=True)
    amount_closed = fields.Monetary(
        string="Closed Amount", readonly=True, help="What was overdue before it closed."
    )
    amount_now = fields.Monetary(
        string="Overdue Now", compute="_compute_amount_now", compute_sudo=True
    )
    segment_id = fields.Many2one(
        "toll.portfolio.segment",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    strategy = fields.Text(related="segment_id.strategy")
    team_id = fields.Many2one(
        "toll.collection.team",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        tracking=True,
    )
    is_pinned = fields.Boolean(
        string="Stays with the Collector",
        readonly=True,
        help="Assigned by a person: a change of segment does not move it.",
    )
    agency_id = fields.Many2one(
        "toll.collection.agency",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    priority = fields.Selection(PRIORITIES, default="0", index=True)
    next_action = fields.Char(help="What comes next.")
    next_action_date = fields.Date(index=True)
    broken_count = fields.Integer(string="Broken Promises", readonly=True)
    contact_ids = fields.One2many("toll.collection.contact", "case_id")
    last_contact_at = fields.Datetime(string="Last Contact", readonly=True)
    last_result_id = fields.Many2one("toll.contact.result", readonly=True)
    promise_ids = fields.One2many("toll.payment.promise", "case_id")
    promise_count = fields.Integer(compute="_compute_promises")
    promise_id = fields.Many2one(
        "toll.payment.promise",
        string="Open Promise",
        compute="_compute_promises",
        search="_search_promise_id",
    )
    promise_date = fields.Date(string="Promised for", compute="_compute_promises")
    item_ids = fields.One2many("toll.collection.item", "case_id", string="Documents")
    placement_line_ids = fields.One2many("toll.collection.placement.line", "case_id")
    write_off_ids = fields.One2many("toll.write.off", "case_id")
    write_off_count = fields.Integer(compute="_compute_write_off_count")
    note = fields.Html(string="Notes")

    _account_uniq = models.UniqueIndex(
        "(account_id) WHERE state = 'open'", "The account has an open case already."
    )
    _work_idx = models.Index("(user_id, next_action_date) WHERE state = 'open'")

    # === COMPUTES === #
    @api.depends("account_id")
    def _compute_display_name(self):
        for case in self:
            # of a case that the user sees, the name of its account and customer
            case.display_name = case.account_id.sudo().display_name

    @api.depends("since", "state", "closed_date")
    def _compute_days_overdue(self):
        today = fields.Date.context_today(self)
        for case in self:
            until = case.closed_date or today
            case.days_overdue = (until - case.since).days if case.since else 0

    def _search_days_overdue(self, operator, value):
        turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        if operator not in turned or not isinstance(value, int):
            return NotImplemented
        day = fields.Date.context_today(self) - timedelta(days=value)
        return Domain("since", turned[operator], day) & Domain("state", "=", "open")

    @api.depends("account_id")
    def _compute_amount_now(self):
        """One question per company for all cases of a list."""
        self.amount_now = 0
        for company, cases in self.filtered("account_id").grouped("company_id").items():
            due = cases._get_live_debts(company)
            for case in cases.filtered(lambda c: c.state == "open"):
                case.amount_now = due.get(case.account_id.id, (0, None))[0]

    def _get_live_debts(self, company):
        """{account id: (due, since)} as books and wallets stand now."""
        self.env.flush_all()
        query = queries.live(company._toll_book(), self.account_id.ids)
        return {
            account_id: (amount, since)
            for account_id, amount, since in self.env.execute_query(query)
        }

    @api.depends("promise_ids.state")
    def _compute_promises(self):
        for case in self:
            current = case.promise_ids.filtered(lambda p: p.state == "open")[:1]
            case.promise_id = current
            case.promise_date = current.next_date
            case.promise_count = len(case.promise_ids)

    def _search_promise_id(self, operator, value):
        if operator not in ("in", "not in"):
            return NotImplemented
        domain = Domain("promise_ids", "any", [("state", "=", "open")])
        if set(value) - {False}:
            domain = Domain("promise_ids", "any", [("id", "in", list(value))])
            return ~domain if operator == "not in" else domain
        return ~domain if operator == "in" else domain

    @api.depends("write_off_ids")
    def _compute_write_off_count(self):
        for case in self:
            case.write_off_count = len(case.write_off_ids)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """The bands are called by the days of the company that is looking."""
        found = super().fields_get(allfields, attributes)
        limits = self.env.company.sudo()._toll_bands()
        for number, (first, last) in enumerate(spans(limits), 1):
            described = found.get(f"amount_{number}", {})
            if "string" in described:
                described["string"] = (
                    self.env._("%(first)s to %(last)s days", first=first, last=last)
                    if number < BANDS
                    else self.env._("Over %s days", first - 1)
                )
        return found

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Cases stay on record: they close when paid."))

    # === WORK === #
    def _check_open(self):
        self.check_access("write")
        for case in self:
            if case.state != "open":
                raise UserError(
                    self.env._("The case of account %s is closed.", case.display_name)
                )

    def _check_supervisor(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(SUPERVISOR):
            raise AccessError(
                self.env._("Only supervisors of collections share out cases.")
            )

    def action_assign(self, user, team=None, reason=None):
        """Give cases to a collector, or to a team alone; the reason stays on record."""
        self._check_supervisor()
        self._check_open()
        user = self.env["res.users"].browse(getattr(user, "id", user) or 0).exists()
        team = self.env["toll.collection.team"].browse(getattr(team, "id", team) or 0)
        team.check_access("read")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the cases change hands."))
        if not user and not team:
            raise UserError(self.env._("Choose a collector or a team."))
        user_sudo = user.sudo()  # whether a colleague may do the work
        if user and not user_sudo.has_group("toll_collections.group_toll_collector"):
            raise UserError(
                self.env._("%s is not a collector.", user_sudo.display_name)
            )
        if user and self.company_id - user_sudo.company_ids:
            raise UserError(
                self.env._("%s does not work for this company.", user_sudo.display_name)
            )
        if team and self.company_id - team.company_id:
            raise UserError(self.env._("The team belongs to another company."))
        if self.agency_id:
            raise UserError(
                self.env._("Recall the cases from their agency before assigning them.")
            )
        body = self.env._(
            "Assigned to %(who)s: %(reason)s",
            who=user_sudo.display_name or team.display_name,
            reason=reason.strip(),
        )
        # guarded; the right and the reason are checked
        for case in self.sudo():
            case.write(
                {
                    "user_id": user.id,
                    "team_id": team.id or case.team_id.id,
                    "is_pinned": bool(user),
                    "next_action_date": case.next_action_date
                    or fields.Date.context_today(self),
                }
            )
        self._message_log_batch(bodies=dict.fromkeys(self.ids, body))
        return True

    def action_unpin(self):
        """Let the segments decide again who works the case."""
        self._check_supervisor()
        self.sudo().is_pinned = False  # guarded; the right is checked
        return True

    def action_view_account(self):
        self.ensure_one()
        return self.account_id._get_records_action()

    def _open_related(self, action, **context):
        self.ensure_one()
        values = self.env["ir.actions.act_window"]._for_xml_id(
            f"toll_collections.{action}"
        )
        return dict(
            values,
            domain=[("case_id", "=", self.id)],
            context={"default_case_id": self.id, **context},
        )

    def action_view_promises(self):
        return self._open_related("toll_payment_promise_action")

    def action_view_entries(self):
        """The wallet of the account, for whoever works the case."""
        self.ensure_one()
        return self.account_id.action_view_entries()

    def action_write_off(self):
        """The write-off that waits, or a new one."""
        waiting = self.write_off_ids.filtered(
            lambda w: w.state in ("draft", "requested")
        )
        if waiting:
            return waiting[:1]._get_records_action()
        return self._open_new("toll.write.off", self.env._("Write-off")) | {
            "target": "current"
        }

    def action_view_write_offs(self):
        return self._open_related("toll_write_off_action")

    def _open_new(self, model, name, **context):
        self._check_open()
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id, **context},
        }

    def action_log_contact(self):
        return self._open_new("toll.collection.contact", self.env._("Contact"))

    def action_new_promise(self):
        if self.promise_id:
            return self.promise_id._get_records_action()
        return self._open_new(
            "toll.payment.promise",
            self.env._("Promise to Pay"),
            default_amount=self.amount_now,
        )
