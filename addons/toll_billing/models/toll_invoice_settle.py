from decimal import Decimal

from odoo import models
from odoo.fields import Command

from ..queries import invoice_settle as queries


class TollInvoiceIssuer(models.AbstractModel):
    """Deposits that pay invoices, and what wallets and statements learn of it."""

    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    # === DEPOSITS === #
    def _settle_orm(self, jobs_and_moves, date, company):
        """Pay invoices from deposits: one entry each, reconciled with its invoice."""
        if not jobs_and_moves:
            return self.env["account.move"]
        entries = (
            self.env["account.move"]
            .with_company(company)
            .with_context(tracking_disable=True, mail_create_nosubscribe=True)
            .create(
                [
                    self._prepare_settlement_vals(
                        move,
                        [
                            (share.number, float(share.paid), share.statement)
                            for share in job.payments
                        ],
                        date,
                    )
                    for job, move in jobs_and_moves
                ]
            )
        )
        entries._post(soft=False)
        for (_job, move), entry in zip(jobs_and_moves, entries, strict=True):
            self._reconcile(move, entry)
        return entries

    def _reconcile(self, move, entry):
        """Reconcile an entry with the open receivable of an invoice or credit note."""
        lines = move.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        )
        counterpart = entry.line_ids.filtered(
            lambda line: line.account_id in lines.account_id and not line.reconciled
        )
        (lines + counterpart).with_context(tracking_disable=True).reconcile()

    def _prepare_settlement_vals(self, move, payments, date):
        """Dr deposits / Cr receivable; negative amounts go the other way.

        :param payments: [(number of the account, amount, id of its statement)]
        """
        company = move.company_id
        receivable = move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).account_id[:1]
        deposit = company._toll_get_deposit_account()
        label = self.with_context(lang=company.partner_id.lang).env._("Deposit of")
        total = sum(amount for _number, amount, _statement in payments)
        rows = [(deposit, *payment) for payment in payments]
        rows.append((receivable, move.toll_account_id.number, -total, False))
        return {
            "move_type": "entry",
            "journal_id": company._toll_get_settlement_journal().id,
            "date": date,
            "ref": move.name,
            "toll_statement_id": move.toll_statement_id.id,
            "toll_account_id": move.toll_account_id.id,
            "line_ids": [
                Command.create(
                    {
                        "name": f"{label} {number}",
                        "partner_id": move.commercial_partner_id.id,
                        "account_id": account.id,
                        "debit": max(amount, 0),
                        "credit": max(-amount, 0),
                        "toll_statement_id": statement_id,
                    }
                )
                for account, number, amount, statement_id in rows
            ],
        }

    # === AFTERWARDS === #
    def _finish(self, statements, jobs, moves):
        """Wallets, statements and caches, for both ways."""
        uid = self.env.uid
        company = statements.company_id
        self.env.flush_all()
        entries = [
            (
                share.account,
                company.id,
                company.currency_id.id,
                share.open,
                f"{moves[job.statement][1]}/{share.statement}",
                moves[job.statement][1],
                moves[job.statement][0],
            )
            for job in jobs
            for share in job.shares
            if share.open
        ]
        if entries:
            self.env.cr.execute(queries.insert_settlements(entries, uid))
        done = [
            (share.statement, moves[job.statement][0], share.paid)
            for job in jobs
            for share in job.shares
        ]
        charged = {statement for statement, _move, _paid in done}
        done += [
            (statement_id, None, Decimal(0))
            for statement_id in statements.ids
            if statement_id not in charged
        ]
        self.env.cr.execute(queries.mark_invoiced(done, uid))
        self.env.invalidate_all(flush=False)
