from odoo import models

from ..queries import debit, point_payment
from ..queries import write_off as queries


class TollCheck(models.AbstractModel):
    _inherit = "toll.check"  # pylint: disable=consider-merging-classes-inherited

    def _rules(self):
        return [
            *super()._rules(),
            (
                "write-off",
                self.env._("Every write-off is in the books and the wallet"),
                self._check_write_offs,
            ),
            (
                "point-payment",
                self.env._("Every payment file is the sum of its rows and its wallets"),
                self._check_point_files,
            ),
            (
                "bank-debit",
                self.env._("Every debit is collected once, and is in the books"),
                self._check_debits,
            ),
        ]

    def _check_write_offs(self):
        return [row[0] for row in self.env.execute_query(queries.differences())]

    def _check_point_files(self):
        return [row[0] for row in self.env.execute_query(point_payment.differences())]

    def _check_debits(self):
        return [row[0] for row in self.env.execute_query(debit.differences())]
