from odoo import api, fields, models

from ..queries import commission as queries

# What makes a rule more exact than another one, by weight.
EXACTNESS = {
    "user_id": 16,
    "product_tmpl_id": 8,
    "plan_id": 4,
    "channel_id": 2,
    "payment_mode": 1,
}


class TollCommissionRule(models.Model):
    """What a seller earns by what. Of the rules that fit, the most exact one pays."""

    _name = "toll.commission.rule"
    _description = "Commission Rule"
    _order = "basis, precedence desc, sequence, id"
    _check_company_auto = True

    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    basis = fields.Selection(
        [
            ("account", "Each new account"),
            ("tag", "Each TAG handed over"),
            ("topup", "Money topped up"),
            ("sale", "Products sold"),
        ],
        required=True,
        default="account",
    )
    amount = fields.Monetary(string="Amount Each")
    percent = fields.Float(
        digits=(5, 2),
        help="Of the money topped up, refunds taken off; or of the sales without tax.",
    )
    months = fields.Integer(
        string="First Months",
        default=12,
        help="Top-ups count so many months from the opening; 0 without end.",
    )
    channel_id = fields.Many2one(
        "toll.sales.channel", ondelete="restrict", help="Empty: every channel."
    )
    plan_id = fields.Many2one(
        "toll.plan",
        ondelete="restrict",
        check_company=True,
        help="Empty: every plan.",
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        string="Product",
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
        check_company=True,
        help="Empty: every product. Of TAGs and products sold only.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Seller",
        ondelete="restrict",
        domain="[('share', '=', False)]",
        help="Empty: every seller.",
    )
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")], help="Empty: both."
    )
    is_extra = fields.Boolean(
        string="Paid Besides",
        help="A bonus, paid besides the rule that comes first, not instead of it.",
    )
    clawback_months = fields.Integer(
        string="Taken Back within (Months)",
        help="The seller gives the commission back when the account is closed within "
        "so many months from its opening; 0: never.",
    )
    precedence = fields.Integer(
        compute="_compute_precedence",
        store=True,
        help="How exact the rule is: seller 16, product 8, plan 4, channel 2, mode 1.",
    )
    explanation = fields.Text(compute="_compute_explanation")
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Until")
    active = fields.Boolean(default=True)

    _dates_valid = models.Constraint(
        "CHECK (date_to >= date_from)", "A rule cannot end before it begins."
    )
    _pays_something = models.Constraint(
        "CHECK ((percent > 0 AND percent <= 100 AND basis IN ('topup', 'sale'))"
        " OR (amount > 0 AND COALESCE(percent, 0) = 0))",
        "A rule pays an amount each, or a percentage (0 to 100) of top-ups or sales.",
    )
    _product_fits = models.Constraint(
        "CHECK (product_tmpl_id IS NULL OR basis IN ('tag', 'sale'))",
        "Only TAGs and sales have a product.",
    )
    _clawback_positive = models.Constraint(
        "CHECK (COALESCE(clawback_months, 0) >= 0)", "Months cannot be negative."
    )

    @api.depends(*EXACTNESS)
    def _compute_precedence(self):
        for rule in self:
            rule.precedence = sum(
                weight for name, weight in EXACTNESS.items() if rule[name]
            )

    @api.depends("basis", "precedence", "sequence", "is_extra", "date_from", "date_to")
    def _compute_explanation(self):
        """Which rules come before this one, and which after it."""
        for rule in self:
            rule.explanation = rule._explain()

    def _explain(self):
        self.ensure_one()
        if self.is_extra:
            return self.env._("Paid besides whichever other rule comes first.")
        rivals = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("basis", "=", self.basis),
                ("is_extra", "=", False),
                ("id", "not in", self._origin.ids),
                ("date_from", "<=", self.date_to or "9999-12-31"),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", self.date_from or fields.Date.today()),
            ]
        )

        def rank(rule):
            return -rule.precedence, rule.sequence, rule._origin.id or float("inf")

        parts = [
            self.env._(
                "Of the rules that fit, only the most exact one pays: by seller before "
                "by product, plan, channel, mode; then the order of the list."
            )
        ]
        before = rivals.filtered(lambda r: rank(r) < rank(self))
        if before:
            names = ", ".join(before.mapped("name"))
            parts.append(self.env._("Before this one: %s.", names))
        after = rivals - before
        if after:
            names = ", ".join(after.mapped("name"))
            parts.append(self.env._("After this one: %s.", names))
        return "\n".join(parts)

    @api.onchange("basis")
    def _onchange_basis(self):
        if self.basis == "topup":
            self.amount = 0
        elif self.basis != "sale":
            self.percent = 0
        if self.basis not in ("tag", "sale"):
            self.product_tmpl_id = False

    @api.model
    def _get_events(self, basis, start, end):
        """What happened in a time that rules of this basis pay for, as a query."""
        events = {
            "account": queries.new_accounts,
            "topup": queries.top_ups,
            "sale": queries.sales,
        }.get(basis)
        return events(start, end) if events else None
