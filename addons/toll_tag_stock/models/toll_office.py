from odoo import fields, models


class TollOffice(models.Model):
    _inherit = "toll.office"

    toll_location_id = fields.Many2one(
        "stock.location",
        string="TAG Shelf",
        domain="[('usage', '=', 'internal')]",
        check_company=True,
        help="Where this office keeps its TAGs: returned TAGs come back here. Empty: "
        "the stock of the company's first warehouse.",
    )
