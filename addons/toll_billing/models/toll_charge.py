from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..queries import charge as queries

#: Whoever is in one of these groups may charge more than the company's limit.
UNLIMITED = "toll_account.group_toll_billing,toll_account.group_toll_manager"


class TollCharge(models.Model):
    """Something an account owes beside its crossings: a fee, a TAG, a one-off item.

    It waits for the account's next toll invoice. Its price, taxes included, is rounded
    once, here; so the invoice is the sum of its charges and crossings to the cent.
    """

    _name = "toll.charge"
    _description = "Charge of an Account"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "name"
    _check_company_auto = True

    name = fields.Char(
        string="Description",
        required=True,
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        help="What the invoice says.",
    )
    label = fields.Char(
        string="Invoice Line", compute="_compute_label", store=True, precompute=True
    )
    account_id = fields.Many2one(
        "toll.account",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Customer")
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="account_id.currency_id", store=True, precompute=True
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="Brings the income account and, unless others are chosen, the taxes.",
    )
    quantity = fields.Float(required=True, default=1, digits="Product Unit")
    price_unit = fields.Float(
        string="Price",
        required=True,
        digits="Product Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        precompute=True,
    )
    discount = fields.Float(string="Discount (%)", digits="Discount")
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('amount_type', '=', 'percent')]",
    )
    analytic_distribution = fields.Json()
    amount_untaxed = fields.Monetary(
        compute="_compute_amounts", store=True, precompute=True
    )
    amount_total = fields.Monetary(
        string="Amount",
        compute="_compute_amounts",
        store=True,
        precompute=True,
        help="Taxes included.",
    )
    date = fields.Date(
        string="Due for Invoicing",
        required=True,
        default=lambda self: self.env.company._toll_today(),
        tracking=True,
        help="Billing runs with a later cut-off take it.",
    )
    reason = fields.Char(tracking=True, help="Why it is charged; for the staff.")
    user_id = fields.Many2one(
        "res.users",
        string="Charged By",
        default=lambda self: self.env.user,
        readonly=True,
    )
    source = fields.Selection(
        [
            ("manual", "By hand"),
            ("contract", "Contract"),
            ("plan", "Plan"),
            ("tag", "TAG"),
        ],
        required=True,
        default="manual",
        readonly=True,
    )
    key = fields.Char(
        readonly=True,
        copy=False,
        help="Of a charge that a rule makes: the same one is never made twice.",
    )
    contract_line_id = fields.Many2one(
        "contract.line", readonly=True, copy=False, ondelete="set null"
    )
    origin_id = fields.Many2one(
        "toll.charge",
        string="Charged Again For",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="A charge whose invoice was credited.",
    )
    state = fields.Selection(
        [
            ("pending", "To Invoice"),
            ("invoiced", "Invoiced"),
            ("credited", "Credited"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="pending",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    statement_id = fields.Many2one(
        "toll.statement",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    _key_uniq = models.Constraint(
        "UNIQUE (key)", "This was charged already: a fee is charged once."
    )
    _amounts_positive = models.Constraint(
        "CHECK (quantity > 0 AND price_unit >= 0 AND amount_total >= 0"
        " AND discount >= 0 AND discount <= 100)",
        "A charge is not negative: credit what was charged too much.",
    )
    _waiting_idx = models.Index(
        "(account_id) WHERE state = 'pending' AND statement_id IS NULL"
    )

    # === COMPUTE METHODS === #
    @api.depends("product_id", "account_id")
    def _compute_name(self):
        for charge in self:
            product = charge.product_id.with_context(
                lang=charge.account_id.partner_id.lang or self.env.lang
            )
            charge.name = product.name or charge.name

    @api.depends("name", "quantity")
    def _compute_label(self):
        for charge in self:
            charge.label = (
                charge.name
                if charge.quantity == 1
                else f"{charge.quantity:g} × {charge.name}"
            )

    @api.depends("product_id")
    def _compute_price_unit(self):
        for charge in self:
            charge.price_unit = charge.product_id.lst_price

    @api.depends("product_id", "account_id")
    def _compute_tax_ids(self):
        for charge in self:
            charge.tax_ids = charge._get_product_taxes(
                charge.product_id, charge.account_id
            )

    @api.model
    def _get_product_taxes(self, product, account):
        """The product's taxes, as the customer's fiscal position has them."""
        company = account.company_id
        # an agent who charges need not read fiscal positions
        taxes_sudo = product.sudo().taxes_id._filter_taxes_by_company(company)
        positions_sudo = self.env["account.fiscal.position"].sudo()
        position_sudo = positions_sudo.with_company(company)._get_fiscal_position(
            account.sudo().partner_id
        )
        return position_sudo.map_tax(taxes_sudo).sudo(False)

    @api.depends("price_unit", "quantity", "discount", "tax_ids", "currency_id")
    def _compute_amounts(self):
        for charge in self:
            # reading a rate is all that is done with the taxes
            amounts = charge.tax_ids.sudo().compute_all(
                charge.price_unit * (1 - charge.discount / 100),
                charge.currency_id,
                charge.quantity,
                charge.product_id,
                charge.partner_id,
            )
            currency = charge.currency_id or self.env.company.currency_id
            charge.amount_untaxed = currency.round(amounts["total_excluded"])
            charge.amount_total = currency.round(amounts["total_included"])

    # === CONSTRAINTS === #
    @api.constrains("tax_ids")
    def _check_taxes(self):
        for charge in self:
            if not self._can_include(charge.tax_ids.sudo()):
                raise ValidationError(
                    self.env._(
                        "%(name)s: only taxes in per cent can stand on a toll invoice, "
                        "because its prices include them.",
                        name=charge.name,
                    )
                )

    @api.model
    def _can_include(self, taxes):
        """Can prices include these taxes?"""
        return all(tax.amount_type == "percent" for tax in taxes)

    # === CRUD === #
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            mine = {"state", "statement_id", "move_id", "key", "source", "origin_id"}
            vals_list = [
                {name: value for name, value in vals.items() if name not in mine}
                | {"user_id": self.env.uid}
                for vals in vals_list
            ]
        charges = super().create(vals_list)
        charges._check_chargeable()
        return charges

    def _check_chargeable(self):
        limited = not self.env.su and not self.env.user.has_groups(UNLIMITED)
        for charge in self:
            account = charge.account_id
            if account.state == "closed":
                raise UserError(
                    self.env._("Account %(number)s is closed.", number=account.number)
                )
            if charge.currency_id.is_zero(charge.amount_total):
                raise UserError(self.env._("There is nothing to charge: set a price."))
            # the limit is the company's; an agent need not read the company
            limit = charge.company_id.sudo().toll_charge_limit
            if limited and limit and charge.amount_total > limit:
                raise UserError(
                    self.env._(
                        "You may charge up to %(limit)s at once: ask the billing team "
                        "for more.",
                        limit=charge.currency_id.format(limit),
                    )
                )

    def write(self, vals):
        if not self.env.su:
            if (
                set(vals)
                - {"name", "reason", "date"}
                - set(self.env["mail.thread"]._fields)
            ):
                raise UserError(
                    self.env._("A charge keeps its amount: cancel it and charge anew.")
                )
            if "name" in vals or "date" in vals:
                self._check_waiting()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        raise UserError(
            self.env._("A charge is not deleted: cancel it, its record stays.")
        )

    def _check_waiting(self):
        """Only what no statement has taken may be changed."""
        self.env.execute_query(queries.lock(self.ids))
        self.invalidate_recordset(["state", "statement_id"])
        for charge in self:
            if charge.state != "pending":
                raise UserError(
                    self.env._("%(name)s is not waiting any more.", name=charge.name)
                )
            if charge.statement_id:
                raise UserError(
                    self.env._(
                        "%(name)s stands on statement %(statement)s: cancel its "
                        "billing run, or credit its invoice.",
                        name=charge.name,
                        statement=charge.statement_id.sudo().name,
                    )
                )

    # === ACTIONS === #
    def action_cancel(self):
        """Charge it not at all."""
        self.check_access("write")
        self._check_waiting()
        self.sudo().state = "cancelled"  # nobody writes states by hand
        return True
