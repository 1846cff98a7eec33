from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..queries import billing_check as queries


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    billing_cycle_id = fields.Many2one(
        "toll.billing.cycle",
        index=True,
        ondelete="restrict",
        tracking=True,
        check_company=True,
        compute="_compute_billing_cycle_id",
        store=True,
        precompute=True,
        readonly=False,
        help="On which dates the account is invoiced.",
    )
    statement_ids = fields.One2many("toll.statement", "account_id", readonly=True)
    statement_count = fields.Integer(compute="_compute_statement_count")

    @api.depends("company_id")
    def _compute_billing_cycle_id(self):
        """A company's first cycle, until somebody chooses another."""
        for company, accounts in self.grouped("company_id").items():
            chosen = accounts.filtered(
                lambda account, company=company: (
                    account.billing_cycle_id
                    and account.billing_cycle_id.company_id == company
                )
            )
            (accounts - chosen).billing_cycle_id = self.env[
                "toll.billing.cycle"
            ].search([("company_id", "=", company.id)], limit=1)

    @api.model
    def _assign_missing_cycles(self):
        """Give every account without a cycle the first one of its company."""
        accounts = self.with_context(active_test=False, tracking_disable=True)
        accounts.search([("billing_cycle_id", "=", False)])._compute_billing_cycle_id()

    @api.depends("statement_ids")
    def _compute_statement_count(self):
        counts = self._count_by_account("toll.statement", "account_id")
        for account in self:
            account.statement_count = counts.get(account._origin.id, 0)

    def _get_receivable_by_account(self):
        receivable = dict(super()._get_receivable_by_account())
        if self and not self._origin.ids:
            return receivable
        return receivable | self.env["toll.invoice.issuer"]._get_open_amounts(
            self._origin
        )

    def _get_invoice_domain(self):
        return Domain("move_type", "in", ("out_invoice", "out_refund")) & Domain(
            "toll_account_id", "=", self.id
        )

    def _check_closing(self):
        result = super()._check_closing()
        deposits = self.env["toll.invoice.issuer"]._get_deposits(self)
        unbilled = deposits.get(self.id, 0) - self.balance
        if not self.currency_id.is_zero(unbilled):
            raise UserError(
                self.env._(
                    "Account %(number)s has %(amount)s of usage that is not invoiced: "
                    "invoice it before closing the account.",
                    number=self.number,
                    amount=self.currency_id.format(unbilled),
                )
            )
        return result

    def _get_closing_checks(self):
        deposits = self.env["toll.invoice.issuer"]._get_deposits(self)
        unbilled = deposits.get(self.id, 0) - self.balance
        return [
            *super()._get_closing_checks(),
            (
                self.env._("All usage is invoiced"),
                self.currency_id.is_zero(unbilled),
                self.env._(
                    "Invoice %s with the button “Bill Now”.",
                    self.currency_id.format(unbilled),
                ),
            ),
        ]

    def action_bill_now(self):
        """Invoice all that these accounts have used up to now; show the runs."""
        runs = self.env["toll.billing.run"]
        for account in self:
            runs |= runs.create(account._prepare_run_vals())
        runs.action_compute()
        return runs._get_records_action()

    def _prepare_run_vals(self, until=None):
        self.ensure_one()
        return {
            "account_id": self.id,
            "company_id": self.company_id.id,
            "until": until or self.company_id._toll_today() + timedelta(days=1),
        }

    def action_view_statements(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_statement_action"
        )
        return action | {"domain": [("account_id", "in", self.ids)], "context": {}}

    # === DEPOSITS AND OPEN INVOICES === #
    def _settle_open_invoices(self):
        """Pay open invoices of prepaid accounts from their deposits, oldest first."""
        prepaid = self.filtered(lambda account: account.payment_mode == "prepaid")
        invoices = self.env["account.move"].search(
            [
                ("toll_account_id", "in", prepaid.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ],
            order="invoice_date_due, id",
        )
        if not invoices:
            return invoices
        issuer = self.env["toll.invoice.issuer"]
        deposits = issuer._get_deposits(invoices.toll_account_id)
        settled = invoices.browse()
        for invoice in invoices:
            account = invoice.toll_account_id
            amount = account.currency_id.round(
                min(invoice.amount_residual, deposits.get(account.id, 0))
            )
            if account.currency_id.compare_amounts(amount, 0) > 0:
                issuer._pay_from_deposit(invoice, amount)
                deposits[account.id] -= amount
                settled |= invoice
        return settled

    @api.model
    def _cron_settle_open_invoices(self):
        """What corrections and late money of the day made possible to settle."""
        accounts = self.search([("payment_mode", "=", "prepaid"), ("balance", ">", 0)])
        open_amounts = self.env["toll.invoice.issuer"]._get_open_amounts(accounts)
        accounts.filtered(
            lambda account: open_amounts.get(account.id, 0) > 0
        )._settle_open_invoices()


class TollWalletEntry(models.Model):
    _inherit = "toll.wallet.entry"

    @api.model
    def _post(self, vals_list):
        """Money that comes in pays what earlier invoices have left open."""
        entries = super()._post(vals_list)
        incoming = {
            vals["account_id"]
            for vals in vals_list
            if vals["kind"] in ("topup", "adjustment") and vals["amount"] > 0
        }
        if incoming:
            # an agent takes the money; settling is bookkeeping of the system
            self.env["toll.account"].sudo().browse(incoming)._settle_open_invoices()
        return entries


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"

    def _rules(self):
        return [
            *super()._rules(),
            (
                "billing-invoice",
                self.env._("Every invoice is the sum of its crossings"),
                self._check_invoices,
            ),
            (
                "billing-run",
                self.env._("Every run is the sum of its statements"),
                self._check_runs,
            ),
            (
                "billing-claim",
                self.env._("Every billed crossing belongs to its account's statement"),
                self._check_claims,
            ),
        ]

    @api.model
    def _unbilled_usage_by_company(self):
        usage = dict(super()._unbilled_usage_by_company())
        for company_id, amount in self.env.execute_query(queries.unbilled_by_company()):
            usage[company_id] = float(usage.get(company_id, 0)) + float(amount)
        return usage

    def _check_invoices(self):
        return self._texts(queries.invoices_against_crossings())

    def _check_runs(self):
        return self._texts(queries.statements_against_runs())

    def _check_claims(self):
        return self._texts(queries.claims_without_statement())

    def _texts(self, query):
        return [row[0] for row in self.env.execute_query(query)]
