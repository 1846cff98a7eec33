from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.periods import add_months, day_span, period_of
from ..queries import management_report as queries
from .toll_management_report_line import SECTIONS

#: section of the report: column of the traffic, model, figure and its unit
BREAKDOWNS = (
    ("operator", "operator_id", "toll.operator", "charged", "money"),
    ("road", "road_id", "toll.road", "charged", "money"),
    ("plaza", "plaza_id", "toll.plaza", "charged", "money"),
    ("class", "class_id", "toll.vehicle.class", "crossings", "number"),
    ("electronic", "plaza_id", "toll.plaza", "tag_share", "percent"),
    ("volume", "plaza_id", "toll.plaza", "volume", "money"),
    ("net", "plaza_id", "toll.plaza", "net", "money"),
)


class TollManagementReport(models.Model):
    """A company's month in figures, beside the month before and a year before."""

    _name = "toll.management.report"
    _description = "Management Report"
    _inherit = ["toll.guarded", "mail.thread"]
    _order = "month desc, id desc"
    _guarded = frozenset({"computed_at", "sent_at", "line_ids"})

    name = fields.Char(compute="_compute_name")
    month = fields.Date(
        required=True,
        default=lambda self: add_months(fields.Date.context_today(self), -1),
        help="Any day of it.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    computed_at = fields.Datetime(readonly=True, copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False, tracking=True)
    line_ids = fields.One2many(
        "toll.management.report.line", "report_id", readonly=True, copy=False
    )

    _month_once = models.Constraint(
        "UNIQUE (company_id, month)", "There is a report of this month already."
    )
    _month_first = models.Constraint(
        "CHECK (EXTRACT(day FROM month) = 1)", "A month begins on its first day."
    )

    @api.depends("month", "company_id")
    def _compute_name(self):
        for report in self:
            month = report.month and report.month.strftime("%Y-%m")
            report.name = self.env._("Management %(month)s", month=month or "")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("month"):
                vals["month"] = fields.Date.to_date(vals["month"]).replace(day=1)
        return super().create(vals_list)

    def write(self, vals):
        if vals.get("month"):
            vals["month"] = fields.Date.to_date(vals["month"]).replace(day=1)
        return super().write(vals)

    # === FIGURES === #
    def action_compute(self):
        """Bring the figures up to date."""
        self.check_access("write")
        self.env["toll.traffic.day"].sudo()._refresh()
        for report in self:
            # lines are written by nobody else; the right to the report is checked
            lang = report.company_id.partner_id.lang or self.env.lang
            report.sudo().with_context(lang=lang)._compute_lines()
        return True

    def _compute_lines(self):
        """The same figures of three months, side by side."""
        self.ensure_one()
        months = [add_months(self.month, -shift) for shift in (0, 1, 12)]
        found = [self._get_figures(month) for month in months]
        keys = list(dict.fromkeys(key for figures in found for key in figures))
        order = [section for section, _label in SECTIONS]
        keys.sort(key=lambda key: order.index(key[0]))
        self.line_ids.unlink()
        self.env["toll.management.report.line"].create(
            [
                {
                    "report_id": self.id,
                    "sequence": sequence,
                    "section": section,
                    "label": label,
                    "unit": unit,
                    "value": found[0].get((section, label, unit)) or 0,
                    "value_previous": found[1].get((section, label, unit)) or 0,
                    "value_year_ago": found[2].get((section, label, unit)) or 0,
                }
                for sequence, (section, label, unit) in enumerate(keys)
            ]
        )
        self.computed_at = fields.Datetime.now()

    def _get_figures(self, month):
        """{(section, label, unit): value} of one month."""
        self.flush_model()
        self.env["account.move"].flush_model()
        first, last = period_of(month, "month")
        figures = self._traffic_figures(first, last)
        figures |= self._breakdown_figures(first, last)
        figures |= self._customer_figures(first, last, figures)
        figures |= self._money_figures(first, last)
        return figures

    def _fetch(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchall()

    def _traffic_figures(self, first, last):
        rows = self._fetch(queries.traffic(self.company_id, first, last))
        by_state = {row[0]: row[1:] for row in rows}
        none = (0, 0, 0, "0", "0", "0", "0")
        crossings, by_tag, exempt, charged, discount, forgone, volume = by_state.get(
            "posted", none
        )
        return {
            ("traffic", self.env._("Crossings charged or exempt"), "number"): crossings,
            ("traffic", self.env._("By TAG"), "percent"): _percent(by_tag, crossings),
            ("traffic", self.env._("Charged, taxes included"), "money"): Decimal(
                charged
            ),
            ("traffic", self.env._("Discounts"), "money"): Decimal(discount),
            ("traffic", self.env._("Volume discounts"), "money"): Decimal(volume),
            (
                "traffic",
                self.env._("Charged, net of volume discounts"),
                "money",
            ): Decimal(charged) - Decimal(volume),
            ("traffic", self.env._("Exempt crossings"), "number"): exempt,
            ("traffic", self.env._("Forgone by exemptions"), "money"): Decimal(forgone),
            ("traffic", self.env._("Still held"), "number"): by_state.get("held", none)[
                0
            ],
            ("traffic", self.env._("Rejected"), "number"): by_state.get(
                "rejected", none
            )[0],
        }

    def _breakdown_figures(self, first, last):
        figures = {}
        for section, column, model, figure, unit in BREAKDOWNS:
            rows = self._fetch(queries.traffic_by(column, self.company_id, first, last))
            names = {
                record.id: record.display_name
                for record in self.env[model].browse(filter(None, (r[0] for r in rows)))
            }
            values = [
                (
                    names.get(key) or self.env._("Without"),
                    {
                        "crossings": count,
                        "tag_share": _percent(by_tag, count),
                        "charged": Decimal(charged),
                        "volume": Decimal(volume),
                        "net": Decimal(charged) - Decimal(volume),
                    }[figure],
                )
                for key, count, by_tag, charged, _forgone, volume in rows
                if figure not in ("volume", "net") or Decimal(volume)
            ]
            values.sort(key=lambda pair: pair[0])
            figures |= {(section, label, unit): value for label, value in values}
        kinds = dict(
            self.env["toll.exemption"]._fields["kind"]._description_selection(self.env)
        )
        rows = self._fetch(
            queries.traffic_by("exempt_kind", self.company_id, first, last)
        )
        return figures | {
            ("exempt", kinds.get(kind, kind), "money"): Decimal(forgone)
            for kind, _count, _tag, _charged, forgone, _volume in rows
            if kind
        }

    def _span(self, first, last):
        return day_span(first, last, self.company_id._toll_tz())

    def _customer_figures(self, first, last, traffic):
        self.env["toll.account"].flush_model()
        self.env["toll.tag.assignment"].flush_model()
        span = self._span(first, last)
        ((before, after, won, lost, tags),) = self._fetch(
            queries.customers(self.company_id, *span)
        )
        charged = traffic["traffic", self.env._("Charged, taxes included"), "money"]
        return {
            ("customers", self.env._("Accounts at the end"), "number"): after,
            ("customers", self.env._("Won"), "number"): won,
            ("customers", self.env._("Lost"), "number"): lost,
            ("customers", self.env._("Churn"), "percent"): _percent(lost, before),
            ("customers", self.env._("TAGs with customers at the end"), "number"): tags,
            ("customers", self.env._("Revenue per account"), "money"): (
                self.currency_id.round(float(charged / after)) if after else 0
            ),
        }

    def _money_figures(self, first, last):
        company = self.company_id
        ((invoices, credits),) = self._fetch(queries.invoiced(company, first, last))
        ((topups, refunds),) = self._fetch(
            queries.wallet(company, *self._span(first, last))
        )
        buckets = dict(self._fetch(queries.ageing(company, last)))
        labels = (
            self.env._("Not due"),
            self.env._("1–30 days"),
            self.env._("31–60 days"),
            self.env._("61–90 days"),
            self.env._("Over 90 days"),
        )
        return {
            ("billing", self.env._("Invoiced"), "money"): Decimal(invoices),
            ("billing", self.env._("Credit notes"), "money"): Decimal(credits),
            ("billing", self.env._("Top-ups"), "money"): Decimal(topups),
            ("billing", self.env._("Refunds"), "money"): Decimal(refunds),
        } | {
            ("ageing", label, "money"): Decimal(buckets.get(number, "0"))
            for number, label in enumerate(labels)
        }

    # === FILES AND MAIL === #
    def _get_sections(self):
        """[(title, lines)] as they are printed."""
        self.ensure_one()
        titles = dict(
            self.env["toll.management.report.line"]
            ._fields["section"]
            ._description_selection(self.env)
        )
        groups = self.line_ids.grouped("section")
        return [
            (titles[section], groups[section])
            for section, _label in SECTIONS
            if section in groups
        ]

    def action_xlsx(self):
        """The report as a workbook."""
        self.ensure_one()
        self.check_access("read")
        header = [
            "",
            self.month.strftime("%Y-%m"),
            add_months(self.month, -1).strftime("%Y-%m"),
            self.env._("Change (%)"),
            add_months(self.month, -12).strftime("%Y-%m"),
            self.env._("Change (%)"),
        ]
        sheets = [
            (
                title,
                header,
                [
                    [
                        line.label,
                        line.value,
                        line.value_previous,
                        line.change_previous if line.value_previous else None,
                        line.value_year_ago,
                        line.change_year if line.value_year_ago else None,
                    ]
                    for line in lines
                ],
            )
            for title, lines in self._get_sections()
        ]
        return self.env["toll.report.file"]._download(
            self,
            f"management-{self.month:%Y-%m}.xlsx",
            self.env["toll.report.file"]._workbook(sheets),
        )

    def action_send(self):
        """Send it to the subscribers now."""
        if not self.env.user.has_group("toll_account.group_toll_manager"):
            raise AccessError(self.env._("Only managers send the management report."))
        for report in self:
            if not report._get_subscribers():
                raise UserError(
                    self.env._(
                        "Nobody has subscribed: add recipients under Configuration, "
                        "Report Recipients."
                    )
                )
            report.sudo()._send()
        return True

    def _get_subscribers(self):
        return (
            self.env["toll.report.subscriber"]
            .sudo()
            .search([("company_id", "=", self.company_id.id)])
        )

    def _send(self):
        """A mail with the PDF to each subscriber, in his language."""
        self.ensure_one()
        if not self.line_ids:
            self.action_compute()
        template = self.env.ref("toll_billing.mail_template_management_report")
        for subscriber in self._get_subscribers():
            partner = subscriber.partner_id
            template.with_context(toll_lang=partner.lang).send_mail(
                self.id, email_values={"recipient_ids": [(4, partner.id)]}
            )
        self.sudo().sent_at = fields.Datetime.now()

    @api.model
    def _cron_send(self):
        """Once the month's late files are in: the report of last month, once."""
        settings = self.env["ir.config_parameter"].sudo()
        day = int(settings.get_param("toll_billing.management_report_day", 3))
        for company in (
            self.env["toll.report.subscriber"]
            .search([("active", "=", True)])
            .company_id
        ):
            company_self = self.with_company(company)
            today = company._toll_today()
            if today.day < day:
                continue
            month = add_months(today, -1)
            report = company_self.search(
                [("company_id", "=", company.id), ("month", "=", month)]
            ) or company_self.create({"company_id": company.id, "month": month})
            if not report.sent_at:
                report.action_compute()
                report._send()


def _percent(part, whole):
    return round(100 * (part or 0) / whole, 2) if whole else 0
