from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from ..core.invoice_job import JobLine
from ..queries import invoice_centre as queries


class TollAccount(models.Model):
    _inherit = "toll.account"  # pylint: disable=consider-merging-classes-inherited

    invoice_lines_by = fields.Selection(
        [("account", "Account"), ("cost_centre", "Cost Centre")],
        string="Invoice Lines by",
        required=True,
        default="account",
        tracking=True,
        help="With cost centres, those of the vehicles on the day of the invoice, each "
        "has its heading and its subtotal.",
    )


class TollInvoiceIssuer(models.AbstractModel):
    _inherit = "toll.invoice.issuer"  # pylint: disable=consider-merging-classes-inherited

    def _load_charges(self, parts, headings, job_of):
        """Before the charges come: the crossings again, by cost centre."""
        wanted = [
            row[0] for row in self.env.execute_query(queries.wanted(list(job_of)))
        ]
        if wanted:
            self._load_centres(parts, headings, job_of, wanted)
        return super()._load_charges(parts, headings, job_of)

    def _load_centres(self, parts, headings, job_of, wanted):
        """Volume discounts, which belong to the whole account, come after them."""
        before = {statement: parts.pop(statement, []) for statement in wanted}
        for statement, centre, *kind, count, amount in self.env.execute_query(
            queries.lines(wanted)
        ):
            job = job_of[statement]
            title = centre or self._get_centre_title("none", job)
            if job.is_joint:
                title = f"{headings[statement]}: {title}"
            lines = parts[statement]
            known = lines and lines[-1].group == title
            lines.append(
                JobLine(
                    tuple(kind),
                    count,
                    Decimal(amount),
                    statement,
                    sections=() if known else (title,),
                    group=title,
                )
            )
        for statement, lines in before.items():
            given = [line for line in lines if line.plan]
            charged = sum(line.amount for line in lines if not line.plan)
            if charged != sum(line.amount for line in parts[statement]):
                raise UserError(
                    self.env._(
                        "Statement %s does not add up by cost centre: compute its "
                        "billing run again.",
                        job_of[statement].name,
                    )
                )
            if given:
                title = self._get_centre_title("volume", job_of[statement])
                if job_of[statement].is_joint:
                    title = f"{headings[statement]}: {title}"
                given[0].sections = (title,)
            parts[statement] += given

    def _get_centre_title(self, what, job):
        """In the language of the customer."""
        lang = self.env["res.partner"].browse(job.partner).lang
        issuer = self.with_context(lang=lang or self.env.lang)
        if what == "none":
            return issuer.env._("Without cost centre")
        return issuer.env._("Volume discounts")
