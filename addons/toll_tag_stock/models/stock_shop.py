"""Orders of the shop in stock: what they reserve, and what their delivery does."""

from odoo import api, fields, models
from odoo.fields import Domain

from .stock_location import NOT_FOR_CUSTOMERS
from .toll_tag_life import ASSIGNABLE


class StockQuant(models.Model):
    _inherit = "stock.quant"

    @api.model
    def _toll_customer_domain(self, purpose):
        """Where TAGs for customers stand: ready, and in no van or workshop.

        For a delivery no office's shelf is emptied either.
        """
        kinds = NOT_FOR_CUSTOMERS
        if purpose == "delivery":
            kinds = (*kinds, "office")
        places = self.env["stock.location"].search([("toll_place_kind", "in", kinds)])
        return Domain("lot_id.toll_state", "in", ASSIGNABLE) & ~Domain(
            "location_id", "child_of", places.ids
        )

    def _get_gather_domain(self, product_id, location_id, *args, **kwargs):
        domain = super()._get_gather_domain(product_id, location_id, *args, **kwargs)
        purpose = self.env.context.get("toll_customer_purpose")
        if purpose and product_id.toll_is_tag:
            domain = Domain(domain) & self._toll_customer_domain(purpose)
        return domain


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_assign(self, force_qty=False):
        """Orders of the shop reserve TAGs that customers may get."""
        rest = self
        # the one who confirms need not see orders
        groups = self.grouped(lambda move: move.sudo()._toll_customer_purpose())
        for purpose in filter(None, groups):
            moves = groups[purpose]
            rest -= moves
            super(
                StockMove, moves.with_context(toll_customer_purpose=purpose)
            )._action_assign(force_qty=force_qty)
        return super(StockMove, rest)._action_assign(force_qty=force_qty)

    def _toll_customer_purpose(self):
        order = self.sale_line_id.order_id
        if not self.product_id.toll_is_tag or not order.toll_tag_sale_ids:
            return None
        return "office" if order.toll_office_id else "delivery"


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_stock_move_values(self, *args):
        """What is picked up at an office leaves from its shelf."""
        move_values = super()._get_stock_move_values(*args)
        values = args[-1]
        shelf = self.env["stock.location"].browse(values.get("toll_source_id"))
        if shelf and shelf._child_of(self.location_src_id):
            move_values["location_id"] = shelf.id
        return move_values


class StockPicking(models.Model):
    # pylint: disable=consider-merging-classes-inherited
    _inherit = "stock.picking"

    def _action_done(self):
        res = super()._action_done()
        # who hands over need not see orders and accounts
        self.sudo()._toll_deliver_sold()
        return res

    def _toll_deliver_sold(self):
        """The TAGs of an order have left: each goes to its vehicle."""
        for picking in self.filtered(lambda p: p.state == "done"):
            for move in picking.move_ids.filtered(
                lambda move: (
                    move.state == "done"
                    and move.product_id.toll_is_tag
                    and move.location_dest_id.usage == "customer"
                )
            ):
                order = move.sale_line_id.order_id
                sales = order.toll_tag_sale_ids.filtered(
                    lambda sale, move=move: (
                        sale.state == "ordered"
                        and sale.order_line_id == move.sale_line_id
                    )
                )
                lots = move.move_line_ids.lot_id.sorted("name")
                sales.sorted("id")._deliver(lots, carried=not order.toll_office_id)


class DeliveryCarrier(models.Model):
    _inherit = "delivery.carrier"

    toll_is_pickup = fields.Boolean(
        string="Pick-up at an Office",
        help="For orders of TAGs whose buyer comes to one of our offices.",
    )
