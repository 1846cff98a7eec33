from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..core.epc import normalize


class TollVehicle(models.Model):
    _inherit = "toll.vehicle"

    toll_tag_ids = fields.One2many(
        "stock.lot", "toll_vehicle_id", string="TAGs on the Vehicle"
    )
    toll_tag_id = fields.Many2one(
        "stock.lot",
        string="TAG",
        compute="_compute_toll_tag_id",
        compute_sudo=True,
        search="_search_toll_tag_id",
    )
    toll_tag_status = fields.Selection(
        related="toll_tag_id.toll_status", string="Lane Status"
    )
    toll_assignment_ids = fields.One2many(
        "toll.tag.assignment", "vehicle_id", string="TAG History"
    )

    @api.depends("toll_tag_ids")
    def _compute_toll_tag_id(self):
        for vehicle in self:
            vehicle.toll_tag_id = vehicle.toll_tag_ids[:1]

    def _search_toll_tag_id(self, operator, value):
        if operator == "in" and False in value:
            some = [one for one in value if one]
            none = Domain("toll_tag_ids", "not any!", [])
            return none | Domain("toll_tag_ids", "in", some) if some else none
        if operator == "any!" or operator == "any":
            return Domain("toll_tag_ids", "any", value)
        return Domain("toll_tag_ids", operator, value)

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        code = normalize(value) if isinstance(value, str) else ""
        if operator not in ("ilike", "=") or len(code) < 6:
            return domain
        if not self.env.user._is_internal():
            return domain
        tag = Domain("name", "like", code) | Domain("toll_epc", "=", code)
        return Domain(domain) | Domain("toll_tag_ids", "any!", tag)

    def write(self, vals):
        self._toll_check_leaving(vals)
        return super().write(vals)

    def _toll_check_leaving(self, vals):
        """A vehicle with a TAG stays on its account, or its crossings get lost."""
        date_to = fields.Datetime.to_datetime(vals.get("date_to"))
        leaves = "active" in vals and not vals["active"]
        leaves = leaves or (date_to and date_to <= fields.Datetime.now())
        for vehicle in self.sudo():
            account = vehicle.account_id
            # in a merge of accounts the TAG goes along
            stays = (account.id, account.merged_into_id.id)
            moves = "account_id" in vals and vals["account_id"] not in stays
            if (leaves or moves) and vehicle.toll_tag_ids:
                raise UserError(
                    self.env._(
                        "%(plate)s still has TAG %(tag)s: take it back, replace it or "
                        "report it as lost first.",
                        plate=vehicle.plate,
                        tag=vehicle.toll_tag_ids[0].name,
                    )
                )

    def action_toll_assign(self):
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_assign_action"
        )
        values["context"] = {"active_model": self._name, "active_ids": self.ids}
        return values

    def action_toll_replace(self):
        self.ensure_one()
        return self.toll_tag_id.action_toll_replace()

    def action_view_toll_tag(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.stock_lot_action"
        )
        form = self.env.ref("toll_tag_stock.stock_lot_view_form")
        return {**values, "res_id": self.toll_tag_id.id, "views": [(form.id, "form")]}
