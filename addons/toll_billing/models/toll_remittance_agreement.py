from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import canon, remittance

#: States in which a remittance counts.
CONFIRMED = ("approved", "paid")
#: What confirmed remittances were computed from.
FROZEN = {
    "operator_id",
    "company_id",
    "currency_id",
    "settlement_currency_id",
    "service_ids",
    "plan_ids",
    "pack_ids",
    "basis",
    "periodicity",
    "date_from",
    "fee_percent",
    "fee_crossing",
    "fee_minimum",
    "tier_ids",
}


class TollRemittanceAgreement(models.Model):
    """What an operator gets of what we bill for it, when, and our fee."""

    _name = "toll.remittance.agreement"
    _description = "Remittance Agreement"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "operator_id, date_from desc, id"
    _rec_names_search = ["code", "operator_id.code", "operator_id.name"]
    _check_company_auto = True

    code = fields.Char(required=True, copy=False, tracking=True)
    operator_id = fields.Many2one(
        "toll.operator",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
        domain="[('is_charger', '=', True)]",
    )
    partner_id = fields.Many2one(related="operator_id.partner_id")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    service_ids = fields.Many2many(
        "toll.service", string="Services", help="Empty: all services of the operator."
    )
    date_from = fields.Date(
        string="From", required=True, tracking=True, help="First day of crossings."
    )
    date_to = fields.Date(
        string="Until",
        tracking=True,
        help="Last day of crossings; what comes late is still remitted.",
    )
    basis = fields.Selection(
        [
            ("crossed", "What customers used"),
            ("invoiced", "What was invoiced"),
            ("collected", "What customers paid"),
        ],
        required=True,
        default="crossed",
        tracking=True,
        help="Used: crossings of the period, whether paid or not. Invoiced: crossings "
        "of the billing runs invoiced in the period. Paid: the part of those invoices "
        "that was paid by the end of the period.",
    )
    periodicity = fields.Selection(
        [("day", "Day"), ("week", "Week"), ("month", "Month")],
        required=True,
        default="month",
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        string="Currency of the Crossings",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    settlement_currency_id = fields.Many2one(
        "res.currency",
        string="Paid in",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Another currency: at the rate of the last day of the period.",
    )
    plan_ids = fields.Many2many(
        "toll.discount.plan",
        string="Discounts that We Bear",
        check_company=True,
        domain="[('kind', '!=', 'pack')]",
        help="The operator gets the price before these discounts. All other discounts, "
        "and exemptions, are the operator's.",
    )
    pack_ids = fields.Many2many(
        "toll.pack",
        string="Packs that the Operator Bears",
        check_company=True,
        help="Crossings under these prepaid packs are not remitted. Of all other packs "
        "we have the money, and the operator gets its toll.",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term", string="Payment Terms", check_company=True
    )
    # fee
    fee_percent = fields.Float(string="Fee (%)", digits=(16, 4), tracking=True)
    tier_ids = fields.One2many(
        "toll.remittance.tier",
        "agreement_id",
        string="Tiers",
        copy=True,
        help="Instead of the percentage: each slice of a period at its own.",
    )
    fee_crossing = fields.Float(
        string="Fee per Crossing", digits=(16, 4), tracking=True
    )
    fee_minimum = fields.Monetary(string="Minimum Fee of a Period", tracking=True)
    fee_tax_ids = fields.Many2many(
        "account.tax",
        "toll_remittance_agreement_fee_tax_rel",
        string="Taxes on the Fee",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
    )
    fee_account_id = fields.Many2one(
        "account.account",
        string="Income Account of the Fee",
        check_company=True,
        help="Empty: the account of the sales journal.",
    )
    # guarantee
    guarantee_percent = fields.Float(
        string="Guarantee Kept Back (%)", digits=(16, 4), tracking=True
    )
    guarantee_cap = fields.Monetary(
        string="At Most", tracking=True, help="Zero: no limit."
    )
    guarantee_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        help="Liability: what is kept back of the operator.",
    )
    is_guarantee_released = fields.Boolean(
        string="Give the Guarantee Back",
        tracking=True,
        help="With the next remittance; nothing is kept back any more.",
    )
    amount_held = fields.Monetary(string="Guarantee Held", compute="_compute_money")
    # books
    journal_id = fields.Many2one(
        "account.journal",
        string="Purchase Journal",
        check_company=True,
        domain="[('type', '=', 'purchase')]",
        help="Empty: the first purchase journal.",
    )
    account_id = fields.Many2one(
        "account.account",
        string="Account of the Operator's Money",
        check_company=True,
        help="Best the account that the services' products book their income on, a "
        "liability: then money of others never passes through profit and loss. Empty: "
        "the account of the journal.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes of the Bill",
        check_company=True,
        domain="[('type_tax_use', '=', 'purchase'), ('price_include', '=', True)]",
        help="Included in what is remitted.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    remittance_ids = fields.One2many("toll.remittance", "agreement_id")
    remittance_count = fields.Integer(compute="_compute_money")
    amount_due = fields.Monetary(string="Remitted", compute="_compute_money")
    amount_fee = fields.Monetary(string="Fees", compute="_compute_money")
    note = fields.Html()
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (company_id, code)", "Another agreement has this code already."
    )
    _dates_valid = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "An agreement cannot end before it begins.",
    )
    _fee_sane = models.Constraint(
        "CHECK (fee_percent BETWEEN 0 AND 100 AND fee_crossing >= 0"
        " AND fee_minimum >= 0 AND guarantee_percent BETWEEN 0 AND 100"
        " AND guarantee_cap >= 0)",
        "Fees and guarantees are percentages or amounts, none below zero.",
    )

    # === COMPUTE METHODS === #
    @api.depends("operator_id")
    def _compute_currency_id(self):
        for agreement in self:
            currency = agreement.operator_id.currency_id or self.env.company.currency_id
            agreement.currency_id = currency
            agreement.settlement_currency_id = currency

    def _compute_money(self):
        sums = {
            agreement: figures
            for agreement, *figures in self.env["toll.remittance"]._read_group(
                [("agreement_id", "in", self.ids), ("state", "in", CONFIRMED)],
                ["agreement_id"],
                ["amount_due:sum", "amount_fee:sum", "amount_guarantee:sum"],
            )
        }
        counts = dict(
            self.env["toll.remittance"]._read_group(
                [("agreement_id", "in", self.ids)], ["agreement_id"], ["__count"]
            )
        )
        for agreement in self:
            due, fee, held = sums.get(agreement._origin, (0, 0, 0))
            agreement.amount_due, agreement.amount_fee = due, fee
            agreement.amount_held = held
            agreement.remittance_count = counts.get(agreement._origin, 0)

    @api.depends("code", "operator_id.name")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = f"{agreement.code} {agreement.operator_id.name}"

    # === CONSTRAINTS === #
    @api.constrains(
        "operator_id", "company_id", "service_ids", "date_from", "date_to", "active"
    )
    def _check_overlap(self):
        """Nothing is remitted by two agreements."""
        for agreement in self.filtered("active"):
            others = self.search(
                [
                    ("id", "!=", agreement.id),
                    ("operator_id", "=", agreement.operator_id.id),
                    ("company_id", "=", agreement.company_id.id),
                    ("date_from", "<=", agreement.date_to or "9999-12-31"),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", agreement.date_from),
                ]
            )
            for other in others:
                mine, theirs = agreement.service_ids, other.service_ids
                if not mine or not theirs or mine & theirs:
                    raise ValidationError(
                        self.env._(
                            "%(other)s covers some of these days and services of the "
                            "operator already: end it first.",
                            other=other.display_name,
                        )
                    )

    @api.constrains("guarantee_percent", "guarantee_account_id")
    def _check_guarantee(self):
        for agreement in self:
            if agreement.guarantee_percent and not agreement.guarantee_account_id:
                raise ValidationError(
                    self.env._("Name the account on which the guarantee is kept.")
                )

    @api.constrains("tax_ids")
    def _check_taxes(self):
        for agreement in self:
            if agreement.tax_ids.filtered(lambda tax: not tax.price_include):
                raise ValidationError(
                    self.env._(
                        "What is remitted includes its taxes: choose taxes that are "
                        "included in the price."
                    )
                )

    # === GUARDS === #
    def write(self, vals):
        if FROZEN & vals.keys():
            self._check_open()
        return super().write(vals)

    def _check_open(self):
        for agreement in self:
            if any(r.state in CONFIRMED for r in agreement.sudo().remittance_ids):
                raise UserError(
                    self.env._(
                        "%(agreement)s has confirmed remittances: what they were "
                        "computed from stays. End it and make a new agreement.",
                        agreement=agreement.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.remittance_ids:
            raise UserError(
                self.env._("An agreement with remittances is kept: archive it instead.")
            )

    # === BUSINESS === #
    def _get_service_codes(self):
        """Codes of the services that are covered; None: all."""
        return self.service_ids.mapped("code") or None

    def _get_borne_plan_ids(self):
        """Discounts that do not lower what the operator gets.

        What a pack covers was paid to us beforehand, so we bear it unless told
        otherwise; with other discounts it is the other way round.
        """
        # whoever settles with operators need not read what is on sale
        packs_sudo = self.env["toll.pack"].sudo().with_context(active_test=False)
        ours_sudo = packs_sudo.search(
            [
                ("company_id", "=", self.company_id.id),
                ("id", "not in", self.sudo().pack_ids.ids),
            ]
        )
        return (self.plan_ids + ours_sudo.plan_id.sudo(False)).ids

    def _get_period(self, day):
        """First and last day of the agreement's period that holds ``day``."""
        self.ensure_one()
        first, last = remittance.period(day, self.periodicity)
        return max(first, self.date_from), last

    def _get_unit(self):
        return Decimal(str(self.currency_id.rounding))

    def _get_terms(self):
        return remittance.Terms(
            percent=Decimal(str(self.fee_percent)),
            tiers=tuple(
                canon.Tier(Decimal(str(tier.amount_from)), Decimal(str(tier.rate)))
                for tier in self.tier_ids
            ),
            crossing=Decimal(str(self.fee_crossing)),
            minimum=Decimal(str(self.fee_minimum)),
        )

    # === ACTIONS === #
    def action_open_next(self):
        """The next period to remit; it is made where it does not exist."""
        self.ensure_one()
        self.check_access("read")
        Remittance = self.env["toll.remittance"]
        found = Remittance.search(
            [("agreement_id", "=", self.id), ("state", "in", ("draft", "asked"))],
            order="date_from",
            limit=1,
        )
        if not found:
            last = max(self.remittance_ids.mapped("date_to"), default=False)
            day = fields.Date.add(last, days=1) if last else self.date_from
            found = Remittance.create({"agreement_id": self.id, "day": day})
            found.action_compute()
        return found._get_records_action()

    def action_open_remittances(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_remittance_action"
        )
        return action | {
            "domain": [("agreement_id", "in", self.ids)],
            "context": {"default_agreement_id": self[:1].id},
        }
