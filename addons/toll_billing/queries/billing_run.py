"""Billing runs: which crossings make which statement. Writes toll_statement(_line).

A run claims crossings by setting their ``statement_id``; two runs can never claim the
same one, because the row that the first has changed fails the second (REPEATABLE READ)
and its retry no longer finds it unbilled.
"""

from odoo.tools import SQL

from . import charge


def try_lock(company_id) -> SQL:
    """One run of a company claims crossings at a time; False: another one does."""
    return SQL(
        "SELECT pg_try_advisory_xact_lock(hashtext('toll.billing.run'), %s)", company_id
    )


def _scope(run, alias="a") -> SQL:
    """Condition: accounts that this run bills."""
    if run.account_id:
        family = run.account_id._is_invoiced_together(run.until)
        return SQL(
            "%s IN (%s, %s)",
            run.account_id.id,
            SQL.identifier(alias, "id"),
            SQL.identifier(alias, "payer_id") if family else SQL("NULL"),
        )
    return SQL(
        "%s = %s", SQL.identifier(alias, "billing_cycle_id"), run.cycle_id.id or 0
    )


def _unbilled(run, until) -> SQL:
    """Condition: crossings ``c`` of accounts ``a`` that this run may claim."""
    return SQL(
        """
        c.state = 'posted' AND c.statement_id IS NULL AND c.occurred_at < %(until)s
        AND c.company_id = %(company)s AND a.company_id = %(company)s
        AND c.currency_id = a.currency_id AND %(scope)s %(selected)s
        """,
        until=until,
        company=run.company_id.id,
        scope=_scope(run),
        selected=_selected(run.selection),
    )


def _selected(selection) -> SQL:
    """Condition: the part of the usage that an invoice on demand is about."""
    if not selection:
        return SQL()
    return SQL(
        "AND c.occurred_at >= %s AND c.occurred_at < %s %s",
        selection["since"],
        selection["until"],
        SQL("AND c.id = ANY(%s)", selection["ids"]) if selection["ids"] else SQL(),
    )


def insert_statements(run, until) -> SQL:
    """One draft statement per account of the run that has something to bill.

    Accounts that are invoiced together name the one that gets the invoice; it has a
    statement too, whatever it used itself.
    """
    return SQL(
        """
        WITH billed AS (
            SELECT a.id, %(payer)s AS payer
              FROM toll_account a
              LEFT JOIN toll_account m ON m.id = COALESCE(a.payer_id, a.id)
             WHERE EXISTS (SELECT FROM toll_crossing_data c
                            WHERE c.account_id = a.id AND %(unbilled)s)
        ), charged AS (
            SELECT DISTINCT a.id, %(payer)s AS payer
              FROM toll_charge h
              JOIN toll_account a ON a.id = h.account_id
              LEFT JOIN toll_account m ON m.id = COALESCE(a.payer_id, a.id)
             WHERE %(pending)s
        ), every AS (
            SELECT id, payer FROM billed
             UNION
            SELECT payer, payer FROM billed WHERE payer IS NOT NULL
             UNION
            SELECT id, payer FROM charged
             UNION
            SELECT payer, payer FROM charged WHERE payer IS NOT NULL
        )
        INSERT INTO toll_statement (
            run_id, account_id, payer_id, partner_id, company_id, currency_id, name,
            state, period_to, crossing_count, amount_gross, amount_discount,
            amount_volume, amount_total, amount_charge, amount_settled, create_uid,
            create_date, write_uid, write_date)
        SELECT %(run)s, a.id, e.payer, a.partner_id, a.company_id, a.currency_id,
               a.number || %(suffix)s, 'draft', %(until)s, 0, 0, 0, 0, 0, 0, 0,
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM every e JOIN toll_account a ON a.id = e.id
         ORDER BY a.number
        """,
        run=run.id,
        payer=SQL(
            """
            CASE WHEN m.invoice_together AND m.invoice_together_from <= %s
                  AND m.currency_id = a.currency_id THEN m.id END
            """,
            run.until,
        ),
        pending=charge.pending(run, _scope(run)),
        suffix=f"-{run.until:%Y%m%d}",
        until=until,
        uid=run.env.uid,
        unbilled=_unbilled(run, until),
        to_flush=[
            run.env["toll.account"]._fields[name]
            for name in (
                "billing_cycle_id",
                "company_id",
                "currency_id",
                "invoice_together",
                "invoice_together_from",
                "number",
                "payer_id",
            )
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
                crossing_count, amount_gross, amount_discount, amount_volume,
                amount_total, company_id, create_uid, create_date, write_uid,
                write_date)
            SELECT c.statement_id,
                   row_number() OVER (PARTITION BY c.statement_id
                                      ORDER BY o.code, sv.sequence, c.service) * 10,
                   c.operator_id, c.service, sv.id, count(*), sum(c.amount),
                   sum(c.amount_discount), 0, sum(c.amount - c.amount_discount),
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

    closing = the wallet now - what moved after the period + usage not billed yet + the
    volume discounts that come with invoices not issued yet; so opening + movements -
    usage = closing holds by construction, late entries included.
    """
    return SQL(
        """
        -- worked out once per statement, whatever the planner thinks of their number
        WITH figures AS MATERIALIZED (
            SELECT s.id, COALESCE(p.period_to, a.opened_at, a.create_date) AS since,
                   COALESCE(p.closing_balance, 0) AS opening, p.amount_total AS before,
                   w.balance + COALESCE(q.amount, 0) - COALESCE(e.later, 0)
                       + COALESCE(u.amount, 0) + COALESCE(v.amount, 0) AS closing,
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
                    SELECT sum(x.amount_volume) AS amount FROM toll_statement x
                     WHERE x.account_id = s.account_id
                       AND x.state <> 'invoiced') v ON true
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
    """(crossings, amount) as crossings and volume discounts themselves say."""
    return SQL(
        """
        SELECT count(c.id), COALESCE(sum(c.amount - c.amount_discount), 0)
               - COALESCE((SELECT sum(l.amount)
                             FROM toll_discount_line l
                             JOIN toll_statement x ON x.id = l.statement_id
                            WHERE x.run_id = %(run)s
                              AND l.kind IN ('volume', 'cap')), 0)
          FROM toll_statement s
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
         WHERE s.run_id = %(run)s
        """,
        run=run.id,
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
