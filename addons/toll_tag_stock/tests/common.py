from odoo.tests import TransactionCase, new_test_user


class TollTagCommon(TransactionCase):
    """A company with TAGs in stock, two accounts with vehicles, and users.

    Other addons subclass it; ``_receive`` and ``_create_account`` make more.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env.company
        cls.product = cls.env["product.product"].create(
            {"name": "Test TAG", "toll_is_tag": True}
        )
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.shelf = cls.warehouse.lot_stock_id
        cls.vehicle_class = cls.env["toll.vehicle.class"].search([], limit=1)
        cls.country = cls.company.country_id or cls.env.ref("base.mx")
        cls.agent = new_test_user(
            cls.env, "tag_agent", groups="toll_account.group_toll_agent"
        )
        cls.manager = new_test_user(
            cls.env, "tag_manager", groups="toll_account.group_toll_manager"
        )
        cls.analyst = new_test_user(
            cls.env, "tag_analyst", groups="toll_account.group_toll_analyst"
        )
        cls.account = cls._create_account("Ana Prueba")
        cls.vehicle = cls._create_vehicle(cls.account, "TST-001-A")
        cls.vehicle_2 = cls._create_vehicle(cls.account, "TST-002-A")

    @classmethod
    def _create_account(cls, name, **vals):
        partner = cls.env["res.partner"].create({"name": name})
        account = cls.env["toll.account"].create({"partner_id": partner.id, **vals})
        account.action_activate()
        return account

    @classmethod
    def _create_vehicle(cls, account, plate, **vals):
        return cls.env["toll.vehicle"].create(
            {
                "account_id": account.id,
                "plate": plate,
                "class_id": cls.vehicle_class.id,
                "country_id": cls.country.id,
                "date_from": "2026-01-01 00:00:00",
                **vals,
            }
        )

    @classmethod
    def _receive(cls, first, last=None, user=None):
        """Receive a range of TAGs onto the shelf and answer them."""
        env = cls.env(user=user) if user else cls.env
        wizard = env["toll.tag.reception"].create(
            {
                "product_id": cls.product.id,
                "location_id": cls.shelf.id,
                "source": "range",
                "first_number": first,
                "last_number": last or first,
            }
        )
        action = wizard.action_receive()
        return cls.env["stock.lot"].search(action["domain"], order="name")

    @classmethod
    def _location(cls, lot):
        return cls.env["toll.tag.transfer"]._locations(lot).get(lot.id)
