"""Who crosses without paying: one definition for screens and for rating."""

from odoo.tools import SQL


def _granted(alias) -> SQL:
    """Condition: granted; an ended exemption counts up to its last day."""
    return SQL(
        "%(e)s.approved_by_id IS NOT NULL"
        " AND %(e)s.state IN ('approved', 'expired', 'revoked')",
        e=SQL.identifier(alias),
    )


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
         WHERE %s
           AND e.date_from <= COALESCE(%s::date, e.date_from)
           AND e.date_to >= COALESCE(%s::date, e.date_to)
        """,
        _granted("e"),
        date_to,
        date_from,
    )


def _covers(alias, account, vehicle, operator, day) -> SQL:
    """Condition: this exemption lets a vehicle pass free that day at an operator."""
    return SQL(
        """
        %(granted)s AND %(e)s.account_id = %(account)s
        AND (%(e)s.vehicle_id IS NULL OR %(e)s.vehicle_id = %(vehicle)s)
        AND %(e)s.date_from <= %(day)s AND %(day)s <= %(e)s.date_to
        AND (NOT EXISTS (SELECT FROM toll_exemption_toll_operator_rel o
                          WHERE o.toll_exemption_id = %(e)s.id)
             OR EXISTS (SELECT FROM toll_exemption_toll_operator_rel o
                         WHERE o.toll_exemption_id = %(e)s.id
                           AND o.toll_operator_id = %(operator)s))
        """,
        e=SQL.identifier(alias),
        granted=_granted(alias),
        account=account,
        vehicle=vehicle,
        operator=operator,
        day=day,
    )


def exempts(**crossing) -> SQL:
    """Condition on which rating joins exemptions ``e``: at most one per crossing.

    Of several the vehicle's own goes before the account's, the older before the newer.
    Rivals are looked for on exempt crossings only: all others cost a hash probe.

    :param crossing: account, vehicle, operator, day: expressions of the query around
    """
    return SQL(
        """
        %s AND NOT EXISTS (
            SELECT FROM toll_exemption rival
             WHERE %s AND (rival.vehicle_id IS NULL, rival.id)
                          < (e.vehicle_id IS NULL, e.id))
        """,
        _covers("e", **crossing),
        _covers("rival", **crossing),
    )
