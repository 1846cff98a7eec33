from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .toll_tag_life import MANAGER

STOREKEEPER = "stock.group_stock_user"
PART_STATES = [
    ("new", "Not received"),
    ("stock", "In stock"),
    ("installed", "Installed"),
    ("repair", "In repair"),
    ("scrapped", "Scrapped"),
]
DESTINATIONS = [("stock", "Stock"), ("repair", "Repair"), ("scrap", "Scrap")]
REPAIR_PLACES = ("workshop", "supplier_rma")


class StockLot(models.Model):
    """A lane part: an antenna, reader, camera or barrier with its own number.

    As with TAGs, the public methods check the user first and then act in one
    transaction: stock, installation, state and chatter change together or not at all.
    """

    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    toll_part_kind = fields.Selection(related="product_id.toll_part_kind")
    toll_part_state = fields.Selection(
        PART_STATES,
        string="Part State",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
    )
    toll_lane_id = fields.Many2one(
        "toll.lane",
        string="Lane",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    toll_position = fields.Char(string="Position", readonly=True, copy=False)
    toll_installation_ids = fields.One2many(
        "toll.lane.installation", "lot_id", groups="base.group_user"
    )

    # === BUSINESS METHODS === #

    def toll_install(self, lane, position="1", date=None, note=None):
        """Move this part from stock to its position in a lane; answers the row.

        ``lane`` is a record or an id. The date may lie in the past.
        """
        self.ensure_one()
        lanes = self._toll_records("toll.lane", lane)
        lanes.check_access("read")
        part_sudo = self._toll_part_authorized()
        if len(lanes) != 1 or not (position or "").strip():
            raise UserError(self.env._("Choose the lane and the position of the part."))
        date = self._toll_date(date)
        part_sudo._toll_lock()
        part_sudo._toll_check_part_state(("stock",), self.env._("installed"))
        return part_sudo._toll_put(lanes.sudo(), position.strip(), date, note).with_env(
            self.env
        )

    def toll_uninstall(
        self, destination="stock", place=None, date=None, reason=None, note=None
    ):
        """Take these parts out of their lanes: to stock, to repair or to scrap.

        ``place`` is the location they go to; ``reason`` is a scrap reason.
        """
        parts_sudo, date, places, reasons = self._toll_leaving(
            destination, place, date, reason
        )
        parts_sudo._toll_take_out(date, "removed", destination, places, reasons, note)
        return True

    def toll_swap(
        self,
        new_part,
        destination="repair",
        place=None,
        date=None,
        reason=None,
        note=None,
    ):
        """Put another part in this one's place in the lane; answers the new row."""
        self.ensure_one()
        new = self._toll_records("stock.lot", new_part)
        if len(new) != 1 or new == self:
            raise UserError(self.env._("Choose the part that takes this one's place."))
        new_sudo = new._toll_part_authorized()
        part_sudo, date, places, reasons = self._toll_leaving(
            destination, place, date, reason
        )
        new_sudo._toll_lock()
        new_sudo._toll_check_part_state(("stock",), self.env._("installed"))
        if new_sudo.toll_part_kind != part_sudo.toll_part_kind:
            raise UserError(
                self.env._(
                    "%(new)s is not the same kind of part as %(old)s.",
                    new=new_sudo.name,
                    old=part_sudo.name,
                )
            )
        lane_sudo, position = part_sudo.toll_lane_id, part_sudo.toll_position
        old_row = part_sudo._toll_take_out(
            date, "swapped", destination, places, reasons, note
        )
        old_row.replaced_by_id = new_sudo
        row_sudo = new_sudo._toll_put(lane_sudo, position, date, note)
        part_sudo._toll_swapped(new_sudo)
        return row_sudo.with_env(self.env)

    def _toll_swapped(self, new):
        """For other parts of the suite: this part has given way to a new one."""

    def toll_mark_good(self):
        """Parts in repair work again; TAGs as ever."""
        parts = self.filtered("toll_part_state")
        if parts:
            parts_sudo = parts._toll_part_authorized()
            parts_sudo._toll_check_part_state(("repair",), self.env._("put to stock"))
            parts_sudo.toll_part_state = "stock"
            parts_sudo._toll_close_rma("restock")
        tags = self - parts
        return super(StockLot, tags).toll_mark_good() if tags or not parts else True

    def toll_mark_defective(self):
        """Parts in stock that do not work go to repair; TAGs as ever."""
        parts = self.filtered("toll_part_state")
        if parts:
            parts_sudo = parts._toll_part_authorized()
            parts_sudo._toll_check_part_state(("stock",), self.env._("sent to repair"))
            parts_sudo._toll_bring("repair", self.env["stock.location"])
            parts_sudo._toll_open_rma()
        tags = self - parts
        return (
            super(StockLot, tags).toll_mark_defective() if tags or not parts else True
        )

    def toll_retire(self, note=None, reason=None):
        """Parts out of lanes leave stock through scrap; TAGs as ever."""
        parts = self.filtered("toll_part_state")
        if parts:
            reasons = self._toll_records("toll.tag.scrap.reason", reason)
            parts_sudo = parts._toll_part_authorized(MANAGER)
            parts_sudo._toll_check_part_state(
                ("new", "stock", "repair"), self.env._("scrapped")
            )
            parts_sudo._toll_bring("scrap", self.env["stock.location"], reasons)
            if note:
                parts_sudo._toll_log(dict.fromkeys(parts_sudo, note))
        tags = self - parts
        if tags or not parts:
            return super(StockLot, tags).toll_retire(note, reason)
        return True

    # === HELPERS === #

    def _toll_part_authorized(self, *groups):
        """These parts in superuser mode, once the user may act on them."""
        groups = groups or (MANAGER, STOREKEEPER)
        if not self:
            raise UserError(self.env._("Choose at least one part."))
        if not self.env.su and not any(map(self.env.user.has_group, groups)):
            raise AccessError(
                self.env._("Only storekeepers and managers move the parts of lanes.")
                if STOREKEEPER in groups
                else self.env._("Only managers scrap the parts of lanes.")
            )
        self.check_access("read")
        others = self.filtered(lambda lot: not lot.toll_part_state)
        if others:
            raise UserError(self.env._("%s is not a lane part.", others[0].name))
        parts_sudo = self.sudo()
        return parts_sudo.with_company(parts_sudo.company_id[:1])

    def _toll_leaving(self, destination, place, date, reason):
        """What leaving a lane takes: (parts in superuser mode, date, place, reason)."""
        if destination not in dict(DESTINATIONS):
            raise UserError(
                self.env._("A part goes to “stock”, to “repair” or to “scrap”.")
            )
        places = self._toll_records("stock.location", place)
        places.check_access("read")
        reasons = self._toll_records("toll.tag.scrap.reason", reason)
        scrap = destination == "scrap"
        parts_sudo = self._toll_part_authorized(*((MANAGER,) if scrap else ()))
        if scrap and not reasons:
            raise UserError(self.env._("Say why the part is scrapped."))
        for part in parts_sudo:
            if any(
                found.usage != "internal"
                or found.toll_lane_ids
                or found.company_id not in (part.company_id, self.env["res.company"])
                for found in places.sudo()
            ):
                raise UserError(
                    self.env._("Part %s cannot go to that place.", part.name)
                )
        parts_sudo._toll_lock()
        parts_sudo._toll_check_part_state(
            ("installed",), self.env._("taken out of a lane")
        )
        return parts_sudo, self._toll_date(date), places.sudo(), reasons

    def _toll_check_part_state(self, allowed, verb):
        labels = dict(self._fields["toll_part_state"]._description_selection(self.env))
        for part in self:
            if part.toll_part_state not in allowed:
                raise UserError(
                    self.env._(
                        "Part %(part)s is in state “%(state)s” and cannot be %(verb)s.",
                        part=part.name,
                        state=labels.get(part.toll_part_state, ""),
                        verb=verb,
                    )
                )

    def _toll_put(self, lane, position, date, note):
        """Install one part, once everything is checked; answers the row."""
        if lane.company_id and lane.company_id != self.company_id:
            raise UserError(
                self.env._("%s belongs to another company.", lane.display_name)
            )
        taken = self.env["toll.lane.installation"].search(
            [
                ("lane_id", "=", lane.id),
                ("part_kind", "=", self.toll_part_kind),
                ("position", "=", position),
                ("date_to", "=", False),
            ],
            limit=1,
        )
        if taken:
            raise UserError(
                self.env._(
                    "Position %(position)s of lane %(lane)s already has %(part)s: swap "
                    "it, or take it out first.",
                    position=position,
                    lane=lane.display_name,
                    part=taken.lot_id.name,
                )
            )
        place = lane._get_place(self.company_id)
        # stock moves it to no other lane than the one it is said to be in
        self.write(
            {
                "toll_part_state": "installed",
                "toll_lane_id": lane.id,
                "toll_position": position,
            }
        )
        pickings = self.env["toll.tag.transfer"]._relocate(
            self, place, lane.display_name
        )
        if not pickings:
            raise UserError(
                self.env._("Part %s is not in stock: receive it first.", self.name)
            )
        row = self.env["toll.lane.installation"].create(
            {
                "lot_id": self.id,
                "part_kind": self.toll_part_kind,
                "lane_id": lane.id,
                "position": position,
                "date_from": date,
                "picking_id": pickings.id,
                "note": note,
            }
        )
        words = {"part": self.name, "position": position, "lane": lane.display_name}
        self._toll_log(
            {self: self.env._("Installed in %(lane)s, %(position)s", **words)}
        )
        lane._message_log(body=self.env._("%(part)s installed, %(position)s", **words))
        # raise the database's word on overlaps here, not at some later flush
        self.env.flush_all()
        return row

    def _toll_take_out(self, date, end_reason, destination, place, reason, note):
        """End the installations and bring the parts away; answers the rows."""
        rows = self.toll_installation_ids.filtered(lambda row: not row.date_to)
        for row in rows:
            if row.date_from > date:
                raise UserError(
                    self.env._(
                        "Part %s was installed after that date.", row.lot_id.name
                    )
                )
        # stock takes nothing out of a lane that is still said to be in it
        self.write({"toll_lane_id": False, "toll_position": False})
        pickings = self._toll_bring(destination, place, reason)
        rows._end(date, end_reason, note, pickings, destination=destination)
        for row in rows:
            row.lane_id._message_log(
                body=self.env._("%s taken out", row.lot_id.display_name)
            )
        if destination == "repair":
            self._toll_open_rma(note)
        self.env.flush_all()
        return rows

    def _toll_bring(self, destination, place, reason=None):
        """Move these parts and say so in their state; {part id: transfer's id}."""
        transfer = self.env["toll.tag.transfer"]
        if destination == "scrap":
            transfer._scrap(self, reason.name)
            for part in self:
                part.write(part._prepare_toll_scrap_vals(reason))
            self._toll_close_rma("scrap")
            return {}
        pickings = {}
        for company, parts in self.grouped("company_id").items():
            target = (
                place
                or (destination == "repair" and company._toll_workshop())
                or company._toll_stock_location()
            )
            for picking in transfer._relocate(parts, target):
                lots = picking.move_line_ids.lot_id
                pickings.update(dict.fromkeys(lots.ids, picking.id))
        self.toll_part_state = destination
        return pickings

    def _prepare_toll_scrap_vals(self, reason):
        vals = super()._prepare_toll_scrap_vals(reason)
        if self.toll_part_state:
            del vals["toll_state"]
            vals["toll_part_state"] = "scrapped"
        return vals

    def _toll_is_faulty(self):
        return super()._toll_is_faulty() or self.toll_part_state == "repair"

    @api.model
    def _toll_part_state_at(self, place):
        """The state of a part that stands here."""
        if not place or place.usage == "supplier":
            return "new"
        if place.usage not in ("internal", "transit"):
            return "scrapped"
        if place.toll_lane_ids:
            return "installed"
        return "repair" if place.toll_place_kind in REPAIR_PLACES else "stock"

    @api.model
    def _toll_adopt_parts(self, templates):
        """The units of products that are lane parts from now on, or no longer."""
        lots = self.search(
            [
                ("product_id.product_tmpl_id", "in", templates.ids),
                ("toll_state", "=", False),
                ("toll_part_state", "!=", "installed"),
            ]
        )
        places = self.env["toll.tag.transfer"]._locations(lots)
        for lot in lots:
            is_part = lot.product_id.toll_part_kind
            lot.toll_part_state = is_part and self._toll_part_state_at(
                places.get(lot.id)
            )
            lot.company_id = lot.company_id or self.env.company

    @api.ondelete(at_uninstall=False)
    def _unlink_except_installed(self):
        for lot in self:
            if lot.sudo().toll_installation_ids:
                raise UserError(
                    self.env._(
                        "Part %s was in a lane and stays on record: scrap it.", lot.name
                    )
                )

    # === ACTIONS === #

    def action_toll_install(self):
        return self._toll_wizard("toll_part_move_action", default_operation="install")

    def action_toll_uninstall(self):
        return self._toll_wizard("toll_part_move_action", default_operation="remove")

    def action_toll_swap(self):
        self.ensure_one()
        return self._toll_wizard("toll_part_move_action", default_operation="swap")

    def action_toll_installations(self):
        self.ensure_one()
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_lane_installation_action"
        )
        values["domain"] = [("lot_id", "=", self.id)]
        values["context"] = {"create": False}
        return values

    def get_formview_id(self, access_uid=None):
        """Links to a lane part open its own form."""
        if len(self) == 1 and self.toll_part_state:
            return self.env.ref("toll_tag_stock.stock_lot_view_form_part").id
        return super().get_formview_id(access_uid=access_uid)
