from calendar import monthrange
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.periods import add_months, period_of
from ..queries import concession as queries

#: What a published month adds up.
FIGURES = (
    "crossings",
    "crossings_tag",
    "crossings_exempt",
    "amount",
    "amount_volume",
    "amount_net",
)


class TollConcession(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _name = "toll.concession"
    _inherit = ["toll.concession", "toll.public.content"]

    transparency_ids = fields.One2many("toll.transparency", "concession_id")

    def action_open_transparency(self):
        return self._open("toll_billing.toll_transparency_action")

    def _get_statistics(self, first, last, by_day=False):
        """Rows (day, plaza, class, crossings, by TAG, exempt, charged, taken off).

        What volume discounts take off has no class.
        """
        self.ensure_one()
        rows = self._fetch(queries.statistics(self, first, last, by_day))
        Plaza, Class = self.env["toll.plaza"], self.env["toll.vehicle.class"]
        return [
            (
                day,
                Plaza.browse(plaza),
                Class.browse(klass),
                *counts,
                Decimal(charged),
                Decimal(volume),
            )
            for day, plaza, klass, *counts, charged, volume in rows
        ]


class TollTransparency(models.Model):
    """A concession's month as everybody may see it: kept as it was published."""

    _name = "toll.transparency"
    _description = "Published Month"
    _inherit = ["toll.guarded", "toll.public.content", "mail.thread"]
    _order = "month desc, concession_id"
    _guarded = frozenset({"state", "published_at", "line_ids"})

    name = fields.Char(compute="_compute_name", store=True)
    concession_id = fields.Many2one(
        "toll.concession", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="concession_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="concession_id.currency_id")
    month = fields.Date(required=True, help="Any day of it.")
    days = fields.Integer(compute="_compute_days", aggregator=None)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    published_at = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many(
        "toll.transparency.line", "transparency_id", readonly=True, copy=False
    )
    crossings = fields.Integer(compute="_compute_totals")
    crossings_tag = fields.Integer(string="By TAG", compute="_compute_totals")
    crossings_exempt = fields.Integer(string="Exempt", compute="_compute_totals")
    amount = fields.Monetary(string="Revenue", compute="_compute_totals")
    amount_volume = fields.Monetary(
        string="Volume Discounts", compute="_compute_totals"
    )
    amount_net = fields.Monetary(
        string="Net of Volume Discounts", compute="_compute_totals"
    )
    daily = fields.Float(
        string="Average per Day", compute="_compute_totals", digits=(16, 1)
    )

    _month_once = models.Constraint(
        "UNIQUE (concession_id, month)", "This month is in the list already."
    )
    _month_first = models.Constraint(
        "CHECK (EXTRACT(day FROM month) = 1)", "A month begins on its first day."
    )

    @api.depends("concession_id.code", "month")
    def _compute_name(self):
        for record in self:
            month = record.month.strftime("%Y-%m") if record.month else ""
            record.name = f"{record.concession_id.code} {month}"

    @api.depends("month")
    def _compute_days(self):
        for record in self:
            month = record.month
            record.days = monthrange(month.year, month.month)[1] if month else 0

    @api.depends("line_ids.crossings", "line_ids.amount", "line_ids.amount_volume")
    def _compute_totals(self):
        for record in self:
            lines = record.line_ids
            for name in FIGURES:
                record[name] = sum(lines.mapped(name))
            record.daily = record.crossings / record.days if record.days else 0

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("month"):
                vals["month"] = fields.Date.to_date(vals["month"]).replace(day=1)
        return super().create(vals_list)

    def write(self, vals):
        if {"concession_id", "month"} & vals.keys() and any(r.line_ids for r in self):
            raise UserError(self.env._("A published month stays where it is."))
        if vals.get("month"):
            vals["month"] = fields.Date.to_date(vals["month"]).replace(day=1)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if any(record.state == "published" for record in self):
            raise UserError(self.env._("Withdraw the month first."))

    def action_publish(self):
        """Count the month and show it: only months whose canon is closed."""
        self.check_access("write")
        for record in self:
            last = period_of(record.month, "month")[1]
            closed = record.concession_id._get_last_closed()
            if not closed or last > closed:
                raise UserError(
                    self.env._(
                        "%(month)s is not closed yet: close the canon of its period "
                        "first.",
                        month=record.name,
                    )
                )
            # guarded fields; the right to the record is checked above
            record.sudo()._count()
        self.sudo().write({"state": "published", "published_at": fields.Datetime.now()})
        return True

    def _count(self):
        self.ensure_one()
        self.line_ids.unlink()
        first, last = period_of(self.month, "month")
        rows = self.concession_id._get_statistics(first, last)
        self.env["toll.transparency.line"].create(
            [
                {
                    "transparency_id": self.id,
                    "plaza_id": plaza.id,
                    "class_id": vehicle_class.id,
                    "crossings": counts[0],
                    "crossings_tag": counts[1],
                    "crossings_exempt": counts[2],
                    "amount": amount,
                    "amount_volume": volume,
                }
                for _day, plaza, vehicle_class, *counts, amount, volume in rows
            ]
        )

    def action_withdraw(self):
        """Take it off the website; publishing again counts again."""
        self.check_access("write")
        # guarded field; the right to the record is checked above
        self.sudo().state = "draft"
        return True

    @api.model
    def _get_public(self):
        """What the website shows: published months of public concessions."""
        return (
            # these are for everybody
            self.sudo().search(
                [("state", "=", "published"), ("concession_id.is_public", "=", True)]
            )
        )

    def _public_rows(self):
        """Header and rows of the file that everybody may take."""
        header = [
            self.env._("Month"),
            self.env._("Concession"),
            self.env._("Road"),
            self.env._("Plaza"),
            self.env._("Class"),
            self.env._("Crossings"),
            self.env._("Average per Day"),
            self.env._("By TAG"),
            self.env._("Exempt"),
            self.env._("Revenue"),
            self.env._("Volume Discounts"),
            self.env._("Net of Volume Discounts"),
            self.env._("Currency"),
        ]
        rows = [
            [
                record.month.strftime("%Y-%m"),
                record.concession_id.name,
                line.plaza_id.road_id.name or "",
                line.plaza_id.name or "",
                line.class_id.name or "",
                line.crossings,
                round(line.crossings / record.days, 1),
                line.crossings_tag,
                line.crossings_exempt,
                *(
                    Decimal(str(amount)).quantize(Decimal("0.01"))
                    for amount in (line.amount, line.amount_volume, line.amount_net)
                ),
                record.currency_id.name,
            ]
            for record in self
            for line in record.line_ids
        ]
        return header, rows


class TollTransparencyLine(models.Model):
    _name = "toll.transparency.line"
    _description = "Published Figures of a Plaza"
    _order = "transparency_id, plaza_id, class_id"
    _rec_name = "plaza_id"

    transparency_id = fields.Many2one(
        "toll.transparency", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="transparency_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="transparency_id.currency_id")
    plaza_id = fields.Many2one("toll.plaza", ondelete="restrict")
    class_id = fields.Many2one("toll.vehicle.class", ondelete="restrict")
    crossings = fields.Integer()
    crossings_tag = fields.Integer(string="By TAG")
    crossings_exempt = fields.Integer(string="Exempt")
    amount = fields.Monetary(string="Revenue")
    amount_volume = fields.Monetary(
        string="Volume Discounts",
        help="Taken off invoices, counted from the crossings of the month.",
    )
    amount_net = fields.Monetary(
        string="Net of Volume Discounts", compute="_compute_amount_net"
    )

    @api.depends("amount", "amount_volume")
    def _compute_amount_net(self):
        for line in self:
            line.amount_net = line.amount - line.amount_volume


class TollCanonRun(models.Model):
    _inherit = "toll.canon.run"

    def action_publish(self):
        """Publish the months of this period on the transparency page."""
        self.ensure_one()
        self._check_closed()
        Month = self.env["toll.transparency"]
        month = self.date_from.replace(day=1)
        months = Month
        while period_of(month, "month")[1] <= self.date_to:
            record = Month.search(
                [
                    ("concession_id", "=", self.concession_id.id),
                    ("month", "=", month),
                ]
            )
            months |= record or Month.create(
                {"concession_id": self.concession_id.id, "month": month}
            )
            month = add_months(month, 1)
        months.filtered(lambda record: record.state == "draft").action_publish()
        return self.concession_id.action_open_transparency()

    def _check_closed(self):
        self.check_access("read")
        if any(run.state != "closed" for run in self):
            raise UserError(self.env._("Close the period first."))

    # === FILES FOR THE GRANTOR === #
    def _statistics_table(self):
        header = [
            self.env._("Day"),
            self.env._("Road"),
            self.env._("Plaza"),
            self.env._("Class"),
            self.env._("Crossings"),
            self.env._("By TAG"),
            self.env._("Exempt"),
            self.env._("Revenue"),
            self.env._("Volume Discounts"),
            self.env._("Net of Volume Discounts"),
            self.env._("Currency"),
        ]
        rows = [
            [
                day.isoformat(),
                plaza.road_id.name or "",
                plaza.name or "",
                vehicle_class.name or "",
                *map(int, counts),
                amount,
                volume,
                amount - volume,
                self.currency_id.name,
            ]
            for day, plaza, vehicle_class, *counts, amount, volume in (
                self.concession_id._get_statistics(
                    self.date_from, self.date_to, by_day=True
                )
            )
        ]
        return header, rows

    def _ledger_table(self):
        header = [
            self.env._("Period from"),
            self.env._("Period to"),
            self.env._("Concept"),
            self.env._("Label"),
            self.env._("Crossings"),
            self.env._("Net"),
            self.env._("Tax"),
            self.env._("Amount"),
            self.env._("Adjustment"),
        ]
        concepts = dict(
            self.entry_ids._fields["concept"]._description_selection(self.env)
        )
        yes = self.env._("Yes")
        rows = [
            [
                entry.date_from,
                entry.date_to,
                concepts[entry.concept],
                entry.label,
                entry.quantity,
                entry.amount_base,
                entry.amount_tax,
                entry.amount,
                yes if entry.is_adjustment else "",
            ]
            for entry in self.entry_ids
        ]
        return header, rows

    def _get_plaza_figures(self):
        """[(plaza, class, crossings, per day, by TAG, exempt, charged, net)]."""
        days = (self.date_to - self.date_from).days + 1
        return [
            (
                plaza,
                vehicle_class,
                count,
                count / days,
                by_tag,
                exempt,
                gross,
                gross - off,
            )
            for _day, plaza, vehicle_class, count, by_tag, exempt, gross, off in (
                self.concession_id._get_statistics(self.date_from, self.date_to)
            )
        ]

    def action_xlsx(self):
        """Ledger and traffic of the period as a workbook."""
        self.ensure_one()
        self.check_access("read")
        Files = self.env["toll.report.file"]
        content = Files._workbook(
            [
                (self.env._("Ledger"), *self._ledger_table()),
                (self.env._("Traffic"), *self._statistics_table()),
            ]
        )
        return Files._download(self, f"{self.name}.xlsx", content)

    def action_csv(self):
        """Traffic of the period by day, plaza and class."""
        self.ensure_one()
        self.check_access("read")
        Files = self.env["toll.report.file"]
        content = Files._csv(*self._statistics_table())
        return Files._download(self, f"{self.name}.csv", content)
