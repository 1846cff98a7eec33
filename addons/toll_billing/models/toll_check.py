from odoo import models

from ..queries import crossing_check as queries
from ..queries import discount, traffic

REFERENCES = {
    "batch_id": "toll_crossing_batch",
    "account_id": "toll_account",
    "vehicle_id": "toll_vehicle",
    "lot_id": "stock_lot",
    "rate_id": "toll_tariff_rate",
    "exemption_id": "toll_exemption",
    "discount_plan_id": "toll_discount_plan",
    "statement_id": "toll_statement",
}


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "1-conservation",
                self.env._("Every received row has one fate, and its tally says so"),
                self._check_conservation,
            ),
            (
                "2-natural-key",
                self.env._("Every crossing has its natural key, once"),
                self._check_keys,
            ),
            (
                "6-explained",
                self.env._("Every charge is what its tariff row or discount says"),
                self._check_explained,
            ),
            (
                "references",
                self.env._("Crossings point at records that exist"),
                self._check_references,
            ),
            (
                "traffic",
                self.env._("Traffic figures = crossings of the batches counted so far"),
                self._check_traffic,
            ),
        ]

    def _differences(self, query):
        self.env.cr.execute(query)
        return [row[0] for row in self.env.cr.fetchall()]

    def _check_conservation(self):
        return self._differences(queries.fates_against_tallies())

    def _check_keys(self):
        return self._differences(queries.keys_against_crossings())

    def _check_explained(self):
        return [
            *self._differences(queries.unexplained()),
            *self._differences(discount.unexplained()),
        ]

    def _check_traffic(self):
        return self._differences(traffic.differences())

    def _check_references(self):
        return [
            difference
            for column, table in REFERENCES.items()
            for difference in self._differences(queries.dangling(column, table))
        ]
