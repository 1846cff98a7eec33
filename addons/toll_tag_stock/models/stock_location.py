from odoo import api, fields, models
from odoo.exceptions import ValidationError

PLACE_KINDS = [
    ("warehouse", "Warehouse"),
    ("office", "Office"),
    ("van", "Van"),
    ("retailer", "Retailer (consignment)"),
    ("workshop", "Workshop"),
    ("supplier_rma", "On the way to the supplier"),
]
# TAGs of these places are not handed out to customers by the office's agents
NOT_FOR_CUSTOMERS = ("retailer", "van", "workshop", "supplier_rma")


class StockLocation(models.Model):
    _inherit = "stock.location"

    toll_place_kind = fields.Selection(
        PLACE_KINDS,
        string="Kind of Place",
        index="btree_not_null",
        help="What this place is for the TAGs that stand here.",
    )
    toll_partner_id = fields.Many2one(
        "res.partner",
        string="Held by",
        index="btree_not_null",
        help="The retailer who sells our TAGs, or the supplier who repairs them.",
    )
    toll_user_id = fields.Many2one(
        "res.users",
        string="Responsible for the TAGs",
        domain="[('share', '=', False)]",
    )
    toll_lane_ids = fields.One2many(
        "toll.lane", "location_id", help="The lane whose parts stand here."
    )
    toll_currency_id = fields.Many2one(related="company_id.currency_id")
    toll_unit_price = fields.Monetary(
        string="Price per TAG",
        currency_field="toll_currency_id",
        help="What the retailer settles with us for each TAG that was sold.",
    )
    toll_tag_count = fields.Integer(
        string="TAGs Here", compute="_compute_toll_tag_counts"
    )
    toll_ready_count = fields.Integer(
        string="Ready to Assign", compute="_compute_toll_tag_counts"
    )

    @api.constrains("toll_place_kind", "toll_partner_id", "usage")
    def _check_toll_place(self):
        for place in self.filtered("toll_place_kind"):
            if place.usage != "internal":
                raise ValidationError(
                    self.env._(
                        "%s is a place of TAGs: it must be an internal location.",
                        place.display_name,
                    )
                )
            if place.toll_place_kind == "retailer" and not place.toll_partner_id:
                raise ValidationError(
                    self.env._("Say which retailer holds %s.", place.display_name)
                )

    def _compute_toll_tag_counts(self):
        """TAGs that stand in a place or below it."""
        quants = self.env["stock.quant"]
        domain = [
            ("location_id", "child_of", self.ids),
            ("quantity", ">", 0),
            ("lot_id.toll_state", "!=", False),
        ]
        totals, ready = (
            dict(quants._read_group(domain + more, ["location_id"], ["__count"]))
            for more in ([], [("lot_id.toll_state", "=", "stocked")])
        )
        for place in self:
            inside = [found for found in totals if found._child_of(place)]
            place.toll_tag_count = sum(totals[found] for found in inside)
            place.toll_ready_count = sum(ready.get(found, 0) for found in inside)

    def action_view_toll_tags(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.stock_lot_action"
        )
        values["domain"] = [
            ("toll_state", "!=", False),
            ("location_id", "child_of", self.id),
        ]
        values["context"] = {"create": False}
        return values

    def action_toll_scan(self):
        """Scan TAGs out of this place."""
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_scan_action"
        )
        values["context"] = {"default_source_id": self.id}
        return values

    def action_toll_count(self):
        """Count the TAGs of this place."""
        self.ensure_one()
        count = self.env["toll.tag.count"].create({"location_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": count._name,
            "res_id": count.id,
            "view_mode": "form",
        }


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    @api.model_create_multi
    def create(self, vals_list):
        warehouses = super().create(vals_list)
        warehouses._toll_mark_stock()
        return warehouses

    def _toll_mark_stock(self):
        """The stock of a warehouse is a place of TAGs."""
        self.lot_stock_id.filtered(
            lambda place: not place.toll_place_kind
        ).toll_place_kind = "warehouse"

    @api.model
    def _toll_mark_all(self):
        self.search([("lot_stock_id.toll_place_kind", "=", False)])._toll_mark_stock()
