from datetime import date, datetime, timedelta

from odoo import Command
from odoo.tests import new_test_user

from .billing_common import BillingCase
from .discount_common import make_plan

FREQUENT = [(3, 10), (5, 50)]


def tiers(*steps):
    return [
        Command.create({"start": start, "percent": percent}) for start, percent in steps
    ]


class DiscountVolumeCase(BillingCase):
    """One account with two vehicles, crossings a day apart."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = cls.billing_user
        cls.manager = new_test_user(
            cls.env, "discount_manager", groups="toll_account.group_toll_manager"
        )
        # plans that the database may have are not this test's
        cls.env["toll.discount.plan"].search([]).sudo().write({"state": "draft"})
        cls.env["toll.crossing"]._ensure_months([date(2026, 4, 1)])
        cls.account = cls._accounts(1)
        cls.vehicles = cls.env["toll.vehicle"].create(
            [
                {
                    "account_id": cls.account.id,
                    "plate": f"VOL-{n}",
                    "class_id": cls.vehicle_class.id,
                    "date_from": "2020-01-01",
                }
                for n in (1, 2)
            ]
        )

    @classmethod
    def _use(cls, *amounts, vehicle=None, start=None, account=None, step=None, **kw):
        """Crossings a day apart, from 1 February at noon in Mexico."""
        start = start or datetime(2026, 2, 1, 18)
        account = account or cls.account
        first = cls.crossing_number + 1
        cls._cross_many(
            [
                (
                    account,
                    amount,
                    kw.get("plaza"),
                    kw.get("service", "toll"),
                    start + (step or timedelta(days=1)) * n,
                    kw.get("discount", 0),
                )
                for n, amount in enumerate(amounts)
            ]
        )
        if vehicle:
            cls.env.cr.execute(
                "UPDATE toll_crossing_data SET vehicle_id = %s WHERE ref = ANY(%s)",
                [
                    vehicle.id,
                    [f"REF{n}" for n in range(first, cls.crossing_number + 1)],
                ],
            )
        return first

    def _volume(self, *steps, **values):
        return make_plan(
            self,
            **{
                "kind": "volume",
                "is_automatic": True,
                "tier_ids": tiers(*(steps or FREQUENT)),
                **values,
            },
        )

    def _statement(self, run, account=None):
        return run.statement_ids.filtered(
            lambda s: s.account_id == (account or self.account)
        )

    def _bill(self, until=date(2026, 3, 1)):
        run = self._billed(until=until)
        self.assertEqual(run.state, "invoiced")
        self.assertRules()
        return self._statement(run)
