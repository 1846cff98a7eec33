import io
import logging
from collections import defaultdict
from decimal import Decimal

from odoo import models

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
        self.term = self.deposit = self.credit = self.section = None
        self.caba_lines = {}
        self.partial = self.caba_partial = None
        self.reference = True


class Batch:
    """Rows to be staged; what is not said of a row is nothing or zero."""

    def __init__(self):
        self.rows = {table: [] for table in queries.STAGES}
        self.fulls = []

    def add(self, table, **values):
        values.setdefault("phase", 1)
        self.rows[table].append(
            tuple(values.get(name) for name in queries.STAGES[table])
        )

    def move(self, **values):
        self.add(
            "toll_issue_move",
            **{"untaxed": ZERO, "tax": ZERO, "residual": ZERO, "chatter": False}
            | values,
        )

    def line(self, **values):
        prices = dict.fromkeys(("price_unit", "price_subtotal", "price_total"), ZERO)
        self.add("toll_issue_line", **prices | {"residual": ZERO} | values)

    def partial(self, **values):
        self.add("toll_issue_partial", **values)


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

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
        products = invoice.line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        term = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        taxes = invoice.line_ids.filtered(lambda line: line.display_type == "tax")
        sections = invoice.line_ids.filtered(
            lambda line: line.display_type == "line_section"
        )
        if len(products) != len(job.lines) or len(term) != 1:
            raise Unfit("lines that no statement has")
        if len(products | taxes | term | sections) != len(invoice.line_ids):
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
        pattern.section = sections[:1]
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
        deposits = pattern.entry.line_ids - partial.credit_move_id
        pattern.deposit = deposits[:1]
        caba = invoice.tax_cash_basis_created_move_ids
        if partial.exchange_move_id or len(caba) > 1 or not deposits:
            raise Unfit("an entry beside the payment")
        if not caba:
            return
        pattern.caba = pattern.caba or caba
        for line in caba.line_ids:
            pair = caba.line_ids.filtered(
                lambda other, after=line.sequence + 1: other.sequence == after
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
            sections = sum(len(line.sections) for line in job.lines)
            need["line"] += len(job.lines) + sections + taxes + 1
            if job.paid:
                need["move"] += 1
                need["line"] += len(job.payments) + 1
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

    def _check_no_tax_line(self, tax):
        if tax.amount:
            raise Unfit("a tax without exemplar")

    # === WRITING === #
    def _write_batch(self, batch):
        """Stage the rows and clone the exemplars, table after table."""
        cr = self.env.cr
        cr.execute(queries.create_stages())
        for table, rows in batch.rows.items():
            cr.copy_expert(queries.copy_stage(table), _copy_buffer(rows))
        if batch.fulls:
            cr.execute(queries.insert_fulls(batch.fulls, self.env.uid))
        tables = ("account_move", "account_move_line", "account_partial_reconcile")
        columns = {table: self._columns(table) for table in tables}
        for phase in (
            (1, 2)
            if any(row[-1] == 2 for row in batch.rows["toll_issue_move"])
            else (1,)
        ):
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
