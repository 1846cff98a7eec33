from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..core import epc as codes
from ..core.errors import TagDataError
from .tag_messages import message
from .toll_tag_status import TAG_STATUSES

TAG_STATES = [
    ("new", "New"),
    ("encoded", "Encoded"),
    ("stocked", "In stock"),
    ("assigned", "Assigned"),
    ("blocked", "Blocked"),
    ("lost", "Lost"),
    ("stolen", "Stolen"),
    ("defective", "Defective"),
    ("retired", "Retired"),
]
# Written by the TAG's own methods only, so that state, stock and assignment agree.
GUARDED = {"toll_state", "toll_account_id", "toll_vehicle_id"} | {
    "toll_part_state",
    "toll_lane_id",
    "toll_position",
}
CODES = {
    "name": codes.check_number,
    "toll_epc": codes.check_epc,
    "toll_tid": codes.check_tid,
}


class StockLot(models.Model):
    _name = "stock.lot"
    _inherit = ["stock.lot", "toll.tag.life"]

    toll_is_tag = fields.Boolean(related="product_id.toll_is_tag")
    toll_epc = fields.Char(
        string="EPC",
        copy=False,
        groups="base.group_user",
        tracking=True,
        help="What antennas read: 24 hexadecimal digits.",
    )
    toll_tid = fields.Char(
        string="TID",
        copy=False,
        groups="base.group_user",
        help="The chip's own number, written by its maker and impossible to change.",
    )
    toll_state = fields.Selection(
        TAG_STATES,
        string="TAG State",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
    )
    toll_account_id = fields.Many2one(
        "toll.account",
        string="Account",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    toll_vehicle_id = fields.Many2one(
        "toll.vehicle",
        string="Vehicle",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    toll_partner_id = fields.Many2one(
        related="toll_account_id.partner_id",
        string="Customer of the TAG",
        tracking=False,
    )
    toll_assignment_ids = fields.One2many("toll.tag.assignment", "lot_id")
    toll_status_ids = fields.One2many("toll.tag.status", "lot_id")
    toll_status = fields.Selection(
        TAG_STATUSES,
        string="Lane Status",
        compute="_compute_toll_status",
        search="_search_toll_status",
        help="What lanes should do with this TAG now.",
    )
    toll_move_line_ids = fields.One2many(
        "stock.move.line",
        "lot_id",
        string="Moves",
        domain=[("state", "=", "done")],
        groups="base.group_user",
    )

    _toll_epc_uniq = models.UniqueIndex(
        "(toll_epc) WHERE toll_epc IS NOT NULL",
        "Another TAG already has this EPC.",
    )
    _toll_tid_uniq = models.UniqueIndex(
        "(toll_tid) WHERE toll_tid IS NOT NULL",
        "Another TAG already has this TID.",
    )
    _toll_name_uniq = models.UniqueIndex(
        "(name) WHERE toll_state IS NOT NULL",
        "Another TAG already has this printed number.",
    )
    _toll_epc_check = models.Constraint(
        "CHECK (toll_epc ~ '^[0-9A-F]{24}$')",
        "An EPC has 24 hexadecimal digits.",
    )

    # === COMPUTES AND SEARCHES === #

    @api.depends("toll_status_ids.status", "toll_status_ids.date_to")
    def _compute_toll_status(self):
        current = dict(
            self.env["toll.tag.status"]
            .sudo()  # the status of a readable TAG is part of it
            ._read_group(
                [("lot_id", "in", self.ids), ("date_to", "=", False)],
                ["lot_id", "status"],
            )
        )
        for lot in self:
            lot.toll_status = current.get(lot)

    def _search_toll_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = [
            (
                "toll_status_ids",
                "any",
                [("date_to", "=", False), ("status", "in", value)],
            )
        ]
        if False in value:
            none = [("toll_status_ids", "not any", [("date_to", "=", False)])]
            return ["|", *found, *none]
        return found

    @api.depends("product_id.company_id")
    def _compute_company_id(self):
        """TAGs and lane parts have a company even when all share their product."""
        before = {lot: lot._origin.company_id for lot in self}
        res = super()._compute_company_id()
        for lot in self:
            own = lot.product_id.toll_is_tag or lot.product_id.toll_part_kind
            if own and not lot.company_id:
                lot.company_id = before[lot] or self.env.company
        return res

    @api.model
    def _search_display_name(self, operator, value):
        """TAGs are also found by EPC or TID, written in any way."""
        domain = super()._search_display_name(operator, value)
        if operator in ("ilike", "=") and isinstance(value, str) and value:
            code = codes.normalize(value)
            if code:
                return (
                    domain
                    | fields.Domain("toll_epc", "=", code)
                    | fields.Domain("toll_tid", "=", code)
                    | fields.Domain("name", "=", code)
                )
        return domain

    # === CHECKS === #

    @api.constrains("product_id")
    def _check_toll_product(self):
        for lot in self:
            if bool(lot.toll_state) != lot.product_id.toll_is_tag:
                raise ValidationError(
                    self.env._(
                        "%(lot)s cannot change between a TAG and another product.",
                        lot=lot.name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._toll_check_guarded(vals)
        products = self.env["product.product"].browse(
            {
                vals.get("product_id") or self.env.context.get("default_product_id")
                for vals in vals_list
            }
            - {None, False}
        )
        tag_ids = set(products.filtered("toll_is_tag").ids)
        part_ids = set(products.filtered("toll_part_kind").ids)
        values = []
        for vals in vals_list:
            product_id = vals.get("product_id") or self.env.context.get(
                "default_product_id"
            )
            if product_id in tag_ids:
                vals = self._toll_normalize(vals)
                vals.setdefault("toll_state", "new")
                vals.setdefault("company_id", self.env.company.id)
            elif product_id in part_ids:
                vals = {
                    "toll_part_state": "new",
                    "company_id": self.env.company.id,
                    **vals,
                }
            values.append(vals)
        return super().create(values)

    def write(self, vals):
        self._toll_check_guarded(vals)
        if CODES.keys() & vals.keys():
            tags = self.filtered("toll_state")
            if tags:
                vals = self._toll_normalize(vals)
                tags._toll_check_codes_change(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for lot in self:
            if lot.sudo().toll_assignment_ids:
                raise UserError(
                    self.env._(
                        "TAG %(tag)s has been assigned and stays on record: retire it.",
                        tag=lot.name,
                    )
                )

    def _toll_check_guarded(self, vals):
        # only code reaches sudo: the methods of toll.tag.life and of other addons
        if not self.env.su and GUARDED & vals.keys():
            raise AccessError(
                self.env._(
                    "The state, account and vehicle of a TAG change through its "
                    "buttons: assign, return, report as lost, replace, block. So do "
                    "the state, lane and position of a part: install, take out, swap."
                )
            )

    def _toll_check_codes_change(self, vals):
        """What is printed or written in a TAG that a customer holds does not change."""
        if self.env.su:
            return
        for lot in self.sudo().filtered("toll_vehicle_id"):
            for field in CODES.keys() & vals.keys():
                if (lot[field] or False) != (vals[field] or False):
                    raise UserError(
                        self.env._(
                            "TAG %(tag)s is with a customer: its number, EPC and TID "
                            "cannot change.",
                            tag=lot.name,
                        )
                    )

    @api.model
    def _toll_normalize(self, vals):
        """The values with number, EPC and TID in their one spelling."""
        vals = dict(vals)
        for field, check in CODES.items():
            if field not in vals:
                continue
            try:
                vals[field] = check(vals[field]) if vals[field] else False
            except TagDataError as error:
                raise ValidationError(
                    message(self.env, error.code, error.params)
                ) from None
        return vals

    # === ACTIONS === #

    def get_formview_id(self, access_uid=None):
        """Links to a TAG open the TAG's own form."""
        if len(self) == 1 and self.toll_state:
            return self.env.ref("toll_tag_stock.stock_lot_view_form").id
        return super().get_formview_id(access_uid=access_uid)

    def action_toll_assign(self):
        return self._toll_wizard("toll_tag_assign_action")

    def action_toll_return(self):
        return self._toll_wizard("toll_tag_end_action", default_operation="return")

    def action_toll_report_lost(self):
        return self._toll_wizard("toll_tag_end_action", default_operation="lost")

    def action_toll_block(self):
        return self._toll_wizard("toll_tag_end_action", default_operation="block")

    def action_toll_retire(self):
        return self._toll_wizard("toll_tag_end_action", default_operation="retire")

    def action_toll_replace(self, **defaults):
        self.ensure_one()
        return self._toll_wizard(
            "toll_tag_replace_action", default_old_lot_id=self.id, **defaults
        )

    def _toll_wizard(self, action, **context):
        values = self.env["ir.actions.actions"]._for_xml_id(f"toll_tag_stock.{action}")
        values["context"] = {
            **self.env.context,
            **context,
            "active_model": self._name,
            "active_ids": self.ids,
        }
        return values
