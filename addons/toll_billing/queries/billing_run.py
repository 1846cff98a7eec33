"""Billing runs: which crossings make which statement. Writes toll_statement(_line).

A run claims crossings by setting their ``statement_id``; two runs can never claim the
same one, because the row that the first has changed fails the second (REPEATABLE READ)
and its retry no longer finds it unbilled.
"""

from odoo.tools import SQL


def try_lock(company_id) -> SQL:
    """One run of a company claims crossings at a time; False: another one does."""
    return SQL(
        "SELECT pg_try_advisory_xact_lock(hashtext('toll.billing.run'), %s)", company_id
    )


def _scope(run, alias="a") -> SQL:
    """Condition: accounts that this run bills."""
    if run.account_id:
        return SQL("%s = %s", SQL.identifier(alias, "id"), run.account_id.id)
    return SQL(
        "%s = %s", SQL.identifier(alias, "billing_cycle_id"), run.cycle_id.id or 0
    )


def _unbilled(run, until) -> SQL:
    """Condition: crossings ``c`` of accounts ``a`` that this run may claim."""
    return SQL(
        """
        c.state = 'posted' AND c.statement_id IS NULL AND c.occurred_at < %(until)s
        AND c.company_id = %(company)s AND a.company_id = %(company)s
        AND c.currency_id = a.currency_id AND %(scope)s
        """,
        until=until,
        company=run.company_id.id,
        scope=_scope(run),
    )


def insert_statements(run, until) -> SQL:
    """One draft statement per account of the run that has something to bill."""
    return SQL(
        """
        INSERT INTO toll_statement (
            run_id, account_id, partner_id, company_id, currency_id, name, state,
            period_to, crossing_count, amount_gross, amount_discount, amount_total,
            amount_settled, create_uid, create_date, write_uid, write_date)
        SELECT %(run)s, a.id, a.partner_id, a.company_id, a.currency_id,
               a.number || %(suffix)s, 'draft', %(until)s, 0, 0, 0, 0, 0,
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM toll_account a
         WHERE EXISTS (SELECT FROM toll_crossing_data c
                        WHERE c.account_id = a.id AND %(unbilled)s)
         ORDER BY a.number
        """,
        run=run.id,
        suffix=f"-{run.until:%Y%m%d}",
        until=until,
        uid=run.env.uid,
        unbilled=_unbilled(run, until),
        to_flush=[
            run.env["toll.account"]._fields[name]
            for name in ("billing_cycle_id", "company_id", "currency_id", "number")
        ],
    )


def claim(run, until) -> SQL:
    """Claim the crossings and write lines and totals from exactly the claimed rows."""
    return SQL(
        """
        WITH claimed AS (
            UPDATE toll_crossing_data c
               SET statement_id = s.id
              FROM toll_statement s
              JOIN toll_account a ON a.id = s.account_id
             WHERE s.run_id = %(run)s AND c.account_id = s.account_id AND %(unbilled)s
         RETURNING c.statement_id, c.operator_id, c.service, c.amount,
                   c.amount_discount, c.occurred_at
        ), lines AS (
            INSERT INTO toll_statement_line (
                statement_id, sequence, operator_id, service, service_id,
                crossing_count, amount_gross, amount_discount, amount_total, company_id,
                create_uid, create_date, write_uid, write_date)
            SELECT c.statement_id,
                   row_number() OVER (PARTITION BY c.statement_id
                                      ORDER BY o.code, sv.sequence, c.service) * 10,
                   c.operator_id, c.service, sv.id, count(*), sum(c.amount),
                   sum(c.amount_discount), sum(c.amount - c.amount_discount),
                   %(company)s, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                   now() AT TIME ZONE 'UTC'
              FROM claimed c
              JOIN toll_operator o ON o.id = c.operator_id
              LEFT JOIN toll_service sv ON sv.code = c.service
             GROUP BY c.statement_id, c.operator_id, o.code, c.service, sv.id,
                      sv.sequence
        )
        UPDATE toll_statement s
           SET crossing_count = t.n, amount_gross = t.gross,
               amount_discount = t.discount, amount_total = t.gross - t.discount,
               first_at = t.first_at, last_at = t.last_at
          FROM (SELECT statement_id, count(*) AS n, sum(amount) AS gross,
                       sum(amount_discount) AS discount, min(occurred_at) AS first_at,
                       max(occurred_at) AS last_at
                  FROM claimed GROUP BY statement_id) t
         WHERE s.id = t.statement_id
        """,
        run=run.id,
        company=run.company_id.id,
        uid=run.env.uid,
        unbilled=_unbilled(run, until),
    )


def fill_balances(run) -> SQL:
    """Opening and closing balance, movements by kind, and the statement before.

    closing = the wallet now - what moved after the period + usage not billed yet; so
    opening + movements - usage = closing holds by construction, late entries included.
    """
    return SQL(
        """
        WITH figures AS (
            SELECT s.id, COALESCE(p.period_to, a.opened_at, a.create_date) AS since,
                   COALESCE(p.closing_balance, 0) AS opening, p.amount_total AS before,
                   w.balance + COALESCE(q.amount, 0) - COALESCE(e.later, 0)
                       + COALESCE(u.amount, 0) AS closing,
                   COALESCE(e.topup, 0) AS topup, COALESCE(e.refund, 0) AS refund,
                   COALESCE(e.fee, 0) AS fee, COALESCE(e.settlement, 0) AS settlement
              FROM toll_statement s
              JOIN toll_account a ON a.id = s.account_id
              JOIN toll_wallet w ON w.account_id = s.account_id
              LEFT JOIN LATERAL (
                    SELECT x.period_to, x.closing_balance, x.amount_total
                      FROM toll_statement x
                     WHERE x.account_id = s.account_id AND x.id <> s.id
                     ORDER BY x.period_to DESC, x.id DESC LIMIT 1) p ON true
              LEFT JOIN LATERAL (
                    SELECT sum(amount) AS amount FROM toll_wallet_pending
                     WHERE account_id = s.account_id) q ON true
              LEFT JOIN LATERAL (
                    SELECT sum(c.amount - c.amount_discount) AS amount
                      FROM toll_crossing_data c
                     WHERE c.account_id = s.account_id AND c.state = 'posted'
                       AND c.statement_id IS NULL) u ON true
              LEFT JOIN LATERAL (
                    SELECT sum(amount) FILTER (WHERE occurred_at >= s.period_to)
                               AS later,
                           sum(amount) FILTER (WHERE kind = 'topup' AND k) AS topup,
                           sum(amount) FILTER (WHERE kind = 'refund' AND k) AS refund,
                           sum(amount) FILTER (WHERE kind = 'fee' AND k) AS fee,
                           sum(amount) FILTER (WHERE kind = 'settlement' AND k)
                               AS settlement
                      FROM (SELECT kind, amount, occurred_at,
                                   occurred_at < s.period_to AS k
                              FROM toll_wallet_entry_data
                             WHERE account_id = s.account_id
                               AND occurred_at >= COALESCE(p.period_to, '-infinity')
                           ) d) e ON true
             WHERE s.run_id = %(run)s
        )
        UPDATE toll_statement s
           SET period_from = least(f.since, s.period_to), opening_balance = f.opening,
               closing_balance = f.closing, amount_topup = f.topup,
               amount_refund = f.refund, amount_fee = f.fee,
               amount_settlement = f.settlement,
               amount_adjustment = f.closing - f.opening - f.topup - f.refund - f.fee
                   - f.settlement + s.amount_total,
               previous_amount = COALESCE(f.before, 0),
               amount_change = s.amount_total - COALESCE(f.before, 0)
          FROM figures f
         WHERE f.id = s.id
        """,
        run=run.id,
    )


def release(run) -> SQL:
    """Give the crossings of a run back; answers how many."""
    return SQL(
        """
        WITH bounds AS (
            SELECT min(first_at) AS since, max(last_at) AS until
              FROM toll_statement WHERE run_id = %(run)s
        ), freed AS (
            UPDATE toll_crossing_data c
               SET statement_id = NULL
              FROM toll_statement s
             WHERE s.run_id = %(run)s AND s.state <> 'invoiced'
               AND c.account_id = s.account_id AND c.statement_id = s.id
               AND c.occurred_at >= (SELECT since FROM bounds)
               AND c.occurred_at <= (SELECT until FROM bounds)
         RETURNING 1
        )
        SELECT count(*) FROM freed
        """,
        run=run.id,
    )


def delete_statements(run) -> SQL:
    """Statements of a run that was never invoiced; their lines go with them."""
    return SQL(
        "DELETE FROM toll_statement WHERE run_id = %s AND state <> 'invoiced'"
        " RETURNING id",
        run.id,
    )


def totals(run) -> SQL:
    """(statements, crossings, amount, zero statements) as the statements say."""
    return SQL(
        """
        SELECT count(*), COALESCE(sum(crossing_count), 0),
               COALESCE(sum(amount_total), 0)
          FROM toll_statement WHERE run_id = %s
        """,
        run.id,
    )


def claimed_totals(run) -> SQL:
    """(crossings, amount) as the crossings themselves say."""
    return SQL(
        """
        SELECT count(c.id), COALESCE(sum(c.amount - c.amount_discount), 0)
          FROM toll_statement s
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
         WHERE s.run_id = %s
        """,
        run.id,
    )


def claimed_statements(statement_ids) -> SQL:
    """Those of these statements that still hold crossings."""
    return SQL(
        """
        SELECT DISTINCT s.id
          FROM toll_statement s
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
         WHERE s.id = ANY(%s)
        """,
        list(statement_ids),
    )


def mark_reviewed(run, state, from_state) -> SQL:
    return SQL(
        """
        UPDATE toll_statement
           SET state = %s, write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
         WHERE run_id = %s AND state = %s
        """,
        state,
        run.env.uid,
        run.id,
        from_state,
    )


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
                ('zero', s.amount_total = 0),
                ('closed', a.state = 'closed'),
                ('jump', s.previous_amount > 0
                         AND s.amount_total >= %(least)s
                         AND s.amount_total > s.previous_amount * %(factor)s),
                ('late', s.first_at < s.period_from AND EXISTS (
                         SELECT FROM toll_statement b
                          WHERE b.account_id = s.account_id
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
                SELECT company_id, amount_total
                  FROM toll_statement WHERE state <> 'invoiced') u
         GROUP BY company_id
        """
    )


def invoices_against_crossings(limit=50) -> SQL:
    """Differences: an invoice is not the sum of the crossings of its statement."""
    return SQL(
        """
        SELECT format('statement %%s: crossings %%s = %%s, statement %%s = %%s, '
                      'lines %%s, invoice %%s', s.name, t.n, t.amount,
                      s.crossing_count, s.amount_total, l.amount, m.amount_total)
          FROM toll_statement s
          LEFT JOIN LATERAL (
                SELECT count(*) AS n,
                       COALESCE(sum(c.amount - c.amount_discount), 0) AS amount
                  FROM toll_crossing_data c
                 WHERE c.account_id = s.account_id AND c.statement_id = s.id
                   AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
               ) t ON true
          LEFT JOIN LATERAL (
                SELECT sum(amount_total) AS amount FROM toll_statement_line
                 WHERE statement_id = s.id) l ON true
          LEFT JOIN account_move m ON m.id = s.move_id
         WHERE t.n <> s.crossing_count OR t.amount <> s.amount_total
            OR l.amount IS DISTINCT FROM s.amount_total
            OR (s.state = 'invoiced' AND s.amount_total <> 0
                AND (m.id IS NULL OR m.state <> 'posted'
                     OR m.amount_total <> s.amount_total))
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


def annex(statement, zone, lang) -> SQL:
    """Crossings of a statement, by vehicle and time, times in the plaza's zone."""
    return SQL(
        """
        SELECT COALESCE(v.plate, c.plate, l.name, c.tag, '-') AS vehicle,
               c.occurred_at AT TIME ZONE 'UTC'
                   AT TIME ZONE COALESCE(p.tz, %(zone)s) AS local_at,
               o.code, p.name, n.code, COALESCE(l.name, c.tag),
               COALESCE(c.plate, v.plate), k.code,
               COALESCE(sv.name->>%(lang)s, sv.name->>'en_US', c.service),
               (c.amount - c.amount_discount)::text, c.ref
          FROM toll_crossing_data c
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza p ON p.id = c.plaza_id
          LEFT JOIN toll_lane n ON n.id = c.lane_id
          LEFT JOIN toll_vehicle v ON v.id = c.vehicle_id
          LEFT JOIN stock_lot l ON l.id = c.lot_id
          LEFT JOIN toll_vehicle_class k ON k.id = c.class_id
          LEFT JOIN toll_service sv ON sv.code = c.service
         WHERE c.account_id = %(account)s AND c.statement_id = %(statement)s
           AND c.occurred_at >= %(since)s AND c.occurred_at <= %(until)s
         ORDER BY 1, c.occurred_at, c.id
        """,
        account=statement.account_id.id,
        statement=statement.id,
        since=statement.first_at or None,
        until=statement.last_at or None,
        zone=zone,
        lang=lang,
    )
