from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..core.invoice_job import share_back
from ..queries import invoice_settle as queries
from . import toll_statement_annex  # noqa: F401  extends the statement


class AccountMove(models.Model):
    _inherit = "account.move"

    toll_statement_id = fields.Many2one(
        "toll.statement",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The crossings that this document charges, credits or settles.",
    )

    # === WHAT IS NOT POSSIBLE === #
    def button_draft(self):
        self._toll_check_untouched()
        return super().button_draft()

    def button_cancel(self):
        self._toll_check_untouched()
        return super().button_cancel()

    def _toll_check_untouched(self):
        """A posted toll document stays: its crossings and wallets refer to it."""
        for move in self:
            if move.state == "posted" and move.toll_statement_id:
                raise UserError(
                    self.env._(
                        "%(name)s belongs to toll statement %(statement)s and cannot "
                        "be changed any more. Issue a credit note instead: the "
                        "crossings stay with the statement, and what a deposit paid "
                        "goes back to it.",
                        name=move.name,
                        statement=move.toll_statement_id.sudo().name,
                    )
                )

    # === CREDIT NOTES === #
    def _reverse_moves(self, default_values_list=None, cancel=False):
        """A credit note stays with the statement of its invoice."""
        values = default_values_list or [{} for _move in self]
        for move, vals in zip(self, values, strict=True):
            if not move.toll_statement_id:
                if move.toll_account_id and move.is_invoice():
                    vals["toll_account_id"] = move.toll_account_id.id
                continue
            if not move.is_invoice():
                raise UserError(
                    self.env._(
                        "%(name)s settles a toll invoice: credit the invoice instead.",
                        name=move.name,
                    )
                )
            vals["toll_statement_id"] = move.toll_statement_id.id
            vals["toll_account_id"] = move.toll_account_id.id
        return super()._reverse_moves(values, cancel=cancel)

    def _post(self, soft=True):
        posted = super()._post(soft)
        for move in posted:
            if move.move_type == "out_refund" and move.toll_account_id:
                move._toll_return_to_deposit()
        return posted

    def _toll_return_to_deposit(self):
        """Give back to the deposit what it paid and the credit note makes too much.

        The credit note's own open amount and, where the invoice was cancelled as a
        whole, what the deposit had paid on it. The wallet grows by the same amount.
        """
        self.ensure_one()
        # the accountant who credits an invoice need not manage wallets
        move_sudo = self.sudo()
        entries = (
            self.env["account.move"].sudo().search(move_sudo._toll_settlement_domain())
        )
        lines = (move_sudo + entries).line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
                and line.amount_residual < 0
            )
        )
        amount = -sum(lines.mapped("amount_residual"))
        given = move_sudo._toll_share_back(entries, amount)
        if not given:
            return
        issuer = self.env["toll.invoice.issuer"].sudo().with_company(self.company_id)
        entry = (
            self.env["account.move"]
            .sudo()
            .with_company(self.company_id)
            .with_context(tracking_disable=True, move_reverse_cancel=False)
            .create(
                issuer._prepare_settlement_vals(
                    move_sudo,
                    [
                        (account.number, -float(share), statement.id)
                        for (account, statement), share in given.items()
                    ],
                    self.date,
                )
            )
        )
        entry._post(soft=False)
        counterpart = entry.line_ids.filtered(
            lambda line: line.account_id in lines.account_id
        )
        (lines + counterpart).with_context(tracking_disable=True).reconcile()
        main = move_sudo.toll_account_id
        self.env["toll.wallet.entry"].sudo()._post(
            [
                {
                    "account_id": account.id,
                    "kind": "adjustment",
                    "amount": float(share),
                    "ref": f"{move_sudo.name}/{move_sudo.id}"
                    + ("" if account == main else f"/{account.number}"),
                    "origin": move_sudo.reversed_entry_id.name or move_sudo.name,
                    "move_id": move_sudo.id,
                }
                for (account, _statement), share in given.items()
            ]
        )

    def _toll_share_back(self, entries, amount):
        """{(account, statement): part of an amount that goes back to its deposit}.

        :param entries: those by which deposits paid the invoice
        """
        main = (self.toll_account_id, self.toll_statement_id)

        def owner(line):
            statement = line.toll_statement_id
            return (statement.account_id, statement) if statement else main

        credited, paid = {main: Decimal(0)}, defaultdict(Decimal)
        for line in self.invoice_line_ids.filtered("price_total"):
            credited.setdefault(owner(line), Decimal(0))
            credited[owner(line)] += Decimal(str(line.price_total))
        deposit = self.company_id._toll_get_deposit_account()
        for line in entries.line_ids.filtered(
            lambda entry_line: entry_line.account_id == deposit
        ):
            paid[owner(line)] += Decimal(str(line.balance))
        amount = Decimal(str(self.currency_id.round(amount)))
        prepaid = main[0].payment_mode == "prepaid"
        return share_back(amount, credited, paid, main if prepaid else None)

    def _toll_settlement_domain(self):
        """The entries by which deposits paid what this credit note credits."""
        domain = Domain("move_type", "=", "entry") & Domain("state", "=", "posted")
        if self.toll_statement_id:
            return domain & Domain("toll_statement_id", "=", self.toll_statement_id.id)
        # a charge outside the billing runs: its settlements name the invoice
        return (
            domain
            & Domain("toll_account_id", "=", self.toll_account_id.id)
            & Domain("ref", "=", self.reversed_entry_id.name or False)
            & Domain("ref", "!=", False)
        )

    # === ANNEX === #
    def _toll_has_annex(self):
        """Is this an invoice whose crossings are listed behind it?"""
        if self.move_type != "out_invoice" or not self.toll_statement_id:
            return False
        # whoever prints the invoice prints it as the account wants it
        return self.toll_account_id.sudo().annex_format == "pdf"

    def _toll_annex_file(self):
        """The crossings as the file that the account wants beside its invoices."""
        self.ensure_one()
        # whoever may send the invoice may send what it charges
        move_sudo = self.sudo()
        kind = move_sudo.toll_account_id.annex_format
        statement_sudo = move_sudo.toll_statement_id
        files_sudo = self.env["ir.attachment"].sudo()
        if kind not in ("csv", "xlsx") or not statement_sudo:
            return files_sudo
        name = f"{statement_sudo.name}.{kind}".replace("/", "-")
        known = files_sudo.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("name", "=", name),
            ],
            limit=1,
        )
        return known or files_sudo.create(
            {
                "name": name,
                "res_model": self._name,
                "res_id": self.id,
                "raw": getattr(statement_sudo, f"_annex_{kind}")(whole=True),
            }
        )

    def _toll_annex(self):
        """The crossings as the printed annex shows them, see the statement."""
        self.ensure_one()
        # whoever may read the invoice may read what it charges
        return self.toll_statement_id.sudo()._get_annex(whole=True)

    def action_toll_open_statement(self):
        self.ensure_one()
        return self.toll_statement_id._get_records_action()

    def action_toll_annex_xlsx(self):
        self.ensure_one()
        return self.toll_statement_id.action_annex_whole_xlsx()

    def action_toll_annex_csv(self):
        self.ensure_one()
        return self.toll_statement_id.action_annex_whole_csv()


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    toll_statement_id = fields.Many2one(
        "toll.statement",
        string="Toll Statement of the Line",
        readonly=True,
        ondelete="restrict",
        help="Whose crossings the line charges, or whose deposit it takes.",
    )


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_invoice_extra_attachments(self, move):
        return super()._get_invoice_extra_attachments(move) | move._toll_annex_file()


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"

    def _pay_from_deposit(self, move, amount):
        """Settle (part of) an invoice that was left open, from money paid in since."""
        account = move.toll_account_id
        company = move.company_id
        entry = (
            self.env["account.move"]
            .with_company(company)
            .with_context(tracking_disable=True)
            .create(
                self.with_company(company)._prepare_settlement_vals(
                    move,
                    [(account.number, amount, move.toll_statement_id.id)],
                    company._toll_today(),
                )
            )
        )
        entry._post(soft=False)
        self._reconcile(move, entry)
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": account.id,
                    "kind": "settlement",
                    "amount": -amount,
                    "ref": f"{entry.name}/{entry.id}",
                    "origin": move.name,
                    "move_id": entry.id,
                }
            ]
        )

    def _get_open_amounts(self, accounts):
        """{account: open amount of its invoices}; of all where there is no account."""
        self.env["account.move"].flush_model(
            ["amount_residual_signed", "state", "move_type", "toll_account_id"]
        )
        return {
            account_id: float(amount)
            for account_id, amount in self.env.execute_query(
                queries.open_by_account(accounts.ids)
            )
        }

    def _get_deposits(self, accounts):
        """{account: money paid in that no invoice has used}."""
        self.env.flush_all()
        return {
            account_id: float(amount)
            for account_id, amount in self.env.execute_query(
                queries.deposits(accounts.ids)
            )
        }
