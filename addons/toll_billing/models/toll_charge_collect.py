"""Which fees wait for the toll invoice instead of getting one of their own."""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..queries import charge as queries

#: Periods of one contract line that are charged at once, if nobody did for years.
MOST_PERIODS = 120


class ResCompany(models.Model):
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    toll_fee_invoicing = fields.Selection(
        [
            ("own", "On invoices of their own"),
            ("toll", "On the toll invoice"),
        ],
        string="Fees",
        required=True,
        default="own",
        help="Fees of contracts and plans, and what TAGs cost: at once, each on its "
        "own invoice, or together with the crossings by the billing runs. Plans and "
        "accounts may have it otherwise.",
    )
    toll_charge_limit = fields.Monetary(
        string="Most an Agent May Charge",
        default=5000,
        help="Of one charge by hand, taxes included; the billing team has no limit. "
        "Zero: nobody has.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    toll_fee_invoicing = fields.Selection(
        related="company_id.toll_fee_invoicing", readonly=False, required=True
    )
    toll_charge_limit = fields.Monetary(
        related="company_id.toll_charge_limit", readonly=False
    )


class TollPlan(models.Model):
    _inherit = "toll.plan"

    fee_invoicing = fields.Selection(
        [
            ("own", "On invoices of their own"),
            ("toll", "On the toll invoice"),
        ],
        string="Fees Invoiced",
        tracking=True,
        help="Empty: as the company does it.",
    )


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    fee_invoicing = fields.Selection(
        [
            ("own", "On invoices of their own"),
            ("toll", "On the toll invoice"),
        ],
        string="Fees Invoiced",
        tracking=True,
        help="Empty: as the plan, or the company, does it.",
    )
    charge_ids = fields.One2many("toll.charge", "account_id", string="Charges")
    charge_count = fields.Integer(compute="_compute_charge_count")
    amount_waiting = fields.Monetary(
        string="Charges to Invoice", compute="_compute_charge_count"
    )

    def _compute_charge_count(self):
        groups = self.env["toll.charge"]._read_group(
            [("account_id", "in", self.ids)],
            ["account_id", "state"],
            ["__count", "amount_total:sum"],
        )
        counts, waiting = {}, {}
        for account, state, count, amount in groups:
            counts[account.id] = counts.get(account.id, 0) + count
            if state == "pending":
                waiting[account.id] = amount
        for account in self:
            account.charge_count = counts.get(account._origin.id, 0)
            account.amount_waiting = waiting.get(account._origin.id, 0)

    def _has_fees_on_toll_invoice(self):
        self.ensure_one()
        # whoever charges need not read plans and companies
        account_sudo = self.sudo()
        return (
            account_sudo.fee_invoicing
            or account_sudo.plan_id.fee_invoicing
            or account_sudo.company_id.toll_fee_invoicing
        ) == "toll"

    # === ACTIONS === #
    def action_charge(self):
        """A form for one more charge."""
        self.ensure_one()
        self.check_access("read")
        self.env["toll.charge"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Charge"),
            "res_model": "toll.charge",
            "view_mode": "form",
            "view_id": self.env.ref("toll_billing.toll_charge_view_form_new").id,
            "target": "new",
            "context": {"default_account_id": self.id},
        }

    def action_view_charges(self):
        return self._open_records("toll_billing.toll_charge_action", field="account_id")

    # === WHAT WAITS === #
    def _charge_once(self, fees=None):
        """Fees at the beginning wait for the toll invoice where the others do."""
        self.ensure_one()
        if not self._has_fees_on_toll_invoice():
            return super()._charge_once(fees)
        fees = self.plan_id.fee_ids if fees is None else fees
        self.env["toll.charge"]._collect(
            [
                {
                    "account_id": self.id,
                    "product_id": fee.product_id.id,
                    "quantity": count,
                    "price_unit": fee.price,
                    "date": self.company_id._toll_today(),
                    "reason": self.plan_id.name,
                    "source": "plan",
                    "key": f"toll.plan.fee,{fee.id},{self.id}",
                }
                for fee in fees.filtered(lambda f: f.frequency == "once" and f.price)
                if (count := self._get_device_count() if fee.unit == "device" else 1)
            ]
        )
        return self.env["account.move"]

    def _check_merge(self, target):
        result = super()._check_merge(target)
        if self._get_waiting_charges().statement_id:
            raise UserError(
                self.env._(
                    "Charges of account %(number)s stand in a billing run: finish or "
                    "cancel it first.",
                    number=self.number,
                )
            )
        return result

    def _merge_records(self, target):
        """What was not invoiced yet is owed by the account that goes on."""
        waiting = self.charge_ids.filtered(lambda charge: charge.state == "pending")
        waiting.account_id = target
        return super()._merge_records(target)

    def _get_waiting_charges(self):
        self.ensure_one()
        # whoever closes an account learns what is open
        return (
            self.env["toll.charge"]
            .sudo()
            .search([("account_id", "=", self.id), ("state", "=", "pending")])
        )

    def _check_closing(self):
        result = super()._check_closing()
        if amount := sum(self._get_waiting_charges().mapped("amount_total")):
            raise UserError(
                self.env._(
                    "Account %(number)s has charges of %(amount)s to invoice: invoice "
                    "or cancel them before closing it.",
                    number=self.number,
                    amount=self.currency_id.format(amount),
                )
            )
        return result

    def _get_closing_checks(self):
        amount = sum(self._get_waiting_charges().mapped("amount_total"))
        return [
            *super()._get_closing_checks(),
            (
                self.env._("All charges are invoiced"),
                self.currency_id.is_zero(amount),
                self.env._(
                    "Invoice or cancel charges of %s.", self.currency_id.format(amount)
                ),
            ),
        ]


class TollTagAssignment(models.Model):
    _inherit = "toll.tag.assignment"  # pylint: disable=consider-merging-classes-inherited

    def _charge(self, product, price, label):
        """What a TAG costs waits for the toll invoice where the other fees do."""
        account = self.account_id
        if self.currency_id.is_zero(price) or not account._has_fees_on_toll_invoice():
            return super()._charge(product, price, label)
        self.env["toll.charge"]._collect(
            [
                {
                    "account_id": account.id,
                    "product_id": product.id,
                    "name": label,
                    "price_unit": price,
                    "date": self.company_id._toll_today(),
                    "source": "tag",
                    "key": f"toll.tag.assignment,{self.id},{product.id}",
                }
            ]
        )
        return self.env["account.move"]


class ContractContract(models.Model):
    _inherit = "contract.contract"

    def _recurring_create_invoice(self, date_ref=False):
        """Service contracts whose fees wait for the toll invoice make no invoice."""
        waiting = self.filtered(lambda contract: contract._toll_waits())
        waiting._toll_collect(date_ref)
        rest = self - waiting
        if not rest:
            return self.env["account.move"]
        return super(ContractContract, rest)._recurring_create_invoice(date_ref)

    def _toll_waits(self):
        """Do the fees of this contract wait for the toll invoice?

        Not what a line of a toll invoice cannot say: prices below nothing, or taxes
        that are no percentage.
        """
        self.ensure_one()
        account = self.toll_account_id
        Charge = self.env["toll.charge"]
        return (
            bool(account)
            and self.contract_type == "sale"
            and account._has_fees_on_toll_invoice()
            and all(
                line.product_id
                and line.price_unit >= 0
                and Charge._can_include(
                    Charge._get_product_taxes(line.product_id, account).sudo()
                )
                for line in self.contract_line_ids
                if not line.display_type
            )
        )

    def _toll_collect(self, date_ref=False):
        """Make the charges that are due, all periods up to a date."""
        if not self:
            return
        self.env.flush_all()
        self.env.execute_query(queries.lock_contract_lines(self.ids))
        vals_list = []
        for contract in self.sorted("id"):
            vals_list += contract._toll_prepare_charges_vals(
                date_ref or contract.recurring_next_date
            )
        self.env["toll.charge"]._collect(vals_list)
        self._compute_recurring_next_date()

    def _toll_prepare_charges_vals(self, date_ref):
        vals_list = []
        for _period in range(MOST_PERIODS):
            lines = self._get_lines_to_invoice(date_ref) if date_ref else None
            if not lines:
                break
            for line in lines.filtered(lambda line: not line.display_type):
                values = line._prepare_invoice_line()
                if values and line.price_unit and values["quantity"]:
                    vals_list.append(self._toll_prepare_charge_vals(line, values))
            lines._update_last_date_invoiced()
        return vals_list

    def _toll_prepare_charge_vals(self, line, values):
        return {
            "account_id": self.toll_account_id.id,
            "product_id": line.product_id.id,
            "name": values["name"],
            "quantity": values["quantity"],
            "price_unit": values["price_unit"],
            "discount": values["discount"],
            "analytic_distribution": values["analytic_distribution"],
            "date": line.recurring_next_date,
            "reason": self.code,
            "source": "contract",
            "contract_line_id": line.id,
            "key": f"contract.line,{line.id},{line.next_period_date_start}",
        }


class TollBillingRun(models.Model):
    _inherit = "toll.billing.run"  # pylint: disable=consider-merging-classes-inherited

    def _collect_fees(self):
        """Charge what contracts owe up to the cut-off and no cron has charged yet.

        An invoice of crossings that a customer asked for leaves the fees alone.
        """
        self.ensure_one()
        if self.self_key:
            return
        last_day = self.until - timedelta(days=1)
        Contract = self.env["contract.contract"].with_company(self.company_id)
        domain = Contract._get_contracts_to_invoice_domain(last_day)
        contracts = Contract.search(
            Domain(domain)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("generation_type", "=", "invoice")
            & self._get_contract_scope(),
            order="id",
        ).filtered(
            lambda contract: (
                (
                    not contract.date_end
                    or contract.recurring_next_date <= contract.date_end
                )
                and contract._toll_waits()
            )
        )
        try:
            with self.env.cr.savepoint():
                contracts._toll_collect(last_day)
        except UserError:
            # one bad contract does not stop the others; its own record says why
            for contract in contracts:
                try:
                    with self.env.cr.savepoint():
                        contract._toll_collect(last_day)
                except UserError as error:
                    contract._record_invoice_generation_error(error, "invoice")

    def _get_contract_scope(self):
        if not self.account_id:
            return Domain("toll_account_id.billing_cycle_id", "=", self.cycle_id.id)
        accounts = Domain("toll_account_id", "=", self.account_id.id)
        if self.account_id._is_invoiced_together(self.until):
            accounts |= Domain("toll_account_id.payer_id", "=", self.account_id.id)
        return accounts
