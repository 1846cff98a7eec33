from odoo import models
from odoo.tools import SQL


class TollWalletEntry(models.Model):
    _inherit = "toll.wallet.entry"  # pylint: disable=consider-merging-classes-inherited

    def _view_parts(self):
        """Posted crossings are ledger entries themselves; nothing is written twice."""
        return [
            *super()._view_parts(),
            SQL(
                """
                SELECT c.id, c.account_id, c.company_id, 'usage'::varchar AS kind,
                       -(c.amount - c.amount_discount) AS amount, c.currency_id,
                       c.occurred_at, (o.code || '/' || c.ref)::varchar AS ref,
                       p.code::varchar AS origin, NULL::int4 AS move_id,
                       NULL::int4 AS payment_id, NULL::int4 AS create_uid,
                       c.posted_at AS create_date
                  FROM toll_crossing_data c
                  JOIN toll_operator o ON o.id = c.operator_id
                  LEFT JOIN toll_plaza p ON p.id = c.plaza_id
                 WHERE c.posted_at IS NOT NULL
                """
            ),
        ]

    def init(self):
        # the crossings must exist before the view over them
        self.env["toll.crossing"].init()
        return super().init()
