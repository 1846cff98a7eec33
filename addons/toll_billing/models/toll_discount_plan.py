from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import discounts
from ..core.tariff_cells import DAY_BITS

MINUTES = 60
#: Fields of the four kinds of day, in the order of their bits.
DAYS = {f"on_{name}": bit for name, bit in DAY_BITS.items()}


class TollDiscountPlan(models.Model):
    """A discount: for whom, where, when, how much. Approved ones stay as they are."""

    _name = "toll.discount.plan"
    _description = "Discount Plan"
    _inherit = ["toll.approval"]
    _order = "sequence, code, id"
    _check_company_auto = True
    _rec_names_search = ["name", "code"]
    _frozen = frozenset(
        {
            "code",
            "company_id",
            "kind",
            "operator_ids",
            "plaza_ids",
            "service_ids",
            "class_ids",
            "date_from",
            "date_to",
            "rule",
            "percent",
            "price",
            "hour_from",
            "hour_to",
            "minute_from",
            "minute_to",
            *DAYS,
            "measure",
            "is_whole",
            "scope",
            "period",
            "amount_cap",
            "is_automatic",
            "person_kind",
            "needs_evidence",
        }
    )

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(required=True, copy=False, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        related="company_id.currency_id", store=True, precompute=True
    )
    purpose = fields.Selection(
        [
            ("resident", "Resident"),
            ("frequent", "Frequent User"),
            ("fleet", "Fleet"),
            ("time", "Time of Day"),
            ("social", "Social Programme"),
            ("commercial", "Commercial"),
            ("prepaid", "Prepaid Pack"),
        ],
        required=True,
        default="commercial",
        tracking=True,
        help="What the plan is for, in reports.",
    )
    kind = fields.Selection(
        [
            ("rate", "At each crossing"),
            ("volume", "By volume"),
            ("cap", "Cap"),
            ("pack", "Prepaid Pack"),
        ],
        required=True,
        default="rate",
        tracking=True,
        help="At each crossing: a lower price at once. By volume and caps: counted "
        "from the crossings of a month and taken off the statement.",
    )
    description = fields.Html(
        string="Conditions", translate=True, help="What customers read about it."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "To Approve"),
            ("approved", "In Force"),
            ("closed", "Closed"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )

    # who, where and when
    is_automatic = fields.Boolean(
        string="For Everybody",
        tracking=True,
        help="Applies to all accounts without being granted one by one.",
    )
    person_kind = fields.Selection(
        [
            ("any", "People and Companies"),
            ("person", "People"),
            ("company", "Companies"),
        ],
        required=True,
        default="any",
        tracking=True,
    )
    needs_evidence = fields.Boolean(
        string="Needs a Document",
        tracking=True,
        help="A grant is approved only with a document that proves the right to it.",
    )
    is_public = fields.Boolean(
        string="Customers May Apply",
        tracking=True,
        help="Offered in the virtual office, where customers ask for it and send the "
        "document.",
    )
    grant_months = fields.Integer(
        string="Granted for (Months)",
        default=12,
        tracking=True,
        help="After that it has to be renewed. 0: until the plan ends.",
    )
    operator_ids = fields.Many2many(
        "toll.operator",
        string="Operators",
        domain="[('is_charger', '=', True)]",
        help="Empty: at all operators.",
    )
    plaza_ids = fields.Many2many(
        "toll.plaza", string="Plazas", help="Empty: at all plazas."
    )
    service_ids = fields.Many2many(
        "toll.service", string="Services", help="Empty: for all services."
    )
    class_ids = fields.Many2many(
        "toll.vehicle.class", string="Vehicle Classes", help="Empty: for all classes."
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="First day, by the clock of the plaza.",
    )
    date_to = fields.Date(
        string="Until", tracking=True, help="Last day, by the clock of the plaza."
    )

    # at each crossing
    rule = fields.Selection(
        [("percent", "Percentage off"), ("price", "Fixed price")],
        required=True,
        default="percent",
        tracking=True,
    )
    percent = fields.Float(string="Percent Off", digits=(5, 2), tracking=True)
    price = fields.Monetary(
        string="Fixed Price",
        tracking=True,
        help="Price of a crossing, taxes included; where the tariff is lower, the "
        "tariff counts.",
    )
    minute_from = fields.Integer(default=0, required=True)
    minute_to = fields.Integer(default=0, required=True)
    hour_from = fields.Float(
        string="From Hour",
        compute="_compute_hours",
        inverse="_inverse_hour_from",
        help="Local time at the plaza; this minute belongs to it.",
    )
    hour_to = fields.Float(
        string="To Hour",
        compute="_compute_hours",
        inverse="_inverse_hour_to",
        help="Local time at the plaza; this minute does not belong to it. Earlier than "
        "the start: over midnight. The same: all day.",
    )
    on_weekday = fields.Boolean(string="Weekdays", default=True)
    on_saturday = fields.Boolean(string="Saturdays", default=True)
    on_sunday = fields.Boolean(string="Sundays", default=True)
    on_holiday = fields.Boolean(string="Public Holidays", default=True)
    day_bits = fields.Integer(compute="_compute_day_bits", store=True, precompute=True)

    # by volume
    measure = fields.Selection(
        [("count", "Crossings"), ("amount", "Money")],
        required=True,
        default="count",
        tracking=True,
        help="What the steps count. Money counts the price of the crossings before "
        "their discounts.",
    )
    is_whole = fields.Boolean(
        string="Step Counts for All",
        tracking=True,
        help="The step that is reached counts for all crossings of the period, not "
        "only for those above it.",
    )
    scope = fields.Selection(
        [
            ("account", "Account"),
            ("vehicle", "Vehicle"),
            ("vehicle_plaza", "Vehicle, Plaza and Direction"),
        ],
        string="Counted per",
        required=True,
        default="account",
        tracking=True,
    )
    period = fields.Selection(
        [("month", "Month"), ("day", "Day")],
        required=True,
        default="month",
        tracking=True,
        help="Calendar month or day, by the clock of the plaza.",
    )
    tier_ids = fields.One2many(
        "toll.discount.tier", "plan_id", string="Steps", copy=True
    )
    amount_cap = fields.Monetary(
        string="No More Than",
        tracking=True,
        help="What is charged beyond it in a period is taken off.",
    )

    grant_ids = fields.One2many("toll.discount.grant", "plan_id", string="Grants")
    grant_count = fields.Integer(string="Granted", compute="_compute_figures")
    asked_count = fields.Integer(string="To Decide", compute="_compute_figures")
    amount_forgone = fields.Monetary(
        string="Given",
        compute="_compute_figures",
        help="What the plan took off statements.",
    )

    _code_uniq = models.Constraint(
        "UNIQUE (company_id, code)", "Another discount plan has this code already."
    )
    _dates_valid = models.Constraint(
        "CHECK (date_to >= date_from)", "A plan cannot end before it begins."
    )
    _percent_sane = models.Constraint(
        "CHECK (percent BETWEEN 0 AND 100)", "A percentage lies between 0 and 100."
    )
    _amounts_sane = models.Constraint(
        "CHECK (price >= 0 AND amount_cap >= 0 AND grant_months >= 0)",
        "Prices, caps and months are not negative.",
    )
    _window_valid = models.Constraint(
        "CHECK (minute_from BETWEEN 0 AND 1439 AND minute_to BETWEEN 0 AND 1440)",
        "Hours lie between 00:00 and 24:00.",
    )

    # === COMPUTE METHODS === #
    @api.depends("minute_from", "minute_to")
    def _compute_hours(self):
        for plan in self:
            plan.hour_from = plan.minute_from / MINUTES
            plan.hour_to = plan.minute_to / MINUTES

    def _inverse_hour_from(self):
        for plan in self:
            plan.minute_from = round(plan.hour_from * MINUTES)

    def _inverse_hour_to(self):
        for plan in self:
            plan.minute_to = round(plan.hour_to * MINUTES)

    @api.depends(*DAYS)
    def _compute_day_bits(self):
        for plan in self:
            plan.day_bits = sum(bit for name, bit in DAYS.items() if plan[name])

    def _compute_figures(self):
        Grant = self.env["toll.discount.grant"]
        counts = {
            (plan.id, state): count
            for plan, state, count in Grant._read_group(
                [("plan_id", "in", self.ids)], ["plan_id", "state"], ["__count"]
            )
        }
        amounts = {
            plan.id: amount
            for plan, amount in self.env["toll.discount.line"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["amount:sum"]
            )
        }
        for plan in self:
            plan.grant_count = counts.get((plan._origin.id, "approved"), 0)
            plan.asked_count = counts.get((plan._origin.id, "asked"), 0)
            plan.amount_forgone = amounts.get(plan._origin.id, 0)

    # === CONSTRAINTS === #
    @api.constrains("tier_ids", "kind", "measure")
    def _check_tiers(self):
        for plan in self.filtered(lambda p: p.kind == "volume" and p.tier_ids):
            plan._check_steps()

    def _check_steps(self):
        messages = {
            "none": self.env._("A volume discount needs at least one step."),
            "start": self.env._(
                "Steps begin with a whole number of crossings, 1 or more, or with an "
                "amount that is not negative."
            ),
            "percent": self.env._(
                "The percentage of a step is more than 0 and at most 100."
            ),
            "twice": self.env._("Two steps begin at the same place."),
            "falling": self.env._(
                "A higher step gives at least as much as the one before it."
            ),
        }
        try:
            discounts.check_steps(self._get_steps(), self.measure)
        except discounts.StepError as error:
            raise ValidationError(messages[error.code]) from error

    def _check_complete(self):
        for plan in self:
            if plan.kind == "volume":
                plan._check_steps()
            elif plan.kind == "cap" and not plan.amount_cap:
                raise UserError(self.env._("Say what the cap is."))
            elif plan.kind == "rate" and plan.rule == "percent" and not plan.percent:
                raise UserError(self.env._("Say how many percent are taken off."))
            if plan.kind in ("rate", "pack") and not plan.day_bits:
                raise UserError(self.env._("Choose at least one kind of day."))
            if plan.is_automatic and plan.needs_evidence:
                raise UserError(
                    self.env._("What everybody gets cannot need a document.")
                )

    # === CRUD === #
    def write(self, vals):
        result = super().write(vals)
        if {"state", "date_to"} & vals.keys():
            # see _is_used_at; who asked before the commit has not seen it
            self.env.registry.clear_cache()
            self.env.cr.postcommit.add(self.env.registry.clear_cache)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if self.filtered(lambda plan: plan.state != "draft"):
            raise UserError(self.env._("Only drafts can be deleted: close the plan."))

    def copy_data(self, default=None):
        return [
            {
                "code": self.env._("%(code)s (copy)", code=plan.code),
                "name": self.env._("%(name)s (copy)", name=plan.name),
                **vals,
            }
            for plan, vals in zip(self, super().copy_data(default), strict=True)
        ]
