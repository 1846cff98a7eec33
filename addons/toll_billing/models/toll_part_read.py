from odoo import api, fields, models
from odoo.tools import SQL

from ..queries import lane_read as queries
from .toll_lane_read import LEAST_CROSSINGS


class TollPartRead(models.Model):
    """The read rate of the lane on the days that an antenna or reader was in it.

    Lanes do not say which of their antennas read a TAG: all of a lane have its rate.
    """

    _name = "toll.part.read"
    _description = "Read Rate of an Antenna"
    _order = "day desc, read_rate, lane_id"
    _rec_name = "day"
    _auto = False

    day = fields.Date(readonly=True, help="By the clock of the plaza.")
    company_id = fields.Many2one("res.company", readonly=True)
    operator_id = fields.Many2one("toll.operator", readonly=True)
    plaza_id = fields.Many2one("toll.plaza", readonly=True)
    lane_id = fields.Many2one("toll.lane", readonly=True)
    lot_id = fields.Many2one("stock.lot", string="Part", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    part_kind = fields.Selection(
        lambda self: (
            self.env["toll.lane.installation"]
            ._fields["part_kind"]
            ._description_selection(self.env)
        ),
        string="Kind of Part",
        readonly=True,
    )
    position = fields.Char(readonly=True)
    crossings = fields.Integer(readonly=True)
    crossings_tag = fields.Integer(string="By TAG", readonly=True)
    read_rate = fields.Float(
        string="Read Rate (%)", readonly=True, aggregator="avg", digits=(5, 1)
    )

    @property
    def _table_query(self):
        return queries.parts()

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec != "read_rate:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * sum(%s) / NULLIF(sum(%s), 0)",
            self._field_to_sql(self._table, "crossings_tag", query),
            self._field_to_sql(self._table, "crossings", query),
        )

    @api.model
    def _get_misread_rates(self, lots, since):
        """{part: percent of its lanes' crossings that were not identified by TAG}."""
        self.env.flush_all()
        rows = self.env.execute_query(
            queries.misread_rates(lots.ids, since.date(), LEAST_CROSSINGS)
        )
        return {lots.browse(lot_id): float(rate) for lot_id, rate in rows}
