from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools.translate import LazyTranslate

from ..queries import point_payment as queries
from .toll_point_network import RELEASERS, REVERSERS

_lt = LazyTranslate(__name__)

FATES = [
    ("posted", "Posted"),
    ("held", "Held"),
    ("rejected", "Rejected"),
    ("duplicate", "Duplicate"),
]
REASONS = [
    ("unknown_account", "Unknown account"),
    ("wrong_digit", "Wrong check digit"),
    ("account_not_open", "Account not open"),
    ("above_limit", "Above the most of a top-up"),
    ("repeated", "Loaded before"),
    ("repeated_differs", "Loaded before with another amount"),
    ("repeated_in_file", "Twice in the file"),
    ("refused", "Refused by a person"),
    ("empty", "Empty value"),
    ("zero", "Amount is zero"),
    ("bad_amount", "No amount"),
    ("decimals", "Too many decimals"),
    ("bad_time", "No date"),
    ("future", "In the future"),
    ("formula", "Spreadsheet formula"),
    ("too_long", "Too long"),
    ("long_line", "Line too long"),
    ("short_line", "Line too short"),
    ("cell_count", "Wrong number of columns"),
    ("bad_quotes", "Quotes not closed"),
    ("unprintable", "Damaged characters"),
]
HELP = {
    "unknown_account": _lt("Find the customer and release the payment to the account."),
    "wrong_digit": _lt("A digit was mistyped: find the account and release it there."),
    "account_not_open": _lt("Release it to another account of the customer."),
    "above_limit": _lt("Ask the network whether the amount is right, then release it."),
    "repeated": _lt("Nothing to do: the money came in once."),
    "repeated_differs": _lt("Ask the network which of the two amounts is right."),
    "repeated_in_file": _lt("Ask the network whether two payments share a reference."),
    "refused": _lt("The money is the network's to give back."),
}
REPAIR = _lt("Ask the network to send this payment again, corrected.")


class TollPointPayment(models.Model):
    """A row of a payment file. Written by the loader and by its own methods only."""

    _name = "toll.point.payment"
    _description = "Collected Payment"
    _order = "id desc"
    _rec_name = "ref"

    file_id = fields.Many2one(
        "toll.point.file",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    network_id = fields.Many2one(
        "toll.point.network", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, readonly=True, ondelete="restrict"
    )
    line = fields.Integer(required=True, readonly=True)
    text = fields.Char(string="As Received", readonly=True)
    ref = fields.Char(string="Reference", readonly=True)
    account_text = fields.Char(string="Account as Received", readonly=True)
    tag_text = fields.Char(string="TAG as Received", readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    paid_at = fields.Datetime(readonly=True)
    point_text = fields.Char(string="Point as Received", readonly=True)
    point_id = fields.Many2one(
        "toll.point", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    account_id = fields.Many2one(
        "toll.account", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    fate = fields.Selection(FATES, required=True, readonly=True)
    reason = fields.Selection(REASONS, readonly=True)
    fault_column = fields.Char(string="Column", readonly=True)
    fault_value = fields.Char(string="Value", readonly=True)
    explanation = fields.Char(string="What to Do", compute="_compute_explanation")
    move_id = fields.Many2one(related="file_id.move_id", string="Journal Entry")
    booked_at = fields.Datetime(readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_at = fields.Datetime(readonly=True)
    note = fields.Char(string="Reason Given", readonly=True)
    release_move_id = fields.Many2one(
        "account.move",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    returned_at = fields.Datetime(
        readonly=True, help="When the money was booked back to the network."
    )
    return_move_id = fields.Many2one(
        "account.move",
        string="Reversal",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    settlement_id = fields.Many2one(
        "toll.point.settlement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    return_settlement_id = fields.Many2one(
        "toll.point.settlement",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    _ref_once = models.UniqueIndex(
        "(network_id, ref) WHERE fate IN ('posted', 'held')",
        "The network has this reference already.",
    )
    _held_idx = models.Index("(network_id) WHERE fate = 'held'")
    _unsettled_idx = models.Index("(network_id, booked_at) WHERE settlement_id IS NULL")
    _posted_has_account = models.Constraint(
        "CHECK (amount >= 0 AND (fate <> 'posted' OR account_id IS NOT NULL) "
        "AND (fate NOT IN ('posted', 'held') OR ref IS NOT NULL))",
        "A posted payment has an account and a reference.",
    )

    def init(self):
        self.env.cr.execute(queries.create_guards())

    @api.depends("reason", "fault_column", "fault_value")
    def _compute_explanation(self):
        for payment in self:
            if not payment.reason:
                payment.explanation = False
                continue
            text = self.env._(HELP.get(payment.reason, REPAIR))
            if payment.fault_column or payment.fault_value:
                place = " ".join(
                    filter(None, (payment.fault_column, payment.fault_value))
                )
                text = f"{place}: {text}"
            payment.explanation = text

    # === DECISIONS === #
    def _claim(self, *fates):
        """Hold the rows until the end; raise where they are no longer as expected."""
        try:
            self.lock_for_update()
        except LockError:
            raise UserError(
                self.env._("Somebody else is deciding on this payment: try again.")
            ) from None
        self.invalidate_recordset()
        for payment in self:
            if payment.fate not in fates or payment.returned_at:
                raise UserError(
                    self.env._(
                        "Payment %(ref)s is not in the state for this: somebody has "
                        "decided already.",
                        ref=payment.ref or payment.line,
                    )
                )

    def _decision(self, note, **values):
        return {
            "decided_by_id": self.env.uid,
            "decided_at": fields.Datetime.now(),
            "note": note,
            **values,
        }

    def release(self, account_id, note):
        """Give held payments to an account: into its wallet and the deposits."""
        networks = self.env["toll.point.network"]
        networks._check_role(RELEASERS)
        self.check_access("read")
        account = self.env["toll.account"].browse(account_id).exists()
        account.check_access("read")
        note = (note or "").strip()
        if not note:
            raise UserError(self.env._("Write how the account was found."))
        if not account or account.state in ("draft", "closed"):
            raise UserError(self.env._("Choose an open account."))
        if account.company_id != self.company_id:
            raise UserError(self.env._("The account is of another company."))
        # guarded rows; role, rows and account are checked
        for payment_sudo in self.sudo():
            payment_sudo._claim("held")
            payment_sudo._release(account.sudo(), note)
        return True

    def _release(self, account, note):
        company, file = self.company_id, self.file_id
        move = file._entry(
            f"{self.network_id.name} · {self.ref}",
            [
                (company._toll_get_point_account(), self.amount),
                (company._toll_get_deposit_account(), -self.amount),
            ],
        )
        self.write(
            self._decision(
                note, fate="posted", account_id=account.id, release_move_id=move.id
            )
        )
        file._count()
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": account.id,
                    "kind": "topup",
                    "amount": self.amount,
                    "ref": f"POINT-{self.network_id.id}-{self.ref}",
                    "origin": self.network_id.name,
                    "move_id": move.id,
                }
            ]
        )
        file._message_log(
            body=self.env._(
                "Line %(line)s released to account %(number)s: %(note)s",
                line=self.line,
                number=account.number,
                note=note,
            )
        )

    def give_back(self, note):
        """Take payments out again: the network gives the money back to who paid.

        A held one is then rejected; a posted one leaves the wallet, which may be below
        zero after that.
        """
        self.env["toll.point.network"]._check_role(REVERSERS)
        self.check_access("read")
        note = (note or "").strip()
        if not note:
            raise UserError(self.env._("Write why the money is given back."))
        # guarded rows; role and rows are checked
        for payment_sudo in self.sudo():
            payment_sudo._claim("held", "posted")
            payment_sudo._give_back(note)
        return True

    def _give_back(self, note):
        company, file = self.company_id, self.file_id
        held = self.fate == "held"
        if not held:
            self.account_id._claim_wallets()
        move = file._entry(
            self.env._("Given back: %s", f"{self.network_id.name} · {self.ref}"),
            [
                (
                    company._toll_get_point_account()
                    if held
                    else company._toll_get_deposit_account(),
                    self.amount,
                ),
                (self.network_id._get_receivable(), -self.amount),
            ],
        )
        values = {"returned_at": fields.Datetime.now(), "return_move_id": move.id}
        if held:
            values.update(fate="rejected", reason="refused")
        self.write(self._decision(note, **values))
        if held:
            file._count()
        else:
            self.env["toll.wallet.entry"]._post(
                [
                    {
                        "account_id": self.account_id.id,
                        "kind": "adjustment",
                        "amount": -self.amount,
                        "ref": f"POINT-BACK-{self.id}",
                        "origin": self.network_id.name,
                        "move_id": move.id,
                    }
                ]
            )
        file._message_log(
            body=self.env._(
                "Line %(line)s given back to the network: %(note)s",
                line=self.line,
                note=note,
            )
        )

    def action_release(self):
        return self._open_decision("release", self.env._("Release to an Account"))

    def action_give_back(self):
        return self._open_decision("give_back", self.env._("Give Back"))

    def _open_decision(self, kind, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "toll.point.decision",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_kind": kind,
                "default_payment_ids": self.ids,
                "default_account_id": self[:1].account_id.id,
            },
        }

    def action_view_account(self):
        self.ensure_one()
        return self.account_id._get_records_action()
