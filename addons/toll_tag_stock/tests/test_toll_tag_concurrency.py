from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestTollTagConcurrency(BaseCase):
    """Two real transactions, open at the same time, that want the same TAG or vehicle.

    They are interleaved in one thread, so that every run has the same order of events.
    What they commit is taken away at the end.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_db = Registry(get_db_name())
        with cls.registry_db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            cls.ids = cls._create_world(env)
        cls.addClassCleanup(cls._remove_world)

    @classmethod
    def _create_world(cls, env):
        company = env.ref("base.main_company")
        product = env["product.product"].create({"name": "CC TAG", "toll_is_tag": True})
        partner = env["res.partner"].create({"name": "Concurrent Customer"})
        account = env["toll.account"].create(
            {"partner_id": partner.id, "company_id": company.id}
        )
        vehicles = env["toll.vehicle"].create(
            [
                {
                    "account_id": account.id,
                    "plate": f"CCT-00{index}-Z",
                    "class_id": env["toll.vehicle.class"].search([], limit=1).id,
                    "country_id": env.ref("base.mx").id,
                }
                for index in (1, 2)
            ]
        )
        lots = env["stock.lot"].create(
            [
                {
                    "name": f"ZZCC0000{index}",
                    "product_id": product.id,
                    "company_id": company.id,
                    "toll_state": "stocked",
                }
                for index in (1, 2)
            ]
        )
        shelf = company._toll_stock_location()
        for lot in lots:
            env["stock.quant"]._update_available_quantity(product, shelf, 1, lot_id=lot)
        return {
            "lots": lots.ids,
            "vehicles": vehicles.ids,
            "account": account.id,
            "product": product.id,
            "template": product.product_tmpl_id.id,
            "partner": partner.id,
        }

    @classmethod
    def _remove_world(cls):
        ids = cls.ids
        lots, product = tuple(ids["lots"]), ids["product"]
        with cls.registry_db.cursor() as cr:
            for query, params in (
                ("DELETE FROM toll_tag_status WHERE lot_id IN %s", (lots,)),
                ("DELETE FROM toll_tag_assignment WHERE lot_id IN %s", (lots,)),
                ("DELETE FROM stock_move_line WHERE lot_id IN %s", (lots,)),
                ("DELETE FROM stock_move WHERE product_id = %s", (product,)),
                ("DELETE FROM stock_picking WHERE partner_id = %s", (ids["partner"],)),
                ("DELETE FROM stock_quant WHERE lot_id IN %s", (lots,)),
                ("DELETE FROM stock_lot WHERE id IN %s", (lots,)),
                ("DELETE FROM toll_vehicle WHERE account_id = %s", (ids["account"],)),
            ):
                cr.execute(query, params)
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["toll.account"].browse(ids["account"]).unlink()
            env["product.template"].browse(ids["template"]).unlink()
            env["res.partner"].browse(ids["partner"]).unlink()

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clear_assignments)
        self.first = self._begin()
        self.second = self._begin()

    def _begin(self):
        """A transaction whose snapshot is taken now."""
        cr = self.registry_db.cursor()
        self.addCleanup(cr.close)
        cr.execute("SET LOCAL lock_timeout = '300ms'")
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        env["stock.lot"].browse(self.ids["lots"]).mapped("toll_state")
        return env

    def _clear_assignments(self):
        with self.registry_db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            lots = env["stock.lot"].browse(self.ids["lots"])
            held = lots.filtered("toll_vehicle_id")
            if held:
                held.toll_return()
            cr.execute(
                "DELETE FROM toll_tag_assignment WHERE lot_id = ANY(%s)",
                (self.ids["lots"],),
            )

    def _assign(self, env, lot, vehicle):
        return (
            env["stock.lot"]
            .browse(self.ids["lots"][lot])
            .toll_assign(self.ids["vehicles"][vehicle])
        )

    def _insert(self, env, lot, vehicle):
        """A bare row, as any code might write it, without the methods' checks."""
        env["toll.tag.assignment"].create(
            {
                "lot_id": self.ids["lots"][lot],
                "vehicle_id": self.ids["vehicles"][vehicle],
                "account_id": self.ids["account"],
                "date_from": "2026-01-01 00:00:00",
            }
        )
        env.flush_all()

    def _count_open(self):
        with self.registry_db.cursor() as cr:
            cr.execute(
                "SELECT count(*) FROM toll_tag_assignment"
                " WHERE lot_id = ANY(%s) AND date_to IS NULL",
                (self.ids["lots"],),
            )
            return cr.fetchone()[0]

    def test_while_one_assigns_the_other_is_told_to_wait(self):
        self._assign(self.first, 0, 0)
        with self.assertRaisesRegex(UserError, "Somebody else is working on TAG"):
            self._assign(self.second, 0, 1)
        self.first.cr.commit()
        self.assertEqual(self._count_open(), 1)

    def test_an_older_look_at_the_tag_is_retried_not_trusted(self):
        """The second transaction began before the first one committed."""
        self._assign(self.first, 0, 0)
        self.first.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.SerializationFailure):
            self._assign(self.second, 0, 1)
        self.second.cr.rollback()
        retry = self._begin()
        with self.assertRaisesRegex(UserError, "cannot be assigned"):
            self._assign(retry, 0, 1)
        self.assertEqual(self._count_open(), 1)

    def test_two_tags_for_one_vehicle(self):
        self._assign(self.first, 0, 0)
        self.first.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.ExclusionViolation):
            self._assign(self.second, 1, 0)
        self.second.cr.rollback()
        self.assertEqual(self._count_open(), 1)

    def test_the_constraint_alone_holds_for_the_tag(self):
        self._insert(self.first, 1, 0)
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.LockNotAvailable):
            self._insert(self.second, 1, 1)  # waits for the first, does not pass it
        self.second.cr.rollback()
        third = self._begin()
        self.first.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.ExclusionViolation):
            self._insert(third, 1, 1)
        third.cr.rollback()
        self.assertEqual(self._count_open(), 1)

    def test_the_constraint_alone_holds_for_the_vehicle(self):
        self._insert(self.first, 0, 1)
        self.first.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.ExclusionViolation):
            self._insert(self.second, 1, 1)
        self.second.cr.rollback()
        self.assertEqual(self._count_open(), 1)
