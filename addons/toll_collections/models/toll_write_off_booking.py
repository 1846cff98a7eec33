from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..queries.write_off import KIND


class TollWriteOff(models.Model):
    """What a write-off does to the books and the wallet, and how it is taken back.

    The loss is the gross amount. Taxes are left as they are: an invoice that nobody has
    paid keeps its tax where it stands, because the reconciliation makes no cash-basis
    entry; relief for bad debts is the accountant's own entry, by the country's law.
    """

    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.write.off"

    def _check_lines(self):
        """What is written off is still owed, by this account."""
        self.ensure_one()
        # amounts are compared with the books, whatever the person may read there
        lines_sudo = self.sudo().line_ids
        currency = self.currency_id
        for line in lines_sudo:
            move = line.move_id
            if move and (
                move.toll_account_id != lines_sudo.write_off_id.account_id
                or move.move_type != "out_invoice"
                or move.state != "posted"
            ):
                raise UserError(
                    self.env._("%s is not an invoice of this account.", line.name)
                )
            owed = (
                move.amount_residual_signed
                if move
                else -lines_sudo.write_off_id.account_id.balance
            )
            if currency.compare_amounts(line.amount, owed) > 0:
                raise UserError(
                    self.env._(
                        "%(document)s: %(owed)s is owed now, not %(amount)s. Ask for "
                        "what is left.",
                        document=line.name,
                        owed=currency.format(max(owed, 0)),
                        amount=currency.format(line.amount),
                    )
                )

    def _book(self):
        """One entry: bad debts against receivables and deposits; the wallet with it."""
        self.ensure_one()
        self.account_id._claim_wallets()
        self._check_lines()
        company = self.company_id
        move = (
            self.env["account.move"]
            .with_company(company)
            .with_context(tracking_disable=True)
            .create(self._prepare_move_vals())
        )
        move._post(soft=False)
        for line in self.line_ids.filtered("move_id"):
            self._reconcile(line, move)
        wallet = sum(self.line_ids.filtered(lambda r: not r.move_id).mapped("amount"))
        self._post_wallet(wallet, f"WRITEOFF-{self.id}", move)
        self.move_id = move

    def _prepare_move_vals(self):
        account = self.account_id
        company = self.company_id
        label = self.env._(
            "Write-off %(name)s, account %(number)s",
            name=self.name,
            number=account.number,
        )
        common = {"name": label, "partner_id": account.commercial_partner_id.id}
        rows = [(company._toll_get_bad_debt_account(), self.amount, label)]
        for line in self.line_ids:
            ledger = (
                self._receivable_lines(line.move_id).account_id[:1]
                if line.move_id
                else company._toll_get_deposit_account()
            )
            rows.append((ledger, -line.amount, line.name))
        return {
            "move_type": "entry",
            "date": company._toll_today(),
            "journal_id": company._toll_get_general_journal().id,
            "ref": self.name,
            "toll_account_id": account.id,
            "line_ids": [
                Command.create(
                    {
                        **common,
                        "name": name,
                        "account_id": ledger.id,
                        "debit": max(value, 0),
                        "credit": max(-value, 0),
                    }
                )
                for ledger, value, name in rows
            ],
        }

    def _receivable_lines(self, move):
        return move.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        )

    def _reconcile(self, line, move):
        """Close the invoice with its part of the entry; its tax stays where it is."""
        documents = self._receivable_lines(line.move_id)
        counterpart = self._receivable_lines(move).filtered(
            lambda part: (
                part.account_id in documents.account_id
                and part.name == line.name
                and not part.currency_id.compare_amounts(part.credit, line.amount)
            )
        )[:1]
        (
            documents.filtered(lambda d: d.account_id == counterpart.account_id)
            + counterpart
        ).with_context(tracking_disable=True, no_cash_basis=True).reconcile()

    def _post_wallet(self, amount, ref, move):
        if self.currency_id.is_zero(amount):
            return
        self.env["toll.wallet.entry"]._post(
            [
                {
                    "account_id": self.account_id.id,
                    "kind": KIND,
                    "amount": amount,
                    "ref": ref,
                    "origin": self.name,
                    "move_id": move.id,
                }
            ]
        )

    def _book_back(self):
        """Reverse the entry: the invoices are open again, the wallet owes again."""
        self.ensure_one()
        self.account_id._claim_wallets()
        self.reversal_id = self.move_id.with_context(
            tracking_disable=True
        )._reverse_moves(
            [
                {
                    "date": self.company_id._toll_today(),
                    "ref": self.env._("Taken back: %s", self.name),
                    "toll_account_id": self.account_id.id,
                }
            ],
            cancel=True,
        )
        wallet = sum(self.line_ids.filtered(lambda r: not r.move_id).mapped("amount"))
        self._post_wallet(-wallet, f"WRITEOFF-BACK-{self.id}", self.reversal_id)


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        self._toll_check_write_off()
        return super().button_draft()

    def button_cancel(self):
        self._toll_check_write_off()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self._toll_check_write_off()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def _toll_check_write_off(self):
        """The entries of a write-off stay: it is taken back by its own button.

        Being taken back, it is "reversed" and has no reversal yet.
        """
        used = (
            self.env["toll.write.off"]
            .sudo()  # whoever edits entries need not see write-offs
            .search(
                [
                    "|",
                    ("reversal_id", "in", self.ids),
                    "&",
                    ("move_id", "in", self.ids),
                    "|",
                    ("state", "!=", "reversed"),
                    ("reversal_id", "!=", False),
                ],
                limit=1,
            )
        )
        if used:
            raise UserError(
                self.env._(
                    "This entry belongs to write-off %s: take the write-off back "
                    "instead.",
                    used.name,
                )
            )
