"""What crossings tell about a TAG: where it was used, and how often lanes missed it."""

from odoo.tools import SQL


def months_of_tag(lot_id) -> SQL:
    """(last crossing, crossings, amount) of a TAG, per month of its use."""
    return SQL(
        """
        SELECT max(occurred_at), count(*), sum(amount - amount_discount)
          FROM toll_crossing_data
         WHERE lot_id = %s AND state = 'posted'
         GROUP BY date_trunc('month', occurred_at)
        """,
        lot_id,
    )


def misread_rates(lot_ids, since, least) -> SQL:
    """(TAG, percent): crossings of its vehicle charged by plate, of all since then.

    Only crossings while the vehicle had this TAG count, and only TAGs with at least
    ``least`` of them.
    """
    return SQL(
        """
        SELECT a.lot_id,
               100.0 * count(*) FILTER (WHERE c.lot_id IS NULL) / count(*)
          FROM toll_tag_assignment a
          JOIN toll_crossing_data c
            ON c.account_id = a.account_id AND c.vehicle_id = a.vehicle_id
           AND c.occurred_at >= greatest(a.date_from, %(since)s)
           AND c.occurred_at >= %(since)s
           AND (a.date_to IS NULL OR c.occurred_at < a.date_to)
           AND c.state = 'posted'
         WHERE a.lot_id = ANY(%(lots)s) AND a.date_to IS NULL
         GROUP BY a.lot_id
        HAVING count(*) >= %(least)s
        """,
        lots=list(lot_ids),
        since=since,
        least=least,
    )
