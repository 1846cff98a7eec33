from odoo import fields, models

from .. import queries
from ..models.stock_lot import TAG_STATES


class TollTagDefectReport(models.Model):
    """How many TAGs of a box, product or supplier turned out to be defective."""

    _name = "toll.tag.defect.report"
    _description = "TAG Defect Rate"
    _auto = False
    _rec_name = "lot_id"
    _order = "received_on desc, id desc"

    lot_id = fields.Many2one("stock.lot", string="TAG", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    supply_id = fields.Many2one("toll.tag.supply", string="Box", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Supplier", readonly=True)
    toll_state = fields.Selection(TAG_STATES, string="State", readonly=True)
    received_on = fields.Date(string="Received", readonly=True)
    tag_count = fields.Integer(string="TAGs", readonly=True, aggregator="sum")
    defect_count = fields.Integer(string="Defective", readonly=True, aggregator="sum")
    warranty_count = fields.Integer(
        string="Defective in Warranty", readonly=True, aggregator="sum"
    )
    defect_rate = fields.Float(
        string="Defect Rate (%)", readonly=True, aggregator="avg"
    )

    @property
    def _table_query(self):
        return queries.tag_report.defects()
