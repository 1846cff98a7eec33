from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..core.periods import day_span


class TollReportTile(models.Model):
    """A figure of the day, and the list behind it.

    The figure ``code`` is made by the method ``_figure_<code>``; other addons add
    theirs as a row of data and a method.
    """

    _name = "toll.report.tile"
    _description = "Figure of the Day"
    _order = "sequence, id"

    code = fields.Char(required=True, readonly=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    section = fields.Selection(
        [
            ("traffic", "Traffic"),
            ("review", "Review"),
            ("intake", "Intake"),
            ("money", "Money"),
            ("tags", "TAGs"),
            ("service", "Service"),
        ],
        required=True,
        default="traffic",
    )
    group_ids = fields.Many2many(
        "res.groups", string="Shown to", help="Empty: all who work with tolls."
    )
    active = fields.Boolean(default=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_figure")
    count = fields.Integer(compute="_compute_figure")
    amount = fields.Monetary(compute="_compute_figure")
    has_amount = fields.Boolean(compute="_compute_figure")
    note = fields.Char(compute="_compute_figure")
    is_alert = fields.Boolean(compute="_compute_figure")

    _code_uniq = models.Constraint("UNIQUE (code)", "There is one figure per code.")

    @api.depends_context("uid", "company", "allowed_company_ids", "lang", "tz")
    def _compute_figure(self):
        for tile in self:
            figure = tile._get_figure()
            tile.currency_id = self.env.company.currency_id
            tile.count = figure["count"]
            tile.amount = figure.get("amount") or 0
            tile.has_amount = figure.get("amount") is not None
            tile.note = figure.get("note") or False
            tile.is_alert = bool(figure.get("alert"))

    def _get_figure(self):
        """{count, amount, note, alert, action, domain, context} of this figure."""
        self.ensure_one()
        make = getattr(self, f"_figure_{self.code}", None)
        return make() if make else {"count": 0, "domain": Domain.FALSE}

    def action_open(self):
        """The list behind the figure, filtered as the figure was counted."""
        self.ensure_one()
        self.check_access("read")
        figure = self._get_figure()
        if not figure.get("action"):
            raise UserError(self.env._("There is no list behind this figure."))
        action = self.env["ir.actions.act_window"]._for_xml_id(figure["action"])
        context = {"create": False, **figure.get("context", {})}
        return action | {
            "name": self.name,
            "domain": list(figure["domain"]),
            "context": context,
        }

    # === WHAT EVERYBODY'S FIGURES SHARE === #
    @api.model
    def _today(self):
        return self.env.company._toll_today()

    @api.model
    def _day_domain(self, name, first, last=None):
        """A time within these days of the company."""
        start, end = day_span(first, last or first, self.env.company._toll_tz())
        return Domain(name, ">=", start) & Domain(name, "<", end)

    @api.model
    def _office_domain(self, path):
        """Agents count their own office, the others all of them."""
        wide = ("billing", "accountant", "analyst", "manager")
        if any(
            self.env.user.has_group(f"toll_account.group_toll_{role}") for role in wide
        ):
            return Domain.TRUE
        return Domain(path, "=", self.env.user.toll_office_id.id)

    @api.model
    def _company_domain(self, name="company_id"):
        return Domain(name, "in", self.env.companies.ids)

    # === TRAFFIC === #
    def _traffic_figure(self, day):
        domain = (
            Domain("day", "=", day)
            & Domain("state", "=", "posted")
            & self._company_domain()
        )
        Traffic = self.env["toll.traffic.day"]
        ((count, amount),) = Traffic._read_group(
            domain, [], ["crossings:sum", "amount_charged:sum"]
        )
        seen = Traffic._get_refreshed_at()
        moment = seen and fields.Datetime.context_timestamp(
            self.with_context(tz=self.env.company._toll_tz()), seen
        )
        note = (
            self.env._(
                "Counted on %(moment)s", moment=moment.strftime("%Y-%m-%d %H:%M")
            )
            if moment
            else self.env._("Not counted yet: bring the figures up to date.")
        )
        return {
            "count": count or 0,
            "amount": amount or 0,
            "note": note,
            "action": "toll_billing.toll_traffic_day_action",
            "domain": domain,
            "context": {"search_default_group_plaza": 1},
        }

    def _figure_crossings_today(self):
        return self._traffic_figure(self._today())

    def _figure_crossings_yesterday(self):
        return self._traffic_figure(self._today() - timedelta(days=1))

    # === REVIEW === #
    def _held_figure(self, extra, alert):
        domain = Domain("state", "=", "held") & self._company_domain() & extra
        ((count, oldest),) = self.env["toll.crossing"]._read_group(
            domain, [], ["__count", "occurred_at:min"]
        )
        note = oldest and self.env._(
            "The oldest waits for %(days)s days",
            days=(fields.Datetime.now() - oldest).days,
        )
        return {
            "count": count,
            "note": note,
            "alert": alert and count,
            "action": "toll_billing.toll_crossing_action_held",
            "domain": domain,
            "context": {"search_default_group_reason": 1},
        }

    def _figure_held(self):
        return self._held_figure(Domain.TRUE, alert=False)

    def _figure_held_old(self):
        limit = fields.Datetime.now() - timedelta(days=3)
        return self._held_figure(Domain("occurred_at", "<", limit), alert=True)

    # === INTAKE === #
    def _figure_batches_failed(self):
        now = fields.Datetime.now()
        domain = self._company_domain() & (
            Domain("state", "=", "refused")
            & Domain("finished_at", ">=", now - timedelta(days=7))
            | Domain("state", "=", "loading")
            & Domain("create_date", "<", now - timedelta(hours=1))
        )
        count = self.env["toll.crossing.batch"].search_count(domain)
        return {
            "count": count,
            "note": self.env._("Refused this week, or loading for over an hour"),
            "alert": count,
            "action": "toll_billing.toll_crossing_batch_action",
            "domain": domain,
        }

    def _figure_operators_late(self):
        """Operators that sent something this month and nothing since yesterday."""
        now = fields.Datetime.now()
        Batch = self.env["toll.crossing.batch"]
        rows = Batch._read_group(
            self._company_domain()
            & Domain("create_date", ">=", now - timedelta(days=30)),
            ["operator_id"],
            ["create_date:max"],
        )
        limit = now - timedelta(days=1)
        late = [
            operator.id
            for operator, last in rows
            if last < limit and operator.state == "authorised"
        ]
        return {
            "count": len(late),
            "note": self.env._("Nothing received for a day"),
            "alert": late,
            "action": "toll_account.toll_operator_action",
            "domain": Domain("id", "in", late),
        }

    # === MONEY === #
    def _figure_topups_today(self):
        domain = (
            Domain("toll_account_id", "!=", False)
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "in", ("in_process", "paid"))
            & Domain("date", "=", self._today())
            & self._company_domain()
            & self._office_domain("toll_office_id")
        )
        Payment = self.env["account.payment"]
        rows = Payment._read_group(domain, ["toll_method"], ["__count", "amount:sum"])
        labels = dict(Payment._fields["toll_method"]._description_selection(self.env))
        return {
            "count": sum(row[1] for row in rows),
            "amount": sum(row[2] for row in rows),
            "note": " · ".join(
                f"{labels.get(method) or '-'} {count}" for method, count, _sum in rows
            ),
            "action": "toll_account.account_payment_action",
            "domain": domain,
            "context": {"search_default_group_office": 1},
        }

    # === TAGS === #
    def _assignment_figure(self, domain, note=None, alert=False):
        domain &= self._company_domain() & self._office_domain("account_id.office_id")
        count = self.env["toll.tag.assignment"].search_count(domain)
        return {
            "count": count,
            "note": note,
            "alert": alert and count,
            "action": "toll_tag_stock.toll_tag_assignment_action",
            "domain": domain,
        }

    def _figure_tags_assigned(self):
        return self._assignment_figure(self._day_domain("date_from", self._today()))

    def _figure_tags_lost(self):
        week = self._today() - timedelta(days=6)
        return self._assignment_figure(
            self._day_domain("date_to", week, self._today())
            & Domain("end_reason", "in", ("lost", "stolen")),
            note=self.env._("Last seven days"),
        )

    # === SERVICE === #
    def _request_figure(self, extra, alert=False):
        domain = (
            Domain("state", "in", ("new", "in_progress", "waiting"))
            & self._company_domain()
            & self._office_domain("office_id")
            & extra
        )
        count = self.env["toll.request"].search_count(domain)
        return {
            "count": count,
            "alert": alert and count,
            "action": "toll_account.toll_request_action",
            "domain": domain,
            "context": {"search_default_group_type": 1},
        }

    def _figure_requests_open(self):
        return self._request_figure(Domain.TRUE)

    def _figure_requests_today(self):
        return self._request_figure(Domain("deadline", "=", self._today()))

    def _figure_requests_late(self):
        return self._request_figure(Domain("deadline", "<", self._today()), alert=True)
