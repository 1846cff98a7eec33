from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..core import numbers

CHANNELS = [
    ("counter", "Counter"),
    ("phone", "Telephone"),
    ("web", "Virtual office"),
    ("email", "E-mail"),
    ("post", "Post"),
    ("api", "Another system"),
]
STATES = [
    ("new", "New"),
    ("in_progress", "In Progress"),
    ("waiting", "Waiting for Customer"),
    ("done", "Done"),
    ("rejected", "Rejected"),
    ("cancelled", "Cancelled"),
]
OPEN = ("new", "in_progress", "waiting")
UNTOUCHED = ("new", "rejected", "cancelled")
TRANSITIONS = {
    "new": ("in_progress", "waiting", "done", "rejected", "cancelled"),
    "in_progress": ("new", "waiting", "done", "rejected", "cancelled"),
    "waiting": ("in_progress", "done", "rejected", "cancelled"),
    "done": ("in_progress",),
    "rejected": ("in_progress",),
    "cancelled": ("in_progress",),
}


class TollRequest(models.Model):
    _name = "toll.request"
    _description = "Customer Request"
    _inherit = ["portal.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "priority desc, deadline, id"
    _rec_name = "number"
    _rec_names_search = ["number", "partner_id.name", "account_id.number"]
    _check_company_auto = True
    # whoever may read a request may answer in it: the customer does
    _mail_post_access = "read"

    number = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default="/",
        help="The same number in every channel. Its last digit is a check digit.",
    )
    type_id = fields.Many2one(
        "toll.request.type",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    effect = fields.Selection(related="type_id.effect")
    channel = fields.Selection(
        CHANNELS, required=True, default="counter", tracking=True, index=True
    )
    state = fields.Selection(
        STATES,
        required=True,
        default="new",
        copy=False,
        tracking=True,
        index=True,
        group_expand=True,
    )
    priority = fields.Selection([("0", "Normal"), ("1", "Urgent")], default="0")
    account_id = fields.Many2one(
        "toll.account",
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="restrict",
    )
    contact_name = fields.Char(help="Who asks, where this person is no customer yet.")
    contact_phone = fields.Char()
    contact_email = fields.Char()
    vehicle_id = fields.Many2one(
        "toll.vehicle",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('account_id', '=', account_id)]",
        check_company=True,
    )
    description = fields.Text(required=True)
    resolution = fields.Text(
        tracking=True, copy=False, help="What the customer is answered."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
        domain="[('share', '=', False)]",
    )
    office_id = fields.Many2one(
        "toll.office",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env["toll.account"]._default_office_id(),
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
    )
    opened_at = fields.Datetime(
        required=True, default=fields.Datetime.now, readonly=True, copy=False
    )
    deadline = fields.Date(
        compute="_compute_deadline",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        index=True,
        copy=False,
    )
    waiting_since = fields.Datetime(readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)
    is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )
    note = fields.Html(string="Internal Notes", groups="base.group_user")

    _number_uniq = models.Constraint(
        "UNIQUE (number)", "Another request has this number already."
    )

    # Computes

    @api.depends("number", "type_id.name")
    def _compute_display_name(self):
        for request in self:
            request.display_name = " ".join(
                filter(None, (request.number, request.type_id.name))
            )

    @api.depends("account_id")
    def _compute_partner_id(self):
        for request in self:
            holder = request.account_id.partner_id
            same = request.partner_id.commercial_partner_id
            if holder and same != holder.commercial_partner_id:
                request.partner_id = holder

    @api.depends("account_id")
    def _compute_company_id(self):
        for request in self:
            request.company_id = (
                request.account_id.company_id or request.company_id or self.env.company
            )

    @api.depends("type_id")
    def _compute_user_id(self):
        for request in self:
            request.user_id = request.user_id or request.type_id.user_id

    @api.depends("type_id", "opened_at", "company_id")
    def _compute_deadline(self):
        for request in self:
            start = request.opened_at or fields.Datetime.now()
            days = request.type_id.deadline_days
            calendar = request.company_id.sudo().resource_calendar_id
            # Today counts for nothing: the first working day is tomorrow.
            end = calendar and calendar.plan_days(days + 1, start, compute_leaves=True)
            request.deadline = end or start + timedelta(days=days)

    @api.depends("deadline", "state")
    def _compute_is_overdue(self):
        today = fields.Date.context_today(self)
        for request in self:
            request.is_overdue = bool(
                request.state in OPEN
                and request.state != "waiting"
                and request.deadline
                and request.deadline < today
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        overdue = Domain("state", "in", ("new", "in_progress")) & Domain(
            "deadline", "<", today
        )
        return overdue if True in value else ~overdue

    def _compute_access_url(self):
        for request in self:
            request.access_url = f"/my/toll/requests/{request.id}"

    # Checks

    @api.constrains("type_id", "account_id", "partner_id", "contact_name", "state")
    def _check_who(self):
        for request in self:
            # what came by e-mail is kept; its account is chosen before work begins
            waits = request.channel == "email" and request.state in UNTOUCHED
            if request.type_id.requires_account and not (request.account_id or waits):
                raise ValidationError(
                    self.env._(
                        "A request of type “%(type)s” needs the account.",
                        type=request.type_id.name,
                    )
                )
            if not request.partner_id and not (request.contact_name or "").strip():
                raise ValidationError(
                    self.env._("Choose the customer or write who asks.")
                )
            holder = request.account_id.commercial_partner_id
            if holder and request.partner_id.commercial_partner_id != holder:
                raise ValidationError(
                    self.env._(
                        "Account %(number)s belongs to another customer.",
                        number=request.account_id.number,
                    )
                )

    @api.constrains("account_id", "vehicle_id")
    def _check_vehicle(self):
        for request in self:
            account = request.vehicle_id.account_id
            if account and account != request.account_id:
                raise ValidationError(
                    self.env._(
                        "%(plate)s is not a vehicle of this account.",
                        plate=request.vehicle_id.plate,
                    )
                )

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        # Numbers are given to whoever may open a request.
        sequence_sudo = self.env.ref("toll_account.toll_request_sequence").sudo()
        for vals in vals_list:
            vals["number"] = "R" + numbers.account_number(sequence_sudo._next())
        requests = super().create(vals_list)
        requests._schedule_deadline()
        return requests

    def write(self, vals):
        self.check_access("write")
        state = vals.get("state")
        moved = self.filtered(lambda r: state and r.state != state)
        moved._check_move(state, vals)
        by_wait = moved._prepare_wait_vals(state)
        result = super().write(vals)
        for request, wait_vals in by_wait.items():
            super(TollRequest, request).write(wait_vals)
        if moved or {"user_id", "deadline", "type_id"} & vals.keys():
            self._schedule_deadline()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_handled(self):
        if self.filtered(lambda r: r.state not in ("new", "cancelled")):
            raise UserError(
                self.env._("A request that somebody worked on stays: cancel it.")
            )

    def _check_move(self, state, vals):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for request in self:
            if state not in TRANSITIONS[request.state]:
                raise UserError(
                    self.env._(
                        "Request %(number)s is “%(state)s” and cannot become "
                        "“%(new)s”.",
                        number=request.number,
                        state=labels[request.state],
                        new=labels.get(state, state),
                    )
                )
            answer = vals.get("resolution", request.resolution)
            if state in ("done", "rejected") and not (answer or "").strip():
                raise UserError(
                    self.env._(
                        "Write the resolution of request %(number)s first: the "
                        "customer reads it.",
                        number=request.number,
                    )
                )

    def _prepare_wait_vals(self, state):
        """{request: values}; the time that the customer takes is not counted."""
        now = fields.Datetime.now()
        found = {}
        for request in self:
            vals = {"closed_at": False if state in OPEN else now}
            if state == "waiting":
                vals["waiting_since"] = now
            elif request.waiting_since:
                waited = (now - request.waiting_since).days
                vals["waiting_since"] = False
                if waited and request.deadline:
                    vals["deadline"] = request.deadline + timedelta(days=waited)
            found[request] = vals
        return found

    def _schedule_deadline(self):
        """One reminder for the responsible person while the request is open."""
        kind = "mail.mail_activity_data_todo"
        quiet = self.with_context(mail_activity_quick_update=True)
        quiet.filtered(lambda r: r.state not in OPEN).activity_unlink([kind])
        for request in quiet.filtered(lambda r: r.state in OPEN and r.user_id):
            activity = request.activity_ids.filtered(
                lambda a: a.automated and a.activity_type_id == self.env.ref(kind)
            )[:1]
            values = {"user_id": request.user_id.id, "date_deadline": request.deadline}
            if activity:
                # whoever moves the request moves its reminder, also a colleague's
                activity.sudo().write(values)
            else:
                request.activity_schedule(kind, summary=request.type_id.name, **values)

    def _message_post_after_hook(self, message, msg_vals):
        """A customer's answer is what the request was waiting for."""
        result = super()._message_post_after_hook(message, msg_vals)
        answered = self.sudo().filtered(  # customers may write messages only
            lambda r: (
                r.state == "waiting"
                and message.author_id.commercial_partner_id
                == r.partner_id.commercial_partner_id
            )
        )
        if answered and not message.is_internal:
            answered.write({"state": "in_progress"})
        return result
