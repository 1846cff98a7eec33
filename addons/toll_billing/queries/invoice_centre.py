"""Invoice lines by cost centre: the crossings of a statement, sorted again."""

from odoo.tools import SQL


def wanted(statement_ids) -> SQL:
    """Statements whose invoice goes to an account that wants cost centres."""
    return SQL(
        """
        SELECT s.id FROM toll_statement s
          JOIN toll_account m ON m.id = COALESCE(s.payer_id, s.account_id)
         WHERE s.id = ANY(%s) AND m.invoice_lines_by = 'cost_centre'
        """,
        list(statement_ids),
    )


def lines(statement_ids) -> SQL:
    """(statement, centre, operator, service, crossings, amount), as charged at the
    crossings; those without a centre come last.
    """
    return SQL(
        """
        SELECT s.id, concat_ws(' ', k.code, k.name), c.operator_id, sv.id, count(*),
               sum(c.amount - c.amount_discount)::text
          FROM toll_statement s
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_service sv ON sv.code = c.service
          LEFT JOIN toll_vehicle v ON v.id = c.vehicle_id
          LEFT JOIN toll_cost_centre k ON k.id = v.cost_centre_id
         WHERE s.id = ANY(%s)
         GROUP BY s.id, k.id, c.operator_id, o.code, sv.id, sv.sequence
        HAVING sum(c.amount - c.amount_discount) <> 0
         ORDER BY s.id, k.code NULLS LAST, k.id, o.code, sv.sequence, sv.id
        """,
        list(statement_ids),
    )
