from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

REASONS = [
    ("no_mandate", "No mandate"),
    ("draft", "Mandate not valid yet"),
    ("expired", "Mandate expired"),
    ("cancelled", "Mandate cancelled"),
    ("other_layout", "Bank account of another kind"),
    ("changed", "Paid or changed meanwhile"),
    ("in_debit", "In another run"),
    ("in_order", "In another payment order"),
    ("disputed", "Disputed"),
    ("hold", "Legal hold"),
    ("promise", "Payment agreement in force"),
    ("agency", "Placed with an agency"),
    ("write_off", "Write-off asked for"),
    ("returned", "Returned before"),
    ("below", "Below the least amount"),
    ("above", "Above the greatest amount"),
]
WAYS_OUT = {
    "no_mandate": _lt("Let the customer sign a mandate."),
    "draft": _lt("Attach the signed paper and validate the mandate."),
    "expired": _lt("Unused for 36 months: let the customer sign a new one."),
    "cancelled": _lt("Let the customer sign a new one, or take another means."),
    "other_layout": _lt("Collect it with the creditor of that country."),
    "changed": _lt("Prepare the run again if money is still open."),
    "in_debit": _lt("Wait for the other run."),
    "in_order": _lt("Take it off the other order, or wait for it."),
    "disputed": _lt("Settle the claim, then release the invoice."),
    "hold": _lt("Ask the legal department."),
    "promise": _lt("Wait for the promise, or end it."),
    "agency": _lt("Recall the case from the agency."),
    "write_off": _lt("Decide on the write-off."),
    "returned": _lt("Wait for the day of the next try, or release the debit."),
    "below": _lt("It grows with the next invoice, or lower the least amount."),
    "above": _lt("Speak with the customer, or raise the greatest amount."),
}


class TollDebitLine(models.Model):
    """One item of a run: an open invoice, or a top-up that the bank is to bring.

    Written by set; its state goes one way: ready or excluded in a preview, then sent,
    then paid or returned. A payment that was paid may still come back.
    """

    _name = "toll.debit.line"
    _description = "Bank Debit"
    _inherit = ["toll.guarded"]
    _order = "id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {
            "run_id",
            "account_id",
            "mandate_id",
            "move_id",
            "move_line_id",
            "payment_id",
            "amount",
            "state",
            "reason",
            "retry_on",
            "is_credited",
            "is_topup",
        }
    )

    run_id = fields.Many2one(
        "toll.debit.run", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    account_id = fields.Many2one(
        "toll.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    mandate_id = fields.Many2one(
        "account.banking.mandate",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    number_masked = fields.Char(
        string="Bank Account", related="mandate_id.toll_number_masked"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_topup = fields.Boolean(string="Top-up", readonly=True)
    auto_topup_id = fields.Many2one(
        "toll.auto.topup",
        string="Automatic Top-up",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_credited = fields.Boolean(
        string="In the Wallet",
        readonly=True,
        help="The wallet has had the money of this top-up.",
    )
    amount = fields.Monetary(required=True, readonly=True)
    due_date = fields.Date(string="Due", readonly=True)
    date = fields.Date(string="Collected on", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waits for a Run"),
            ("ready", "To Collect"),
            ("excluded", "Excluded"),
            ("sent", "On Its Way"),
            ("paid", "Paid"),
            ("returned", "Returned"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    reason = fields.Selection(REASONS, string="Why Not", readonly=True)
    way_out = fields.Char(compute="_compute_way_out")
    tries = fields.Integer(readonly=True, aggregator=None)
    payment_id = fields.Many2one(
        "account.payment", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    return_reason_id = fields.Many2one(
        "payment.return.reason", string="Returned Because", readonly=True
    )
    returned_on = fields.Date(readonly=True)
    retry_on = fields.Date(
        string="Next Try",
        readonly=True,
        help="From this day a run takes the invoice again; empty: only when released.",
    )

    _once = models.UniqueIndex(
        "(move_line_id) WHERE state = 'sent'",
        "This invoice is on its way to the bank already.",
    )
    _topup_once = models.UniqueIndex(
        "(auto_topup_id) WHERE auto_topup_id IS NOT NULL"
        " AND state IN ('waiting', 'ready', 'excluded', 'sent')",
        "A top-up of this account is on its way already.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A debit is about more than nothing."
    )

    @api.depends("reason")
    def _compute_way_out(self):
        for line in self:
            line.way_out = self.env._(WAYS_OUT[line.reason]) if line.reason else False

    @api.depends("move_id", "account_id", "is_topup")
    def _compute_display_name(self):
        for line in self:
            # who sees the debit sees the name of what it is for
            line_sudo = line.sudo()
            line.display_name = line_sudo.move_id.name or line_sudo.account_id.number

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Debits stay on record."))

    @api.model
    def _count_on_the_way(self, accounts):
        return self.search_count(
            [
                ("account_id", "in", accounts.ids),
                ("state", "in", ("waiting", "sent")),
            ],
            limit=1,
        )

    def action_release(self):
        """A returned debit may be tried again in the next run."""
        self.check_access("read")
        if not self.env.user.has_groups(
            "toll_account.group_toll_billing,toll_account.group_toll_accountant,"
            "toll_collections.group_toll_collection_supervisor"
        ):
            raise AccessError(self.env._("You are not allowed to release debits."))
        for line in self:
            if line.state != "returned":
                raise UserError(self.env._("Only returned debits are released."))
            # guarded; the role and the state are checked
            line.sudo().retry_on = line.company_id._toll_today()
        return True

    def action_cancel_topup(self):
        """Take back a top-up that no run has sent yet."""
        self.check_access("read")
        self.account_id._check_money_access()
        for line in self:
            if not line.is_topup or line.state not in ("waiting", "excluded"):
                raise UserError(
                    self.env._("It is on its way: wait for the bank's answer.")
                )
            line.sudo().state = "cancelled"  # guarded; checked above
        return True

    # === MONEY === #
    def _post_payments(self):
        """Book the payments of invoices, and reconcile; whoever is booked stays so."""
        payments = self.payment_id.filtered(lambda p: p.state == "draft")
        if not payments:
            return
        payments.action_post()
        by_payment = self.filtered("move_line_id").grouped("payment_id")
        plan = [
            by_payment[payment].move_line_id
            + payment.move_id.line_ids.filtered(
                lambda line, p=payment: line.account_id == p.destination_account_id
            )
            for payment in payments
            if payment in by_payment
        ]
        self.env["account.move.line"]._reconcile_plan(plan)

    def _credit_wallets(self):
        """Top-ups whose money is there, or trusted, come into their wallets once."""
        for line in self.filtered(lambda d: d.is_topup and not d.is_credited):
            account = line.account_id
            if line.payment_id.state == "draft":
                line.payment_id.action_post()
            account._post_payment_entry(
                "topup", line.payment_id, f"DEBIT-{line.id}", origin="debit"
            )
            line.is_credited = True
            line.auto_topup_id._debit_credited()
            account._settle_open_invoices()

    def _settle(self):
        """The bank's money is there: invoices stay paid, top-ups are in the wallets."""
        lines = self.filtered(lambda d: d.state == "sent")
        lines._credit_wallets()
        lines.state = "paid"
        self.env.flush_all()
        moves = lines.move_id
        self.env.add_to_compute(moves._fields["payment_state"], moves)
        lines.run_id._finish()
