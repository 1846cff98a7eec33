from odoo import api, fields, models
from odoo.exceptions import UserError

from ..queries import remittance as queries
from .toll_remittance_agreement import CONFIRMED

#: Fields that ``action_compute`` fills, in the order of ``queries.totals``.
TOTALS = (
    "crossings",
    "amount_gross",
    "amount_discount",
    "amount_volume",
    "amount_borne",
    "amount_adjustment",
    "amount_due",
    "amount_fee",
    "amount_guarantee",
)


class TollRemittance(models.Model):
    """What an operator gets for a period: computed, reviewed, confirmed, paid."""

    _name = "toll.remittance"
    _description = "Remittance to an Operator"
    _inherit = ["toll.period.document", "toll.approval"]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _guarded = frozenset(
        {
            "state",
            "asked_by_id",
            "asked_at",
            "approved_by_id",
            "approved_at",
            "computed_at",
            "bill_id",
            "fee_move_id",
            "net_move_id",
            "amount_open",
            "amount_lost",
            "rate",
            "payable_due",
            "payable_fee",
            "payable_net",
            *TOTALS,
        }
    )
    _contract = "agreement_id"

    agreement_id = fields.Many2one(
        "toll.remittance.agreement",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    operator_id = fields.Many2one(
        related="agreement_id.operator_id", store=True, index=True, precompute=True
    )
    company_id = fields.Many2one(
        related="agreement_id.company_id", store=True, index=True, precompute=True
    )
    basis = fields.Selection(related="agreement_id.basis", store=True)
    currency_id = fields.Many2one(
        related="agreement_id.currency_id", store=True, precompute=True
    )
    settlement_currency_id = fields.Many2one(
        related="agreement_id.settlement_currency_id", store=True, precompute=True
    )
    is_converted = fields.Boolean(compute="_compute_is_converted")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "Reviewed"),
            ("approved", "Confirmed"),
            ("paid", "Paid"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    line_ids = fields.One2many("toll.remittance.line", "remittance_id", readonly=True)
    crossings = fields.Integer(readonly=True, copy=False)
    amount_gross = fields.Monetary(
        string="Gross", readonly=True, copy=False, help="Before any discount."
    )
    amount_discount = fields.Monetary(
        string="Discounts at the Crossing", readonly=True, copy=False
    )
    amount_volume = fields.Monetary(
        string="Volume Discounts", readonly=True, copy=False
    )
    amount_borne = fields.Monetary(
        string="Borne by Us",
        readonly=True,
        copy=False,
        help="Discounts that the operator gets all the same.",
    )
    amount_adjustment = fields.Monetary(
        string="Of It Adjustments",
        readonly=True,
        copy=False,
        help="What came late or was taken back in periods before.",
    )
    amount_due = fields.Monetary(string="To Remit", readonly=True, copy=False)
    amount_fee = fields.Monetary(string="Fee before Tax", readonly=True, copy=False)
    amount_guarantee = fields.Monetary(
        string="Guarantee Kept Back", readonly=True, copy=False
    )
    amount_open = fields.Monetary(
        string="Not Collected Yet",
        readonly=True,
        copy=False,
        help="Invoiced to customers, not paid by the end of the period.",
    )
    amount_lost = fields.Monetary(
        string="Uncollectable",
        readonly=True,
        copy=False,
        help="Written off or credited to customers: never remitted.",
    )
    # in the currency of the settlement
    rate = fields.Float(readonly=True, copy=False, digits=0)
    payable_due = fields.Monetary(
        string="Bill of the Operator",
        readonly=True,
        copy=False,
        currency_field="settlement_currency_id",
    )
    payable_fee = fields.Monetary(
        string="Our Fee, with Tax",
        readonly=True,
        copy=False,
        currency_field="settlement_currency_id",
    )
    payable_net = fields.Monetary(
        string="Net to Pay",
        readonly=True,
        copy=False,
        currency_field="settlement_currency_id",
        help="What is remitted, less guarantee, fee and its tax.",
    )
    bill_id = fields.Many2one(
        "account.move",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    fee_move_id = fields.Many2one(
        "account.move",
        string="Invoice of the Fee",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    net_move_id = fields.Many2one(
        "account.move",
        string="Set Off by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    _period_once = models.Constraint(
        "UNIQUE (agreement_id, date_from)", "This period exists already."
    )

    # === COMPUTE METHODS === #
    @api.depends("currency_id", "settlement_currency_id")
    def _compute_is_converted(self):
        for record in self:
            record.is_converted = record.currency_id != record.settlement_currency_id

    # === GUARDS === #
    @api.constrains("agreement_id", "day")
    def _check_day(self):
        for record in self:
            if record.day < record.agreement_id.date_from:
                raise UserError(
                    self.env._("The agreement begins after this day: choose a later.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_lines(self):
        # provisional lines go with their draft
        self.sudo().line_ids.unlink()

    # === COMPUTATION === #
    def action_compute(self):
        """Compute the period, and what has changed in those before it."""
        for remittance_sudo in self._take("draft"):
            remittance_sudo._compute_lines()
        return True

    # === STATES === #
    def _check_complete(self):
        for record in self:
            if not record.computed_at:
                raise UserError(self.env._("Compute the remittance first."))
            if record.date_to >= record.company_id._toll_today():
                raise UserError(
                    self.env._("%(period)s is not over yet.", period=record.name)
                )
            if not record.operator_id.sudo().partner_id:
                raise UserError(
                    self.env._(
                        "Operator %(operator)s has no contact to pay: add it first.",
                        operator=record.operator_id.display_name,
                    )
                )

    def action_ask(self):
        """The figures are right; nothing is computed again."""
        self._take("draft")
        return super().action_ask()

    def action_back_to_draft(self):
        self._take("asked")
        return super().action_back_to_draft()

    def action_approve(self):
        """Confirm for good and draft the documents; never who reviewed it."""
        self._take("asked")
        for record in self.sorted("date_from"):
            record._check_fresh()
            super(TollRemittance, record).action_approve()
            self.env.cr.execute(queries.make_final(record))
            self.env["toll.remittance.line"].invalidate_model(["is_final"])
            record._make_moves()
        return True

    def _check_fresh(self):
        """Nothing of the agreement was confirmed since this was computed."""
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(queries.lock(self.agreement_id))
        Remittance = self.sudo()
        others = [("agreement_id", "=", self.agreement_id.id), ("id", "!=", self.id)]
        before = Remittance.search_count(
            [
                *others,
                ("date_from", "<", self.date_from),
                ("state", "in", ("draft", "asked")),
            ]
        )
        if before:
            raise UserError(
                self.env._(
                    "Confirm or delete the remittances before %(period)s first.",
                    period=self.name,
                )
            )
        if Remittance.search_count(
            [
                *others,
                ("state", "in", CONFIRMED),
                ("approved_at", ">=", self.computed_at),
            ]
        ):
            raise UserError(
                self.env._(
                    "Another remittance of this agreement was confirmed after "
                    "%(period)s was computed: set it back to draft and compute it "
                    "again.",
                    period=self.name,
                )
            )

    @api.model
    def _cron_note_payments(self):
        """Remittances whose documents are all paid are paid."""
        self.search([("state", "=", "approved")])._note_payments()

    def _note_payments(self):
        # guarded field; only the books decide
        for record in self.sudo().filtered(lambda r: r.state == "approved"):
            moves = record.bill_id | record.fee_move_id
            if all(
                move.state == "cancel"
                or (
                    move.state == "posted"
                    and move.payment_state in ("paid", "in_payment", "reversed")
                )
                for move in moves
            ):
                record.state = "paid"
