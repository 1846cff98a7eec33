"""Billing, read only: what a reviewer should know, what must add up, the annex."""

from odoo.tools import SQL

# === WHAT A REVIEWER SHOULD KNOW === #


def held_before(run, until) -> SQL:
    """(crossings, amount) of the company that still wait in the held queue."""
    return SQL(
        """
        SELECT count(*), COALESCE(sum(amount - amount_discount), 0)
          FROM toll_crossing_data
         WHERE state = 'held' AND company_id = %s AND occurred_at < %s
        """,
        run.company_id.id,
        until,
    )


def left_out(run, until) -> SQL:
    """(crossings, amount, why): unbilled usage that no run of a cycle will take."""
    return SQL(
        """
        SELECT why, count(*), sum(amount)
          FROM (SELECT c.amount - c.amount_discount AS amount,
                       CASE WHEN a.billing_cycle_id IS NULL THEN 'no_cycle'
                            WHEN c.currency_id <> a.currency_id THEN 'currency' END
                           AS why
                  FROM toll_crossing_data c
                  JOIN toll_account a ON a.id = c.account_id
                 WHERE c.state = 'posted' AND c.statement_id IS NULL
                   AND c.company_id = %s AND c.occurred_at < %s
                   AND (a.billing_cycle_id IS NULL OR c.currency_id <> a.currency_id)
               ) x
         GROUP BY why
        """,
        run.company_id.id,
        until,
    )


def unusual(run, factor, least) -> SQL:
    """(account, code, amount, before): statements that deserve a second look."""
    return SQL(
        """
        SELECT s.account_id, x.code, s.amount_total, s.previous_amount
          FROM toll_statement s
          JOIN toll_account a ON a.id = s.account_id
         CROSS JOIN LATERAL (VALUES
                ('zero', s.amount_total + COALESCE(s.amount_charge, 0) = 0
                         AND s.payer_id IS NULL),
                ('closed', a.state = 'closed'),
                ('jump', s.previous_amount > 0
                         AND s.amount_total >= %(least)s
                         AND s.amount_total > s.previous_amount * %(factor)s),
                ('late', s.first_at < s.period_from AND EXISTS (
                         SELECT FROM toll_statement b
                          WHERE b.account_id = s.account_id AND b.id <> s.id
                            AND b.period_to = s.period_from))
              ) AS x (code, applies)
         WHERE s.run_id = %(run)s AND x.applies
         ORDER BY x.code, s.amount_total DESC
         LIMIT 2000
        """,
        run=run.id,
        factor=factor,
        least=least,
    )


# === CHECKS === #


def unbilled_by_company() -> SQL:
    """(company, usage that no invoice has taken yet)."""
    return SQL(
        """
        SELECT company_id, sum(amount)
          FROM (SELECT company_id, amount - amount_discount AS amount
                  FROM toll_crossing_data
                 WHERE state = 'posted' AND statement_id IS NULL
                 UNION ALL
                SELECT company_id, amount_total + COALESCE(amount_volume, 0)
                  FROM toll_statement WHERE state <> 'invoiced') u
         GROUP BY company_id
        """
    )


def invoices_against_crossings(limit=50) -> SQL:
    """Differences: an invoice is not the sum of the crossings of its statement."""
    return SQL(
        """
        SELECT format('statement %%s: crossings %%s = %%s, volume discounts %%s, '
                      'statement %%s = %%s, lines %%s, invoice %%s of %%s', s.name, t.n,
                      t.amount, v.amount, s.crossing_count, s.amount_total, l.amount,
                      m.amount_total, j.amount)
          FROM toll_statement s
          LEFT JOIN LATERAL (
                SELECT count(*) AS n,
                       COALESCE(sum(c.amount - c.amount_discount), 0) AS amount
                  FROM toll_crossing_data c
                 WHERE c.account_id = s.account_id AND c.statement_id = s.id
                   AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
               ) t ON true
          LEFT JOIN LATERAL (
                SELECT COALESCE(sum(amount), 0) AS amount FROM toll_discount_line
                 WHERE statement_id = s.id AND kind IN ('volume', 'cap')) v ON true
          LEFT JOIN LATERAL (
                SELECT sum(amount_total) AS amount FROM toll_statement_line
                 WHERE statement_id = s.id) l ON true
          LEFT JOIN LATERAL (
                SELECT CASE WHEN s.payer_id IS NULL
                            THEN s.amount_total + COALESCE(s.amount_charge, 0)
                            ELSE (SELECT sum(x.amount_total
                                             + COALESCE(x.amount_charge, 0))
                                    FROM toll_statement x
                                   WHERE x.move_id = s.move_id) END AS amount) j ON true
          LEFT JOIN account_move m ON m.id = s.move_id
         WHERE t.n <> s.crossing_count OR t.amount - v.amount <> s.amount_total
            OR v.amount <> COALESCE(s.amount_volume, 0)
            OR COALESCE(l.amount, 0) <> s.amount_total
            OR (s.state = 'invoiced'
                AND s.amount_total + COALESCE(s.amount_charge, 0) <> 0
                AND (m.id IS NULL OR m.state <> 'posted'
                     OR m.amount_total <> j.amount))
         LIMIT %s
        """,
        limit,
    )


def statements_against_runs(limit=50) -> SQL:
    """Differences: a run's totals are not those of its statements."""
    return SQL(
        """
        SELECT format('run %%s: %%s statements = %%s, the run says %%s = %%s', r.name,
                      count(s.id), COALESCE(sum(s.amount_total), 0),
                      r.statement_count, r.amount_total)
          FROM toll_billing_run r
          LEFT JOIN toll_statement s ON s.run_id = r.id
         GROUP BY r.id
        HAVING count(s.id) <> r.statement_count
            OR COALESCE(sum(s.amount_total), 0) <> r.amount_total
            OR (r.state = 'invoiced' AND bool_or(s.state <> 'invoiced'))
         LIMIT %s
        """,
        limit,
    )


def claims_without_statement(limit=50) -> SQL:
    """Differences: a crossing names a statement that is not its account's."""
    return SQL(
        """
        SELECT format('crossing %%s names statement %%s of another account or of none',
                      c.id, c.statement_id)
          FROM toll_crossing_data c
          LEFT JOIN toll_statement s
            ON s.id = c.statement_id AND s.account_id = c.account_id
         WHERE c.statement_id IS NOT NULL AND s.id IS NULL
         LIMIT %s
        """,
        limit,
    )


# === ANNEX === #


def annex(statements, zone, lang) -> SQL:
    """Crossings of statements, by account, vehicle and time of the plaza's zone."""
    return SQL(
        """
        SELECT a.number, COALESCE(v.plate, c.plate, l.name, c.tag, '-') AS vehicle,
               c.occurred_at AT TIME ZONE 'UTC'
                   AT TIME ZONE COALESCE(p.tz, %(zone)s) AS local_at,
               o.code, p.name, n.code, COALESCE(l.name, c.tag),
               COALESCE(c.plate, v.plate), k.code,
               COALESCE(sv.name->>%(lang)s, sv.name->>'en_US', c.service),
               (c.amount - c.amount_discount)::text, c.ref
          FROM toll_statement s
          JOIN toll_account a ON a.id = s.account_id
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza p ON p.id = c.plaza_id
          LEFT JOIN toll_lane n ON n.id = c.lane_id
          LEFT JOIN toll_vehicle v ON v.id = c.vehicle_id
          LEFT JOIN stock_lot l ON l.id = c.lot_id
          LEFT JOIN toll_vehicle_class k ON k.id = c.class_id
          LEFT JOIN toll_service sv ON sv.code = c.service
         WHERE s.id = ANY(%(statements)s)
           AND c.occurred_at >= %(since)s AND c.occurred_at <= %(until)s
         ORDER BY s.account_id <> COALESCE(s.payer_id, s.account_id), a.number, 2,
                  c.occurred_at, c.id
        """,
        statements=list(statements.ids),
        since=min(filter(None, statements.mapped("first_at")), default=None),
        until=max(filter(None, statements.mapped("last_at")), default=None),
        zone=zone,
        lang=lang,
    )
