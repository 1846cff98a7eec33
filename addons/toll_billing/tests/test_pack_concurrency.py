from datetime import date

from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger

from ..queries import crossing_work


@tagged("post_install", "-at_install")
class TestPackConcurrency(BaseCase):
    """Two sessions at once on a pack with one crossing left: one of them uses it.

    Two real transactions, interleaved in one thread; what they commit is taken away.
    The crossings exist in the work table only.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry_db = Registry(get_db_name())
        with cls.registry_db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            cls._create_world(env)
        cls.addClassCleanup(cls._remove_world)

    @classmethod
    def _create_world(cls, env):
        operator = env["toll.operator"].create(
            {"code": "PACKRACE", "name": "Race", "state": "authorised"}
        )
        plaza = env["toll.plaza"].create(
            {"code": "PR", "name": "Race", "operator_id": operator.id, "kind": "open"}
        )
        account = env["toll.account"].create(
            {
                "partner_id": env["res.partner"].create({"name": "Two lanes"}).id,
                "state": "active",
            }
        )
        offer = env["toll.pack"].create(
            {
                "name": "One",
                "code": "PACKRACE",
                "crossings_given": 1,
                "price": 10,
                "date_from": date(2020, 1, 1),
            }
        )
        offer.plan_id.state = "approved"
        held = env["toll.account.pack"].create(
            account._prepare_pack_vals(offer, None, None, "agent", None)
        )
        held.valid_from = "2020-01-01"
        held.date_from = "2020-01-01"
        cls.account_id, cls.held_id, cls.offer_id = account.id, held.id, offer.id
        cls.partner_id, cls.plan_id = account.partner_id.id, offer.plan_id.id
        cls.operator_id, cls.plaza_id = operator.id, plaza.id
        cls.company_id = account.company_id.id
        cls.currency_id = account.currency_id.id
        cls.day = held.date_to

    @classmethod
    def _remove_world(cls):
        with cls.registry_db.cursor() as cr:
            cr.execute(
                """
                ALTER TABLE toll_account_pack_use DISABLE TRIGGER USER;
                DELETE FROM toll_account_pack_use WHERE account_id = %(account)s;
                ALTER TABLE toll_account_pack_use ENABLE TRIGGER USER;
                DELETE FROM toll_account_pack WHERE account_id = %(account)s;
                DELETE FROM toll_pack WHERE id = %(offer)s;
                DELETE FROM toll_discount_plan WHERE id = %(plan)s;
                UPDATE toll_account SET state = 'draft' WHERE id = %(account)s;
                """,
                {
                    "account": cls.account_id,
                    "offer": cls.offer_id,
                    "plan": cls.plan_id,
                },
            )
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["toll.account"].browse(cls.account_id).unlink()
            env["toll.plaza"].browse(cls.plaza_id).unlink()
            env["toll.operator"].browse(cls.operator_id).unlink()
            env["res.partner"].browse(cls.partner_id).unlink()
        # approving a pack has emptied the caches; its end does so as well
        cls.registry_db.clear_cache()

    def _begin(self):
        """A transaction whose snapshot is taken now."""
        cr = self.registry_db.cursor()
        self.addCleanup(cr.close)
        cr.execute("SET LOCAL lock_timeout = '300ms'; SELECT 1 FROM toll_account_pack")
        return api.Environment(cr, SUPERUSER_ID, {})

    def _cover(self, env, crossing_id):
        """Charge one crossing; answer what it costs."""
        cr = env.cr
        cr.execute(crossing_work.create_work())
        cr.execute(crossing_work.clear_work(False))
        cr.execute(
            SQL(
                """
                INSERT INTO toll_crossing_work (id, line, occurred_at, plaza_id,
                    account_id, currency_id, amount, amount_discount, service, state)
                VALUES (%s, 1, %s::date + interval '12 hours', %s, %s, %s, 100, 0,
                        'toll', 'posted')
                """,
                crossing_id,
                self.day,
                self.plaza_id,
                self.account_id,
                self.currency_id,
            )
        )
        operator = env["toll.operator"].browse(self.operator_id)
        batch = env["toll.crossing.batch"].new(
            {"operator_id": operator.id, "company_id": self.company_id}
        )
        env["toll.crossing.loader"]._use_packs(batch)
        cr.execute("SELECT amount - amount_discount FROM toll_crossing_work")
        return cr.fetchone()[0]

    def test_the_last_crossing_of_a_pack_is_used_once(self):
        first, second = self._begin(), self._begin()
        self.assertEqual(self._cover(first, -1), 0)
        # the other one waits for what the first leaves, here not for ever
        with mute_logger("odoo.sql_db"), self.assertRaises(errors.LockNotAvailable):
            self._cover(second, -2)
        second.cr.rollback()
        late = self._begin()
        first.cr.commit()
        # it began before, and must begin again
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.SerializationFailure),
        ):
            self._cover(late, -2)
        late.cr.rollback()
        retry = self._begin()
        self.assertEqual(self._cover(retry, -2), 100)
        held = retry["toll.account.pack"].browse(self.held_id)
        self.assertEqual((held.crossings_used, held.crossings_left), (1, 0))
        self.assertEqual(held.state, "used")
        retry.cr.rollback()
