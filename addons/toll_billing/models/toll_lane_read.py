from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..queries import lane_read as queries

#: Days of the rate on a lane, and of the one it is compared with.
TREND_DAYS = 7
#: A lane with fewer crossings in a day says nothing about its antennas.
LEAST_CROSSINGS = 50


class TollLaneRead(models.Model):
    """How a lane identified those who passed on a day: by TAG, by plate, by hand.

    Read-only for the ORM; counted with the traffic figures. Design:
    queries/lane_read.py.
    """

    _name = "toll.lane.read"
    _description = "Read Rate of a Lane"
    _order = "day desc, read_rate, lane_id"
    _rec_name = "day"
    _log_access = False

    day = fields.Date(required=True, readonly=True, help="By the clock of the plaza.")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    operator_id = fields.Many2one("toll.operator", required=True, readonly=True)
    plaza_id = fields.Many2one("toll.plaza", required=True, readonly=True)
    lane_id = fields.Many2one("toll.lane", required=True, readonly=True)
    crossings = fields.Integer(readonly=True)
    crossings_tag = fields.Integer(string="By TAG", readonly=True)
    crossings_unknown = fields.Integer(
        string="TAG Unknown",
        readonly=True,
        help="A TAG was read, but nobody's: misread, or not of this issuer.",
    )
    crossings_plate = fields.Integer(string="By Plate", readonly=True)
    crossings_manual = fields.Integer(
        string="By Hand", readonly=True, help="Captured on a hand-held device."
    )
    crossings_none = fields.Integer(string="Not Identified", readonly=True)
    read_rate = fields.Float(
        string="Read Rate (%)",
        readonly=True,
        aggregator="avg",
        digits=(5, 1),
        help="Crossings identified by their TAG, of all that were received.",
    )

    _lane_day_idx = models.Index("(lane_id, day)")
    _day_idx = models.Index("(day, operator_id)")
    _plaza_day_idx = models.Index("(plaza_id, day)")

    def init(self):
        self.env.cr.execute(queries.create_tables())

    def _read_group_select(self, aggregate_spec, query):
        """Rates of groups are those of all their crossings, not a mean of rates."""
        if aggregate_spec != "read_rate:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * sum(%s) / NULLIF(sum(%s), 0)",
            self._field_to_sql(self._table, "crossings_tag", query),
            self._field_to_sql(self._table, "crossings", query),
        )

    # === ALERTS === #

    @api.model
    def _get_rates(self, lanes, first, last, company=None):
        """{lane: percent} of these days, where enough crossed to tell.

        All lanes where ``lanes`` is None.
        """
        domain = [("day", ">=", first), ("day", "<=", last)]
        if lanes is not None:
            domain.append(("lane_id", "in", lanes.ids))
        if company:
            domain.append(("company_id", "=", company.id))
        rows = self._read_group(
            domain,
            ["lane_id"],
            ["read_rate:avg", "crossings:sum"],
        )
        return {lane: rate for lane, rate, count in rows if count >= LEAST_CROSSINGS}

    @api.model
    def _cron_alert(self):
        """An activity on each lane that read too few TAGs yesterday; it is done by
        itself once the lane reads well again."""
        self.env["toll.traffic.day"]._refresh()
        for company in self.env["res.company"].search([("toll_read_rate", ">", 0)]):
            for zone, plazas in (
                self.env["toll.plaza"]
                .search([("company_id", "in", (False, company.id))])
                .grouped("tz")
                .items()
            ):
                local = self.with_context(tz=zone)
                day = fields.Date.context_today(local) - timedelta(days=1)
                plazas.lane_ids._alert_read_rate(company, day)


class TollLane(models.Model):
    _inherit = "toll.lane"

    read_rate = fields.Float(
        string="Read Rate (%)",
        compute="_compute_read_rate",
        digits=(5, 1),
        help="Crossings identified by TAG in the last seven days.",
    )
    read_trend = fields.Float(
        string="Trend (points)",
        compute="_compute_read_rate",
        digits=(5, 1),
        help="Difference to the seven days before.",
    )
    is_read_low = fields.Boolean(
        string="Reads Too Few TAGs",
        compute="_compute_read_rate",
        search="_search_is_read_low",
        help="Below the threshold of the settings in the last seven days.",
    )

    def _compute_read_rate(self):
        reads = self.env["toll.lane.read"]
        may_read = reads.has_access("read")
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=TREND_DAYS * weeks) for weeks in (0, 1, 2)]
        rates, before = (
            reads._get_rates(self, first + timedelta(days=1), last) if may_read else {}
            for last, first in zip(days, days[1:], strict=False)
        )
        least = self.env.company.toll_read_rate
        for lane in self:
            rate, old = rates.get(lane), before.get(lane)
            lane.read_rate = rate or 0
            lane.read_trend = rate - old if None not in (rate, old) else 0
            lane.is_read_low = rate is not None and rate < least

    def _search_is_read_low(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        rates = self.env["toll.lane.read"]._get_rates(
            None, today - timedelta(days=TREND_DAYS - 1), today
        )
        least = self.env.company.toll_read_rate
        domain = Domain(
            "id", "in", [lane.id for lane, rate in rates.items() if rate < least]
        )
        return domain if True in value else ~domain

    def _alert_read_rate(self, company, day):
        """Open and close the alerts of these lanes after a day."""
        kind = "mail.mail_activity_data_warning"
        rates = self.env["toll.lane.read"]._get_rates(self, day, day, company)
        for lane, rate in rates.items():
            warned = lane.activity_search([kind])
            if rate >= company.toll_read_rate:
                warned.action_feedback(
                    feedback=self.env._(
                        "Reads %(rate).1f %% of the TAGs again", rate=rate
                    )
                )
            elif not warned:
                lane.activity_schedule(
                    kind,
                    summary=self.env._("Only %(rate).1f %% read by TAG", rate=rate),
                    note=self.env._(
                        "On %(day)s lane %(lane)s identified %(rate).1f %% of its "
                        "crossings by TAG; the threshold is %(least).1f %%.",
                        day=fields.Date.to_string(day),
                        lane=lane.display_name,
                        rate=rate,
                        least=company.toll_read_rate,
                    ),
                    user_id=company.toll_lane_user_id.id or self.env.uid,
                )

    def action_view_reads(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_billing.toll_lane_read_action"
        )
        values["domain"] = [("lane_id", "=", self.id)]
        values["context"] = {"search_default_last_90_days": 1}
        return values
