"""What the simulator must know of the database's world, as plain values."""

from odoo.tools import SQL


def vehicles(company) -> SQL:
    """Vehicles on the road with their TAG, and since when both are known."""
    return SQL(
        """
        SELECT v.plate_normalized AS plate, c.code AS "class", l.name AS tag,
               GREATEST(v.date_from, COALESCE(a.date_from, v.date_from)) AS known_from,
               acc.state AS account_state
          FROM toll_vehicle v
          JOIN toll_account acc
            ON acc.id = v.account_id AND acc.company_id = %(company)s
          JOIN toll_vehicle_class c ON c.id = v.class_id
          LEFT JOIN toll_tag_assignment a
            ON a.vehicle_id = v.id AND a.date_to IS NULL
          LEFT JOIN stock_lot l ON l.id = a.lot_id
         WHERE v.date_to IS NULL AND acc.state IN ('active', 'suspended')
         ORDER BY v.id
        """,
        company=company.id,
    )


def stolen(company) -> SQL:
    """TAGs out of use, with the time of the report."""
    return SQL(
        """
        SELECT l.name AS tag, min(s.date_from) AS reported_at
          FROM toll_tag_status s JOIN stock_lot l ON l.id = s.lot_id
         WHERE s.status = 'blocked' AND s.date_to IS NULL
           AND l.toll_state IN ('lost', 'stolen') AND l.company_id = %(company)s
         GROUP BY l.name ORDER BY l.name
        """,
        company=company.id,
    )


def spare_tags(company) -> SQL:
    """TAGs that lie in stock and were never with a customer."""
    return SQL(
        """
        SELECT l.name FROM stock_lot l
         WHERE l.toll_state IN ('encoded', 'stocked') AND l.company_id = %(company)s
           AND NOT EXISTS (SELECT FROM toll_tag_assignment a WHERE a.lot_id = l.id)
         ORDER BY l.name LIMIT 500
        """,
        company=company.id,
    )


def tariffs() -> SQL:
    """Every price in force, in the simulator's terms."""
    return SQL(
        """
        SELECT o.code AS operator, p.code AS plaza, COALESCE(e.code, '') AS entry_plaza,
               k.code AS "class", c.service, c.amount::text AS amount,
               c.valid_from::text AS valid_from,
               NULLIF(c.valid_to, 'infinity')::text AS valid_to,
               c.minute_from, c.minute_to, c.day_types
          FROM toll_tariff_cell c
          JOIN toll_operator o ON o.id = c.operator_id
          JOIN toll_plaza p ON p.id = c.plaza_id
          JOIN toll_vehicle_class k ON k.id = c.class_id
          LEFT JOIN toll_plaza e ON e.id = c.entry_plaza_id
         ORDER BY 1, 2, 3, 4, 7, 9
        """
    )


def holidays(company) -> SQL:
    """Holidays, of all operators or of one."""
    return SQL(
        """
        SELECT h.date::text AS date, o.code AS operator
          FROM toll_holiday h LEFT JOIN toll_operator o ON o.id = h.operator_id
         WHERE h.company_id IS NULL OR h.company_id = %(company)s
         ORDER BY 1, 2
        """,
        company=company.id,
    )
