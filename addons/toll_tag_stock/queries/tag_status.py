"""The one writer of toll_tag_status besides the opening load."""

from odoo.tools import SQL


def later_than(model, lots, date):
    """TAGs whose current status began after ``date``."""
    return SQL(
        """
        SELECT lot_id FROM toll_tag_status
         WHERE lot_id = ANY(%(lots)s) AND date_to IS NULL AND date_from > %(date)s
         LIMIT 1
        """,
        lots=list(lots.ids),
        date=date,
        to_flush=model._fields["date_from"],
    )


def change(model, lots, status, reason, date, uid):
    """End the current rows that say something else and begin the new ones.

    The exclusion constraint is checked row by row: the insert reads from the update,
    so every old row is closed first.
    """
    return SQL(
        """
        WITH moving AS (
            SELECT lot.id AS lot_id, lot.company_id, current.id AS status_id
              FROM stock_lot lot
              LEFT JOIN toll_tag_status current
                     ON current.lot_id = lot.id AND current.date_to IS NULL
             WHERE lot.id = ANY(%(lots)s)
               AND (current.status IS DISTINCT FROM %(status)s
                    OR (current.status = 'blocked'
                        AND current.reason IS DISTINCT FROM %(reason)s))
        ), ended AS (
            UPDATE toll_tag_status old
               SET date_to = %(date)s, write_uid = %(uid)s,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM moving
             WHERE old.id = moving.status_id
            RETURNING old.lot_id
        )
        INSERT INTO toll_tag_status (
            lot_id, company_id, status, reason, date_from,
            create_uid, create_date, write_uid, write_date
        )
        SELECT lot_id, company_id, %(status)s, %(reason)s, %(date)s,
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM moving
         WHERE (SELECT count(*) FROM ended) >= 0
        RETURNING lot_id
        """,
        lots=list(lots.ids),
        status=status,
        reason=reason,
        date=date,
        uid=uid,
        to_flush=[model._fields["date_to"], lots._fields["company_id"]],
    )
