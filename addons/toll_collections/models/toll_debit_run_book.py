from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models

from ..core.debit import Creditor, Debit, Order
from ..queries import debit as queries
from .account_payment_mode import WRITERS, XSD
from .toll_debit_run import CHUNK

SEQUENCES = {"first": "FRST", "recurring": "RCUR", "final": "FNAL"}


class TollDebitRun(models.Model):
    """The payments of a run, its file and its booking, chunk after chunk."""

    _inherit = "toll.debit.run"  # pylint: disable=consider-merging-classes-inherited

    def _next_lines(self, domain):
        """Lines of the next payments; those of one mandate stay together."""
        lines = self.env["toll.debit.line"]
        domain = [("run_id", "=", self.id), ("state", "=", "sent"), *domain]
        found = lines.search(domain, order="mandate_id, id", limit=CHUNK)
        if len(found) == CHUNK and self.is_grouped:
            found |= lines.search(
                [*domain, ("mandate_id", "=", found[-1].mandate_id.id)]
            )
        return found

    # === ORDER === #
    def _job_order(self):
        """Payments for the next debits; after the last one, the file."""
        if self.state != "ordered":
            return
        lines = self._next_lines([("payment_id", "=", False)])
        if lines:
            self._make_payments(lines)
        if len(lines) >= CHUNK:
            self._delay("_job_order", f"order-{max(lines.ids)}")
            return
        self.order_id.state = "open"
        action = self.order_id.open2generated()
        self.write({"state": "generated", "file_id": action["res_id"]})

    def _make_payments(self, lines):
        self.env.flush_all()
        made = {
            debit_id: line_id
            for line_id, debit_id in self.env.execute_query(
                queries.insert_payment_lines(lines.ids, self.order_id, self.env.uid)
            )
        }
        # what was written by set is not in the cache
        self.order_id.invalidate_recordset(["payment_line_ids"])
        self.env.add_to_compute(
            self.order_id._fields["total_company_currency"], self.order_id
        )
        groups = (
            list(lines.grouped(lambda d: (d.mandate_id, d.is_topup)).values())
            if self.is_grouped
            else list(lines)
        )
        method_line = self.mode_id.fixed_journal_id.inbound_payment_method_line_ids
        method_line = method_line.filtered(
            lambda m: m.payment_method_id == self.mode_id.payment_method_id
        )[:1]
        payments = (
            self.env["account.payment"]
            .with_context(mail_create_nosubscribe=True, tracking_disable=True)
            .create(
                [
                    self._prepare_payment_vals(
                        group, [made[debit.id] for debit in group], method_line
                    )
                    for group in groups
                ]
            )
        )
        for group, payment in zip(groups, payments, strict=True):
            group.payment_id = payment

    def _prepare_payment_vals(self, lines, payment_line_ids, method_line):
        first = lines[0]
        account = first.account_id
        return {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": first.partner_id.id or account.commercial_partner_id.id,
            "destination_account_id": self.company_id._toll_get_deposit_account().id
            if first.is_topup
            else first.move_line_id.account_id.id,
            "toll_account_id": account.id if first.is_topup else False,
            "toll_method": "debit",
            "company_id": self.company_id.id,
            "amount": sum(lines.mapped("amount")),
            "currency_id": self.currency_id.id,
            "date": self.date,
            "memo": self.name,
            "payment_reference": " ".join(lines.mapped("display_name"))[:140],
            "journal_id": self.mode_id.fixed_journal_id.id,
            "payment_method_line_id": method_line.id,
            "partner_bank_id": first.mandate_id.partner_bank_id.id,
            "payment_order_id": self.order_id.id,
            "payment_line_ids": [fields.Command.set(payment_line_ids)],
        }

    def _write_file(self):
        """(content, name) of what the bank gets; a pain file is checked by its XSD."""
        writer, suffix = WRITERS[self.mode_id.toll_layout]
        bank = self.mode_id.fixed_journal_id.bank_account_id
        order = Order(
            name=self.name,
            creditor=Creditor(
                name=self.company_id.name,
                account=bank.sanitized_acc_number,
                bic=bank.bank_bic or "",
                identifier=self.mode_id._toll_identifier() or "",
                emitter=self.mode_id.toll_emitter or "",
            ),
            collection_date=self.date,
            created=fields.Datetime.now().isoformat(timespec="seconds"),
            currency=self.currency_id.name,
        )
        self.env.flush_all()
        rows = self.env.execute_query(queries.debits(self.id))
        content = "".join(writer(order, map(self._debit, rows))).encode()
        if suffix == "xml":
            self.order_id._validate_xml(content, {"pain_xsd_file": XSD})
        return content, f"{self.name.replace('/', '-')}.{suffix}"

    @api.model
    def _debit(self, row):
        (
            ref,
            amount,
            mandate,
            signed,
            kind,
            sequence,
            was_debited,
            name,
            account,
            bic,
            scheme,
            concept,
        ) = row
        code = "OOFF" if kind == "oneoff" else SEQUENCES.get(sequence, "RCUR")
        return Debit(
            ref=str(ref),
            amount=Decimal(amount),
            mandate=mandate,
            signed=signed,
            sequence=code,
            name=name,
            account=account,
            concept=concept,
            bic=bic or "",
            scheme=scheme,
            is_amended=code == "FRST" and was_debited,
        )

    # === BOOKS === #
    def _mark_mandates(self):
        """What OCA does for each payment of an uploaded order, by set."""
        mandates = self.env["account.banking.mandate"]
        spent, first, every = [], [], []
        for mandate_id, kind, sequence in self.env.execute_query(
            queries.mandates_used(self.id)
        ):
            every.append(mandate_id)
            if kind == "oneoff" or sequence == "final":
                spent.append(mandate_id)
            elif sequence == "first":
                first.append(mandate_id)
        mandates = mandates.with_context(tracking_disable=True)
        mandates.browse(every).write({"last_debit_date": self.order_id.date_generated})
        mandates.browse(first).write({"recurrent_sequence_type": "recurring"})
        mandates.browse(spent).write({"state": "expired"})

    def _job_book(self):
        """Book the next payments; a killed job goes on with those that are drafts."""
        if self.state != "uploaded" or not self.is_running:
            return
        lines = self._next_lines(
            [("is_topup", "=", False), ("payment_id.state", "=", "draft")]
        )
        lines.with_context(tracking_disable=True)._post_payments()
        if len(lines) >= CHUNK:
            self._delay("_job_book", f"book-{max(lines.ids)}")
            return
        self._trusted_topups()._credit_wallets()
        self.is_running = False

    def _trusted_topups(self):
        """Top-ups that come into the wallet before the bank's money is there."""
        limit = self.company_id.toll_debit_trust_limit
        topups = self.line_ids.filtered(lambda d: d.is_topup and d.state == "sent")
        return topups.filtered(
            lambda d: limit and d.currency_id.compare_amounts(d.amount, limit) <= 0
        )

    @api.model
    def _cron_settle(self):
        """Without news from the bank for some days, the money is there."""
        for run in self.search(
            [("state", "=", "uploaded"), ("is_running", "=", False)]
        ):
            run = run.with_company(run.company_id)
            days = run.company_id.toll_debit_settle_days
            if run.date + timedelta(days=days) > run.company_id._toll_today():
                continue
            run._delay("_job_settle", "settle")

    def _job_settle(self):
        lines = self._next_lines([])
        lines._settle()
        if len(lines) >= CHUNK:
            self._delay("_job_settle", f"settle-{max(lines.ids)}")
