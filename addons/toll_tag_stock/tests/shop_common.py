from unittest.mock import patch

from .common import TollTagCommon


class ShopCommon(TollTagCommon):
    """TAGs in the shop, a plan, an office with a shelf, and a provider that pays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's own letters with their PDFs are no matter of these tests
        cls.startClassPatcher(
            patch.object(
                cls.registry["sale.order"],
                "_send_order_notification_mail",
                lambda orders, *args, **kwargs: None,
            )
        )
        cls.company._toll_set_up()
        cls.company.write({"toll_topup_min": 50, "toll_topup_max": 50000})
        cls.website = cls.env["website"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.product.write(
            {
                "name": "Shop TAG",
                "list_price": 200,
                "taxes_id": False,
                "is_published": True,
                "allow_out_of_stock_order": False,
            }
        )
        cls.lots = cls._receive("ZZSH00000001", "ZZSH00000006")
        cls.plan = cls.env["toll.plan"].create(
            {"code": "SHOP", "name": "Shop plan", "topup_min": 100, "is_customer": True}
        )
        cls.place = cls.env["stock.location"].create(
            {
                "name": "Shop office",
                "location_id": cls.shelf.id,
                "toll_place_kind": "office",
            }
        )
        cls.office = cls.env["toll.office"].create(
            {"code": "SHP", "name": "Shop office", "toll_location_id": cls.place.id}
        )
        cls.provider = cls.env.ref("payment.payment_provider_demo").sudo()
        cls.provider.write(
            {"state": "test", "company_id": cls.company.id, "is_published": True}
        )
        cls.provider.journal_id = cls.company._toll_get_topup_journal("online")
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Berta Nueva", "email": "berta.shop@example.com"}
        )

    @classmethod
    def _order(cls, partner=None, quantity=1, **vals):
        """A cart with TAGs."""
        partner = partner or cls.buyer
        return cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "website_id": cls.website.id,
                "order_line": [
                    (0, 0, {"product_id": cls.product.id, "product_uom_qty": quantity})
                ],
                **vals,
            }
        )

    @classmethod
    def _row(cls, plate="SHP-100-A", vehicle=None):
        return {"vehicle": vehicle, "plate": plate, "class": cls.vehicle_class.id}

    @classmethod
    def _fill(cls, order, *rows, **data):
        order._toll_fill(
            {
                "plan": cls.plan,
                "vehicles": rows or (cls._row(),),
                "topup": 150,
                "accepted": {"conditions": "1", "privacy": "1"},
                "ip": "192.0.2.1",
                **data,
            }
        )
        return order

    @classmethod
    def _transaction(cls, order, amount=None):
        return (
            cls.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": cls.provider.id,
                    "payment_method_id": cls.env.ref(
                        "payment.payment_method_unknown"
                    ).id,
                    "reference": f"{order.name}-{len(order.transaction_ids)}",
                    "amount": order.amount_total if amount is None else amount,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "sale_order_ids": [(6, 0, order.ids)],
                }
            )
        )

    @classmethod
    def _pay(cls, order, amount=None):
        transaction = cls._transaction(order, amount)
        transaction._set_done()
        transaction._post_process()
        return transaction

    @classmethod
    def _ship(cls, order):
        """Everything that is reserved for the order leaves."""
        picking = order.picking_ids.filtered(lambda p: p.state != "done")
        picking.move_ids.picked = True
        picking._action_done()
        return picking

    def _assert_books(self):
        self.assertFalse(self.env["toll.check"]._check_deposits())
