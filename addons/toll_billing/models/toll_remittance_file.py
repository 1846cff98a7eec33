from decimal import Decimal

from odoo import models

from ..queries import remittance_check as queries


class TollRemittance(models.Model):
    """A remittance on paper and as files for the operator."""

    _inherit = "toll.remittance"  # pylint: disable=consider-merging-classes-inherited

    def _get_totals_rows(self):
        """[(label, amount)] from gross to net; the first ones in the crossings' money.

        Those in the currency of the settlement follow where it is another one.
        """
        self.ensure_one()
        return [
            (self.env._("Gross"), self.amount_gross),
            (self.env._("Discounts at the crossing"), -self.amount_discount),
            (self.env._("Volume discounts"), -self.amount_volume),
            (self.env._("Discounts borne by us"), self.amount_borne),
            (self.env._("To remit"), self.amount_due),
            (self.env._("Of it adjustments"), self.amount_adjustment),
            (self.env._("Guarantee kept back"), -self.amount_guarantee),
            (self.env._("Fee before tax"), -self.amount_fee),
        ]

    def _get_payable_rows(self):
        self.ensure_one()
        return [
            (self.env._("Bill"), self.payable_due),
            (self.env._("Our fee, with tax"), -self.payable_fee),
            (self.env._("Net to pay"), self.payable_net),
        ]

    def _lines_table(self):
        """(header, rows) of the annex; the last row is the control total."""
        self.ensure_one()
        header = [
            self.env._("Period from"),
            self.env._("Period to"),
            self.env._("Concept"),
            self.env._("Service"),
            self.env._("Plaza"),
            self.env._("Class"),
            self.env._("Crossings"),
            self.env._("Gross"),
            self.env._("Discounts at the Crossing"),
            self.env._("Volume Discounts"),
            self.env._("Borne by Us"),
            self.env._("Amount"),
            self.env._("Currency"),
            self.env._("Adjustment"),
        ]
        concepts = dict(
            self.line_ids._fields["concept"]._description_selection(self.env)
        )
        yes, currency = self.env._("Yes"), self.currency_id.name
        names = (
            "amount_gross",
            "amount_discount",
            "amount_volume",
            "amount_borne",
            "amount",
        )
        unit = Decimal(str(self.currency_id.rounding))
        rows, sums, crossings = [], [Decimal(0)] * len(names), 0
        for line in self.line_ids:
            amounts = [Decimal(str(line[name])).quantize(unit) for name in names]
            sums = [a + b for a, b in zip(sums, amounts, strict=True)]
            crossings += line.crossings
            rows.append(
                [
                    line.date_from,
                    line.date_to,
                    concepts[line.concept],
                    line.service or "",
                    line.plaza_id.code or "",
                    line.class_id.code or "",
                    line.crossings,
                    *amounts,
                    currency,
                    yes if line.is_adjustment else "",
                ]
            )
        total = self.env._("Control total, %(count)s lines", count=len(rows))
        rows.append(["", "", total, "", "", "", crossings, *sums, currency, ""])
        return header, rows

    def _get_printed_lines(self):
        """[(period, concept, service, crossings, gross, amount)] by group, to print."""
        groups = self.env["toll.remittance.line"]._read_group(
            [("remittance_id", "=", self.id)],
            ["date_from:day", "concept", "service", "plaza_id", "class_id"],
            ["crossings:sum", "amount_gross:sum", "amount:sum"],
        )
        concepts = dict(
            self.line_ids._fields["concept"]._description_selection(self.env)
        )
        return [
            (first, concepts[concept], service or "", plaza, vehicle_class, *sums)
            for first, concept, service, plaza, vehicle_class, *sums in groups
        ]

    def action_csv(self):
        """The annex for the operator, with its control total."""
        self.ensure_one()
        self.check_access("read")
        Files = self.env["toll.report.file"]
        content = Files._csv(*self._lines_table())
        return Files._download(self, f"{self.name}.csv", content)

    def action_xlsx(self):
        """Totals and annex as a workbook."""
        self.ensure_one()
        self.check_access("read")
        Files = self.env["toll.report.file"]
        header = [self.env._("Concept"), self.env._("Amount"), self.env._("Currency")]
        totals = [
            [label, Decimal(str(amount)), currency.name]
            for currency, rows in (
                (self.currency_id, self._get_totals_rows()),
                (self.settlement_currency_id, self._get_payable_rows()),
            )
            for label, amount in rows
        ]
        content = Files._workbook(
            [
                (self.env._("Totals"), header, totals),
                (self.env._("Lines"), *self._lines_table()),
            ]
        )
        return Files._download(self, f"{self.name}.xlsx", content)


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "remittance",
                self.env._("Confirmed remittances and adjustments = crossings"),
                self._check_remittances,
            ),
        ]

    def _check_remittances(self):
        return [
            *self._differences(queries.against_traffic()),
            *self._differences(queries.against_statements()),
            *self._differences(queries.against_documents()),
        ]
