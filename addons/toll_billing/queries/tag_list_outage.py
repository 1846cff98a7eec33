"""Which operators are behind with the lists."""

from odoo.tools import SQL

#: Minutes that an operator has: its own, else the company's.
LIMIT = SQL("COALESCE(NULLIF(op.list_minutes, 0), c.toll_list_minutes, 10)")


def behind() -> SQL:
    """(company, operator, since when) of those behind for longer than they may be.

    Of authorised operators that have asked for a list; the older one counts.
    """
    return SQL(
        """
        SELECT d.company_id, d.operator_id, min(o.made_at)
          FROM (
            SELECT company_id, operator_id, kind,
                   max(version) FILTER (WHERE acknowledged_at IS NOT NULL) AS known
              FROM toll_tag_list_delivery
             GROUP BY company_id, operator_id, kind
          ) d
          JOIN res_company c ON c.id = d.company_id
          JOIN toll_operator op ON op.id = d.operator_id
         CROSS JOIN LATERAL (
            SELECT made_at FROM toll_tag_list_version v
             WHERE v.company_id = d.company_id AND v.version > COALESCE(d.known, 0)
             ORDER BY v.version LIMIT 1
          ) o
         WHERE op.active AND op.state = 'authorised'
           AND o.made_at < now() AT TIME ZONE 'UTC' - make_interval(mins => %s)
         GROUP BY d.company_id, d.operator_id
        """,
        LIMIT,
    )
