from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import canon
from ..core.periods import period_of
from ..queries import concession as queries

PERIODICITIES = [
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half", "Half-year"),
    ("year", "Year"),
]
#: What the closed periods were computed from.
FROZEN = {
    "operator_id",
    "road_ids",
    "plaza_ids",
    "currency_id",
    "company_id",
    "periodicity",
    "date_from",
}


class TollConcession(models.Model):
    """Roads that a public body has granted, and what it gets for them."""

    _name = "toll.concession"
    _description = "Toll Concession"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "code"
    _rec_names_search = ["code", "name"]
    _check_company_auto = True

    code = fields.Char(required=True, copy=False, tracking=True)
    name = fields.Char(required=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Grantor",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('is_company', '=', True)]",
        help="The public body that granted the roads.",
    )
    operator_id = fields.Many2one(
        "toll.operator",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
        domain="[('is_charger', '=', True)]",
    )
    road_ids = fields.Many2many(
        "toll.road",
        string="Roads",
        domain="[('operator_id', '=', operator_id)]",
        help="With all their plazas. Neither roads nor plazas: all of the operator.",
    )
    plaza_ids = fields.Many2many(
        "toll.plaza",
        string="Plazas",
        domain="[('operator_id', '=', operator_id)]",
        help="Besides those of the roads.",
    )
    date_from = fields.Date(string="From", required=True, tracking=True)
    date_to = fields.Date(string="Until", tracking=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    periodicity = fields.Selection(
        PERIODICITIES, required=True, default="month", tracking=True
    )
    rule_ids = fields.One2many("toll.concession.rule", "concession_id", string="Canon")
    journal_id = fields.Many2one(
        "account.journal",
        string="Purchase Journal",
        check_company=True,
        domain="[('type', '=', 'purchase')]",
        help="Of the bills for the canon. Empty: the first purchase journal.",
    )
    expense_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        help="Empty: the account of the journal.",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes on the Canon",
        check_company=True,
        domain="[('type_tax_use', '=', 'purchase')]",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        tracking=True,
    )
    is_public = fields.Boolean(
        string="On the Transparency Page",
        tracking=True,
        help="Its published months are shown to everybody on the website.",
    )
    run_ids = fields.One2many("toll.canon.run", "concession_id")
    run_count = fields.Integer(compute="_compute_money")
    amount_canon = fields.Monetary(string="Canon Accrued", compute="_compute_money")
    amount_paid = fields.Monetary(string="Paid", compute="_compute_money")
    note = fields.Html()
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (company_id, code)", "Another concession has this code already."
    )
    _dates_valid = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A concession cannot end before it begins.",
    )

    # === COMPUTE METHODS === #
    @api.depends("operator_id")
    def _compute_currency_id(self):
        for concession in self:
            concession.currency_id = (
                concession.operator_id.currency_id or self.env.company.currency_id
            )

    def _compute_money(self):
        groups = self.env["toll.concession.entry"]._read_group(
            [("concession_id", "in", self.ids), ("is_final", "=", True)],
            ["concession_id", "concept"],
            ["amount:sum"],
        )
        sums = {
            (concession.id, concept): amount for concession, concept, amount in groups
        }
        counts = dict(
            self.env["toll.canon.run"]._read_group(
                [("concession_id", "in", self.ids)], ["concession_id"], ["__count"]
            )
        )
        for concession in self:
            concession.run_count = counts.get(concession, 0)
            concession.amount_canon = sums.get((concession.id, "canon"), 0)
            concession.amount_paid = sums.get((concession.id, "paid"), 0)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for concession in self:
            concession.display_name = f"{concession.code} {concession.name}"

    @api.constrains("operator_id", "road_ids", "plaza_ids")
    def _check_coverage(self):
        for concession in self:
            operators = (
                concession.road_ids.operator_id | concession.plaza_ids.operator_id
            )
            if operators - concession.operator_id:
                raise ValidationError(
                    self.env._(
                        "The roads and plazas of %(concession)s belong to another "
                        "operator.",
                        concession=concession.display_name,
                    )
                )

    def write(self, vals):
        if FROZEN & vals.keys():
            for concession in self.filtered(lambda c: c._get_last_closed()):
                raise UserError(
                    self.env._(
                        "%(concession)s has closed periods: what they were computed "
                        "from stays. Archive it and make a new concession.",
                        concession=concession.display_name,
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_computed(self):
        if self.run_ids:
            raise UserError(
                self.env._("A concession with periods is kept: archive it instead.")
            )

    # === BUSINESS === #
    def _get_plaza_ids(self):
        """Ids of the plazas that are covered; None: all of the operator."""
        self.ensure_one()
        if not self.road_ids and not self.plaza_ids:
            return None
        roads_sudo = self.sudo().road_ids.with_context(active_test=False)
        return (roads_sudo.plaza_ids | self.sudo().plaza_ids).ids

    def _get_period(self, day):
        """First and last day of the concession's period that holds ``day``."""
        self.ensure_one()
        first, last = period_of(day, self.periodicity)
        return (
            max(first, self.date_from),
            min(last, self.date_to) if self.date_to else last,
        )

    def _get_last_closed(self):
        """Last day of the last closed period, or False."""
        self.ensure_one()
        closed = self.sudo().run_ids.filtered(lambda run: run.state == "closed")
        return max(closed.mapped("date_to"), default=False)

    def _get_rules(self, day):
        """The rules in force on the first day of a period."""
        self.ensure_one()
        return self.rule_ids.filtered(
            lambda rule: (
                (not rule.date_from or rule.date_from <= day)
                and (not rule.date_to or rule.date_to >= day)
            )
        )

    def _get_unit(self):
        return Decimal(str(self.currency_id.rounding))

    def _get_service(self, code):
        services = self.env["toll.service"].sudo().with_context(active_test=False)
        return services.search([("code", "=", code)])

    def _get_tax_rate(self, service):
        """Percentage of the tax that the prices of a service include."""
        taxes = self._get_service(service)._get_taxes(self.company_id)
        included = taxes.filtered(
            lambda tax: tax.amount_type == "percent" and tax.price_include
        )
        return Decimal(str(sum(included.mapped("amount"))))

    def _fetch(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchall()

    def _get_facts(self, first, last, rates):
        """{(concept, key): values} that a period comes to, as counted now.

        :param rates: {service: tax rate} of what was booked before
        """
        self.ensure_one()
        unit = self._get_unit()
        facts, revenue, crossings = {}, Decimal(0), 0
        for service, count, charged, volume in self._fetch(
            queries.revenue(self, first, last)
        ):
            rate = rates.get(service)
            if rate is None:
                rate = self._get_tax_rate(service)
            # what volume discounts took off later was never earned
            charged, volume = Decimal(charged), Decimal(volume)
            net, tax = canon.split_tax(charged - volume, rate, unit)
            revenue += net
            crossings += count
            facts["revenue", service] = {
                "label": self._get_service(service).name or service,
                "service": service,
                "tax_rate": float(rate),
                "quantity": int(count),
                "amount_base": net,
                "amount_tax": tax,
                "amount_volume": volume,
                "amount": net + tax,
            }
        for kind, count, forgone in self._fetch(queries.exempt(self, first, last)):
            facts["exempt", kind] = {
                "exempt_kind": kind,
                "quantity": int(count),
                "amount": Decimal(forgone),
            }
        rules = self._get_rules(first)
        accrued = canon.accrue(
            [rule._get_core_rule() for rule in rules], revenue, int(crossings), unit
        )
        for rule in rules.filtered(lambda rule: rule.id in accrued):
            facts["canon", rule.id] = {
                "label": rule.name,
                "rule_id": rule.id,
                "amount": accrued[rule.id],
            }
        return facts

    # === ACTIONS === #
    def action_open_next(self):
        """The next period to close; it is made where it does not exist."""
        self.ensure_one()
        self.check_access("read")
        Run = self.env["toll.canon.run"]
        run = Run.search(
            [("concession_id", "=", self.id), ("state", "!=", "closed")],
            order="date_from",
            limit=1,
        )
        if not run:
            last = max(self.run_ids.mapped("date_to"), default=False)
            day = fields.Date.add(last, days=1) if last else self.date_from
            if self.date_to and day > self.date_to:
                raise UserError(
                    self.env._("The last period of this concession is closed.")
                )
            run = Run.create({"concession_id": self.id, "day": day})
            run.action_compute()
        return {
            "type": "ir.actions.act_window",
            "res_model": "toll.canon.run",
            "res_id": run.id,
            "view_mode": "form",
        }

    def _open(self, xmlid, **context):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return action | {
            "domain": [("concession_id", "in", self.ids)],
            "context": {"default_concession_id": self.id, **context},
        }

    def action_open_runs(self):
        return self._open("toll_billing.toll_canon_run_action")

    def action_open_ledger(self):
        return self._open("toll_billing.toll_concession_entry_action")
