from collections import defaultdict
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import groupby

from ..core.invoice_job import PART, Job, JobLine, Share, pick_exemplars, share_out
from ..core.invoice_tax import Line, split
from ..queries import invoice_issue as queries
from ..queries import invoice_settle

COUNT = "\x00"
#: Rounding globally, Odoo may lose a cent where the lines have different taxes.
LOST_CENT = "cent between taxes"


class TollInvoiceIssuer(models.AbstractModel):
    """Turns statements into posted invoices.

    How it works: ``_load`` reads what is to be invoiced, ``_plan`` finds out which
    invoices differ in amounts, names and numbers only (one *shape*). A few of each
    shape are made by the ordinary ``create`` and ``_post``; all others are written
    after them by set (``_issue_mass``). What is unusual goes the ordinary way.

    Hooks: ``_prepare_invoice_vals``, ``_prepare_invoice_line_vals``,
    ``_prepare_settlement_vals``, ``_get_unusual``, ``_invoices_issued``.
    """

    _name = "toll.invoice.issuer"
    _description = "Issuer of Toll Invoices"

    @api.model
    def _issue(self, statements, date):
        """Invoice reviewed statements of one company; answer how many by set."""
        company = statements.company_id
        company.ensure_one()
        self.env.flush_all()
        for what in ("position", "label"):
            self.env.cr.cache.pop(f"toll.invoice.issuer.{what}", None)
        self.env.cr.execute(invoice_settle.lock_wallets(statements.ids))
        jobs = self._load(statements)
        self._plan(jobs, company)
        single, mass = pick_exemplars(jobs)
        moves = self._issue_orm(single, date, company)
        issued, count = self._issue_mass_checked(single, moves, mass, date, company)
        self._finish(statements, jobs, {**moves, **issued})
        if count:
            self._invoices_issued(
                self.env["account.move"].browse(move for move, _name in issued.values())
            )
        return count

    @api.model
    def _invoices_issued(self, moves):
        """Hook: invoices were written by set, without passing ``_post``."""

    # === READING === #
    def _load(self, statements):
        """Jobs of the statements that have something to charge."""
        rows = self.env.execute_query(queries.heads(statements.ids))
        deposits = dict(
            self.env.execute_query(
                invoice_settle.deposits([row[2] for row in rows if row[4]])
            )
        )
        jobs, job_of = [], {}
        for _key, group in groupby(rows, key=lambda row: row[-1]):
            shares = [
                Share(
                    row[0],
                    *row[2:5],
                    Decimal(row[6]) + Decimal(row[7]),
                    Decimal(deposits.get(row[2], 0)),
                    fee=Decimal(row[7]),
                )
                for row in group
            ]
            if not any(share.total for share in shares):
                continue
            share_out(shares)
            job = Job(group[0][1], group[0][5], shares)
            jobs.append(job)
            job_of.update(dict.fromkeys((row[0] for row in group), job))
        self._load_lines(job_of)
        return jobs

    def _load_lines(self, job_of):
        """Lines of the jobs; in a joint invoice each account has its heading."""
        parts, headings = defaultdict(list), {}
        for row in self.env.execute_query(queries.lines(list(job_of))):
            statement, operator, service, count, amount, plan, heading = row
            headings[statement] = heading
            parts[statement].append(
                JobLine((operator, service), count, Decimal(amount), statement, plan)
            )
        self._load_charges(parts, headings, job_of)
        for statement, job in job_of.items():
            lines = parts[statement]
            if job.is_joint and lines and not lines[0].group:
                lines[0].sections = (headings[statement], *lines[0].sections)
            job.lines += lines

    def _plan(self, jobs, company):
        """Fill shape, taxes and amounts of each job, or say why it is unusual."""
        Partner = self.env["res.partner"].with_company(company)
        partners = Partner.browse({job.partner for job in jobs})
        shapes = {partner.id: self._get_partner_shape(partner) for partner in partners}
        taxes = {}
        general = self._get_company_unusual(company)
        for job in jobs:
            partner = Partner.browse(job.partner)
            job.commercial = partner.commercial_partner_id.id
            job.display_name = partner.display_name
            shape, job.shipping, reason = shapes[job.partner]
            job.shape = (*shape, job.is_joint, job.has_sections)
            job.unusual = job.unusual or general or reason or self._get_unusual(job)
            position_id = job.shape[1]
            for line in job.lines:
                key = (position_id, line.kind[1:])
                if key not in taxes:
                    taxes[key] = self._get_line_tax(position_id, line.kind, company)
                tax, problem = taxes[key]
                line.tax = tax.id or None
                job.unusual = job.unusual or problem
            if not job.unusual:
                self._split(job, company)

    def _get_partner_shape(self, partner):
        """(shape, delivery address, why unusual) of a customer.

        The shape holds all that decides a column of the invoice and is not an amount,
        a name or a number. What it forgets, the verification of each run finds.
        """
        shipping = partner
        if partner.child_ids or partner.parent_id:
            shipping = partner.browse(partner.address_get(["delivery"])["delivery"])
        position = self._get_fiscal_position(partner, shipping)
        term = partner.property_payment_term_id
        usual_term = not term or (
            len(term.line_ids) == 1
            and term.line_ids.value == "percent"
            and term.line_ids.value_amount == 100
            and not term.early_discount
        )
        user = partner.user_id or partner.commercial_partner_id.user_id
        shape = (
            partner.lang,
            position.id,
            term.id,
            partner.property_account_receivable_id.id,
            partner.commercial_partner_id.property_account_receivable_id.id,
            user.id,
            partner.property_inbound_payment_method_line_id.id,
            shipping == partner,
        )
        return shape, shipping.id, "" if usual_term else "payment term"

    def _get_fiscal_position(self, partner, shipping):
        """The position of a customer; asked once for all who are alike to the rules."""
        cache = self.env.cr.cache.setdefault("toll.invoice.issuer.position", {})
        key = (self.env.company.id,) + tuple(
            (
                who.property_account_position_id.id,
                who.country_id.id,
                who.state_id.id,
                who.zip,
                (who.vat or "")[:2],
                bool(who.vat),
                who.commercial_partner_id == who or who.commercial_partner_id.id,
            )
            for who in (partner, shipping)
        )
        if key not in cache:
            cache[key] = (
                self.env["account.fiscal.position"]
                .with_company(self.env.company)
                ._get_fiscal_position(partner, delivery=shipping)
                .id
            )
        return self.env["account.fiscal.position"].browse(cache[key])

    def _get_kind_taxes(self, position_id, kind, company):
        """The taxes of a kind of line in a fiscal position."""
        service = self.env["toll.service"].browse(kind[1])
        taxes = service.product_id.taxes_id._filter_taxes_by_company(company)
        return self.env["account.fiscal.position"].browse(position_id).map_tax(taxes)

    def _get_line_tax(self, position_id, kind, company):
        """(the tax of a kind of line in a fiscal position, why it is unusual)."""
        taxes = self._get_kind_taxes(position_id, kind, company)
        if len(taxes) > 1:
            return taxes[:1], "several taxes"
        parts = taxes.invoice_repartition_line_ids.filtered(
            lambda part: part.repartition_type == "tax"
        )
        usual = not taxes or (
            taxes.amount_type == "percent"
            and taxes.price_include
            and taxes.amount >= 0
            and len(parts) == 1
            and parts.factor_percent == 100
            and (parts.account_id or taxes.cash_basis_transition_account_id)
        )
        return taxes, "" if usual else "tax"

    def _get_company_unusual(self, company):
        """Why all invoices of a company are issued one by one; empty: they are not."""
        journal = company._toll_get_invoice_journal()
        if journal.restrict_mode_hash_table:
            return "hashed journal"
        if journal.currency_id and journal.currency_id != company.currency_id:
            return "currency"
        return ""

    def _get_unusual(self, job):
        """Hook: why this invoice must be issued one by one; empty: it need not."""
        return ""

    def _split(self, job, company):
        """Net and tax of each line. A tax of nothing has no line: that is unusual."""
        Tax = self.env["account.tax"]
        unit = Decimal(str(company.currency_id.rounding))
        if any(line.amount % unit for line in job.lines):
            job.unusual = "amount finer than the currency"
            return
        lines = []
        for line in job.lines:
            tax = Tax.browse(line.tax)
            rate = Decimal(str(tax.amount)) if line.tax else Decimal(0)
            lines.append(Line(line.amount, line.tax, rate))
        job.split = split(
            lines,
            company.tax_calculation_rounding_method,
            unit,
        )
        if len({line.tax for line in job.lines}) > 1 and any(
            amounts.balance != amounts.subtotal for amounts in job.split.lines
        ):
            job.unusual = LOST_CENT
        for tax in job.split.taxes:
            record = Tax.browse(tax.tax)
            if not tax.amount and record.amount:
                job.unusual = "tax of nothing"
            if job.settlement == PART and record.tax_exigibility == "on_payment":
                job.unusual = "cash basis tax of a part"

    # === THE ORDINARY WAY === #
    def _issue_orm(self, jobs, date, company):
        """Create, post and settle invoices one by one: {statement: (id, number)}."""
        if not jobs:
            return {}
        Move = (
            self.env["account.move"]
            .with_company(company)
            .with_context(mail_create_nosubscribe=True, mail_notrack=True)
        )
        moves = Move.create(
            [self._prepare_invoice_vals(job, date, company) for job in jobs]
        )
        for job, move in zip(jobs, moves, strict=True):
            if job.unusual == LOST_CENT:
                self._find_cent(job, move)
        moves._post(soft=False)
        for job, move in zip(jobs, moves, strict=True):
            if company.currency_id.compare_amounts(move.amount_total, float(job.total)):
                raise UserError(
                    self.env._(
                        "The invoice of statement %(name)s would be %(amount)s, not "
                        "%(total)s: check the taxes of its services.",
                        name=job.name,
                        amount=move.amount_total,
                        total=job.total,
                    )
                )
        self._settle_orm(
            [(job, move) for job, move in zip(jobs, moves, strict=True) if job.paid],
            date,
            company,
        )
        return {
            job.statement: (move.id, move.name)
            for job, move in zip(jobs, moves, strict=True)
        }

    def _find_cent(self, job, move):
        """The total is the sum of its prices: a tax gives the cent that Odoo lost."""
        gap = move.currency_id.round(float(job.total) - move.amount_total)
        tax = move.line_ids.filtered(lambda line: line.display_type == "tax")[:1]
        if gap and tax:
            amount = tax.amount_currency - gap
            move.line_ids = [Command.update(tax.id, {"amount_currency": amount})]

    def _prepare_invoice_vals(self, job, date, company):
        return {
            "move_type": "out_invoice",
            "journal_id": company._toll_get_invoice_journal().id,
            "partner_id": job.partner,
            "invoice_date": date,
            "invoice_origin": job.name,
            "toll_statement_id": job.statement,
            "toll_account_id": job.account,
            "invoice_line_ids": [
                Command.create(vals)
                for position, line in enumerate(job.lines, 1)
                for vals in (
                    *self._prepare_section_vals(line, position),
                    self._prepare_invoice_line_vals(job, line, position),
                )
            ],
        }

    def _prepare_section_vals(self, line, position):
        """The headings above a line, where it has some."""
        return [
            {
                "display_type": "line_section",
                "sequence": position * 10 - len(line.sections) + order,
                "name": name,
            }
            for order, name in enumerate(line.sections)
        ]

    def _prepare_invoice_line_vals(self, job, line, position):
        service = self.env["toll.service"].browse(line.kind[1])
        return {
            "sequence": position * 10,
            "product_id": service.product_id.id,
            "name": self._get_line_name(line, job.shape[0]),
            "quantity": 1,
            "price_unit": float(line.amount),
            "toll_statement_id": line.statement,
        }

    def _get_line_name(self, line, lang):
        """What is charged, or the plan that takes something off."""
        if line.charge:
            return line.label
        prefix, suffix = self._get_line_label(line.kind, lang)
        if not line.plan:
            return f"{prefix}{line.count}{suffix}"
        return f"{self._get_plan_label(line.plan, lang)}: {prefix.rstrip(', ')}"

    def _get_plan_label(self, plan_id, lang):
        cache = self.env.cr.cache.setdefault("toll.invoice.issuer.label", {})
        if (plan_id, lang) not in cache:
            issuer = self.with_context(lang=lang or self.env.lang)
            cache[plan_id, lang] = issuer.env["toll.discount.plan"].browse(plan_id).name
        return cache[plan_id, lang]

    def _get_line_label(self, kind, lang):
        """What stands before and after the count, in the customer's language."""
        cache = self.env.cr.cache.setdefault("toll.invoice.issuer.label", {})
        if (kind, lang) not in cache:
            issuer = self.with_context(lang=lang or self.env.lang)
            operator = issuer.env["toll.operator"].browse(kind[0])
            service = issuer.env["toll.service"].browse(kind[1])
            if service.code == "toll":
                label = issuer.env._(
                    "Crossings %(operator)s, %(count)s",
                    operator=operator.code,
                    count=COUNT,
                )
            else:
                label = issuer.env._(
                    "%(service)s %(operator)s, %(count)s",
                    service=service.name,
                    operator=operator.code,
                    count=COUNT,
                )
            cache[kind, lang] = tuple(label.split(COUNT, 1))
        return cache[kind, lang]
