from odoo import fields, models
from odoo.exceptions import UserError

from ..core.epc import normalize
from .toll_tag_life import AGENT

MOVABLE = ("new", "encoded", "stocked", "defective")


class StockLot(models.Model):
    """Where a TAG came from, how it is moved between places, how it ended."""

    _inherit = "stock.lot"  # pylint: disable=consider-merging-classes-inherited

    toll_supply_id = fields.Many2one(
        "toll.tag.supply",
        string="Box",
        index="btree_not_null",
        copy=False,
        ondelete="restrict",
    )
    toll_supplier_id = fields.Many2one(
        related="toll_supply_id.partner_id", string="Supplier", tracking=False
    )
    toll_warranty_until = fields.Date(
        related="toll_supply_id.warranty_until", string="Supplier's Warranty until"
    )
    toll_received_on = fields.Date(
        related="toll_supply_id.date", string="Received on", store=True
    )
    toll_rma_ids = fields.One2many("toll.tag.rma", "lot_id", string="RMA")
    toll_scrap_reason_id = fields.Many2one(
        "toll.tag.scrap.reason",
        string="Reason of Scrap",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
    )
    toll_scrap_date = fields.Datetime(string="Scrapped on", readonly=True, copy=False)
    toll_scrap_value = fields.Monetary(
        readonly=True,
        copy=False,
        currency_field="toll_currency_id",
        groups="base.group_user",
        help="What the TAG stood in the books with.",
    )
    toll_currency_id = fields.Many2one(related="company_id.currency_id")

    def toll_transfer(self, destination, note=None):
        """Move TAGs that no customer has to another place; answers the transfers.

        One transfer per place they come from, done at once.
        """
        places = self._toll_records("stock.location", destination)
        places.check_access("read")
        lots_sudo = self._toll_authorized(AGENT)
        lots_sudo._toll_lock()
        if len(places) != 1 or places.usage not in ("internal", "transit"):
            raise UserError(self.env._("Choose the place that the TAGs go to."))
        if places.company_id and places.company_id != lots_sudo.company_id:
            raise UserError(
                self.env._("%s belongs to another company.", places.display_name)
            )
        locations = lots_sudo.env["toll.tag.transfer"]._locations(lots_sudo)
        for lot in lots_sudo:
            problem = lot._toll_transfer_problem(locations.get(lot.id))
            if problem:
                raise UserError(problem)
        pickings_sudo = lots_sudo.env["toll.tag.transfer"]._relocate(
            lots_sudo, places.sudo(), note
        )
        return pickings_sudo.with_env(self.env)

    def _toll_transfer_problem(self, place, source=None):
        """Why this TAG cannot be moved from where it stands, or None."""
        self.ensure_one()
        if self.toll_state not in MOVABLE:
            labels = dict(self._fields["toll_state"]._description_selection(self.env))
            return self.env._(
                "TAG %(tag)s is in state “%(state)s” and cannot be moved.",
                tag=self.name,
                state=labels.get(self.toll_state, ""),
            )
        if not place or place.usage not in ("internal", "transit"):
            return self.env._("TAG %s is not in stock.", self.name)
        if source and not place._child_of(source):
            return self.env._(
                "TAG %(tag)s stands at %(place)s, not here.",
                tag=self.name,
                place=place.display_name,
            )
        return None

    def _toll_find_scanned(self, text):
        """The TAGs that a scanned code means: one by number, EPC or TID, or a box."""
        code = normalize(text)
        if not code:
            return self.browse()
        company = [("company_id", "in", (False, *self.env.companies.ids))]
        lot = self.search(
            [
                ("toll_state", "!=", False),
                "|",
                "|",
                ("name", "=", code),
                ("toll_epc", "=", code),
                ("toll_tid", "=", code),
                *company,
            ],
            limit=1,
        )
        if lot:
            return lot
        supply = self.env["toll.tag.supply"].search(
            [("name", "=ilike", text.strip()), *company], limit=1
        )
        return supply.lot_ids

    def action_toll_labels(self):
        """Choose how to print the labels of these TAGs."""
        return self.env["toll.tag.label"]._open(lots=self)

    def action_toll_rma(self):
        """What was found out about this TAG's defects."""
        values = self.env["ir.actions.actions"]._for_xml_id(
            "toll_tag_stock.toll_tag_rma_action"
        )
        values["domain"] = [("lot_id", "in", self.ids)]
        values["context"] = {"create": False}
        return values
