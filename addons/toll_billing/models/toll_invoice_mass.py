import io
import json
import logging
from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..core.invoice_job import FULL, PART
from ..queries import invoice_issue as queries

_logger = logging.getLogger(__name__)
ZERO = Decimal(0)


class Differs(Exception):
    """Rows written by set are not what the ORM would have written."""


class Unfit(Exception):
    """The exemplars have something that cannot be cloned; the message says what."""


class Pattern:
    """The rows of one shape that are cloned: ids of the exemplars' moves and lines."""

    def __init__(self):
        self.invoice = self.entry = self.caba = None
        self.products = {}
        self.taxes = {}
        self.term = self.deposit = self.credit = None
        self.caba_lines = {}
        self.partial = self.caba_partial = None
        self.reference = True


class Batch:
    """Rows to be staged, and blocks of reserved ids."""

    def __init__(self):
        self.moves, self.lines, self.partials, self.fulls = [], [], [], []


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"

    def _issue_mass_checked(self, single, moves, mass, date, company):
        """Write ``mass`` by set, verify a sample; go the ordinary way if it differs."""
        if not mass:
            return {}, 0
        try:
            with self.env.cr.savepoint():
                issued = self._issue_mass(single, moves, mass, date, company)
                sample = company.toll_verify_sample
                differences = self._verify_jobs(
                    self._pick_sample(mass, sample), issued, date, company
                )
                if differences:
                    raise Differs("\n".join(differences[:20]))
        except (Differs, Unfit) as error:
            _logger.warning(
                "%s invoices are issued one by one, not by set: %s", len(mass), error
            )
            return self._issue_orm(mass, date, company), 0
        return issued, len(issued)

    def _pick_sample(self, jobs, count):
        """Some jobs of as many shapes as possible, the same for the same run."""
        by_shape = defaultdict(list)
        for job in jobs:
            by_shape[job.shape, job.settlement].append(job)
        groups = list(by_shape.values())
        picked = []
        for position in range(count):
            group = groups[position % len(groups)]
            if position // len(groups) < len(group):
                picked.append(group[-1 - position // len(groups)])
        return picked

    def _issue_mass(self, single, moves, mass, date, company):
        """Clone the exemplars for every other job: {statement: (id, name)}."""
        self.env.flush_all()
        patterns = self._get_patterns(single, moves)
        settled = [job for job in mass if job.paid]
        with_caba = [job for job in settled if patterns[job.shape, job.settlement].caba]
        names = {
            "invoice": self._reserve_numbers(patterns, "invoice", len(mass)),
            "entry": self._reserve_numbers(patterns, "entry", len(settled)),
            "caba": self._reserve_numbers(patterns, "caba", len(with_caba)),
        }
        ids = self._reserve_ids(mass, patterns)
        batch = Batch()
        issued = {}
        for job in mass:
            pattern = patterns[job.shape, job.settlement]
            name = next(names["invoice"])
            issued[job.statement] = self._stage_job(
                batch, job, pattern, name, names, ids
            )
        self._write_batch(batch)
        self._count_customers(mass)
        self.env.invalidate_all(flush=False)
        return issued

    # === PATTERNS === #
    def _get_patterns(self, single, moves):
        """The rows to clone, by shape and settlement."""
        patterns = defaultdict(Pattern)
        Move = self.env["account.move"]
        for job in single:
            if job.unusual:
                continue
            invoice = Move.browse(moves[job.statement][0])
            pattern = patterns[job.shape, job.settlement]
            self._read_invoice(pattern, job, invoice)
            if job.paid:
                self._read_settlement(pattern, invoice)
        return patterns

    def _read_invoice(self, pattern, job, invoice):
        products = invoice.line_ids.filtered(lambda l: l.display_type == "product")
        term = invoice.line_ids.filtered(lambda l: l.display_type == "payment_term")
        taxes = invoice.line_ids.filtered(lambda l: l.display_type == "tax")
        if len(products) != len(job.lines) or len(term) != 1:
            raise Unfit("lines that no statement has")
        if len(products | taxes | term) != len(invoice.line_ids):
            raise Unfit("lines of an unknown kind")
        if invoice.line_ids.filtered("analytic_distribution"):
            raise Unfit("analytic distribution")
        if invoice.payment_reference not in (invoice.name, False):
            raise Unfit("payment reference")
        if invoice.currency_id != invoice.company_currency_id:
            raise Unfit("currency")
        pattern.invoice = pattern.invoice or invoice
        pattern.reference = bool(invoice.payment_reference)
        pattern.term = term
        for line, product in zip(job.lines, products.sorted("sequence"), strict=True):
            if (product.tax_ids.id or None) != line.tax or len(product.tax_ids) > 1:
                raise Unfit("taxes other than those of the service")
            pattern.products[line.kind] = product
        for tax in taxes:
            pattern.taxes[tax.tax_line_id.id] = tax

    def _read_settlement(self, pattern, invoice):
        """The entry that paid the exemplar, and its cash basis entry if it has one."""
        partial = invoice.line_ids.matched_credit_ids.filtered(
            lambda p: p.debit_move_id.display_type == "payment_term"
        )
        if len(partial) != 1:
            raise Unfit("several payments")
        pattern.partial = partial
        pattern.entry = partial.credit_move_id.move_id
        pattern.credit = partial.credit_move_id
        pattern.deposit = pattern.entry.line_ids - partial.credit_move_id
        caba = invoice.tax_cash_basis_created_move_ids
        if partial.exchange_move_id or len(caba) > 1 or len(pattern.deposit) != 1:
            raise Unfit("an entry beside the payment")
        if not caba:
            return
        pattern.caba = pattern.caba or caba
        for line in caba.line_ids:
            pair = caba.line_ids.filtered(
                lambda l, s=line.sequence: l.sequence == s + 1
            )
            if line.sequence % 2:
                continue
            role = "tax" if line.tax_line_id else "base"
            taxes = line.tax_line_id or line.tax_ids
            if len(pair) != 1 or len(taxes) != 1:
                raise Unfit("cash basis lines")
            pattern.caba_lines[role, taxes.id] = (line, pair)
            if role == "tax" and pair.matched_credit_ids:
                pattern.caba_partial = pair.matched_credit_ids

    # === NUMBERS AND IDS === #
    def _reserve_numbers(self, patterns, role, count):
        """An iterator over the next numbers of the exemplars' journal, without gap.

        The exemplars were posted in this transaction: they hold the lock of the
        journal's sequence, so the numbers after theirs are ours.
        """
        moves = [getattr(pattern, role) for pattern in patterns.values()]
        moves = self.env["account.move"].union(*(move for move in moves if move))
        if not count:
            return iter(())
        last = max(moves, key=lambda move: move.sequence_number)
        if len(set(moves.mapped("sequence_prefix"))) != 1:
            raise Unfit("several number ranges")
        form, values = last._get_sequence_format_param(last.name)
        # other exemplars of the journal may stand in other shapes: ask the database
        ((number,),) = self.env.execute_query(
            queries.last_number(last.journal_id.id, last.sequence_prefix)
        )
        values.pop("seq")
        key = (form.format(**values, seq=0), last.journal_id)
        cache = last._get_sequence_cache()
        number = max(number, cache.get(key, 0))
        if key in cache:
            cache[key] = number + count
        return (
            (form.format(**values, seq=seq), seq)
            for seq in range(number + 1, number + count + 1)
        )

    def _reserve_ids(self, mass, patterns):
        """Iterators over reserved ids of the four tables, enough for all jobs."""
        need = dict.fromkeys(("move", "line", "partial", "full"), 0)
        for job in mass:
            pattern = patterns[job.shape, job.settlement]
            if not pattern.invoice:
                raise Unfit("a shape without exemplar")
            taxes = len(job.split.taxes)
            need["move"] += 1
            need["line"] += len(job.lines) + taxes + 1
            if job.paid:
                need["move"] += 1
                need["line"] += 2
                need["partial"] += 1
                need["full"] += 1
                if pattern.caba:
                    need["move"] += 1
                    need["line"] += 4 * taxes
                    need["partial"] += taxes
                    need["full"] += taxes
        tables = {
            "move": "account_move_id_seq",
            "line": "account_move_line_id_seq",
            "partial": "account_partial_reconcile_id_seq",
            "full": "account_full_reconcile_id_seq",
        }
        ids = {}
        for what, sequence in tables.items():
            ids[what] = iter(())
            if need[what]:
                ((block,),) = self.env.execute_query(
                    queries.reserve_ids(sequence, need[what])
                )
                ids[what] = iter(block)
        return ids

    # === STAGING === #
    def _stage_job(self, batch, job, pattern, name, names, ids):
        """Rows of one invoice and of what settles it; answers (id, name)."""
        name, number = name
        move_id = next(ids["move"])
        full = next(ids["full"]) if job.settlement == FULL else None
        entry_partial = next(ids["partial"]) if job.paid else None
        matching = self._matching(
            full, entry_partial if job.settlement == PART else None
        )
        batch.moves.append(
            (
                move_id,
                pattern.invoice.id,
                name,
                number,
                job.partner,
                job.commercial,
                job.shipping,
                job.display_name,
                name if pattern.reference else None,
                job.name,
                None,
                job.statement,
                job.account,
                None,
                None,
                job.split.untaxed,
                job.split.tax,
                job.split.total,
                job.open,
                True,
                1,
            )
        )
        move = (move_id, name)
        base_ids, tax_ids = self._stage_invoice_lines(batch, job, pattern, move, ids)
        term_id = next(ids["line"])
        batch.lines.append(
            (
                term_id,
                pattern.term.id,
                move_id,
                name,
                pattern.term.sequence,
                name if pattern.term.name == pattern.term.move_id.name else None,
                None,
                job.commercial,
                job.total,
                job.open,
                ZERO,
                ZERO,
                ZERO,
                None,
                full,
                matching,
                1,
            )
        )
        if job.paid:
            caba = {"bases": base_ids, "taxes": tax_ids}
            self._stage_settlement(
                batch,
                job,
                pattern,
                next(names["entry"]),
                (name, term_id, entry_partial, full, matching, caba),
                ids,
            )
            if pattern.caba:
                self._stage_caba(
                    batch,
                    job,
                    pattern,
                    next(names["caba"]),
                    (move_id, name, entry_partial, caba),
                    ids,
                )
        return move_id, name

    def _matching(self, full, partial):
        return str(full) if full else f"P{partial}" if partial else None

    def _stage_invoice_lines(self, batch, job, pattern, move, ids):
        """Product and tax lines; answers their ids, in order, with their taxes."""
        move_id, name = move
        base_ids, tax_ids = [], {}
        for position, (line, amounts) in enumerate(
            zip(job.lines, job.split.lines, strict=True), 1
        ):
            line_id = next(ids["line"])
            base_ids.append((line_id, line.tax, amounts.balance))
            prefix, suffix = self._get_line_label(line.kind, job.shape[0])
            batch.lines.append(
                (
                    line_id,
                    pattern.products[line.kind].id,
                    move_id,
                    name,
                    position * 10,
                    f"{prefix}{line.count}{suffix}",
                    None,
                    job.commercial,
                    -amounts.balance,
                    ZERO,
                    line.amount,
                    amounts.subtotal,
                    amounts.total,
                    None,
                    None,
                    None,
                    1,
                )
            )
        for tax in job.split.taxes:
            template = pattern.taxes.get(tax.tax)
            if template is None:
                if tax.amount:
                    raise Unfit("a tax without exemplar")
                continue
            line_id = next(ids["line"])
            tax_ids[tax.tax] = line_id
            reconciled = bool(template.full_reconcile_id)
            if pattern.caba and reconciled:
                full = next(ids["full"])
                batch.fulls.append(full)
                tax_ids[tax.tax, "full"] = full
            batch.lines.append(
                (
                    line_id,
                    template.id,
                    move_id,
                    name,
                    template.sequence,
                    template.name,
                    None,
                    job.commercial,
                    -tax.amount,
                    -tax.amount if template.amount_residual else ZERO,
                    ZERO,
                    ZERO,
                    ZERO,
                    -tax.base,
                    tax_ids.get((tax.tax, "full")),
                    self._matching(tax_ids.get((tax.tax, "full")), None),
                    1,
                )
            )
        return base_ids, tax_ids

    def _caba_values(self, pattern, caba, total):
        """JSON of what a partial reconciliation has to do with cash basis taxes."""
        rows = [
            ("base", line_id)
            for line_id, tax, _balance in caba["bases"]
            if ("base", tax) in pattern.caba_lines
        ] + [
            ("tax", line_id)
            for tax, line_id in caba["taxes"].items()
            if ("tax", tax) in pattern.caba_lines
        ]
        return rows, float(total)

    def _stage_settlement(self, batch, job, pattern, name, done, ids):
        """The entry that pays the invoice from the deposit, reconciled with it."""
        invoice_name, term_id, partial_id, full, matching, caba = done
        name, number = name
        move_id = next(ids["move"])
        batch.moves.append(
            (
                move_id,
                pattern.entry.id,
                name,
                number,
                None,
                None,
                None,
                pattern.entry.invoice_partner_display_name,
                None,
                None,
                invoice_name,
                job.statement,
                job.account,
                None,
                None,
                ZERO,
                ZERO,
                job.paid,
                ZERO,
                False,
                1,
            )
        )
        label = pattern.deposit.name.rsplit(" ", 1)[0]
        credit_id = None
        for template, sign, settled in (
            (pattern.deposit, 1, False),
            (pattern.credit, -1, True),
        ):
            line_id = next(ids["line"])
            balance = sign * job.paid
            residual = balance if template.amount_residual else ZERO
            batch.lines.append(
                (
                    line_id,
                    template.id,
                    move_id,
                    name,
                    template.sequence,
                    f"{label} {job.number}",
                    invoice_name,
                    job.commercial,
                    balance,
                    residual,
                    ZERO,
                    balance,
                    balance,
                    None,
                    full if settled else None,
                    matching if settled else None,
                    1,
                )
            )
            credit_id = line_id
        if full:
            batch.fulls.append(full)
        values = None
        if pattern.caba:
            rows, total = self._caba_values(pattern, caba, job.total)
            values = json.dumps(
                {
                    "debit_caba_lines": rows,
                    "debit_total_balance": total,
                    "debit_total_amount_currency": total,
                    "credit_caba_lines": [],
                    "credit_total_balance": None,
                    "credit_total_amount_currency": None,
                }
            )
        batch.partials.append(
            (
                partial_id,
                pattern.partial.id,
                term_id,
                credit_id,
                job.paid,
                full,
                values,
                1,
            )
        )

    def _stage_caba(self, batch, job, pattern, name, done, ids):
        """The entry that makes cash basis taxes exigible, as the invoice is paid."""
        invoice_id, invoice_name, partial_id, caba = done
        name, number = name
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
        batch.moves.append(
            (
                move_id,
                pattern.caba.id,
                name,
                number,
                None,
                None,
                None,
                pattern.caba.invoice_partner_display_name,
                None,
                None,
                invoice_name,
                None,
                None,
                partial_id,
                invoice_id,
                ZERO,
                ZERO,
                sum((amount for _role, _tax, amount, _base in rows), ZERO),
                ZERO,
                False,
                2,
            )
        )
        for position, (role, tax, amount, base) in enumerate(rows):
            line, pair = pattern.caba_lines[role, tax]
            full = caba["taxes"].get((tax, "full")) if role == "tax" else None
            gross = amount
            if role == "base":
                rate = Decimal(str(line.tax_ids.amount))
                gross = amount + self._round(amount * rate / 100, line.currency_id)
            for template, sign, offset in ((pair, 1, 1), (line, -1, 0)):
                line_id = next(ids["line"])
                counterpart = template == pair
                price = sign * amount if role == "base" else ZERO
                batch.lines.append(
                    (
                        line_id,
                        template.id,
                        move_id,
                        name,
                        position * 2 + offset,
                        invoice_name if role == "base" else template.name,
                        invoice_name,
                        job.commercial,
                        sign * amount,
                        sign * amount if template.amount_residual else ZERO,
                        ZERO,
                        price,
                        price if counterpart or role == "tax" else sign * gross,
                        -base if base is not None and not counterpart else None,
                        full if counterpart else None,
                        self._matching(full if counterpart else None, None),
                        2,
                    )
                )
                if full and counterpart:
                    self._stage_caba_partial(
                        batch, job, pattern, (line_id, tax, amount, full, caba), ids
                    )

    def _stage_caba_partial(self, batch, job, pattern, done, ids):
        """The transition account's line of the invoice meets that of the entry."""
        line_id, tax, amount, full, caba = done
        rows, total = self._caba_values(pattern, caba, job.total)
        batch.partials.append(
            (
                next(ids["partial"]),
                pattern.caba_partial.id,
                line_id,
                caba["taxes"][tax],
                amount,
                full,
                json.dumps(
                    {
                        "debit_caba_lines": [],
                        "debit_total_balance": None,
                        "debit_total_amount_currency": None,
                        "credit_caba_lines": rows,
                        "credit_total_balance": total,
                        "credit_total_amount_currency": total,
                    }
                ),
                2,
            )
        )

    def _round(self, amount, currency):
        return Decimal(str(currency.round(float(amount))))

    # === WRITING === #
    def _write_batch(self, batch):
        """Stage the rows and clone the exemplars, table after table."""
        cr = self.env.cr
        cr.execute(queries.create_stages())
        for table, rows in (
            ("toll_issue_move", batch.moves),
            ("toll_issue_line", batch.lines),
            ("toll_issue_partial", batch.partials),
        ):
            cr.copy_expert(queries.copy_stage(table), _copy_buffer(rows))
        if batch.fulls:
            cr.execute(queries.insert_fulls(batch.fulls, self.env.uid))
        tables = ("account_move", "account_move_line", "account_partial_reconcile")
        columns = {table: self._columns(table) for table in tables}
        for phase in (1, 2) if any(row[-1] == 2 for row in batch.moves) else (1,):
            for table in tables:
                cr.execute(queries.clone(table, columns[table], phase))
        for model in ("account.move", "account.move.line"):
            self._clone_relations(model)
        cr.execute(queries.clone_messages(self._columns("mail_message")))

    def _columns(self, table):
        return [row[0] for row in self.env.execute_query(queries.columns(table))]

    def _clone_relations(self, model):
        """Taxes, tags and whatever other many2many the exemplars have."""
        done = set()
        for field in self.env[model]._fields.values():
            if field.type != "many2many" or not field.store or not field.relation:
                continue
            if field.relation in done:
                continue
            done.add(field.relation)
            self.env.cr.execute(
                queries.clone_relation(
                    self.env[model]._table,
                    field.relation,
                    field.column1,
                    field.column2,
                )
            )

    def _count_customers(self, mass):
        """What ``_post`` does for the customers' rank, without a write per partner."""
        ids = {job.partner for job in mass} | {job.commercial for job in mass}
        partners = self.env["res.partner"].browse(ids)
        known = partners.filtered("customer_rank")
        known._increase_rank("customer_rank")
        if new := partners - known:
            self.env.cr.execute(queries.first_invoices(new.ids))


def _copy_buffer(rows):
    """Rows as the text that COPY reads."""

    def cell(value):
        if value is None:
            return "\\N"
        if value is True or value is False:
            return "t" if value else "f"
        if isinstance(value, str):
            return (
                value.replace("\\", "\\\\")
                .replace("\t", "\\t")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
            )
        return str(value)

    return io.StringIO("".join("\t".join(map(cell, row)) + "\n" for row in rows))
