from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import billing_run as queries
from . import toll_billing_run_issue  # noqa: F401  the second half of a run


class TollStatement(models.Model):
    """What one account used in one period, and how its wallet moved meanwhile."""

    _name = "toll.statement"
    _description = "Account Statement"
    _inherit = ["mail.thread"]
    _order = "period_to desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True, readonly=True, index="trigram")
    run_id = fields.Many2one(
        "toll.billing.run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    cycle_id = fields.Many2one(related="run_id.cycle_id", store=False)
    account_id = fields.Many2one(
        "toll.account",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, index=True, ondelete="restrict"
    )
    payment_mode = fields.Selection(related="account_id.payment_mode")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("reviewed", "Reviewed"), ("invoiced", "Invoiced")],
        required=True,
        default="draft",
        readonly=True,
        index=True,
    )
    period_from = fields.Datetime(readonly=True)
    period_to = fields.Datetime(readonly=True, required=True)
    first_at = fields.Datetime(string="First Crossing", readonly=True)
    last_at = fields.Datetime(string="Last Crossing", readonly=True)
    opening_balance = fields.Monetary(
        readonly=True, help="Wallet at the end of the statement before."
    )
    amount_topup = fields.Monetary(string="Top-ups", readonly=True)
    amount_refund = fields.Monetary(string="Refunds", readonly=True)
    amount_fee = fields.Monetary(string="Fees", readonly=True)
    amount_adjustment = fields.Monetary(
        string="Adjustments",
        readonly=True,
        help="Corrections of the wallet, with movements that were entered later for "
        "an earlier period.",
    )
    amount_settlement = fields.Monetary(
        string="Settlements",
        readonly=True,
        help="Usage that was invoiced: it moved from the wallet to the invoices.",
    )
    closing_balance = fields.Monetary(
        readonly=True,
        help="Opening balance + top-ups + refunds + fees + adjustments + settlements "
        "- usage.",
    )
    crossing_count = fields.Integer(string="Crossings", readonly=True)
    amount_gross = fields.Monetary(
        string="Before Discount", readonly=True, help="Σ charges, taxes included."
    )
    amount_discount = fields.Monetary(string="Discounts", readonly=True)
    amount_total = fields.Monetary(
        string="Usage", readonly=True, help="Σ charges less discounts, taxes included."
    )
    previous_amount = fields.Monetary(
        string="Before",
        readonly=True,
        help="Usage in the statement before this one.",
    )
    amount_change = fields.Monetary(
        string="Change", readonly=True, help="Usage compared with the statement before."
    )
    amount_settled = fields.Monetary(
        string="Paid from Deposit",
        readonly=True,
        help="Part of the invoice that the prepaid deposit paid when it was issued.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
    )
    payment_state = fields.Selection(related="move_id.payment_state", string="Payment")
    line_ids = fields.One2many("toll.statement.line", "statement_id", readonly=True)
    move_count = fields.Integer(compute="_compute_move_count")

    _account_run_uniq = models.Constraint(
        "UNIQUE (run_id, account_id)",
        "An account has one statement in a run.",
    )

    def _compute_move_count(self):
        # a reader of statements sees how many documents there are, not the documents
        counts = self._get_document_counts()
        for statement in self:
            statement.move_count = counts[statement]

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(self.env._("Statements are made by a billing run."))
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_invoiced(self):
        if self.filtered(lambda statement: statement.state == "invoiced"):
            raise UserError(self.env._("An invoiced statement stays as it is."))
        rows = self.env.execute_query(queries.claimed_statements(self.ids))
        if rows:
            raise UserError(
                self.env._("Cancel the billing run: it gives the crossings back.")
            )

    def _get_tz(self):
        return self.company_id._toll_tz()

    def action_view_moves(self):
        """The invoice, its credit notes and the entries that settled it."""
        moves = self.env["account.move"].search(
            [("toll_statement_id", "in", self._get_document_statements().ids)],
            order="id",
        )
        return moves._get_records_action(name=self.env._("Invoices and Entries"))

    def action_view_crossings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_billing.toll_crossing_action"
        )
        return action | {
            "domain": self._get_crossing_domain(),
            "context": {"create": False},
        }

    def _get_crossing_domain(self):
        """Crossings of the statement; the times let the database skip other months."""
        self.ensure_one()
        return [
            ("statement_id", "=", self.id),
            ("account_id", "=", self.account_id.id),
            ("occurred_at", ">=", self.first_at or self.period_to),
            ("occurred_at", "<=", self.last_at or self.period_to),
        ]


class TollStatementLine(models.Model):
    """Usage by operator and service; the service brings the tax."""

    _name = "toll.statement.line"
    _description = "Statement Line"
    _order = "statement_id, sequence, id"

    statement_id = fields.Many2one(
        "toll.statement", required=True, readonly=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(readonly=True)
    operator_id = fields.Many2one(
        "toll.operator", required=True, readonly=True, ondelete="restrict"
    )
    service = fields.Char(string="Service Code", required=True, readonly=True)
    service_id = fields.Many2one("toll.service", readonly=True, ondelete="restrict")
    tax_ids = fields.Many2many(
        "account.tax", string="Taxes", compute="_compute_tax_ids", compute_sudo=True
    )
    crossing_count = fields.Integer(string="Crossings", readonly=True)
    amount_gross = fields.Monetary(string="Before Discount", readonly=True)
    amount_discount = fields.Monetary(string="Discounts", readonly=True)
    amount_total = fields.Monetary(string="Usage", readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="statement_id.currency_id")
    account_id = fields.Many2one(related="statement_id.account_id")
    run_id = fields.Many2one(related="statement_id.run_id")

    @api.depends("service_id", "company_id")
    def _compute_tax_ids(self):
        for line in self:
            line.tax_ids = line.service_id.product_id.taxes_id._filter_taxes_by_company(
                line.company_id
            )

    @api.depends("operator_id", "service_id", "service")
    def _compute_display_name(self):
        for line in self:
            line.display_name = " / ".join(
                (line.operator_id.code or "", line.service_id.name or line.service)
            )
