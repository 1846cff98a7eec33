"""Charges that wait for a toll invoice: who takes them, and what came of it."""

from odoo.tools import SQL


def pending(run, scope, charge="h", account="a") -> SQL:
    """Condition: charges that a run may take; not one that somebody asked for."""
    if run.self_key:
        return SQL("FALSE")
    return SQL(
        """
        %(h)s.state = 'pending' AND %(h)s.statement_id IS NULL
        AND %(h)s.date < %(day)s AND %(h)s.company_id = %(company)s
        AND %(a)s.company_id = %(company)s
        AND %(h)s.currency_id = %(a)s.currency_id AND %(scope)s
        """,
        h=SQL.identifier(charge),
        a=SQL.identifier(account),
        day=run.until,
        company=run.company_id.id,
        scope=scope,
    )


def claim(run, scope) -> SQL:
    """Put the charges that are due on the draft statements, and sum them there."""
    return SQL(
        """
        WITH claimed AS (
            UPDATE toll_charge h
               SET statement_id = s.id
              FROM toll_statement s
              JOIN toll_account a ON a.id = s.account_id
             WHERE s.run_id = %(run)s AND h.account_id = s.account_id AND %(pending)s
         RETURNING h.statement_id, h.amount_total
        )
        UPDATE toll_statement s SET amount_charge = t.amount
          FROM (SELECT statement_id, sum(amount_total) AS amount
                  FROM claimed GROUP BY statement_id) t
         WHERE s.id = t.statement_id
        """,
        run=run.id,
        pending=pending(run, scope),
    )


def release(run) -> SQL:
    """Give the charges of statements back that were not invoiced."""
    return SQL(
        """
        UPDATE toll_charge h SET statement_id = NULL
          FROM toll_statement s
         WHERE s.run_id = %s AND s.state <> 'invoiced' AND h.statement_id = s.id
        """,
        run.id,
    )


def total(run) -> SQL:
    """(Σ charges that the run's statements hold, Σ as the statements say)."""
    return SQL(
        """
        SELECT COALESCE((SELECT sum(h.amount_total) FROM toll_charge h
                           JOIN toll_statement s ON s.id = h.statement_id
                          WHERE s.run_id = %(run)s), 0),
               COALESCE((SELECT sum(amount_charge) FROM toll_statement
                          WHERE run_id = %(run)s), 0)
        """,
        run=run.id,
    )


def lines(statement_ids) -> SQL:
    """Charges of statements, as the lines of their invoices.

    (statement, charge, product, taxes, label, amount, analytic, heading)
    """
    return SQL(
        """
        SELECT h.statement_id, h.id, h.product_id,
               COALESCE(t.ids, '{}'), h.label, h.amount_total::text,
               h.analytic_distribution IS NOT NULL,
               concat_ws(', ', a.number, p.complete_name)
          FROM toll_charge h
          JOIN toll_account a ON a.id = h.account_id
          LEFT JOIN res_partner p ON p.id = a.partner_id
          LEFT JOIN LATERAL (
                SELECT array_agg(r.account_tax_id ORDER BY r.account_tax_id) AS ids
                  FROM account_tax_toll_charge_rel r
                 WHERE r.toll_charge_id = h.id) t ON true
         WHERE h.statement_id = ANY(%s)
         ORDER BY h.statement_id, h.date, h.id
        """,
        list(statement_ids),
    )


def mark_invoiced(statement_ids, uid) -> SQL:
    """The charges of statements that were invoiced name their invoice."""
    return SQL(
        """
        UPDATE toll_charge h
           SET state = 'invoiced', move_id = s.move_id, write_uid = %s,
               write_date = now() AT TIME ZONE 'UTC'
          FROM toll_statement s
         WHERE s.id = ANY(%s) AND h.statement_id = s.id AND h.state = 'pending'
        """,
        uid,
        list(statement_ids),
    )


def lock_contract_lines(contract_ids) -> SQL:
    """Hold the lines of contracts, always in the same order: whoever charges them
    at the same time waits, and fails on the changed row to begin again.
    """
    return SQL(
        """
        SELECT id FROM contract_line WHERE contract_id = ANY(%s)
         ORDER BY id FOR NO KEY UPDATE
        """,
        list(contract_ids),
    )


def lock(charge_ids) -> SQL:
    return SQL(
        "SELECT id FROM toll_charge WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        list(charge_ids),
    )


def against_statements(limit=50) -> SQL:
    """Differences: statements, charges and invoice lines do not say the same."""
    return SQL(
        """
        SELECT format('statement %%s: charges %%s, its charges are %%s', s.name,
                      s.amount_charge, h.amount)
          FROM toll_statement s
          LEFT JOIN LATERAL (SELECT COALESCE(sum(amount_total), 0) AS amount
                               FROM toll_charge WHERE statement_id = s.id) h ON true
         WHERE COALESCE(s.amount_charge, 0) <> h.amount
         UNION ALL
        SELECT format('charge %%s of %%s: invoice lines of %%s', h.id, h.amount_total,
                      l.amount)
          FROM toll_charge h
          LEFT JOIN LATERAL (
                SELECT sum(l.price_total) AS amount
                  FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id AND m.state = 'posted'
                 WHERE l.toll_charge_id = h.id AND l.move_id = h.move_id
                   AND l.display_type = 'product') l ON true
         WHERE h.state IN ('invoiced', 'credited')
           AND h.amount_total IS DISTINCT FROM l.amount
         LIMIT %s
        """,
        limit,
    )
