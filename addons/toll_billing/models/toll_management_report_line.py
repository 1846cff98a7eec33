from odoo import api, fields, models

SECTIONS = [
    ("traffic", "Traffic"),
    ("operator", "Revenue per Operator"),
    ("road", "Revenue per Road"),
    ("plaza", "Revenue per Plaza"),
    ("class", "Crossings per Class"),
    ("electronic", "Share by TAG per Plaza"),
    ("volume", "Volume Discounts per Plaza"),
    ("net", "Revenue per Plaza, Net of Volume Discounts"),
    ("exempt", "Forgone by Exemption"),
    ("customers", "Customers"),
    ("billing", "Billing and Collection"),
    ("ageing", "Receivables at the End of the Month"),
]


class TollManagementReportLine(models.Model):
    _name = "toll.management.report.line"
    _description = "Figure of a Management Report"
    _order = "sequence, id"
    _rec_name = "label"

    report_id = fields.Many2one(
        "toll.management.report", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="report_id.company_id", store=True)
    month = fields.Date(related="report_id.month", store=True)
    currency_id = fields.Many2one(related="report_id.currency_id")
    sequence = fields.Integer()
    section = fields.Selection(SECTIONS, required=True)
    label = fields.Char(required=True)
    unit = fields.Selection(
        [("number", "Number"), ("money", "Money"), ("percent", "%")], required=True
    )
    value = fields.Float(digits=(16, 2))
    value_previous = fields.Float(string="Month Before", digits=(16, 2))
    value_year_ago = fields.Float(string="Year Before", digits=(16, 2))
    change_previous = fields.Float(
        string="Change (%)", compute="_compute_change", digits=(16, 1)
    )
    change_year = fields.Float(
        string="Change in a Year (%)", compute="_compute_change", digits=(16, 1)
    )

    @api.depends("value", "value_previous", "value_year_ago")
    def _compute_change(self):
        for line in self:
            line.change_previous = _change(line.value, line.value_previous)
            line.change_year = _change(line.value, line.value_year_ago)


class TollReportSubscriber(models.Model):
    """Who gets the management report of a company."""

    _name = "toll.report.subscriber"
    _description = "Report Recipient"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Recipient",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('email', '!=', False)]",
    )
    email = fields.Char(related="partner_id.email")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    active = fields.Boolean(default=True)

    _partner_once = models.Constraint(
        "UNIQUE (company_id, partner_id)", "This person receives the report already."
    )


def _change(value, before):
    return 100 * (value - before) / abs(before) if before else 0
