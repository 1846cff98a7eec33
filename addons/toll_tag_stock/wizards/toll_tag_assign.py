from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.product_template import TERMS
from ..models.stock_location import NOT_FOR_CUSTOMERS
from ..models.toll_tag_life import ASSIGNABLE


class TollTagAssign(models.TransientModel):
    """Choose a TAG for each vehicle; opened from an account, vehicles or TAGs."""

    _name = "toll.tag.assign"
    _description = "Assign TAGs"

    account_id = fields.Many2one("toll.account")
    date = fields.Datetime(
        help="Since when the customer has the TAG. Empty: from this moment on."
    )
    terms = fields.Selection(
        TERMS, help="Empty: those of the TAG's product. See there what each costs."
    )
    line_ids = fields.One2many("toll.tag.assign.line", "wizard_id")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        model = self.env.context.get("active_model")
        ids = self.env.context.get("active_ids") or []
        if model == "toll.account":
            account = self.env[model].browse(ids[:1])
            vehicles = account.vehicle_ids.filtered(lambda car: not car.toll_tag_id)
            values["account_id"] = account.id
            lines = [{"vehicle_id": vehicle.id} for vehicle in vehicles]
        elif model == "toll.vehicle":
            vehicles = self.env[model].browse(ids)
            if len(vehicles.account_id) == 1:
                values["account_id"] = vehicles.account_id.id
            lines = [{"vehicle_id": vehicle.id} for vehicle in vehicles]
        elif model == "stock.lot":
            lines = [{"lot_id": lot_id} for lot_id in ids]
        else:
            lines = []
        if "line_ids" in fields_list:
            values["line_ids"] = [fields.Command.create(line) for line in lines]
        return values

    @api.model
    def _next_lots(self, count, company, taken=()):
        """The next TAGs of stock, in the order of their numbers.

        Those of the user's own office first; never those of a retailer or a van.
        """
        lots = self.env["stock.lot"]
        domain = [
            ("toll_state", "in", ASSIGNABLE),
            ("company_id", "=", company.id),
            ("location_id.usage", "=", "internal"),
        ]
        own = company.with_env(self.env)._toll_stock_location()
        others = ("location_id.toll_place_kind", "not in", NOT_FOR_CUSTOMERS)
        places = (
            ["|", ("location_id", "=", own.id), "&", others]
            + [("location_id", "child_of", own.id)],
            [others],
        )
        for place in places:
            missing = count - len(lots)
            if missing > 0:
                lots |= lots.search(
                    [*domain, *place, ("id", "not in", [*taken, *lots.ids])],
                    order="product_id, name",
                    limit=missing,
                )
        return lots

    @api.model
    def _assign_in_order(self, vehicle_ids, date=None):
        """Give each of these vehicles the next TAG of stock, since it is registered."""
        vehicles = self.env["toll.vehicle"].browse(vehicle_ids)
        groups = vehicles.grouped(lambda v: (v.company_id, date or v.date_from.date()))
        for (company, _day), group in groups.items():
            lots = self._next_lots(len(group), company)
            since = date or max(group.mapped("date_from"))
            lots.toll_assign(group[: len(lots)].ids, since)

    def action_fill(self):
        """Put the next TAGs of stock into the lines that have none."""
        self.ensure_one()
        empty = self.line_ids.filtered(lambda line: line.vehicle_id and not line.lot_id)
        company = self.account_id.company_id or self.env.company
        lots = self._next_lots(len(empty), company, self.line_ids.lot_id.ids)
        for line, lot in zip(empty, lots, strict=False):
            line.lot_id = lot
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Assign TAGs"),
        }

    def action_assign(self):
        """Deliver the TAGs of the complete lines."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.lot_id and line.vehicle_id)
        if not lines:
            raise UserError(self.env._("Choose a TAG and a vehicle first."))
        lots = self.env["stock.lot"].browse(line.lot_id.id for line in lines)
        if len(set(lots.ids)) < len(lines):
            raise UserError(self.env._("The same TAG stands in two lines."))
        vehicle_ids = [line.vehicle_id.id for line in lines]
        lots.toll_assign(vehicle_ids, self.date, self.terms)
        return {"type": "ir.actions.act_window_close"}


class TollTagAssignLine(models.TransientModel):
    _name = "toll.tag.assign.line"
    _description = "TAG to Assign"

    wizard_id = fields.Many2one("toll.tag.assign", required=True, ondelete="cascade")
    vehicle_id = fields.Many2one("toll.vehicle")
    account_id = fields.Many2one(related="vehicle_id.account_id")
    class_id = fields.Many2one(related="vehicle_id.class_id")
    lot_id = fields.Many2one("stock.lot", string="TAG")
