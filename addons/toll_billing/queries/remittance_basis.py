"""What an agreement comes to, by its basis: crossings, invoices or payments.

Each statement gives facts in the columns of a remittance's lines (remittance.py).
"""

from odoo.tools import SQL

from .discount_volume import local


def services(agreement, column) -> SQL:
    codes = agreement._get_service_codes()
    if codes is None:
        return SQL("TRUE")
    return SQL("%s = ANY(%s)", column, codes)


def period(agreement, day) -> SQL:
    """First day of the agreement's period that holds ``day``."""
    return SQL(
        "GREATEST(date_trunc(%s, %s::timestamp)::date, %s::date)",
        agreement.periodicity,
        day,
        agreement.date_from,
    )


def days(agreement, last):
    """First and last day whose crossings the agreement covers so far."""
    return agreement.date_from, min(filter(None, (agreement.date_to, last)))


# === BY CROSSING === #
def crossed(remittance, since) -> SQL:
    """From the traffic figures: all crossings up to the end of the period."""
    agreement = remittance.agreement_id
    first, last = days(agreement, remittance.date_to)
    common = {
        "company": agreement.company_id.id,
        "operator": agreement.operator_id.id,
        "currency": agreement.currency_id.id,
        "first": max(first, since),
        "last": last,
        "plans": agreement._get_borne_plan_ids(),
    }
    return SQL(
        """
        SELECT 'usage' AS concept, %(t_period)s AS date_from, NULL::int AS run_id,
               NULL::int AS correction_id, t.service, t.plaza_id, t.class_id,
               sum(t.crossings - t.crossings_exempt) AS crossings,
               sum(t.amount - t.amount_forgone) AS amount_gross,
               sum(t.amount_discount - t.amount_forgone) AS amount_discount,
               sum(COALESCE(t.amount_volume, 0)) AS amount_volume,
               0 AS amount_borne
          FROM toll_traffic_day t
         WHERE t.company_id = %(company)s AND t.operator_id = %(operator)s
           AND t.currency_id = %(currency)s AND t.state = 'posted'
           AND t.day BETWEEN %(first)s AND %(last)s AND %(t_services)s
         GROUP BY 2, 5, 6, 7
         UNION ALL
        SELECT 'usage', %(s_period)s, NULL, NULL, s.service, s.plaza_id, NULL, 0, 0, 0,
               0, sum(s.amount)
          FROM toll_discount_share s
         WHERE s.plan_id = ANY(%(plans)s) AND s.company_id = %(company)s
           AND s.operator_id = %(operator)s AND s.currency_id = %(currency)s
           AND s.day BETWEEN %(first)s AND %(last)s AND %(s_services)s
         GROUP BY 2, 5, 6
         UNION ALL
        SELECT 'usage', %(c_period)s, NULL, NULL, c.service, c.plaza_id, c.class_id, 0,
               0, 0, 0, sum(c.amount_discount)
          FROM toll_crossing_data c
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza z ON z.id = c.plaza_id
         CROSS JOIN LATERAL (SELECT (%(local)s)::date AS day) d
         WHERE c.discount_plan_id = ANY(%(plans)s) AND c.company_id = %(company)s
           AND c.operator_id = %(operator)s AND c.currency_id = %(currency)s
           AND c.state = 'posted' AND c.exemption_id IS NULL AND %(c_services)s
           AND c.occurred_at >= %(first)s::date - interval '1 day'
           AND c.occurred_at < %(last)s::date + interval '2 days'
           AND d.day BETWEEN %(first)s AND %(last)s
         GROUP BY 2, 5, 6, 7
        """,
        t_period=period(agreement, SQL("t.day")),
        s_period=period(agreement, SQL("s.day")),
        c_period=period(agreement, SQL("d.day")),
        t_services=services(agreement, SQL("t.service")),
        s_services=services(agreement, SQL("s.service")),
        c_services=services(agreement, SQL("c.service")),
        local=local(),
        **common,
    )


# === BY INVOICE === #
def _runs(agreement, since) -> SQL:
    """Invoiced billing runs of the company and the day of their invoices."""
    return SQL(
        """
        SELECT r.id, COALESCE(r.invoice_date, (
                   SELECT m.invoice_date FROM toll_statement s
                     JOIN account_move m ON m.id = s.move_id
                    WHERE s.run_id = r.id ORDER BY s.id DESC LIMIT 1), r.until) AS day
          FROM toll_billing_run r
         WHERE r.company_id = %s AND r.state = 'invoiced' AND r.until >= %s
        """,
        agreement.company_id.id,
        since,
    )


def invoiced(remittance, since) -> SQL:
    """Crossings of the runs not remitted yet, and volume discounts of all of them."""
    agreement = remittance.agreement_id
    first, last = days(agreement, remittance.date_to)
    return SQL(
        """
        SELECT 'usage' AS concept, %(date_from)s::date AS date_from, s.run_id,
               NULL::int AS correction_id, c.service, c.plaza_id, c.class_id,
               count(*) AS crossings, sum(c.amount) AS amount_gross,
               sum(c.amount_discount) AS amount_discount, 0 AS amount_volume,
               COALESCE(sum(c.amount_discount) FILTER (
                   WHERE c.discount_plan_id = ANY(%(plans)s)), 0) AS amount_borne
          FROM (%(runs)s) r
          JOIN toll_statement s ON s.run_id = r.id
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza z ON z.id = c.plaza_id
         WHERE r.day <= %(until)s AND c.operator_id = %(operator)s
           AND c.currency_id = %(currency)s AND c.state = 'posted'
           AND c.exemption_id IS NULL AND %(c_services)s
           AND (%(local)s)::date BETWEEN %(first)s AND %(last)s
           AND NOT EXISTS (
               SELECT FROM toll_remittance_line l
                WHERE l.agreement_id = %(agreement)s AND l.run_id = r.id
                  AND l.concept = 'usage' AND l.is_final)
         GROUP BY s.run_id, c.service, c.plaza_id, c.class_id
         UNION ALL
        SELECT 'volume', %(date_from)s, h.run_id, NULL, h.service, h.plaza_id, NULL, 0,
               0, 0, sum(h.amount),
               COALESCE(sum(h.amount) FILTER (WHERE h.plan_id = ANY(%(plans)s)), 0)
          FROM (%(runs)s) r
          JOIN toll_discount_share h ON h.run_id = r.id
         WHERE r.day <= %(until)s AND h.operator_id = %(operator)s
           AND h.currency_id = %(currency)s AND %(h_services)s
           AND h.day BETWEEN %(first)s AND %(last)s
         GROUP BY h.run_id, h.service, h.plaza_id
        """,
        date_from=remittance.date_from,
        plans=agreement._get_borne_plan_ids(),
        runs=_runs(agreement, since),
        until=remittance.date_to,
        operator=agreement.operator_id.id,
        currency=agreement.currency_id.id,
        agreement=agreement.id,
        c_services=services(agreement, SQL("c.service")),
        h_services=services(agreement, SQL("h.service")),
        local=local(),
        first=first,
        last=last,
    )


# === BY PAYMENT === #
def _shares(remittance, since) -> SQL:
    """Part of each statement that was paid, and lost, by the end of the period.

    A credit note pays nothing; neither does a write-off, whose entry has an expense.
    """
    agreement = remittance.agreement_id
    return SQL(
        """
        SELECT s.id, s.run_id, CASE WHEN s.move_id IS NULL THEN 1
                    WHEN m.amount_total = 0 THEN 1
                    ELSE LEAST(1, COALESCE(p.paid, 0) / m.amount_total) END AS paid,
               CASE WHEN m.amount_total > 0
                    THEN LEAST(1, COALESCE(p.lost, 0) / m.amount_total)
                    ELSE 0 END AS lost
          FROM (%(runs)s) r
          JOIN toll_statement s ON s.run_id = r.id
          LEFT JOIN account_move m ON m.id = s.move_id
          LEFT JOIN LATERAL (
                SELECT sum(a.debit_amount_currency) FILTER (
                           WHERE cm.move_type <> 'out_refund' AND NOT x.lost) AS paid,
                       sum(a.debit_amount_currency) FILTER (
                           WHERE cm.move_type = 'out_refund' OR x.lost) AS lost
                  FROM account_move_line dl
                  JOIN account_account da
                    ON da.id = dl.account_id AND da.account_type = 'asset_receivable'
                  JOIN account_partial_reconcile a ON a.debit_move_id = dl.id
                  JOIN account_move_line cl ON cl.id = a.credit_move_id
                  JOIN account_move cm ON cm.id = cl.move_id
                 CROSS JOIN LATERAL (SELECT EXISTS (
                       SELECT FROM account_move_line el
                         JOIN account_account ea ON ea.id = el.account_id
                        WHERE el.move_id = cm.id
                          AND ea.account_type LIKE 'expense%%') AS lost) x
                 WHERE dl.move_id = m.id AND a.max_date <= %(until)s) p ON true
         WHERE r.day <= %(until)s
        """,
        runs=_covered_runs(agreement, since),
        until=remittance.date_to,
    )


def _covered_runs(agreement, since) -> SQL:
    """Runs whose cut-off lies in the days of the agreement."""
    return SQL(
        """
        SELECT q.* FROM (%s) q JOIN toll_billing_run b ON b.id = q.id
         WHERE b.until > %s AND (%s::date IS NULL OR b.until <= %s::date + 1)
        """,
        _runs(agreement, since),
        agreement.date_from,
        agreement.date_to or None,
        agreement.date_to or None,
    )


def _statement_lines(remittance, since) -> SQL:
    """Lines of the operator, what we bear of their discounts, and the part paid."""
    agreement = remittance.agreement_id
    return SQL(
        """
        SELECT p.run_id, l.service, l.crossing_count, l.amount_gross, l.amount_total,
               COALESCE(l.amount_volume, 0) AS amount_volume, p.paid, p.lost,
               COALESCE((SELECT sum(d.amount) FROM toll_discount_line d
                          WHERE d.statement_id = l.statement_id
                            AND d.operator_id = l.operator_id
                            AND d.service = l.service AND d.kind <> 'closing'
                            AND d.plan_id = ANY(%(plans)s)), 0) AS borne
          FROM (%(shares)s) p
          JOIN toll_statement_line l ON l.statement_id = p.id
          JOIN toll_statement s ON s.id = p.id
         WHERE l.operator_id = %(operator)s AND s.currency_id = %(currency)s
           AND %(services)s
        """,
        plans=agreement._get_borne_plan_ids(),
        shares=_shares(remittance, since),
        operator=agreement.operator_id.id,
        currency=agreement.currency_id.id,
        services=services(agreement, SQL("l.service")),
    )


def collected(remittance, since) -> SQL:
    """The part of what was invoiced that customers have paid, rounded once."""
    return SQL(
        """
        SELECT 'usage' AS concept, %(date_from)s::date AS date_from, t.run_id,
               NULL::int AS correction_id, t.service, NULL::int AS plaza_id,
               NULL::int AS class_id,
               round(sum(t.crossing_count * t.paid)) AS crossings,
               %(unit)s * round(sum(t.amount_gross * t.paid) / %(unit)s)
                   AS amount_gross,
               %(unit)s * round(sum((t.amount_gross - t.amount_total
                   - t.amount_volume) * t.paid) / %(unit)s) AS amount_discount,
               %(unit)s * round(sum(t.amount_volume * t.paid) / %(unit)s)
                   AS amount_volume,
               %(unit)s * round(sum(t.borne * t.paid) / %(unit)s) AS amount_borne
          FROM (%(lines)s) t
         GROUP BY t.run_id, t.service
        """,
        date_from=remittance.date_from,
        unit=SQL("%s::numeric", str(remittance.currency_id.rounding)),
        lines=_statement_lines(remittance, since),
    )


def outstanding(remittance, since) -> SQL:
    """(not paid yet, lost): what was invoiced and is not remitted, as text."""
    return SQL(
        """
        SELECT round(COALESCE(sum((t.amount_total + t.borne)
                   * (1 - t.paid - t.lost)), 0), 2)::text,
               round(COALESCE(sum((t.amount_total + t.borne) * t.lost), 0), 2)::text
          FROM (%s) t
        """,
        _statement_lines(remittance, since),
    )
