from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

#: States of a pack that somebody holds and may still use.
HELD = ("pending", "active")


class TollPack(models.Model):
    """Tolls that are paid beforehand: so many crossings, credit, or a pass.

    Where and when it counts are those of a discount plan of its own, which is what its
    crossings show; whoever asks for approval does not approve, as with all discounts.
    """

    _name = "toll.pack"
    _description = "Prepaid Pack"
    _inherit = ["toll.approval"]
    _inherits = {"toll.discount.plan": "plan_id"}
    _order = "sequence, id"
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
            "person_kind",
            "date_from",
            "date_to",
            "hour_from",
            "hour_to",
            "on_weekday",
            "on_saturday",
            "on_sunday",
            "on_holiday",
            "price",
            "product_id",
            "tax_ids",
            "crossings_given",
            "amount_given",
            "amount_most",
            "start",
            "validity",
            "validity_unit",
            "begin_days",
            "is_per_vehicle",
            "needs_payment",
            "payment_mode",
            "account_plan_ids",
            "limit_at_once",
            "limit_month",
            "number_for_sale",
            "refund_days",
            "refund_used",
        }
    )

    plan_id = fields.Many2one(
        "toll.discount.plan",
        string="Discount Plan",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="What the crossings under the pack show as their discount.",
    )
    kind = fields.Selection(
        [("crossings", "Crossings"), ("credit", "Toll Credit"), ("pass", "Pass")],
        required=True,
        default="crossings",
        tracking=True,
        help="Crossings: so many, already paid. Toll credit: more money for tolls than "
        "it costs. Pass: any number of crossings while it lasts.",
    )
    price = fields.Monetary(
        required=True, tracking=True, help="What the customer pays, taxes included."
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('type', '=', 'service')]",
        default=lambda self: self._default_product_id(),
        help="Stands on the invoice; brings the income account.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes in the Price",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('amount_type', '=', 'percent')]",
    )
    crossings_given = fields.Integer(string="Number of Crossings", tracking=True)
    amount_given = fields.Monetary(string="Toll Credit Given", tracking=True)
    amount_most = fields.Monetary(
        string="Covers per Crossing at Most",
        tracking=True,
        help="What a crossing costs beyond it is charged. Zero: all of it is covered.",
    )
    start = fields.Selection(
        [
            ("purchase", "When it is bought"),
            ("date", "On a day that the customer chooses"),
            ("first_use", "With the first crossing"),
        ],
        string="Begins",
        required=True,
        default="purchase",
        tracking=True,
    )
    validity = fields.Integer(string="Valid for", required=True, default=30)
    validity_unit = fields.Selection(
        [
            ("day", "Days"),
            ("month", "Months"),
            ("calendar", "Calendar Months"),
        ],
        required=True,
        default="day",
        tracking=True,
        help="It ends with its last day, by the clock of the plaza. Calendar months: "
        "until the end of the month in which it begins.",
    )
    begin_days = fields.Integer(
        string="First Crossing within (Days)",
        default=365,
        help="A pack that begins with the first crossing is lost after that.",
    )
    is_per_vehicle = fields.Boolean(
        string="For One Vehicle",
        tracking=True,
        help="Chosen when it is bought; else all vehicles of the account use it.",
    )
    # who may buy
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid Accounts"), ("postpaid", "Postpaid Accounts")],
        string="Only for",
        tracking=True,
    )
    account_plan_ids = fields.Many2many(
        "toll.plan",
        string="Only Accounts with Plan",
        check_company=True,
        help="Empty: with any plan.",
    )
    limit_at_once = fields.Integer(
        string="At Once per Account", help="Running at the same time. 0: no limit."
    )
    limit_month = fields.Integer(
        string="A Month per Account", help="Bought in a calendar month. 0: no limit."
    )
    number_for_sale = fields.Integer(
        string="Number for Sale", help="By all accounts together. 0: no limit."
    )
    needs_payment = fields.Boolean(
        string="Wait for the Payment",
        tracking=True,
        help="Of postpaid accounts: the pack has an invoice of its own and begins when "
        "that is paid. Prepaid accounts pay from the wallet at once.",
    )
    # afterwards
    refund_days = fields.Integer(
        string="Refund within (Days)",
        default=7,
        help="After the purchase. 0: nothing is given back.",
    )
    refund_used = fields.Selection(
        [("none", "Not refunded"), ("part", "The unused part")],
        string="Once Used",
        required=True,
        default="none",
        tracking=True,
    )
    notice_days = fields.Integer(
        string="Notice before the End (Days)",
        default=3,
        help="The customer is told so many days before the end. 0: not told.",
    )
    notice_percent = fields.Integer(
        string="Notice at (% Left)",
        default=10,
        help="The customer is told when so little is left. 0: not told.",
    )
    can_renew = fields.Boolean(
        string="May Be Renewed",
        default=True,
        tracking=True,
        help="Customers may ask that the next one is bought when it is used up or "
        "over.",
    )
    held_ids = fields.One2many("toll.account.pack", "pack_id", string="Sold")
    sold_count = fields.Integer(compute="_compute_figures")
    held_count = fields.Integer(string="Running", compute="_compute_figures")
    amount_sold = fields.Monetary(compute="_compute_figures")
    amount_expired = fields.Monetary(
        string="Expired Value",
        compute="_compute_figures",
        help="Part of the price of packs that ended without being used.",
    )

    _amounts_sane = models.Constraint(
        "CHECK (price > 0 AND crossings_given >= 0 AND amount_given >= 0"
        " AND amount_most >= 0 AND limit_at_once >= 0 AND limit_month >= 0"
        " AND number_for_sale >= 0 AND begin_days >= 0 AND refund_days >= 0"
        " AND notice_days >= 0 AND notice_percent BETWEEN 0 AND 100)",
        "A pack has a price, and its numbers are not negative.",
    )
    _validity_sane = models.Constraint(
        "CHECK (validity BETWEEN 1 AND 3660)", "A pack is valid for a while."
    )

    @api.model
    def _default_product_id(self):
        return self.env.ref("toll_billing.product_product_pack", False)

    # === COMPUTE METHODS === #
    @api.depends("product_id", "company_id")
    def _compute_tax_ids(self):
        for pack in self:
            company = pack.company_id or self.env.company
            taxes = pack.product_id.taxes_id._filter_taxes_by_company(company)
            pack.tax_ids = taxes or company.account_sale_tax_id

    def _compute_figures(self):
        Held = self.env["toll.account.pack"]
        figures = {pack.id: [0, 0, 0, 0] for pack in self}
        for pack, state, count, price, expired in Held._read_group(
            [("pack_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["pack_id", "state"],
            ["__count", "price:sum", "amount_expired:sum"],
        ):
            row = figures[pack.id]
            row[0] += count
            row[1] += count if state in HELD else 0
            row[2] += price
            row[3] += expired
        for pack in self:
            row = figures.get(pack._origin.id, (0, 0, 0, 0))
            pack.sold_count, pack.held_count = row[:2]
            pack.amount_sold, pack.amount_expired = row[2:]

    # === CONSTRAINTS === #
    @api.constrains("tax_ids")
    def _check_taxes(self):
        for pack in self:
            if not self.env["toll.charge"]._can_include(pack.tax_ids.sudo()):
                raise ValidationError(
                    self.env._("The price can only include taxes in per cent.")
                )

    def _check_complete(self):
        self.plan_id._check_complete()
        for pack in self:
            if pack.kind == "crossings" and not pack.crossings_given:
                raise UserError(self.env._("Say how many crossings the pack has."))
            if pack.kind == "credit" and not pack.amount_given:
                raise UserError(self.env._("Say how much toll credit the pack gives."))
            if pack.start == "first_use" and not pack.begin_days:
                raise UserError(
                    self.env._("Say within how many days the first crossing must be.")
                )

    # === CRUD === #
    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_plan(vals) for vals in vals_list])

    @api.model
    def _with_plan(self, vals):
        """Make the plan that says where and when the pack counts."""
        theirs = {name for name in vals if self._fields[name].inherited}
        plan = self.env["toll.discount.plan"].create(
            {name: vals[name] for name in theirs}
            | {"kind": "pack", "purpose": "prepaid"}
        )
        mine = {name: value for name, value in vals.items() if name not in theirs}
        return mine | {"plan_id": plan.id}

    def unlink(self):
        plans = self.plan_id
        result = super().unlink()
        plans.unlink()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if self.filtered(lambda offer: offer.state != "draft"):
            raise UserError(self.env._("Only drafts can be deleted: close the pack."))

    def copy_data(self, default=None):
        return [
            {
                **vals,
                "code": self.env._("%(code)s (copy)", code=offer.code),
                "name": self.env._("%(name)s (copy)", name=offer.name),
                "date_from": fields.Date.context_today(self),
                "date_to": False,
                **(default or {}),
            }
            for offer, vals in zip(self, super().copy_data(default), strict=True)
        ]

    # === ACTIONS === #
    def action_close(self):
        """Sell it no more; those that were sold go on."""
        self.check_access("write")
        self.plan_id.action_close()

    def action_open_held(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_account_pack_action"
        )
        return action | {"domain": [("pack_id", "in", self.ids)], "context": {}}
