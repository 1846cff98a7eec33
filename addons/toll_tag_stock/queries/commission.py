"""What sellers are paid for: TAGs that customers got, not their replacements."""

from odoo.tools import SQL


def tags_handed_over(start, end) -> SQL:
    """Vehicles that got their first TAG in the time, and which product it was."""
    return SQL(
        """
        SELECT t.id::bigint AS event, t.account_id, t.date_from AS at, l.product_id,
               1::numeric AS quantity, 0::numeric AS base
          FROM toll_tag_assignment t
          JOIN stock_lot l ON l.id = t.lot_id
         WHERE t.date_from >= %s AND t.date_from < %s
           AND NOT EXISTS (SELECT FROM toll_tag_assignment o
                            WHERE o.vehicle_id = t.vehicle_id
                              AND o.account_id = t.account_id
                              AND (o.date_from, o.id) < (t.date_from, t.id))
        """,
        start,
        end,
    )
