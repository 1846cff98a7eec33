import re
from contextlib import closing
from decimal import Decimal

from odoo import models

from ..queries import invoice_issue as queries

#: Columns that are different for every row, whoever writes it.
OWN = {"id", "create_date", "write_date", "sequence_number", "access_token"}
#: Columns that point at rows of the same document: set or not is what matters.
LINKS = {
    "move_id",
    "full_reconcile_id",
    "tax_cash_basis_rec_id",
    "tax_cash_basis_origin_move_id",
    "debit_move_id",
    "credit_move_id",
}


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _verify_sample(self, statements, count):
        """Differences between invoices as they are and as the ORM makes them now.

        Looks at invoices that nobody has paid or changed since they were issued.
        """
        untouched = [
            together
            for move, together in statements.grouped("move_id").items()
            if move
            and not move.currency_id.compare_amounts(
                move.amount_residual,
                sum(together.mapped("amount_due"))
                - sum(together.mapped("amount_settled")),
            )
        ]
        batches = {}
        for together in untouched[:: max(len(untouched) // (count or 1), 1)][:count]:
            (job,) = self._load(together)
            paid = {s.id: Decimal(str(s.amount_settled)) for s in together}
            for share in job.shares:
                # what the deposit paid then, not what it could pay now
                share.paid = paid[share.statement]
            move = together.move_id
            key = (move.invoice_date, together.company_id)
            batches.setdefault(key, []).append((job, (move.id, move.name)))
        differences = []
        for (date, company), batch in batches.items():
            jobs = [job for job, _move in batch]
            self._plan(jobs, company)
            issued = {job.statement: move for job, move in batch}
            differences += self._verify_jobs(jobs, issued, date, company)
        return differences

    def _verify_jobs(self, jobs, issued, date, company):
        """Make the same invoices through the ORM, compare, and undo it."""
        if not jobs:
            return []
        differences = []
        self.env.flush_all()
        with closing(self.env.cr.savepoint()) as savepoint:
            made = self._issue_orm(jobs, date, company)
            self.env.flush_all()
            for job in jobs:
                ours = self._read_document(issued[job.statement][0])
                theirs = self._read_document(made[job.statement][0])
                differences += [
                    f"{job.name}: {difference}" for difference in _compare(ours, theirs)
                ]
            savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)
        return differences

    def _read_document(self, move_id):
        """All rows of an invoice and of what settled it: {(table, n): {column: …}}."""
        invoice = self.env["account.move"].browse(move_id)
        partials = invoice.line_ids.matched_credit_ids
        entries = partials.credit_move_id.move_id
        caba = invoice.tax_cash_basis_created_move_ids
        partials |= caba.line_ids.matched_credit_ids
        moves = invoice + (entries - caba).sorted("id") + caba
        names = {
            move.name: f"<{role}>"
            for role, move in zip(("invoice", "entry", "caba"), moves)  # noqa: B905
        }
        document = {}
        for order, move in enumerate(moves):
            self._read_rows(document, f"{order} account_move", "account_move", move.ids)
            self._read_rows(
                document,
                f"{order} account_move_line",
                "account_move_line",
                move.line_ids.sorted("id").ids,
            )
        self._read_rows(
            document,
            "account_partial_reconcile",
            "account_partial_reconcile",
            partials.sorted(lambda p: (p.amount, p.debit_move_id.id)).ids,
        )
        lines = {
            line.id: f"<line {order}>"
            for order, line in enumerate(moves.line_ids.sorted("id"))
        }
        return {key: _normal(row, names, lines) for key, row in document.items()}

    def _read_rows(self, document, key, table, ids):
        cr = self.env.cr
        cr.execute(queries.rows_of(table, "id", ids))
        rows = {row["id"]: row for row in cr.dictfetchall()}
        for order, row_id in enumerate(ids):
            row = rows[row_id]
            if table == "account_move_line":
                for field in self.env["account.move.line"]._fields.values():
                    if field.type == "many2many" and field.store and field.relation:
                        row[f"{field.name}*"] = self.env.execute_query(
                            queries.relation_of(
                                field.relation, field.column1, field.column2, [row_id]
                            )
                        )
                        row[f"{field.name}*"] = [r[1] for r in row[f"{field.name}*"]]
            document[key, order] = row


def _normal(row, names, lines):
    """A row without what only says which row it is."""
    normal = {}
    for column, value in row.items():
        if column in OWN:
            continue
        if column in LINKS:
            value = value is not None
        elif column == "matching_number" and value:
            value = re.sub(r"\d+", "#", value)
        elif column == "draft_caba_move_vals" and value:
            for line_id, name in lines.items():
                value = re.sub(rf'("(?:base|tax)", ){line_id}\]', rf"\1{name}]", value)
        elif isinstance(value, str):
            value = names.get(value, value)
        normal[column] = value
    return normal


def _compare(ours, theirs):
    """Differences between two documents, as text."""
    if ours.keys() != theirs.keys():
        return [f"rows {sorted(ours.keys() ^ theirs.keys())}"]
    return [
        f"{key[0]} {key[1]} {column}: {ours[key][column]!r} is {value!r} by the ORM"
        for key, row in theirs.items()
        for column, value in row.items()
        if ours[key][column] != value
    ]
