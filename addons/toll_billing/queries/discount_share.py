"""Which plaza and day a volume discount lowers: shares by what was charged there.

A plan's discounts of a month are added up and shared out to the plazas and days of the
crossings that they were counted from, by amount; what rounding leaves goes to the
largest remainders, so that the shares are the discount. Writes toll_discount_share.
"""

from odoo.tools import SQL

from .discount_volume import local

#: What is shared out together.
KEYS = (
    "run_id",
    "company_id",
    "currency_id",
    "plan_id",
    "operator_id",
    "service",
    "payment_mode",
    "period",
)


def _names(prefix=None) -> SQL:
    return SQL(", ").join(
        SQL.identifier(prefix, name) if prefix else SQL.identifier(name)
        for name in KEYS
    )


def share(condition, uid) -> SQL:
    """Share out discount lines ``l``; the figures of the days learn of it."""
    return SQL(
        """
        WITH line AS MATERIALIZED (
            SELECT l.id, s.run_id, l.company_id, l.currency_id, l.plan_id,
                   l.operator_id, l.service, a.payment_mode, l.period, l.account_id,
                   l.amount
              FROM toll_discount_line l
              JOIN toll_statement s ON s.id = l.statement_id
              JOIN toll_account a ON a.id = l.account_id
             WHERE l.kind <> 'rate' AND l.amount <> 0 AND %(condition)s
        ), wanted AS MATERIALIZED (
            SELECT DISTINCT account_id, operator_id, service, period FROM line
        ), bounds AS MATERIALIZED (
            SELECT min(period) - interval '1 day' AS since,
                   max(period) + interval '1 month 1 day' AS until
              FROM wanted
        ), weight AS (
            SELECT w.account_id, w.operator_id, w.service, w.period, c.plaza_id,
                   t.at::date AS day, sum(c.amount - c.amount_discount) AS charged
              FROM wanted w
              JOIN toll_crossing_data c
                ON c.account_id = w.account_id AND c.operator_id = w.operator_id
               AND c.service = w.service AND c.state = 'posted'
               AND c.statement_id IS NOT NULL AND c.amount > c.amount_discount
               AND c.occurred_at >= (SELECT since FROM bounds)
               AND c.occurred_at < (SELECT until FROM bounds)
              JOIN toll_operator o ON o.id = c.operator_id
              LEFT JOIN toll_plaza z ON z.id = c.plaza_id
             CROSS JOIN LATERAL (SELECT %(local)s AS at) t
             WHERE date_trunc('month', t.at)::date = w.period
             GROUP BY 1, 2, 3, 4, 5, 6
        ), part AS (
            SELECT l.*, w.plaza_id, COALESCE(w.day, l.period) AS day,
                   l.amount * COALESCE(
                       w.charged / sum(w.charged) OVER (PARTITION BY l.id), 1) AS part
              FROM line l
              LEFT JOIN weight w USING (account_id, operator_id, service, period)
        ), target AS (
            SELECT %(p_keys)s, p.plaza_id, p.day, cu.rounding::numeric AS unit,
                   sum(p.part) / cu.rounding::numeric AS units
              FROM part p JOIN res_currency cu ON cu.id = p.currency_id
             GROUP BY %(p_keys)s, p.plaza_id, p.day, cu.rounding
        ), ranked AS (
            SELECT *, floor(units) AS whole,
                   row_number() OVER (PARTITION BY %(keys)s
                       ORDER BY units - floor(units) DESC, plaza_id, day) AS place,
                   round(sum(units) OVER (PARTITION BY %(keys)s))
                       - sum(floor(units)) OVER (PARTITION BY %(keys)s) AS remaining
              FROM target
        ), shared AS (
            INSERT INTO toll_discount_share (
                %(keys)s, plaza_id, day, amount, create_uid, create_date, write_uid,
                write_date)
            SELECT %(keys)s, plaza_id, day,
                   (whole + CASE WHEN place <= remaining THEN 1 ELSE 0 END) * unit,
                   %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                   now() AT TIME ZONE 'UTC'
              FROM ranked
             WHERE whole + CASE WHEN place <= remaining THEN 1 ELSE 0 END <> 0
         RETURNING operator_id, plaza_id, day
        )
        INSERT INTO toll_traffic_shared (operator_id, plaza_id, day)
        SELECT DISTINCT operator_id, COALESCE(plaza_id, 0), day FROM shared
        """,
        condition=condition,
        local=local(),
        keys=_names(),
        p_keys=_names("p"),
        uid=uid,
    )


def of_statements(statement_ids) -> SQL:
    return SQL(
        "l.statement_id = ANY(%s) AND l.kind IN ('volume', 'cap')", list(statement_ids)
    )


def of_credit_note(move_id) -> SQL:
    return SQL("l.move_id = %s", move_id)


def missing() -> SQL:
    """Lines that were written before there were shares."""
    return SQL(
        """
        s.state = 'invoiced' AND NOT EXISTS (
            SELECT FROM toll_discount_share h WHERE h.run_id = s.run_id)
        """
    )


def exists(condition) -> SQL:
    """Is there anything to share out?"""
    return SQL(
        """
        SELECT EXISTS (SELECT FROM toll_discount_line l
                        WHERE l.kind <> 'rate' AND l.amount <> 0 AND %s)
        """,
        condition,
    )


def differences(limit=50) -> SQL:
    """Shares that are not the discounts which invoices took off."""
    return SQL(
        """
        WITH given AS (
            SELECT s.run_id, l.plan_id, l.operator_id, l.service, l.period,
                   sum(l.amount) AS amount
              FROM toll_discount_line l
              JOIN toll_statement s ON s.id = l.statement_id
             WHERE l.kind <> 'rate' AND s.state = 'invoiced'
             GROUP BY 1, 2, 3, 4, 5
        ), shared AS (
            SELECT run_id, plan_id, operator_id, service, period, sum(amount) AS amount
              FROM toll_discount_share GROUP BY 1, 2, 3, 4, 5
        )
        SELECT format('run %%s, plan %%s, %%s: discounts %%s, shares of plazas %%s',
                      run_id, p.code, to_char(COALESCE(g.period, h.period), 'YYYY-MM'),
                      COALESCE(g.amount, 0), COALESCE(h.amount, 0))
          FROM given g
          FULL JOIN shared h USING (run_id, plan_id, operator_id, service, period)
          JOIN toll_discount_plan p ON p.id = COALESCE(g.plan_id, h.plan_id)
         WHERE COALESCE(g.amount, 0) <> COALESCE(h.amount, 0)
         LIMIT %s
        """,
        limit,
    )
