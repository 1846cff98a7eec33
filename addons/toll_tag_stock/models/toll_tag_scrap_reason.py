from odoo import fields, models


class TollTagScrapReason(models.Model):
    _name = "toll.tag.scrap.reason"
    _description = "Reason of TAG Scrap"
    _order = "sequence, id"

    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "Another scrap reason has this code."
    )


class StockLot(models.Model):
    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    def _prepare_toll_scrap_vals(self, reason):
        """How a TAG ends: when, why and what it was worth."""
        self.ensure_one()
        product = self.product_id.with_company(self.company_id)
        return {
            "toll_state": "retired",
            "toll_scrap_reason_id": reason.id,
            "toll_scrap_date": fields.Datetime.now(),
            "toll_scrap_value": self.toll_supply_id.unit_cost or product.standard_price,
        }
