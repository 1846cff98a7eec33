import json
from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..core.invoice_job import FULL, PART

ZERO = Decimal(0)


class TollInvoiceIssuer(models.AbstractModel):
    """Which rows one invoice written by set consists of, and what varies in them."""

    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _stage_job(self, batch, job, pattern, number, numbers, ids):
        """Rows of one invoice and of what settles it; answers (id, number)."""
        name, sequence_number = number
        move_id = next(ids["move"])
        full = next(ids["full"]) if job.settlement == FULL else None
        partial_id = next(ids["partial"]) if job.paid else None
        matching = self._matching(full, partial_id if job.settlement == PART else None)
        batch.move(
            id=move_id,
            template_id=pattern.invoice.id,
            name=name,
            sequence_number=sequence_number,
            partner_id=job.partner,
            commercial_partner_id=job.commercial,
            partner_shipping_id=job.shipping,
            invoice_partner_display_name=job.display_name,
            payment_reference=name if pattern.reference else None,
            invoice_origin=job.name,
            toll_statement_id=job.statement,
            toll_account_id=job.account,
            untaxed=job.split.untaxed,
            tax=job.split.tax,
            total=job.split.total,
            residual=job.open,
            chatter=True,
        )
        caba = self._stage_invoice_lines(batch, job, pattern, (move_id, name), ids)
        term_id = next(ids["line"])
        batch.line(
            id=term_id,
            template_id=pattern.term.id,
            move_id=move_id,
            move_name=name,
            sequence=pattern.term.sequence,
            name=name if pattern.term.name == pattern.term.move_id.name else None,
            partner_id=job.commercial,
            balance=job.total,
            residual=job.open,
            full_reconcile_id=full,
            matching_number=matching,
        )
        if job.paid:
            done = (name, term_id, partial_id, full, matching, caba)
            self._stage_settlement(
                batch, job, pattern, next(numbers["entry"]), done, ids
            )
            if pattern.caba:
                done = (move_id, name, partial_id, caba)
                self._stage_caba(batch, job, pattern, next(numbers["caba"]), done, ids)
        return move_id, name

    def _matching(self, full, partial=None):
        return str(full) if full else f"P{partial}" if partial else None

    def _stage_invoice_lines(self, batch, job, pattern, move, ids):
        """Product and tax lines; answers what cash basis entries need to know."""
        move_id, name = move
        caba = {"bases": [], "taxes": {}, "fulls": {}}
        for position, (line, amounts) in enumerate(
            zip(job.lines, job.split.lines, strict=True), 1
        ):
            self._stage_sections(batch, job, pattern, line, move, position, ids)
            line_id = next(ids["line"])
            caba["bases"].append((line_id, line.tax, amounts.balance))
            batch.line(
                id=line_id,
                template_id=pattern.products[line.kind].id,
                move_id=move_id,
                move_name=name,
                sequence=position * 10,
                name=self._get_line_name(line, job.shape[0]),
                partner_id=job.commercial,
                balance=-amounts.balance,
                price_unit=line.amount,
                price_subtotal=amounts.subtotal,
                price_total=amounts.total,
                toll_statement_id=line.statement,
                toll_charge_id=line.charge or None,
            )
        for tax in job.split.taxes:
            template = pattern.taxes.get(tax.tax)
            if template is None:
                self._check_no_tax_line(tax)
                continue
            line_id = caba["taxes"][tax.tax] = next(ids["line"])
            full = None
            if pattern.caba and template.full_reconcile_id:
                full = caba["fulls"][tax.tax] = next(ids["full"])
                batch.fulls.append(full)
            batch.line(
                id=line_id,
                template_id=template.id,
                move_id=move_id,
                move_name=name,
                sequence=template.sequence,
                name=template.name,
                partner_id=job.commercial,
                balance=-tax.amount,
                residual=-tax.amount if template.amount_residual else ZERO,
                tax_base=-tax.base,
                full_reconcile_id=full,
                matching_number=self._matching(full),
            )
        return caba

    def _stage_sections(self, batch, job, pattern, line, move, position, ids):
        """The headings above an account's lines, and above its charges."""
        move_id, name = move
        for order, heading in enumerate(line.sections):
            batch.line(
                id=next(ids["line"]),
                template_id=pattern.section.id,
                move_id=move_id,
                move_name=name,
                sequence=position * 10 - len(line.sections) + order,
                name=heading,
                partner_id=job.commercial,
                balance=ZERO,
            )

    # === SETTLEMENT === #
    def _stage_settlement(self, batch, job, pattern, number, done, ids):
        """The entry that pays the invoice from the deposit, reconciled with it."""
        invoice_name, term_id, partial_id, full, matching, caba = done
        name, sequence_number = number
        move_id = next(ids["move"])
        batch.move(
            id=move_id,
            template_id=pattern.entry.id,
            name=name,
            sequence_number=sequence_number,
            invoice_partner_display_name=pattern.entry.invoice_partner_display_name,
            ref=invoice_name,
            toll_statement_id=job.statement,
            toll_account_id=job.account,
            total=job.paid,
        )
        label = pattern.deposit.name.rsplit(" ", 1)[0]
        line_id = None
        rows = [
            (pattern.deposit, share.paid, share.number, share.statement)
            for share in job.payments
        ]
        rows.append((pattern.credit, -job.paid, job.number, None))
        for template, balance, account_number, statement in rows:
            line_id = next(ids["line"])
            settles = template == pattern.credit
            batch.line(
                id=line_id,
                template_id=template.id,
                move_id=move_id,
                move_name=name,
                sequence=template.sequence,
                name=f"{label} {account_number}",
                ref=invoice_name,
                partner_id=job.commercial,
                balance=balance,
                residual=balance if template.amount_residual else ZERO,
                price_subtotal=balance,
                price_total=balance,
                full_reconcile_id=full if settles else None,
                matching_number=matching if settles else None,
                toll_statement_id=statement,
            )
        if full:
            batch.fulls.append(full)
        batch.partial(
            id=partial_id,
            template_id=pattern.partial.id,
            debit_move_id=term_id,
            credit_move_id=line_id,
            amount=job.paid,
            full_reconcile_id=full,
            draft_caba_move_vals=self._caba_text("debit", job, pattern, caba)
            if pattern.caba
            else None,
        )

    # === CASH BASIS TAXES === #
    def _caba_text(self, side, job, pattern, caba):
        """What Odoo notes on a reconciliation about the taxes that it makes due."""
        rows = [
            ("base", line_id)
            for line_id, tax, _balance in caba["bases"]
            if ("base", tax) in pattern.caba_lines
        ] + [
            ("tax", line_id)
            for tax, line_id in caba["taxes"].items()
            if ("tax", tax) in pattern.caba_lines
        ]
        # Odoo's own keys, in its order
        values = {}
        for key in ("debit", "credit"):
            total = float(job.total) if key == side else None
            values[f"{key}_caba_lines"] = rows if key == side else []
            values[f"{key}_total_balance"] = total
            values[f"{key}_total_amount_currency"] = total
        return json.dumps(values)

    def _stage_caba(self, batch, job, pattern, number, done, ids):
        """The entry that makes cash basis taxes exigible, as the invoice is paid."""
        invoice_id, invoice_name, partial_id, caba = done
        name, sequence_number = number
        move_id = next(ids["move"])
        bases = defaultdict(lambda: ZERO)
        for _line_id, tax, balance in caba["bases"]:
            if ("base", tax) in pattern.caba_lines:
                bases[tax] += balance
        rows = [("base", tax, amount, None) for tax, amount in bases.items()]
        rows += [
            ("tax", tax.tax, tax.amount, tax.base)
            for tax in job.split.taxes
            if ("tax", tax.tax) in pattern.caba_lines
        ]
        batch.move(
            id=move_id,
            template_id=pattern.caba.id,
            name=name,
            sequence_number=sequence_number,
            invoice_partner_display_name=pattern.caba.invoice_partner_display_name,
            ref=invoice_name,
            tax_cash_basis_rec_id=partial_id,
            tax_cash_basis_origin_move_id=invoice_id,
            total=sum((amount for _role, _tax, amount, _base in rows), ZERO),
            phase=2,
        )
        for position, row in enumerate(rows):
            self._stage_caba_pair(
                batch,
                job,
                pattern,
                row,
                (move_id, name, invoice_name, position),
                ids,
                caba,
            )

    def _stage_caba_pair(self, batch, job, pattern, row, move, ids, caba):
        """A base or a tax becomes due: counterpart and line, in Odoo's order."""
        role, tax, amount, base = row
        move_id, name, invoice_name, position = move
        line, counterpart = pattern.caba_lines[role, tax]
        full = caba["fulls"].get(tax) if role == "tax" else None
        for template, balance, offset in ((counterpart, amount, 1), (line, -amount, 0)):
            line_id = next(ids["line"])
            subtotal = total = balance if role == "base" else ZERO
            if role == "base" and not offset:
                rate = Decimal(str(line.tax_ids.amount))
                total -= self._round(amount * rate / 100, line.currency_id)
            closes = full if offset else None
            batch.line(
                id=line_id,
                template_id=template.id,
                move_id=move_id,
                move_name=name,
                sequence=position * 2 + offset,
                name=invoice_name if role == "base" else template.name,
                ref=invoice_name,
                partner_id=job.commercial,
                balance=balance,
                residual=balance if template.amount_residual else ZERO,
                price_subtotal=subtotal,
                price_total=total,
                tax_base=-base if role == "tax" and not offset else None,
                full_reconcile_id=closes,
                matching_number=self._matching(closes),
                phase=2,
            )
            if closes:
                # the transition account: the invoice's tax line meets the entry's
                batch.partial(
                    id=next(ids["partial"]),
                    template_id=pattern.caba_partial.id,
                    debit_move_id=line_id,
                    credit_move_id=caba["taxes"][tax],
                    amount=amount,
                    full_reconcile_id=closes,
                    draft_caba_move_vals=self._caba_text("credit", job, pattern, caba),
                    phase=2,
                )

    def _round(self, amount, currency):
        return Decimal(str(currency.round(float(amount))))
