from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError


class TollTagTransfer(models.AbstractModel):
    """TAGs moved by Odoo's own transfers, validated where they are made."""

    _name = "toll.tag.transfer"
    _description = "TAG Transfer"

    @api.model
    def _locations(self, lots):
        """{lot id: location} of the TAGs that stand somewhere."""
        groups = self.env["stock.quant"]._read_group(
            [("lot_id", "in", lots.ids), ("quantity", ">", 0)],
            ["lot_id", "location_id"],
        )
        return {
            lot.id: location
            for lot, location in groups
            if location.usage != "inventory"
        }

    @api.model
    def _deliver(self, lots, vehicles):
        """{lot id: picking}: one delivery per customer and shelf.

        A TAG that already went to the customer (sold on an order, say) needs none.
        """
        locations = self._locations(lots)
        groups = defaultdict(lambda: self.env["stock.lot"])
        accounts = {}
        for lot, vehicle in zip(lots, vehicles, strict=True):
            source = locations.get(lot.id)
            if not source or source.usage not in ("internal", "customer"):
                raise UserError(self.env._("TAG %s is not in stock.", lot.name))
            if source.usage == "internal":
                groups[source, vehicle.account_id] |= lot
                accounts[lot.id] = vehicle.account_id
        pickings = {}
        for (source, account), group in groups.items():
            partner = account.partner_id
            picking = self._move(
                group,
                source,
                group.company_id._toll_outside_location("customer", partner),
                self._warehouse(source, group.company_id).out_type_id,
                partner,
                account.number,
            )
            pickings.update(dict.fromkeys(group.ids, picking))
        return pickings

    @api.model
    def _take_back(self, lots):
        """{lot id: picking}: one receipt per customer, onto the user's shelf."""
        locations = self._locations(lots)
        last = {
            lot: lot.toll_assignment_ids.sorted(lambda row: (row.date_from, row.id))[
                -1:
            ]
            for lot in lots
        }
        groups = defaultdict(lambda: self.env["stock.lot"])
        for lot in lots:
            source = locations.get(lot.id)
            if not source:
                raise UserError(
                    self.env._("TAG %s is in no location: correct the stock.", lot.name)
                )
            if source.usage != "internal":
                groups[source, last[lot].account_id] |= lot
        pickings = {}
        for (source, account), group in groups.items():
            shelf = group.company_id._toll_stock_location()
            picking = self._move(
                group,
                source,
                shelf,
                self._warehouse(shelf, group.company_id).in_type_id,
                account.partner_id,
                account.number,
            )
            pickings.update(dict.fromkeys(group.ids, picking))
        return pickings

    @api.model
    def _warehouse(self, location, company):
        warehouse = location.warehouse_id or self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        if not warehouse:
            raise UserError(
                self.env._("Company %s has no warehouse.", company.display_name)
            )
        return warehouse

    @api.model
    def _move(self, lots, source, destination, picking_type, partner, origin):
        """A transfer of these TAGs, done. Returns the picking."""
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "partner_id": partner.id,
                "location_id": source.id,
                "location_dest_id": destination.id,
                "company_id": lots.company_id.id,
                "origin": origin,
            }
        )
        moves = self.env["stock.move"].create(
            [
                {
                    **self._prepare_move_vals(group, source, destination, picking),
                    "picking_id": picking.id,
                    "picking_type_id": picking_type.id,
                    "partner_id": partner.id,
                }
                for group in lots.grouped("product_id").values()
            ]
        )
        moves.picked = True
        picking.with_context(toll_handover=True, cancel_backorder=True)._action_done()
        return picking

    @api.model
    def _relocate(self, lots, place, origin=None):
        """Move these TAGs from wherever they stand in stock; answers the pickings."""
        locations = self._locations(lots)
        groups = defaultdict(lambda: self.env["stock.lot"])
        for lot in lots:
            if lot.id in locations and locations[lot.id] != place:
                groups[locations[lot.id]] |= lot
        pickings = self.env["stock.picking"]
        for source, group in groups.items():
            pickings |= self._move(
                group,
                source,
                place,
                self._warehouse(place, group.company_id).int_type_id,
                place.toll_partner_id,
                origin or self.env._("TAG transfer"),
            )
        return pickings

    @api.model
    def _scrap(self, lots, reason=None):
        """Move these TAGs out of the books, wherever they stand."""
        locations = self._locations(lots)
        groups = defaultdict(lambda: self.env["stock.lot"])
        for lot in lots:
            if lot.id in locations:
                groups[locations[lot.id], lot.product_id, lot.company_id] |= lot
        for (source, product, company), group in groups.items():
            scrap = product.with_company(company).property_stock_inventory
            moves = self.env["stock.move"].create(
                {
                    **self._prepare_move_vals(group, source, scrap),
                    "origin": reason or self.env._("Retired TAGs"),
                }
            )
            moves.picked = True
            moves.with_context(is_scrap=True)._action_done()

    @api.model
    def _prepare_move_vals(self, lots, source, destination, picking=None):
        product = lots.product_id
        places = {"location_id": source.id, "location_dest_id": destination.id}
        return {
            **places,
            "product_id": product.id,
            "product_uom": product.uom_id.id,
            "product_uom_qty": len(lots),
            "company_id": lots.company_id.id,
            "move_line_ids": [
                fields.Command.create(
                    {
                        **places,
                        "product_id": product.id,
                        "product_uom_id": product.uom_id.id,
                        "lot_id": lot.id,
                        "picking_id": picking and picking.id,
                        "quantity": 1,
                        "company_id": lots.company_id.id,
                    }
                )
                for lot in lots
            ],
        }
