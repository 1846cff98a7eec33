import base64
import hashlib
from datetime import UTC, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.translate import LazyTranslate

from ..core import point_file
from ..queries import point_payment as queries

_lt = LazyTranslate(__name__)

#: A shop's clock may be wrong by this much.
AHEAD = timedelta(days=1)
ERRORS = {
    "empty": _lt("The file has no payments."),
    "too_big": _lt("The file is larger than %s MB: ask for smaller ones."),
    "not_text": _lt(
        "The file is no text: ask for the CSV or fixed-width file itself, not for a "
        "workbook, a PDF or a compressed file."
    ),
    "bad_encoding": _lt("The text is not %s: correct the encoding of the network."),
    "line_ends": _lt("Lines end with a carriage return alone: ask for LF or CR LF."),
    "bad_header": _lt("The header is no line of CSV: check the delimiter."),
    "missing_column": _lt("The header has no column “%s”: check the layout."),
    "too_many_rows": _lt("There are more than %s payments: split the file."),
    "two_trailers": _lt("There are two trailers: ask for the file again."),
    "after_trailer": _lt("There are lines after the trailer: ask for the file again."),
    "no_trailer": _lt("The trailer is missing, so the end of the file is: ask again."),
    "bad_trailer": _lt("The trailer cannot be read (%s): check the layout."),
    "wrong_count": _lt(
        "The trailer says %(said)s payments, the file has %(found)s: ask for it again."
    ),
    "wrong_amount": _lt(
        "The trailer says %(said)s in all, the payments are %(found)s: ask again."
    ),
}
COUNTS = tuple(f"{fate}_count" for fate in ("received", *queries.FATES))
AMOUNTS = tuple(f"amount_{fate}" for fate in ("received", *queries.FATES))


class TollPointFile(models.Model):
    """A file of payments, as it came; every row of it is kept with its fate."""

    _name = "toll.point.file"
    _description = "Payment File"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="File", required=True, readonly=True)
    network_id = fields.Many2one(
        "toll.point.network",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True)
    content = fields.Binary(readonly=True, attachment=True)
    create_date = fields.Datetime(string="Loaded on")
    create_uid = fields.Many2one("res.users", string="Loaded by")
    received_count = fields.Integer(string="Received", readonly=True, default=0)
    posted_count = fields.Integer(string="Posted", readonly=True, default=0)
    held_count = fields.Integer(string="Held", readonly=True, default=0)
    rejected_count = fields.Integer(string="Rejected", readonly=True, default=0)
    duplicate_count = fields.Integer(string="Duplicates", readonly=True, default=0)
    amount_received = fields.Monetary(readonly=True, default=0)
    amount_posted = fields.Monetary(readonly=True, default=0)
    amount_held = fields.Monetary(readonly=True, default=0)
    amount_rejected = fields.Monetary(readonly=True, default=0)
    amount_duplicate = fields.Monetary(readonly=True, default=0)
    has_totals = fields.Boolean(
        string="Totals Checked",
        readonly=True,
        help="The file has totals of its own, and they are those of its rows.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Journal Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    payment_ids = fields.One2many("toll.point.payment", "file_id", readonly=True)

    _once = models.Constraint(
        "UNIQUE (network_id, sha256)", "This file was loaded before."
    )
    _conservation = models.Constraint(
        "CHECK (received_count = posted_count + held_count + rejected_count "
        "+ duplicate_count AND amount_received = amount_posted + amount_held "
        "+ amount_rejected + amount_duplicate)",
        "Received is posted, held, rejected and duplicate together.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Files that were received stay."))

    # === LOADING === #
    @api.model
    def _receive(self, network, filename, content):
        """(file, whether it is new); whoever calls has checked the role."""
        digest = hashlib.sha256(content).hexdigest()
        # two loaders of the same file: the second waits here, and finds the first's
        self.env.cr.execute(queries.lock_network(network.id))
        known = self.search([("network_id", "=", network.id), ("sha256", "=", digest)])
        if known:
            return known, False
        try:
            found = point_file.read(content, network._layout())
        except point_file.PointFileError as error:
            raise UserError(self._sentence(error)) from None
        file = self.create(
            {
                "name": (filename or "").strip()[:120] or digest[:12],
                "network_id": network.id,
                "company_id": network.company_id.id,
                "currency_id": network.company_id.currency_id.id,
                "sha256": digest,
                "content": base64.b64encode(content),
                "has_totals": found.total_count is not None
                or found.total_amount is not None,
            }
        )
        file._insert(found.rows)
        file._book()
        amount = sum((row.amount or 0 for row in found.rows), Decimal(0))
        file._count(len(found.rows), amount)
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

    def _insert(self, rows):
        accounts = self._find_accounts(rows)
        points = {point.code: point.id for point in self.network_id.point_ids}
        zone = ZoneInfo(self.company_id._toll_tz())
        now, uid = fields.Datetime.now(), self.env.uid
        values = []
        for row in rows:
            account_id, is_typo = accounts[row.account, row.tag]
            paid_at, fault = row.paid_at, row.fault
            if paid_at:
                paid_at = paid_at.replace(tzinfo=zone).astimezone(UTC)
                paid_at = paid_at.replace(tzinfo=None)
                if not fault and paid_at > now + AHEAD:
                    fault = point_file.Fault("paid_at", "future", row.paid_at)
            values.append(
                (
                    row.line,
                    row.text,
                    row.ref,
                    row.account,
                    account_id,
                    is_typo,
                    row.tag,
                    row.amount,
                    paid_at,
                    row.point,
                    points.get(row.point),
                    fault and fault.column,
                    fault and fault.code,
                    fault and str(fault.value),
                )
            )
        limit = self.company_id.toll_topup_max
        self.env.flush_all()
        self.env.cr.execute(queries.insert_rows(self, values, limit, uid, now))

    def _find_accounts(self, rows):
        """{(account, TAG) as received: (account id, whether a digit was mistyped)}."""
        keys = {
            text: point_file.account_key(text) for text in {r.account for r in rows}
        }
        numbers = {key for key in keys.values() if point_file.is_account_number(key)}
        names = set(keys.values()) - numbers - {""}
        tags = {row.tag for row in rows} - {""}
        for model in ("account.move", "toll.account", "stock.lot"):
            self.env[model].flush_model()
        found = dict(
            self.env.execute_query(
                queries.find_accounts(self.company_id.id, numbers, names, tags | names)
            )
        )
        accounts = {}
        for text, tag in {(row.account, row.tag) for row in rows}:
            key = keys[text]
            # some slips write the TAG where others write the account
            account = found.get(key) or found.get(f"TAG {key}")
            account = account or found.get(f"TAG {tag}")
            accounts[text, tag] = account, point_file.has_wrong_digit(text)
        return accounts

    def _count(self, received=None, amount=None):
        self.env.flush_all()
        self.env.cr.execute(queries.count_fates(self.id, received, amount))
        self.invalidate_recordset([*COUNTS, *AMOUNTS])

    # === BOOKS === #
    def _book(self):
        """One entry for the file; the wallets of its posted rows; open invoices."""
        groups = dict(
            self.env["toll.point.payment"]._read_group(
                [("file_id", "=", self.id)], ["fate"], ["amount:sum"]
            )
        )
        posted, held = groups.get("posted", 0), groups.get("held", 0)
        if not posted and not held:
            return
        now = fields.Datetime.now()
        company = self.company_id
        label = f"{self.network_id.name} · {self.name}"
        self.move_id = self._entry(
            label,
            [
                (self.network_id._get_receivable(), posted + held),
                (company._toll_get_deposit_account(), -posted),
                (company._toll_get_point_account(), -held),
            ],
        )
        self.env.flush_all()
        accounts = self.env["toll.account"].browse(
            row[0]
            for row in self.env.execute_query(
                queries.post_wallets(
                    self.id, self.move_id.id, self.network_id.name, self.env.uid, now
                )
            )
        )
        self.env.invalidate_all()
        self._settle_invoices(accounts)

    @api.model
    def _settle_invoices(self, accounts):
        """Money that came in pays what invoices have left open, as at the counter."""
        open_amounts = (
            self.env["toll.invoice.issuer"]._get_open_amounts(accounts)
            if accounts
            else {}
        )
        accounts.filtered(
            lambda account: open_amounts.get(account.id, 0) > 0
        )._settle_open_invoices()

    def _entry(self, label, rows):
        """A posted entry of (account, amount): debit positive, credit negative."""
        company = self.company_id
        move = (
            self.env["account.move"]
            .with_company(company)
            .with_context(tracking_disable=True)
            .create(
                {
                    "move_type": "entry",
                    "date": company._toll_today(),
                    "journal_id": company._toll_get_general_journal().id,
                    "ref": label,
                    "line_ids": [
                        Command.create(
                            {
                                "name": label,
                                "partner_id": self.network_id.partner_id.id,
                                "account_id": account.id,
                                "debit": max(amount, 0),
                                "credit": max(-amount, 0),
                            }
                        )
                        for account, amount in rows
                        if amount
                    ],
                }
            )
        )
        move._post(soft=False)
        return move

    # === SCREEN === #
    def action_view_payments(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "toll_collections.toll_point_payment_action"
        )
        return dict(action, domain=[("file_id", "=", self.id)], context={})

    def action_view_held(self):
        action = self.action_view_payments()
        return dict(action, context={"search_default_held": 1})

    def action_view_faults(self):
        action = self.action_view_payments()
        return dict(action, context={"search_default_rejected": 1})
