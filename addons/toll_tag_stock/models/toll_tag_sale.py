"""TAGs sold to be delivered: which one, for which vehicle, and how far it is."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.toll_account.core import plates

from .toll_tag_life import AGENT

SALE_STATES = [
    ("draft", "In the Cart"),
    ("ordered", "To Hand Over"),
    ("waiting", "To Assign"),
    ("shipped", "On Its Way"),
    ("done", "In Use"),
    ("returned", "Returned"),
    ("cancelled", "Cancelled"),
]


class TollTagSale(models.Model):
    _name = "toll.tag.sale"
    _description = "TAG Sold"
    _order = "id desc"
    _check_company_auto = True

    order_id = fields.Many2one(
        "sale.order", index="btree_not_null", readonly=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        "sale.order.line", index="btree_not_null", readonly=True, ondelete="set null"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", index="btree_not_null", readonly=True
    )
    product_id = fields.Many2one("product.product", required=True, readonly=True)
    account_id = fields.Many2one(
        "toll.account", index="btree_not_null", readonly=True, check_company=True
    )
    vehicle_id = fields.Many2one(
        "toll.vehicle",
        index="btree_not_null",
        domain="[('account_id', '=?', account_id), ('toll_tag_ids', '=', False)]",
        help="The vehicle that the TAG is for.",
    )
    plate = fields.Char(readonly=True, help="As the customer wrote it.")
    class_id = fields.Many2one("toll.vehicle.class", readonly=True)
    lot_id = fields.Many2one(
        "stock.lot", string="TAG", index="btree_not_null", readonly=True
    )
    assignment_id = fields.Many2one(
        "toll.tag.assignment", index="btree_not_null", readonly=True
    )
    state = fields.Selection(
        SALE_STATES, required=True, default="draft", readonly=True, index=True
    )
    problem = fields.Char(
        readonly=True, help="What a person has to settle before the TAG can be used."
    )

    @api.depends("plate", "lot_id.name", "product_id.name")
    def _compute_display_name(self):
        for sale in self:
            names = (sale.lot_id.name or sale.product_id.name, sale.plate)
            sale.display_name = " → ".join(filter(None, names))

    def write(self, vals):
        if not self.env.su and vals.keys() - {"vehicle_id"}:
            raise AccessError(
                self.env._("TAGs sold change through their buttons: assign, activate.")
            )
        return super().write(vals)

    # === THE VEHICLE === #

    def _open_vehicles(self):
        """The vehicles of the order on its account; what cannot be is told to us."""
        for sale in self.filtered(lambda sale: sale.plate and not sale.vehicle_id):
            account = sale.account_id
            normalized = plates.normalize(sale.plate)
            own = account.vehicle_ids.filtered(
                lambda car, normalized=normalized: car.plate_normalized == normalized
            )
            if own:
                sale.vehicle_id = own[0]
                continue
            try:
                sale.vehicle_id = account._portal_add_vehicle(
                    sale.plate, sale.class_id.id
                )
            except UserError as error:
                sale.problem = sale._plate_problem() or str(error.args[0])

    def _plate_problem(self):
        country = self.company_id.country_id
        holder = self.env["toll.account"]._find_plate(
            plates.normalize(self.plate), country.id
        )
        if not holder:
            return None
        return self.env._(
            "Plate %(plate)s belongs to account %(number)s.",
            plate=self.plate,
            number=holder.account_id.number,
        )

    # === THE TAG === #

    def _deliver(self, lots, carried):
        """These TAGs have left for the customer; ``carried``: not by his own hand."""
        for sale, lot in zip(self, lots, strict=False):
            sale.lot_id = lot
            sale._assign(carried)

    def _assign(self, carried=False):
        """Assign the TAG that was delivered, or say why it cannot be yet."""
        self.ensure_one()
        lot, vehicle = self.lot_id, self.vehicle_id
        if not vehicle:
            self.write(
                {
                    "state": "waiting",
                    "problem": self.problem
                    or self.env._("The vehicle of the TAG is not known."),
                }
            )
            return False
        try:
            with self.env.cr.savepoint():
                rows = lot._toll_assign(
                    vehicle, terms=lot.product_id.toll_terms or "sale"
                )
                if carried:
                    lot.toll_block("shipped")
        except UserError as error:
            self.write({"state": "waiting", "problem": str(error.args[0])})
            return False
        self.write(
            {
                "assignment_id": rows.id,
                "state": "shipped" if carried else "done",
                "problem": False,
            }
        )
        self._tell_customer()
        return True

    def _tell_customer(self):
        """Which TAG is for which vehicle, and what to do with it."""
        account = self.account_id.with_context(lang=self.partner_id.lang)
        names = {"tag": self.lot_id.name, "plate": self.vehicle_id.plate}
        if self.state == "shipped":
            subject = account.env._("Your TAG is on its way")
            body = account.env._(
                "TAG %(tag)s for %(plate)s is on its way. When you have it, tell us "
                "under My account, Vehicles: it works from then on.",
                **names,
            )
        else:
            subject = account.env._("Your TAG works")
            body = account.env._(
                "TAG %(tag)s is assigned to %(plate)s and may be used.", **names
            )
        account.message_post(
            body=body,
            subject=subject,
            partner_ids=self.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_comment",
        )

    def _check_agent(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(AGENT):
            raise AccessError(self.env._("Only the front office assigns TAGs."))

    def action_assign(self):
        """Assign the TAGs that were sold and left without a vehicle."""
        self._check_agent()
        for sale in self.sudo():
            if sale.state != "waiting":
                raise UserError(
                    self.env._("%s does not wait for a vehicle.", sale.display_name)
                )
            if not sale.vehicle_id:
                raise UserError(
                    self.env._("Choose the vehicle of TAG %s first.", sale.lot_id.name)
                )
            if sale.vehicle_id.account_id != sale.account_id:
                sale.account_id = sale.vehicle_id.account_id
            if not sale._assign():
                raise UserError(sale.problem)
        return True

    def action_activate(self):
        """The customer says at the counter or the telephone that the TAG is there."""
        self._check_agent()
        self.sudo()._activate()
        return True

    def _activate(self):
        for sale in self:
            lot = sale.lot_id
            if sale.state != "shipped" or lot.toll_account_id != sale.account_id:
                raise UserError(self.env._("%s is not on its way.", sale.display_name))
            lot._toll_activate()
            sale.state = "done"

    @api.model
    def _follow_end(self, rows):
        """Assignments have ended: the TAG came back, or is gone."""
        sales = self.search(
            Domain("assignment_id", "in", rows.ids)
            & Domain("state", "in", ("shipped", "done"))
        )
        sales.state = "returned"

    def _cancel(self):
        self.filtered(lambda sale: sale.state in ("draft", "ordered")).write(
            {"state": "cancelled", "problem": False}
        )

    def action_view_order(self):
        self.ensure_one()
        return self.order_id._get_records_action()


class TollTagStatus(models.Model):
    _inherit = "toll.tag.status"  # pylint: disable=consider-merging-classes-inherited

    reason = fields.Selection(
        selection_add=[("shipped", "On its way"), ("received", "Received")]
    )


class TollTagLife(models.AbstractModel):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.tag.life"

    def _toll_is_shipped(self):
        """Whether this TAG waits for the word that the customer has it."""
        self.ensure_one()
        current = self.toll_status_ids.filtered(lambda row: not row.date_to)[:1]
        return self.toll_state == "blocked" and current.reason == "shipped"

    def _toll_activate(self):
        """The TAG has reached its customer: lanes may accept it."""
        self._toll_lock()
        for lot in self:
            if not lot._toll_is_shipped():
                raise UserError(
                    self.env._("TAG %s is not on its way to anybody.", lot.name)
                )
            if lot.toll_account_id.state != "active":
                raise UserError(
                    self.env._("The account of TAG %s is not active.", lot.name)
                )
        self.env["toll.tag.status"]._set(self, "valid", "received")
        self.write({"toll_state": "assigned"})
        self._toll_log(dict.fromkeys(self, self.env._("Received by the customer")))

    def _toll_end(self, date, reason, state, note=None):
        rows = super()._toll_end(date, reason, state, note=note)
        self.env["toll.tag.sale"].sudo()._follow_end(rows)
        return rows


class StockLot(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "stock.lot"

    def _toll_portal_status(self):
        return {**super()._toll_portal_status(), "shipped": self._toll_is_shipped()}


class TollVehicle(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "toll.vehicle"

    def _toll_portal_received(self):
        """The customer has the TAG in his hands: from now on it works."""
        tag_sudo = self._toll_portal_tag()
        if not tag_sudo._toll_is_shipped():
            raise UserError(self.env._("This TAG is not on its way."))
        sale_sudo = self.env["toll.tag.sale"].sudo()  # what was sold is staff's
        sales = sale_sudo.search(
            [("lot_id", "=", tag_sudo.id), ("state", "=", "shipped")]
        )
        if sales:
            sales._activate()
        else:
            tag_sudo._toll_activate()
        self._toll_portal_note(
            self.env._("Received by the customer: TAG %s."), tag_sudo
        )
