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

    def _get_stock_counts(self):
        counts = dict(super()._get_stock_counts())
        rows = dict(
            self.env["stock.quant"]._read_group(
                [
                    ("location_id", "child_of", self.toll_location_id.ids),
                    ("product_id.toll_is_tag", "=", True),
                ],
                ["location_id"],
                ["quantity:sum"],
            )
        )
        for office in self.filtered("toll_location_id"):
            path = office.toll_location_id.parent_path
            counts[office.id] = sum(
                quantity
                for location, quantity in rows.items()
                if location.parent_path.startswith(path)
            )
        return counts
