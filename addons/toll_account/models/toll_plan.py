from odoo import api, fields, models


class TollPlan(models.Model):
    _name = "toll.plan"
    _description = "Toll Plan"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    code = fields.Char(required=True, tracking=True)
    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: every company offers it."
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")],
        required=True,
        default="prepaid",
        tracking=True,
    )
    credit_limit = fields.Monetary(
        tracking=True, help="Of accounts that are opened with this plan."
    )
    low_balance_threshold = fields.Monetary(tracking=True)
    topup_min = fields.Monetary(
        string="Least First Top-up",
        tracking=True,
        help="What a new customer pays in at least; 0 where nothing is needed.",
    )
    months = fields.Integer(
        string="Validity (Months)",
        default=12,
        tracking=True,
        help="Of its contracts. 0: until somebody ends them.",
    )
    is_auto_renew = fields.Boolean(string="Renews Itself", default=True, tracking=True)
    notice_days = fields.Integer(
        default=30,
        help="How many days before a contract ends, or renews itself, it is told.",
    )
    is_customer = fields.Boolean(
        string="Customers May Choose It", default=True, tracking=True
    )
    fee_ids = fields.One2many("toll.plan.fee", "plan_id", string="Fees", copy=True)
    description = fields.Text(translate=True, help="What the customer reads about it.")
    account_count = fields.Integer(compute="_compute_account_count")
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (company_id, code)",
        "Another plan has this code already.",
    )
    _amounts_positive = models.Constraint(
        "CHECK (credit_limit >= 0 AND topup_min >= 0 AND months >= 0"
        " AND notice_days >= 0)",
        "Amounts and times of a plan cannot be negative.",
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for plan in self:
            company = plan.company_id or self.env.company
            plan.currency_id = company.currency_id

    def _compute_account_count(self):
        counts = dict(
            self.env["toll.account"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.account_count = counts.get(plan, 0)

    def action_view_accounts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_account.toll_account_action"
        )
        return dict(action, domain=[("plan_id", "=", self.id)], context={})

    def _prepare_account_vals(self):
        """What an account takes over from its plan."""
        self.ensure_one()
        return {
            "plan_id": self.id,
            "payment_mode": self.payment_mode,
            "credit_limit": self.credit_limit,
            "low_balance_threshold": self.low_balance_threshold,
        }


class TollPlanFee(models.Model):
    _name = "toll.plan.fee"
    _description = "Fee of a Toll Plan"
    _order = "sequence, id"

    plan_id = fields.Many2one(
        "toll.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
    )
    frequency = fields.Selection(
        [("once", "Once"), ("monthly", "Every month"), ("yearly", "Every year")],
        required=True,
        default="monthly",
    )
    unit = fields.Selection(
        [("account", "Per account"), ("device", "Per TAG")],
        required=True,
        default="account",
        help="Per TAG: times the TAGs that the account has on the day of the invoice.",
    )
    price = fields.Monetary(
        compute="_compute_price", store=True, readonly=False, precompute=True
    )

    _price_positive = models.Constraint(
        "CHECK (price >= 0)", "A fee cannot be negative."
    )

    @api.depends("product_id")
    def _compute_price(self):
        for fee in self:
            fee.price = fee.product_id.lst_price
