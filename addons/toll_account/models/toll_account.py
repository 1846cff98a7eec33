from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import numbers
from ..queries import wallet as queries

STATES = [
    ("draft", "Draft"),
    ("active", "Active"),
    ("suspended", "Suspended"),
    ("closed", "Closed"),
]


class TollAccount(models.Model):
    _name = "toll.account"
    _description = "Toll Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "number desc"
    _rec_name = "number"
    _check_company_auto = True

    number = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default="/",
        help="One number for every errand. Its last digit is a check digit.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    payment_mode = fields.Selection(
        [("prepaid", "Prepaid"), ("postpaid", "Postpaid")],
        required=True,
        default="prepaid",
        tracking=True,
        index=True,
        help="Prepaid: pays from its wallet. Postpaid: pays its invoices.",
    )
    state = fields.Selection(
        STATES, required=True, default="draft", copy=False, tracking=True, index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        precompute=True,
        help="Currency of the wallet: the company's.",
    )
    office_id = fields.Many2one(
        "toll.office",
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        default=lambda self: self._default_office_id(),
    )
    user_id = fields.Many2one(
        "res.users",
        string="Account Executive",
        index=True,
        tracking=True,
        domain="[('share', '=', False)]",
    )
    credit_limit = fields.Monetary(
        tracking=True,
        help="How far the wallet may go below zero (prepaid), or how much may be owed "
        "at a time (postpaid).",
    )
    low_balance_threshold = fields.Monetary(
        default=lambda self: self.env.company.toll_low_balance,
        tracking=True,
        help="The customer is told when the available amount falls below this.",
    )
    balance = fields.Monetary(
        compute="_compute_balance",
        search="_search_balance",
        compute_sudo=True,
        help="Sum of the wallet's movements up to this moment.",
    )
    amount_reserved = fields.Monetary(
        string="Reserved",
        compute="_compute_balance",
        compute_sudo=True,
        help="Crossings received and not applied yet.",
    )
    amount_receivable = fields.Monetary(
        string="Open Invoices", compute="_compute_balance", compute_sudo=True
    )
    available = fields.Monetary(
        compute="_compute_balance",
        search="_search_available",
        compute_sudo=True,
        help="Balance + credit limit - open invoices - reserved.",
    )
    is_low_balance = fields.Boolean(
        string="Low Balance",
        compute="_compute_balance",
        search="_search_is_low_balance",
        compute_sudo=True,
    )
    vehicle_ids = fields.One2many("toll.vehicle", "account_id", string="Vehicles")
    vehicle_count = fields.Integer(compute="_compute_vehicle_count")
    state_log_ids = fields.One2many(
        "toll.account.state.log", "account_id", string="State History", readonly=True
    )
    entry_ids = fields.One2many(
        "toll.wallet.entry", "account_id", string="Wallet Movements", readonly=True
    )
    payment_ids = fields.One2many(
        "account.payment", "toll_account_id", string="Payments", readonly=True
    )
    payment_count = fields.Integer(compute="_compute_payment_count")
    invoice_count = fields.Integer(compute="_compute_invoice_count")
    opened_at = fields.Datetime(readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)
    active = fields.Boolean(default=True, tracking=True)
    note = fields.Html(string="Internal Notes", groups="base.group_user")

    phone = fields.Char(related="partner_id.phone", readonly=False)
    phone_digits = fields.Char(
        compute="_compute_phone_digits",
        store=True,
        precompute=True,
        help="The telephone as it is searched: digits only.",
    )
    email = fields.Char(related="partner_id.email", readonly=False)
    vat = fields.Char(related="partner_id.vat", readonly=False)
    lang = fields.Selection(related="partner_id.lang", readonly=False)

    _number_uniq = models.Constraint(
        "UNIQUE (number)", "Another account has this number already."
    )
    _number_trgm_idx = models.Index("USING gin (number gin_trgm_ops)")
    _phone_trgm_idx = models.Index("USING gin (phone_digits gin_trgm_ops)")
    _credit_limit_positive = models.Constraint(
        "CHECK (credit_limit >= 0)", "The credit limit cannot be negative."
    )

    @api.model
    def _default_office_id(self):
        office = self.env.user.toll_office_id
        return office if office.company_id == self.env.company else False

    # Computes

    @api.depends("company_id")
    def _compute_currency_id(self):
        for account in self:
            account.currency_id = account.company_id.currency_id

    @api.depends("partner_id.phone")
    def _compute_phone_digits(self):
        for account in self:
            account.phone_digits = numbers.digits(account.partner_id.phone) or False

    @api.depends("number", "partner_id.name")
    def _compute_display_name(self):
        for account in self:
            account.display_name = " ".join(
                filter(None, (account.number, account.partner_id.name))
            )

    @api.depends("credit_limit", "low_balance_threshold")
    def _compute_balance(self):
        balances = self._get_balances()
        receivable = self._get_receivable_by_account()
        reserved = self._get_reserved_by_account()
        for account in self:
            key = account._origin.id
            account.balance = balances.get(key, 0)
            account.amount_receivable = receivable.get(key, 0)
            account.amount_reserved = reserved.get(key, 0)
            account.available = (
                account.balance
                + account.credit_limit
                - account.amount_receivable
                - account.amount_reserved
            )
            account.is_low_balance = account.available < account.low_balance_threshold

    def _get_balances(self):
        """{account id: balance}, exact, of this very moment."""
        if not self._origin.ids:
            return {}
        return dict(self.env.execute_query(queries.balances(self._origin.ids)))

    def _get_receivable_by_account(self):
        """{account id: open receivable}; of all accounts where self is empty.

        Invoices belong to another addon: here nothing is owed.
        """
        return {}

    def _get_reserved_by_account(self):
        """{account id: amount received and not applied}; of all where self is empty."""
        return {}

    def _get_taken_by_account(self):
        """{account id: owed besides the wallet}; of all accounts where self is empty"""
        taken = dict(self._get_receivable_by_account())
        for account_id, amount in self._get_reserved_by_account().items():
            taken[account_id] = taken.get(account_id, 0) + amount
        return taken

    def _search_balance(self, operator, value):
        return self._search_by_amount("balance", operator, value, {})

    def _search_available(self, operator, value):
        return self._search_by_amount(
            "available", operator, value, self.browse()._get_taken_by_account()
        )

    def _search_is_low_balance(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = self._search_by_amount(
            "low", "=", 0, self.browse()._get_taken_by_account()
        )
        return found if True in value else ~Domain(found)

    def _search_by_amount(self, field, operator, value, taken):
        if operator in ("in", "not in"):
            values = [v or 0 for v in value]
            domains = [self._search_by_amount(field, "=", v, taken) for v in values]
            found = Domain.OR(domains)
            return ~found if operator == "not in" else found
        if operator not in ("=", "!=", "<", "<=", ">", ">="):
            return NotImplemented
        query = queries.accounts_by_amount(field, operator, value or 0, taken)
        self.flush_model(["credit_limit", "low_balance_threshold"])
        return Domain("id", "in", SQL("(%s)", query))

    def _count_by_account(self, model, field, domain=()):
        counts = self.env[model]._read_group(
            [(field, "in", self.ids), *domain], [field], ["__count"]
        )
        return {account.id: count for account, count in counts}

    @api.depends("vehicle_ids")
    def _compute_vehicle_count(self):
        counts = self._count_by_account("toll.vehicle", "account_id")
        for account in self:
            account.vehicle_count = counts.get(account._origin.id, 0)

    def _compute_payment_count(self):
        counts = self.sudo()._count_by_account("account.payment", "toll_account_id")
        for account in self:
            account.payment_count = counts.get(account._origin.id, 0)

    def _compute_invoice_count(self):
        Move = self.env["account.move"]
        readable = Move.has_access("read")
        for account in self:
            account.invoice_count = (
                Move.search_count(account._get_invoice_domain()) if readable else 0
            )

    def _get_invoice_domain(self):
        """The customer's invoices. The billing addon narrows it to the account's."""
        self.ensure_one()
        return Domain("move_type", "in", ("out_invoice", "out_refund")) & Domain(
            "commercial_partner_id", "=", self.commercial_partner_id.id
        )

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        sequence = self._get_number_sequence()
        for vals in vals_list:
            if vals.get("number", "/") == "/":
                vals["number"] = numbers.account_number(sequence._next())
            elif not numbers.is_account_number(vals["number"]):
                raise UserError(
                    self.env._(
                        "%(number)s is not an account number: its check digit is "
                        "wrong.",
                        number=vals["number"],
                    )
                )
            if vals.get("state", "draft") not in ("draft", "closed"):
                vals.setdefault("opened_at", fields.Datetime.now())
        accounts = super().create(vals_list)
        accounts.flush_recordset(["number"])
        self.env.cr.execute(queries.create_wallets(accounts.ids))
        accounts._log_state(dict.fromkeys(accounts.ids))
        accounts.company_id._toll_set_up_first()
        return accounts

    @api.model
    def _get_number_sequence(self):
        return self.env.ref("toll_account.toll_account_sequence").sudo()

    def write(self, vals):
        if "company_id" in vals:
            self._check_no_entries(self.env._("change the company of"))
        if "payment_mode" in vals:
            changed = self.filtered(lambda a: a.payment_mode != vals["payment_mode"])
            changed._check_mode_change(vals["payment_mode"])
        if "state" not in vals:
            return super().write(vals)
        before = {account.id: account.state for account in self}
        changed = self.filtered(lambda a: a.state != vals["state"])
        changed._check_transition(vals["state"])
        result = super().write(vals)
        changed._log_state(before)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.filtered(lambda account: account.state != "draft"):
            raise UserError(
                self.env._("Only draft accounts can be deleted: close the account.")
            )
        self._check_no_entries(self.env._("delete"))

    def _check_no_entries(self, what):
        """The ledger stays with the account that it was written for."""
        used = (
            self.env["toll.wallet.entry"]
            .sudo()
            .search([("account_id", "in", self.ids)], limit=1)
        )
        if used:
            raise UserError(
                self.env._(
                    "You cannot %(what)s account %(number)s: its wallet has movements.",
                    what=what,
                    number=used.account_id.number,
                )
            )
