"""What sellers are paid for: TAGs that customers got, not their replacements."""

from odoo.tools import SQL


def tags_handed_over(start, end) -> SQL:
    """(account, quantity, base): vehicles that got their first TAG in the time."""
    return SQL(
        """
        SELECT t.account_id, count(*)::numeric AS quantity, 0::numeric AS base
          FROM toll_tag_assignment t
         WHERE t.date_from >= %s AND t.date_from < %s
           AND NOT EXISTS (SELECT FROM toll_tag_assignment o
                            WHERE o.vehicle_id = t.vehicle_id
                              AND o.account_id = t.account_id
                              AND (o.date_from, o.id) < (t.date_from, t.id))
      GROUP BY t.account_id
        """,
        start,
        end,
    )
