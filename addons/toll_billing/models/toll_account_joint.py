from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.sql import column_exists, create_column


class TollAccount(models.Model):
    """A fleet gets one invoice: its parts are invoiced with the main account."""

    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    invoice_together = fields.Boolean(
        string="Invoice Parts Together",
        tracking=True,
        help="One invoice to this account's customer for the account and all its "
        "sub-accounts. Each part keeps its statement and its wallet: a prepaid part "
        "pays its share from its own deposit; what is left of it, and the share of a "
        "postpaid part, is owed by this account.",
    )
    invoice_together_from = fields.Date(
        string="Together From",
        tracking=True,
        help="Billing runs with a cut-off from this day on.",
    )
    payer_id = fields.Many2one(
        "toll.account",
        string="Invoiced With",
        compute="_compute_payer_id",
        store=True,
        precompute=True,
        recursive=True,
        index="btree_not_null",
        help="The main account whose invoice charges this one, too.",
    )

    def _auto_init(self):
        """Nobody is invoiced together before: the column needs no computing."""
        if not column_exists(self.env.cr, self._table, "payer_id"):
            create_column(self.env.cr, self._table, "payer_id", "int4")
        return super()._auto_init()

    # === COMPUTE METHODS === #
    @api.depends("parent_id.payer_id", "parent_id.invoice_together")
    def _compute_payer_id(self):
        """The topmost account that invoices its parts together."""
        for account in self:
            parent = account.parent_id
            account.payer_id = parent.payer_id or (
                parent if parent.invoice_together else parent.browse()
            )

    @api.depends("payer_id")
    def _compute_billing_cycle_id(self):
        """Parts are billed on the days of the account that gets their invoice.

        Not by a dependency: a field that depends on itself is computed one by one.
        """
        parts = self.filtered("payer_id")
        for account in parts:
            account.billing_cycle_id = account.payer_id.billing_cycle_id
        return super(TollAccount, self - parts)._compute_billing_cycle_id()

    @api.onchange("invoice_together")
    def _onchange_invoice_together(self):
        if self.invoice_together and not self.invoice_together_from:
            self.invoice_together_from = fields.Date.context_today(self)

    def write(self, vals):
        result = super().write(vals)
        if "billing_cycle_id" in vals:
            # the whole family is billed at once, whoever may see its parts
            parts_sudo = (
                self.sudo()
                .with_context(active_test=False)
                .search([("payer_id", "in", self.ids)])
            )
            parts_sudo.billing_cycle_id = vals["billing_cycle_id"]
        return result

    # === CONSTRAINTS === #
    @api.constrains("invoice_together", "invoice_together_from")
    def _check_invoice_together(self):
        for account in self:
            if account.invoice_together and not account.invoice_together_from:
                raise ValidationError(
                    self.env._(
                        "From which day on are the parts of account %(number)s "
                        "invoiced together?",
                        number=account.number,
                    )
                )

    @api.constrains("billing_cycle_id", "payer_id")
    def _check_family_cycle(self):
        for account in self.filtered("payer_id"):
            payer = account.payer_id
            if account.billing_cycle_id != payer.billing_cycle_id:
                raise ValidationError(
                    self.env._(
                        "Account %(number)s is invoiced with account %(main)s: it "
                        "follows its billing cycle.",
                        number=account.number,
                        main=payer.number,
                    )
                )

    # === BUSINESS === #
    def _is_invoiced_together(self, day):
        """Does this account get one invoice for its parts in a run of this cut-off?"""
        self.ensure_one()
        return bool(
            self.invoice_together
            and not self.payer_id
            and self.invoice_together_from <= day
        )

    def _merge_records(self, target):
        """Parts go on being invoiced together where they were."""
        if self.invoice_together and not target.invoice_together:
            target.write(
                {
                    "invoice_together": True,
                    "invoice_together_from": self.invoice_together_from,
                }
            )
        return super()._merge_records(target)
