from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get


class TollOperator(models.Model):
    _name = "toll.operator"
    _description = "Toll Operator"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "code"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, copy=False, tracking=True)
    name = fields.Char(required=True, tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        index=True,
        ondelete="restrict",
        help="The company behind the operator: the party of its invoices and payments.",
    )
    is_issuer = fields.Boolean(
        string="Issues TAGs", help="Contracts with customers and gives them TAGs."
    )
    is_charger = fields.Boolean(
        string="Runs Roads", default=True, help="Owns plazas and sends crossings."
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="Zone of new plazas and of times that come without one.",
    )
    state = fields.Selection(
        [
            ("draft", "Registered"),
            ("authorised", "Authorised"),
            ("suspended", "Suspended"),
        ],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
        index=True,
        help="Crossings are taken only from operators that are authorised.",
    )
    authorised_from = fields.Date(
        tracking=True, help="First day of the agreement. Empty: no limit."
    )
    authorised_to = fields.Date(
        tracking=True, help="Last day of the agreement. Empty: no limit."
    )
    class_policy = fields.Selection(
        [
            ("hold", "Hold the crossing for review"),
            ("registered", "Charge the registered class"),
            ("detected", "Charge the class the lane saw"),
        ],
        string="On Class Mismatch",
        default="hold",
        required=True,
        tracking=True,
        help="What to do when the lane saw another class than the vehicle has.",
    )
    max_age_days = fields.Integer(
        string="Oldest Crossing (days)",
        default=400,
        required=True,
        help="Crossings older than this are rejected.",
    )
    future_tolerance_minutes = fields.Integer(
        string="Clock Tolerance (minutes)",
        default=15,
        required=True,
        help="Crossings further in the future than this are rejected.",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: all companies work with it."
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="Currency of its tariffs and of amounts that come without one.",
    )
    class_map_ids = fields.One2many(
        "toll.operator.class", "operator_id", string="Class Codes", copy=True
    )
    plaza_ids = fields.One2many("toll.plaza", "operator_id", string="Plazas")
    road_ids = fields.One2many("toll.road", "operator_id", string="Roads")
    plaza_count = fields.Integer(compute="_compute_plaza_count")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another operator has this code already."
    )
    _limits_positive = models.Constraint(
        "CHECK (max_age_days > 0 AND future_tolerance_minutes >= 0)",
        "The age limit must be positive and the clock tolerance not negative.",
    )

    @api.depends("plaza_ids")
    def _compute_plaza_count(self):
        counts = dict(
            self.env["toll.plaza"]._read_group(
                [("operator_id", "in", self.ids)], ["operator_id"], ["__count"]
            )
        )
        for operator in self:
            operator.plaza_count = counts.get(operator, 0)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for operator in self:
            operator.display_name = f"{operator.code} {operator.name or ''}".strip()

    @api.constrains("authorised_from", "authorised_to")
    def _check_authorised_period(self):
        for operator in self:
            first, last = operator.authorised_from, operator.authorised_to
            if first and last and last < first:
                raise ValidationError(
                    self.env._(
                        "The agreement with %(operator)s ends before it begins.",
                        operator=operator.display_name,
                    )
                )

    def action_authorise(self):
        self.write({"state": "authorised"})

    def action_suspend(self):
        self.write({"state": "suspended"})

    def action_draft(self):
        self.write({"state": "draft"})

    def action_view_plazas(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_plaza_action"
        )
        return dict(
            action,
            domain=[("operator_id", "=", self.id)],
            context={"default_operator_id": self.id},
        )
