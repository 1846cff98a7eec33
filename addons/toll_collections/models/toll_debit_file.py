import base64
import binascii
import hashlib
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.translate import LazyTranslate

from ..core import debit_iso, debit_text
from ..core.debit import DebitFileError
from .toll_debit_run import RUNNERS

_lt = LazyTranslate(__name__)

MAX_BYTES = 20 * 1024 * 1024
FATES = ("paid", "returned", "pending", "unknown", "duplicate")
ERRORS = {
    "not_xml": _lt("The file is no XML that can be read: ask the bank for it again."),
    "doctype": _lt("The file has a document type, which no bank's file has: refused."),
    "unknown_format": _lt(
        "The file is no pain.002, camt.053 or camt.054, and no text file of the bank."
    ),
    "all_refused": _lt(
        "The bank refused the whole file: press “Bank Refused the File” on the run."
    ),
    "empty": _lt("The file has no answers."),
    "not_text": _lt("The file is no plain text."),
    "no_trailer": _lt("The trailer is missing, so the end of the file is: ask again."),
    "wrong_count": _lt("The trailer says %(said)s lines, the file has %(found)s."),
    "wrong_amount": _lt("The trailer says %(said)s in all, the lines are %(found)s."),
    "bad_line": _lt("This line is of another kind: %s"),
    "bad_number": _lt("This is no number: %s"),
    "bad_date": _lt("This is no day: %s"),
    "too_wide": _lt("This does not fit into its column: %s"),
}


class TollDebitFile(models.Model):
    """A file with which the bank answers; every row of it is kept with its fate."""

    _name = "toll.debit.file"
    _description = "Bank's Answer to Debits"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(string="File", required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    mode_id = fields.Many2one(
        "account.payment.mode", string="Creditor", required=True, readonly=True
    )
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    content = fields.Binary(readonly=True, attachment=True)
    create_date = fields.Datetime(string="Loaded on")
    create_uid = fields.Many2one("res.users", string="Loaded by")
    answer_ids = fields.One2many("toll.debit.answer", "file_id", readonly=True)
    return_id = fields.Many2one(
        "payment.return", string="Payment Return", readonly=True, ondelete="restrict"
    )
    received_count = fields.Integer(string="Received", readonly=True)
    paid_count = fields.Integer(string="Paid", readonly=True)
    returned_count = fields.Integer(string="Returned", readonly=True)
    pending_count = fields.Integer(string="Pending", readonly=True)
    unknown_count = fields.Integer(string="Unknown", readonly=True)
    duplicate_count = fields.Integer(string="Duplicates", readonly=True)

    _once = models.Constraint(
        "UNIQUE (company_id, sha256)", "This file was loaded before."
    )
    _conservation = models.Constraint(
        "CHECK (received_count = paid_count + returned_count + pending_count"
        " + unknown_count + duplicate_count)",
        "Received is paid, returned, pending, unknown and duplicate together.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Files that were received stay."))

    # === LOADING === #
    @api.model
    def load(self, mode_id, filename, content_base64):
        """(id, whether it is new) of the file; the same bytes add nothing."""
        if not isinstance(mode_id, int) or not isinstance(content_base64, str):
            raise UserError(self.env._("The file did not arrive whole."))
        mode = self.env["account.payment.mode"].browse(mode_id).exists()
        mode.check_access("read")
        if not self.env.su and not self.env.user.has_groups(RUNNERS):
            raise AccessError(self.env._("You are not allowed to load bank files."))
        if not mode.toll_layout:
            raise UserError(self.env._("Choose the creditor of the debits."))
        if len(content_base64 or "") > MAX_BYTES * 4 // 3 + 4:
            raise UserError(
                self.env._(
                    "The file is larger than %s MB: ask for smaller ones.",
                    MAX_BYTES >> 20,
                )
            )
        try:
            content = base64.b64decode(content_base64 or "", validate=True)
        except (binascii.Error, ValueError):
            raise UserError(self.env._("The file did not arrive whole.")) from None
        # the role is checked; books and mandates are the system's work
        file, is_new = (
            self.sudo().with_company(mode.company_id)._receive(mode, filename, content)
        )
        return file.id, is_new

    @api.model
    def _receive(self, mode, filename, content):
        digest = hashlib.sha256(content).hexdigest()
        self.env["toll.debit.run"]._lock_mode(mode)
        known = self.search(
            [("company_id", "=", mode.company_id.id), ("sha256", "=", digest)]
        )
        if known:
            return known, False
        is_xml = content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
        try:
            answers = (debit_iso if is_xml else debit_text).read_answers(content)
        except DebitFileError as error:
            raise UserError(self._sentence(error)) from None
        file = self.create(
            {
                "name": (filename or "").strip()[:120] or digest[:12],
                "company_id": mode.company_id.id,
                "mode_id": mode.id,
                "sha256": digest,
                "content": base64.b64encode(content),
            }
        )
        file._apply(answers)
        return file, True

    @api.model
    def _sentence(self, error):
        sentence = self.env._(ERRORS[error.code])
        if isinstance(error.value, tuple):
            sentence %= dict(zip(("said", "found"), error.value, strict=True))
        elif "%s" in sentence:
            sentence %= error.value
        if error.line:
            sentence = self.env._(
                "Line %(line)s: %(message)s", line=error.line, message=sentence
            )
        return self.env._("Nothing was loaded. %s", sentence)

    def _apply(self, answers):
        """Give every answer its fate, and do what follows from it."""
        lines_by_payment = self._find_lines(answers)
        reasons = {
            reason.code: reason
            for reason in self.env["payment.return.reason"].search(
                [("code", "in", list({a.code for a in answers if a.code}))]
            )
        }
        rows, done = [], defaultdict(lambda: self.env["toll.debit.line"])
        told = {}
        for answer in answers:
            lines = lines_by_payment.get(answer.ref, self.env["toll.debit.line"])
            fate = self._get_fate(answer, lines, told)
            if fate in ("paid", "returned"):
                told[lines.payment_id.id] = fate
                done[fate] |= lines
            reason = reasons.get(answer.code)
            rows.append(
                {
                    "file_id": self.id,
                    "line": answer.line,
                    "ref": answer.ref[:64],
                    "amount": answer.amount or sum(lines.mapped("amount")),
                    "fate": fate,
                    "code": answer.code[:35],
                    "reason_id": reason.id if reason else False,
                    "info": answer.info[:250],
                    "date": answer.day,
                    "payment_id": lines.payment_id.id,
                }
            )
        made = self.env["toll.debit.answer"].create(rows)
        counts = made.grouped("fate")
        self.write(
            {
                "received_count": len(made),
                **{f"{fate}_count": len(counts.get(fate, ())) for fate in FATES},
            }
        )
        done["paid"]._settle()
        if returned := made.filtered(lambda row: row.fate == "returned"):
            self.return_id = done["returned"]._return(self, returned)

    def _find_lines(self, answers):
        """{reference: debits of that payment} of this creditor."""
        ids = {
            int(a.ref)
            for a in answers
            if a.ref.isascii() and a.ref.isdigit() and len(a.ref) < 10
        }
        lines = self.env["toll.debit.line"].search(
            [
                ("payment_id", "in", list(ids)),
                ("run_id.mode_id", "=", self.mode_id.id),
                ("state", "in", ("sent", "paid", "returned")),
            ]
        )
        early = lines.run_id.filtered(
            lambda run: run.state not in ("uploaded", "done") or run.is_running
        )
        if early:
            raise UserError(
                self.env._(
                    "Nothing was loaded. Run %s is not booked yet: mark it as sent to "
                    "the bank first.",
                    early[0].name,
                )
            )
        return {
            str(payment.id): mine
            for payment, mine in lines.grouped("payment_id").items()
        }

    def _get_fate(self, answer, lines, told):
        if not lines:
            return "unknown"
        total = sum(lines.mapped("amount"))
        if answer.amount is not None and self.currency_id.compare_amounts(
            float(answer.amount), total
        ):
            return "unknown"
        before = told.get(lines.payment_id.id) or (
            lines[0].state if lines[0].state != "sent" else None
        )
        if answer.outcome == "pending":
            return "pending"
        # what was paid may come back; all else is said twice
        if before == "returned" or (before == "paid" and answer.outcome == "paid"):
            return "duplicate"
        if before and lines.payment_id.id in told:
            return "duplicate"
        return answer.outcome

    def action_view_answers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_debit_answer_action"
        )
        return dict(action, domain=[("file_id", "=", self.id)], context={})


class TollDebitAnswer(models.Model):
    _name = "toll.debit.answer"
    _description = "Answer to a Bank Debit"
    _order = "file_id desc, line"
    _rec_name = "ref"

    file_id = fields.Many2one(
        "toll.debit.file", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="file_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    line = fields.Integer(readonly=True, aggregator=None)
    ref = fields.Char(string="Reference", readonly=True)
    amount = fields.Monetary(readonly=True)
    date = fields.Date(readonly=True)
    fate = fields.Selection(
        [
            ("paid", "Paid"),
            ("returned", "Returned"),
            ("pending", "Pending"),
            ("unknown", "Unknown"),
            ("duplicate", "Duplicate"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    code = fields.Char(readonly=True)
    reason_id = fields.Many2one("payment.return.reason", readonly=True)
    info = fields.Char(string="The Bank Says", readonly=True)
    payment_id = fields.Many2one(
        "account.payment", readonly=True, index="btree_not_null"
    )
    partner_id = fields.Many2one(related="payment_id.partner_id", string="Customer")

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("What was received is never changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was received stays."))
