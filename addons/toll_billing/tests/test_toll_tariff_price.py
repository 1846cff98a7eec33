import random
from datetime import datetime, timedelta

from odoo.tests import Form, tagged
from odoo.tools import SQL

from odoo.addons.toll_billing.core.rating import RatingError

from .tariff_common import TollTariffCommon


@tagged("post_install", "-at_install")
class TestTollTariffPrice(TollTariffCommon):
    def test_explanation_says_all_that_led_to_the_price(self):
        rates = self._all_rates() + [
            (self.plaza, self.auto, 116, {"band": "night", "day_type": "holiday"}),
        ]
        tariff = self._create_tariff(rates=rates, band_ids=self._night())
        tariff.action_activate()
        self.env["toll.holiday"].create({"date": "2025-05-04", "name": "Batalla"})
        moment = datetime(2025, 5, 5, 5, 30)
        charge = self._price(moment)
        self.assertEqual((charge.amount, charge.day_type), (116, "holiday"))
        explanation = tariff._explain(charge.rate.id, moment, self.plaza)
        self.assertEqual(explanation["amount"], "116.00")
        self.assertEqual(explanation["tariff"]["version"], "v1")
        self.assertEqual(explanation["rate"]["id"], charge.rate.id)
        self.assertEqual(explanation["rate"]["class"], "XA")
        self.assertEqual(explanation["rate"]["band_windows"], "22:00–06:00")
        self.assertEqual(explanation["local_time"], "2025-05-04 23:30:00")
        self.assertEqual(explanation["holiday"], "Batalla")
        text = " ".join(explanation["text"])
        self.assertIn("v1", text)
        self.assertIn("night", text)
        self.assertIn("Batalla", text)
        tax = explanation["tax"]
        self.assertEqual(float(tax["base"]) + float(tax["amount"]), 116)

    def test_explanation_of_a_price_of_the_operator(self):
        explanation = self.env["toll.tariff"]._explain(False, amount=12.5)
        self.assertEqual(explanation["source"], "operator")
        self.assertEqual(explanation["amount"], "12.5")

    def test_lookup_tells_price_and_reason(self):
        self._create_tariff().action_activate()
        lookup = Form(self.env["toll.tariff.lookup"].with_user(self.biller))
        lookup.plaza_id = self.plaza
        self.assertEqual(lookup.operator_id, self.operator)
        lookup.class_id = self.auto
        lookup.occurred_at = "2025-05-01 12:00:00"
        self.assertTrue(lookup.has_price)
        self.assertEqual(lookup.amount, 100)
        self.assertIn("v1", lookup.explanation)
        self.assertIn("06:00", lookup.local_time)
        lookup.occurred_at = "2024-05-01 12:00:00"
        self.assertFalse(lookup.has_price)
        self.assertIn("no tariff version", lookup.explanation)
        lookup.occurred_at = "2025-05-01 12:00:00"
        lookup.entry_plaza_id = self.entry
        self.assertIn("no price for this class", lookup.explanation)

    def test_set_based_rating_equals_core(self):
        """Random versions and crossings, rated by the cells and by the rows."""
        rng = random.Random(42)
        versions = (("2024", "2024-03-01"), ("2025", "2025-01-10"))
        for version, first in versions:
            rates = self._all_rates(rng.randint(50, 200))
            for plaza in (self.plaza, self.border):
                rates += [
                    (plaza, self.auto, rng.randint(1, 50), {"band": "night"}),
                    (plaza, self.c2, rng.randint(1, 50), {"day_type": "sunday"}),
                    (plaza, self.c2, rng.randint(1, 50), {"day_type": "holiday"}),
                    (
                        plaza,
                        self.c3,
                        rng.randint(1, 50),
                        {"band": "night", "day_type": "saturday"},
                    ),
                    (plaza, self.auto, 33, {"service": "parking"}),
                ]
            for class_ in self.classes:
                rates.append((self.plaza, class_, 7, {"entry_plaza_id": self.entry.id}))
            self._create_tariff(
                version, first, rates, band_ids=self._night()
            ).action_activate()
        self.env["toll.holiday"].create(
            [
                {"date": "2024-09-16", "name": "All"},
                {"date": "2025-02-02", "name": "One", "operator_id": self.operator.id},
                {"date": "2025-03-02", "name": "No", "operator_id": self.other.id},
            ]
        )
        start = datetime(2024, 2, 28)
        facts = []
        borders = [
            datetime(2024, 3, 1, 6),
            datetime(2024, 3, 1, 8),
            datetime(2025, 1, 10, 6),
            datetime(2025, 1, 10, 8),
            datetime(2024, 9, 16, 6),
            datetime(2024, 9, 17, 6),
            datetime(2025, 2, 2, 8),
            datetime(2025, 3, 2, 12),
            datetime(2025, 3, 9, 10),
            datetime(2024, 11, 3, 9),
        ]
        moments = [
            start + timedelta(seconds=rng.randrange(45_000_000)) for _ in range(700)
        ]
        moments += [edge + timedelta(seconds=s) for edge in borders for s in (-1, 0)]
        for number, moment in enumerate(moments):
            facts.append(
                (
                    number,
                    rng.choice((self.plaza, self.border)),
                    rng.choice((None, None, None, self.entry)),
                    rng.choice(self.classes),
                    rng.choice(("toll", "toll", "toll", "parking")),
                    moment,
                )
            )
        relation = SQL(
            "(SELECT * FROM (VALUES %s) AS f (id, operator_id, company_id, plaza_id,"
            " entry_plaza_id, class_id, service, occurred_at))",
            SQL(", ").join(
                SQL(
                    "(%s, %s, %s, %s, %s, %s, %s, %s::timestamp)",
                    number,
                    self.operator.id,
                    self.company.id,
                    plaza.id,
                    entry.id if entry else 0,
                    class_.id,
                    service,
                    moment,
                )
                for number, plaza, entry, class_, service, moment in facts
            ),
        )
        priced = {
            row[0]: (row[2], row[3])
            for row in self.env["toll.tariff"]._rate_facts(relation)
        }
        self.assertEqual(len(priced), len(facts))
        found = 0
        for number, plaza, entry, class_, service, moment in facts:
            try:
                charge = self._price(
                    moment, plaza, class_, entry=entry, service=service
                )
                expected = (charge.rate.id, charge.amount)
                found += 1
            except RatingError:
                expected = (None, None)
            self.assertEqual(priced[number], expected, (moment, plaza.code))
        self.assertGreater(found, 300)
        self.assertLess(found, len(facts))
