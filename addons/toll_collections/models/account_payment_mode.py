from stdnum.eu.at_02 import is_valid

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..core import debit_iso, debit_text

#: How a file is written and its answer is read: {layout: (writer, suffix)}.
WRITERS = {
    "pain008": (debit_iso.write, "xml"),
    "text": (debit_text.write, "txt"),
}
XSD = "account_banking_sepa_direct_debit/data/pain.008.001.02.xsd"


class AccountPaymentMode(models.Model):
    """A creditor: the bank account that collects, and how the bank wants its files."""

    _inherit = "account.payment.mode"

    toll_layout = fields.Selection(
        [
            ("pain008", "SEPA pain.008.001.02 (Norma 19)"),
            ("text", "Fixed-width text (domiciliación)"),
        ],
        string="Debit File",
        help="Bank debits of toll accounts are collected with this file. Empty: the "
        "mode is not for them.",
    )
    toll_emitter = fields.Char(
        string="Emitter Number",
        size=10,
        help="The number by which the bank knows the company; for text files.",
    )

    @api.constrains("toll_layout", "payment_method_id", "bank_account_link")
    def _check_toll_layout(self):
        for mode in self.filtered("toll_layout"):
            if (
                mode.payment_method_id.payment_type != "inbound"
                or mode.bank_account_link != "fixed"
            ):
                raise ValidationError(
                    self.env._(
                        "A mode for bank debits has an incoming method and a fixed "
                        "bank journal."
                    )
                )

    def _toll_check_creditor(self):
        """Raise where the bank would refuse every file."""
        self.ensure_one()
        bank = self.fixed_journal_id.bank_account_id
        if not bank:
            raise UserError(
                self.env._(
                    "Enter the bank account of journal %s.", self.fixed_journal_id.name
                )
            )
        if self.toll_layout == "pain008":
            identifier = self._toll_identifier()
            if not identifier or not is_valid(identifier):
                raise UserError(
                    self.env._(
                        "Enter the SEPA creditor identifier of %s: banks refuse files "
                        "without it.",
                        self.company_id.name,
                    )
                )
        elif not self.toll_emitter:
            raise UserError(
                self.env._("Enter the emitter number of payment mode %s.", self.name)
            )

    def _toll_identifier(self):
        return self.sepa_creditor_identifier or self.company_id.sepa_creditor_identifier


class AccountPaymentMethod(models.Model):
    _inherit = "account.payment.method"

    @api.model
    def _get_payment_method_information(self):
        return {
            **super()._get_payment_method_information(),
            "toll_debit": {"mode": "multi", "type": ("bank",)},
        }


class AccountPaymentOrder(models.Model):
    """The order of a run: its file is written, and its payments are booked, by it."""

    _inherit = "account.payment.order"

    toll_run_id = fields.Many2one(
        "toll.debit.run",
        string="Debit Run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    def generate_payment_file(self):
        if self.toll_run_id:
            return self.toll_run_id._write_file()
        return super().generate_payment_file()

    def _toll_refuse_by_hand(self):
        if not self.env.su and self.toll_run_id:
            raise UserError(
                self.env._(
                    "This order belongs to debit run %s: use the buttons of the run.",
                    self.toll_run_id[0].name,
                )
            )

    def draft2open(self):
        self._toll_refuse_by_hand()
        return super().draft2open()

    def open2generated(self):
        self._toll_refuse_by_hand()
        return super().open2generated()

    def generated2uploaded(self):
        self._toll_refuse_by_hand()
        return super().generated2uploaded()

    def action_cancel(self):
        self._toll_refuse_by_hand()
        return super().action_cancel()

    def cancel2draft(self):
        self._toll_refuse_by_hand()
        return super().cancel2draft()


class AccountPaymentLine(models.Model):
    _inherit = "account.payment.line"

    # asked for by every reconciliation of an invoice
    move_line_id = fields.Many2one(index="btree_not_null")
    mandate_id = fields.Many2one(index="btree_not_null")


class AccountPayment(models.Model):
    _inherit = "account.payment"

    payment_order_id = fields.Many2one(index="btree_not_null")
    toll_method = fields.Selection(selection_add=[("debit", "Bank debit")])


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    toll_debit_hold = fields.Boolean(
        string="Not by Bank Debit",
        copy=False,
        tracking=True,
        help="Disputed: debit runs leave the invoice alone until this is taken off.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_payment_mode_id(self):
        """Of a toll invoice the account says how it is paid, and at the time of a run.

        So invoices of different customers stay alike when they are issued by set.
        """
        mine = self.filtered("toll_account_id")
        mine.payment_mode_id = False
        return super(AccountMove, self - mine)._compute_payment_mode_id()

    @api.model
    def _get_invoice_in_payment_state(self):
        """In payment while the bank has it; then it is paid."""
        if self.toll_account_id:
            lines_sudo = self.env[
                "toll.debit.line"
            ].sudo()  # of an invoice that is seen
            on_the_way = lines_sudo.search_count(
                [("move_id", "in", self.ids), ("state", "=", "sent")], limit=1
            )
            return "in_payment" if on_the_way else "paid"
        return super()._get_invoice_in_payment_state()
