from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTagSupply(models.Model):
    """A box of TAGs as the supplier delivered it: warranty and trace go back to it."""

    _name = "toll.tag.supply"
    _description = "TAG Box"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "supplier_ref", "first_number"]
    _check_company_auto = True

    name = fields.Char(
        string="Box",
        required=True,
        copy=False,
        default=lambda self: self._default_name(),
        help="Stands on the box as a barcode: scanning it means all TAGs inside.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    product_id = fields.Many2one(
        "product.product",
        string="TAG Product",
        required=True,
        index=True,
        domain="['|', ('toll_is_tag', '=', True), ('toll_part_kind', '!=', False)]",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Supplier", index="btree_not_null", tracking=True
    )
    supplier_ref = fields.Char(string="Supplier's Lot", tracking=True)
    origin = fields.Char(string="Delivery Note or Order")
    purchase_line_id = fields.Many2one(
        "purchase.order.line",
        string="Order Line",
        readonly=True,
        index="btree_not_null",
        groups="purchase.group_purchase_user,toll_account.group_toll_manager",
    )
    picking_id = fields.Many2one(
        "stock.picking",
        string="Receipt",
        readonly=True,
        index="btree_not_null",
        check_company=True,
    )
    date = fields.Date(
        string="Received",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
    )
    warranty_months = fields.Integer(tracking=True)
    warranty_until = fields.Date(compute="_compute_warranty_until", store=True)
    in_warranty = fields.Boolean(
        compute="_compute_in_warranty", search="_search_in_warranty"
    )
    first_number = fields.Char(readonly=True)
    last_number = fields.Char(readonly=True)
    certificate = fields.Binary(
        attachment=True, help="Test certificate or delivery note of the supplier."
    )
    certificate_name = fields.Char()
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_cost = fields.Monetary(help="What one TAG cost.")
    lot_ids = fields.One2many("stock.lot", "toll_supply_id", string="TAGs")
    tag_count = fields.Integer(string="Number of TAGs", compute="_compute_counts")
    defect_count = fields.Integer(string="Defective", compute="_compute_counts")
    defect_rate = fields.Float(
        compute="_compute_counts", help="Defective TAGs of the box, in percent."
    )
    note = fields.Text()

    _name_company_uniq = models.Constraint(
        "UNIQUE (company_id, name)", "The company has another box with this name."
    )
    _warranty_months_check = models.Constraint(
        "CHECK (warranty_months >= 0)", "A warranty has no negative length."
    )

    @api.model
    def _default_name(self):
        return self.env["ir.sequence"].sudo().next_by_code("toll.tag.supply")

    @api.depends("date", "warranty_months")
    def _compute_warranty_until(self):
        for supply in self:
            supply.warranty_until = (
                supply.date + relativedelta(months=supply.warranty_months)
                if supply.date and supply.warranty_months
                else False
            )

    @api.depends("warranty_until")
    def _compute_in_warranty(self):
        today = fields.Date.context_today(self)
        for supply in self:
            until = supply.warranty_until
            supply.in_warranty = bool(until) and until >= today

    def _search_in_warranty(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = fields.Domain("warranty_until", ">=", fields.Date.context_today(self))
        return domain if True in value else ~domain

    @api.depends("lot_ids")
    def _compute_counts(self):
        counts = {
            supply.id: count
            for supply, count in self.env["stock.lot"]._read_group(
                [("toll_supply_id", "in", self.ids)], ["toll_supply_id"], ["__count"]
            )
        }
        defects = {
            supply.id: count
            for supply, count in self.env["toll.tag.rma"]._read_group(
                [("supply_id", "in", self.ids), ("is_defect", "=", True)],
                ["supply_id"],
                ["lot_id:count_distinct"],
            )
        }
        for supply in self:
            supply.tag_count = counts.get(supply.id, 0)
            supply.defect_count = defects.get(supply.id, 0)
            supply.defect_rate = (
                100 * supply.defect_count / supply.tag_count if supply.tag_count else 0
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_tags(self):
        if self.sudo().lot_ids:
            raise UserError(
                self.env._("A box with TAGs stays on record: their trace needs it.")
            )

    def action_view_tags(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.stock_lot_action"
        )
        values["domain"] = [("toll_supply_id", "=", self.id)]
        values["context"] = {"create": False}
        return values

    def action_view_rmas(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_rma_action"
        )
        values["domain"] = [("supply_id", "=", self.id)]
        values["context"] = {"create": False}
        return values

    def action_toll_labels(self):
        """Choose how to print the labels of these boxes."""
        return self.env["toll.tag.label"]._open(supplies=self)
