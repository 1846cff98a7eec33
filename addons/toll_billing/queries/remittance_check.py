"""Are confirmed remittances what the crossings and the invoices say?"""

from odoo.tools import SQL


def against_traffic(limit=50) -> SQL:
    """Periods by crossing whose remittances are not the traffic of their days.

    A period that something reached after the last computation is no difference: the
    next remittance adjusts it.
    """
    return SQL(
        """
        WITH remitted AS (
            SELECT l.agreement_id, l.date_from, max(l.date_to) AS date_to,
                   sum(l.crossings) AS crossings,
                   sum(l.amount_gross - l.amount_discount) AS charged
              FROM toll_remittance_line l
              JOIN toll_remittance_agreement a ON a.id = l.agreement_id
             WHERE l.is_final AND l.concept = 'usage' AND a.basis = 'crossed'
             GROUP BY 1, 2
        ), last AS (
            SELECT agreement_id, max(computed_at) AS computed_at
              FROM toll_remittance WHERE state IN ('approved', 'paid') GROUP BY 1
        )
        SELECT format('agreement %%s, period of %%s: remitted %%s (%%s), crossings %%s'
                      ' (%%s)', a.code, r.date_from, r.crossings, r.charged,
                      COALESCE(t.crossings, 0), COALESCE(t.charged, 0))
          FROM remitted r
          JOIN last USING (agreement_id)
          JOIN toll_remittance_agreement a ON a.id = r.agreement_id
          LEFT JOIN LATERAL (
                SELECT sum(d.crossings - d.crossings_exempt) AS crossings,
                       sum(d.amount - d.amount_discount) AS charged
                  FROM toll_traffic_day d
                 WHERE d.company_id = a.company_id AND d.operator_id = a.operator_id
                   AND d.currency_id = a.currency_id AND d.state = 'posted'
                   AND d.day BETWEEN r.date_from
                       AND LEAST(r.date_to, COALESCE(a.date_to, r.date_to))
                   AND (NOT EXISTS (
                            SELECT FROM toll_remittance_agreement_toll_service_rel k
                             WHERE k.toll_remittance_agreement_id = a.id)
                        OR EXISTS (
                            SELECT FROM toll_remittance_agreement_toll_service_rel k
                              JOIN toll_service v ON v.id = k.toll_service_id
                             WHERE k.toll_remittance_agreement_id = a.id
                               AND v.code = d.service))) t ON true
         WHERE (r.crossings, r.charged)
               <> (COALESCE(t.crossings, 0), COALESCE(t.charged, 0))
           AND NOT EXISTS (
               SELECT FROM toll_traffic_batch b
                 JOIN toll_crossing_tally y ON y.batch_id = b.batch_id
                WHERE b.operator_id = a.operator_id
                  AND b.day BETWEEN r.date_from AND r.date_to
                  AND y.create_date > last.computed_at - interval '1 day')
         LIMIT %s
        """,
        limit,
    )


def against_statements(limit=50) -> SQL:
    """Billing runs of which more was remitted than they have."""
    return SQL(
        """
        WITH remitted AS (
            SELECT l.agreement_id, l.run_id, sum(l.amount_gross) AS gross
              FROM toll_remittance_line l
             WHERE l.is_final AND l.concept = 'usage' AND l.run_id IS NOT NULL
             GROUP BY 1, 2
        )
        SELECT format('agreement %%s, run %%s: remitted %%s gross, billed %%s', a.code,
                      r.run_id, r.gross, COALESCE(t.gross, 0))
          FROM remitted r
          JOIN toll_remittance_agreement a ON a.id = r.agreement_id
          LEFT JOIN LATERAL (
                SELECT sum(x.amount_gross) AS gross
                  FROM toll_statement s
                  JOIN toll_statement_line x ON x.statement_id = s.id
                 WHERE s.run_id = r.run_id AND x.operator_id = a.operator_id) t ON true
         WHERE r.gross > COALESCE(t.gross, 0)
         LIMIT %s
        """,
        limit,
    )


def against_documents(limit=50) -> SQL:
    """Bills and invoices that are not what was remitted."""
    return SQL(
        """
        SELECT format('remittance %%s: bill %%s, its document %%s', r.name,
                      r.payable_due, m.amount_total)
          FROM toll_remittance r
          JOIN account_move m ON m.id = r.bill_id
         WHERE r.state IN ('approved', 'paid') AND m.state = 'posted'
           AND abs(r.payable_due) <> m.amount_total
         LIMIT %s
        """,
        limit,
    )
