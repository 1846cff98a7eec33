"""Who crosses without paying, as rating asks it."""

from odoo.tools import SQL


def exempt_vehicles(date_from=None, date_to=None) -> SQL:
    """(vehicle, operator or NULL for all, from, until, exemption) in these days."""
    return SQL(
        """
        SELECT v.id AS vehicle_id, o.toll_operator_id AS operator_id,
               e.date_from, e.date_to, e.id AS exemption_id
          FROM toll_exemption e
          JOIN toll_vehicle v ON v.account_id = e.account_id
                             AND (e.vehicle_id IS NULL OR e.vehicle_id = v.id)
     LEFT JOIN toll_exemption_toll_operator_rel o ON o.toll_exemption_id = e.id
         WHERE e.state IN ('approved', 'expired', 'revoked')
           AND e.approved_by_id IS NOT NULL
           AND e.date_from <= COALESCE(%s::date, e.date_from)
           AND e.date_to >= COALESCE(%s::date, e.date_to)
        """,
        date_to,
        date_from,
    )
