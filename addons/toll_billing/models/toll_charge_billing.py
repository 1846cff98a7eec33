"""Charges on statements and toll invoices, and what a credit note does to them."""

from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.invoice_job import JobLine
from ..queries import billing_run, charge, invoice_settle

#: First part of the kind of a line that is a charge, see ``JobLine``.
CHARGE = "charge"


class TollStatement(models.Model):
    _inherit = "toll.statement"  # pylint: disable=consider-merging-classes-inherited

    amount_charge = fields.Monetary(
        string="Fees and Charges",
        readonly=True,
        help="Beside the crossings, taxes included.",
    )
    amount_due = fields.Monetary(
        string="To Be Paid",
        compute="_compute_amount_due",
        help="Usage, fees and charges: what the invoice says.",
    )
    charge_ids = fields.One2many(
        "toll.charge", "statement_id", string="Charges", readonly=True
    )

    @api.depends("amount_total", "amount_charge")
    def _compute_amount_due(self):
        for statement in self:
            statement.amount_due = statement.amount_total + statement.amount_charge

    def _get_charge_rows(self):
        """[(text, amount)] of the statement's charges, for who may read it."""
        # customers read their statements, not the register of charges
        return [
            (charge_sudo.label, charge_sudo.amount_total)
            for charge_sudo in self.sudo().charge_ids.sorted(lambda c: (c.date, c.id))
        ]


class TollBillingRun(models.Model):
    _inherit = "toll.billing.run"  # pylint: disable=consider-merging-classes-inherited

    amount_charge = fields.Monetary(
        string="Fees and Charges",
        compute="_compute_amount_charge",
        help="Beside the crossings, taxes included.",
    )

    @api.depends("statement_ids.amount_charge")
    def _compute_amount_charge(self):
        groups = dict(
            self.env["toll.statement"]._read_group(
                [("run_id", "in", self.ids)], ["run_id"], ["amount_charge:sum"]
            )
        )
        for run in self:
            run.amount_charge = groups.get(run._origin, 0)

    def _compute_statements(self):
        self._collect_fees()
        return super()._compute_statements()

    def _claim_charges(self):
        """After the crossings, so that everybody takes locks in the same order."""
        self.env.cr.execute(charge.claim(self, billing_run._scope(self)))
        ((held, said),) = self._execute(charge.total(self))
        if self.currency_id.compare_amounts(held, said):
            raise UserError(
                self.env._(
                    "Run %(name)s does not add up: charges of %(held)s were taken, its "
                    "statements say %(said)s. Nothing was kept.",
                    name=self.name,
                    held=held,
                    said=said,
                )
            )

    def _release(self):
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(charge.release(self))
        return super()._release()

    def _forget_statements(self):
        result = super()._forget_statements()
        self.env["toll.charge"].invalidate_model(
            ["state", "statement_id", "move_id"], flush=False
        )
        return result


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _load_charges(self, parts, headings, job_of):
        """Add the charges of statements to their lines, under a heading."""
        lang_of = {}
        rows = self.env.execute_query(charge.lines(list(job_of)))
        if rows:
            partners = self.env["res.partner"].browse(
                {job_of[row[0]].partner for row in rows}
            )
            lang_of = {partner.id: partner.lang for partner in partners}
        begun = set()
        for statement, key, product, taxes, label, amount, analytic, heading in rows:
            job = job_of[statement]
            line = JobLine(
                (CHARGE, product, tuple(taxes)),
                1,
                Decimal(amount),
                statement,
                charge=key,
                label=label,
            )
            if statement not in begun:
                begun.add(statement)
                line.sections = (self._get_charge_heading(lang_of[job.partner]),)
            headings.setdefault(statement, heading)
            parts[statement].append(line)
            if analytic:
                job.unusual = "analytic distribution"

    def _get_charge_heading(self, lang):
        cache = self.env.cr.cache.setdefault("toll.invoice.issuer.label", {})
        if (CHARGE, lang) not in cache:
            issuer = self.with_context(lang=lang or self.env.lang)
            cache[CHARGE, lang] = issuer.env._("Fees and other charges")
        return cache[CHARGE, lang]

    def _get_kind_taxes(self, position_id, kind, company):
        if kind[0] == CHARGE:
            return self.env["account.tax"].browse(kind[2])._toll_included()
        return super()._get_kind_taxes(position_id, kind, company)

    def _prepare_invoice_line_vals(self, job, line, position):
        if not line.charge:
            return super()._prepare_invoice_line_vals(job, line, position)
        vals = self.env["toll.charge"].browse(line.charge)._prepare_invoice_line_vals()
        return vals | {
            "sequence": position * 10,
            "toll_statement_id": line.statement,
        }

    def _finish(self, statements, jobs, moves):
        result = super()._finish(statements, jobs, moves)
        self.env.cr.execute(charge.mark_invoiced(statements.ids, self.env.uid))
        company = statements.company_id
        entries = [
            (
                share.account,
                company.id,
                company.currency_id.id,
                -share.fee,
                f"{moves[job.statement][1]}/{share.statement}",
                moves[job.statement][1],
                moves[job.statement][0],
            )
            for job in jobs
            for share in job.shares
            if share.fee
        ]
        if entries:
            # what the invoice asks for beside the usage, which the wallet has paid
            self.env.cr.execute(
                invoice_settle.insert_settlements(entries, self.env.uid, "fee")
            )
        return result


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    toll_recharge = fields.Selection(
        [
            ("again", "To be invoiced again"),
            ("never", "Not charged any more"),
        ],
        string="Credited Charges",
        copy=False,
        help="What becomes of the fees and charges that this credit note takes back.",
    )

    def _toll_check_untouched(self):
        """Nor an invoice that charges were put on."""
        for move in self:
            if move.state == "posted" and move.line_ids.toll_charge_id:
                raise UserError(
                    self.env._(
                        "%(name)s invoices fees or charges of a toll account and "
                        "cannot be changed any more. Issue a credit note instead.",
                        name=move.name,
                    )
                )
        return super()._toll_check_untouched()

    def _post(self, soft=True):
        posted = super()._post(soft)
        for move in posted:
            if move.move_type == "out_refund" and move.reversed_entry_id:
                move._toll_credit_charges()
        return posted

    def _toll_has_annex(self):
        """No page for crossings where there were none."""
        statement_sudo = self.toll_statement_id.sudo()
        return super()._toll_has_annex() and any(
            statement_sudo._get_invoiced().mapped("crossing_count")
        )

    def _toll_credit_charges(self):
        """Charges that are credited as a whole may be invoiced again."""
        # the accountant who credits an invoice need not manage charges
        lines_sudo = self.sudo().invoice_line_ids
        for charge_sudo in lines_sudo.toll_charge_id:
            credited = sum(
                self.env["account.move.line"]
                .sudo()
                .search(
                    [
                        ("toll_charge_id", "=", charge_sudo.id),
                        ("move_id.reversed_entry_id", "=", charge_sudo.move_id.id),
                        ("move_id.move_type", "=", "out_refund"),
                        ("parent_state", "=", "posted"),
                        ("display_type", "=", "product"),
                    ]
                )
                .mapped("price_total")
            )
            if charge_sudo.state == "invoiced" and not (
                charge_sudo.currency_id.compare_amounts(
                    credited, charge_sudo.amount_total
                )
            ):
                charge_sudo._credit(self, again=self.toll_recharge == "again")


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"  # pylint: disable=consider-merging-classes-inherited

    toll_charge_id = fields.Many2one(
        "toll.charge",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The fee or charge that the line invoices.",
    )


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "billing-charge",
                self.env._("Every charge is on its statement and invoice, once"),
                self._check_charges,
            ),
        ]

    def _check_charges(self):
        return self._texts(charge.against_statements())
