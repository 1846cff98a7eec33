from datetime import timedelta

from odoo.tests import freeze_time, new_test_user

from .discount_common import DiscountCommon


def make_pack(case, **values):
    """A pack that one person proposed and another approved."""
    case.pack_number = getattr(case, "pack_number", 0) + 1
    offer = (
        case.env["toll.pack"]
        .with_user(case.biller)
        .create(
            {
                "name": f"Pack {case.pack_number}",
                "code": f"PACK{case.pack_number}",
                "date_from": "2020-01-01",
                "kind": "crossings",
                "crossings_given": 2,
                "price": 120,
                "refund_used": "part",
                **values,
            }
        )
    )
    offer.action_ask()
    offer.with_user(case.manager).action_approve()
    case.env.flush_all()
    return offer.with_env(case.env)


class PackCommon(DiscountCommon):
    """Packs are bought the day before the crossings of the tests, at noon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company._toll_set_up()
        cls.company.partner_id.tz = "America/Mexico_City"
        cls.env["toll.service"].search([])._ensure_company_taxes(cls.company)
        cls.bought_at = cls.noon - timedelta(days=1)
        cls.analyst_2 = new_test_user(
            cls.env, "pack_accountant", groups="toll_account.group_toll_accountant"
        )

    def _hold(self, account=None, vehicle=None, at=None, **values):
        """A pack of its own, in the hands of Ana unless told otherwise.

        Without its price: that is for the tests of the sale.
        """
        account, offer = account or self.prepaid, make_pack(self, **values)
        with freeze_time(at or self.bought_at):
            held = self.env["toll.account.pack"].create(
                account._prepare_pack_vals(offer, vehicle, None, "agent", None)
            )
        self.env.flush_all()
        return held

    def _buy(self, account=None, vehicle=None, at=None, first=None, **values):
        offer = make_pack(self, **values)
        with freeze_time(at or self.bought_at):
            held = (account or self.prepaid)._buy_pack(offer, vehicle, first)
        self.env.flush_all()
        return held

    def _cross(self, *rows, **kwargs):
        """{reference: what was charged}."""
        batch = self._load(*rows, **kwargs)
        crossings = self._crossings(batch)
        self.assertEqual(set(crossings.mapped("state")), {"posted"})
        self.assertTrue(batch.is_conserved)
        return {c.ref: c.amount_charged for c in crossings}

    def _hour(self, hours):
        return (self.noon + timedelta(hours=hours)).isoformat() + "Z"
