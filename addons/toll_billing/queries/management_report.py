"""Figures of a company's month, one statement each. Amounts come as text: exact."""

from odoo.tools import SQL


def traffic(company, first, last) -> SQL:
    """Crossings by fate, with their money, in the company's currency."""
    return SQL(
        """
        SELECT state, sum(crossings), sum(crossings_tag), sum(crossings_exempt),
               sum(amount_charged)::text, sum(amount_discount)::text,
               sum(amount_forgone)::text, COALESCE(sum(amount_volume), 0)::text
          FROM toll_traffic_day
         WHERE company_id = %s AND currency_id = %s AND day BETWEEN %s AND %s
         GROUP BY state
        """,
        company.id,
        company.currency_id.id,
        first,
        last,
    )


def traffic_by(column, company, first, last) -> SQL:
    """Posted crossings per operator, road, plaza, class or kind of exemption."""
    return SQL(
        """
        SELECT %(column)s, sum(crossings), sum(crossings_tag),
               sum(amount_charged)::text, sum(amount_forgone)::text,
               COALESCE(sum(amount_volume), 0)::text
          FROM toll_traffic_day
         WHERE company_id = %(company)s AND currency_id = %(currency)s
           AND state = 'posted' AND day BETWEEN %(first)s AND %(last)s
         GROUP BY 1
        """,
        column=SQL.identifier(column),
        company=company.id,
        currency=company.currency_id.id,
        first=first,
        last=last,
    )


def customers(company, start, end) -> SQL:
    """Accounts at the start, at the end, won and lost between; TAGs at the end."""
    return SQL(
        """
        SELECT count(*) FILTER (WHERE opened_at < %(start)s
                   AND (closed_at IS NULL OR closed_at >= %(start)s)),
               count(*) FILTER (WHERE opened_at < %(end)s
                   AND (closed_at IS NULL OR closed_at >= %(end)s)),
               count(*) FILTER (WHERE opened_at >= %(start)s AND opened_at < %(end)s),
               count(*) FILTER (WHERE closed_at >= %(start)s AND closed_at < %(end)s),
               (SELECT count(*) FROM toll_tag_assignment
                 WHERE company_id = %(company)s AND date_from < %(end)s
                   AND (date_to IS NULL OR date_to >= %(end)s))
          FROM toll_account WHERE company_id = %(company)s
        """,
        company=company.id,
        start=start,
        end=end,
    )


def invoiced(company, first, last) -> SQL:
    """Invoices and credit notes of toll accounts by their date."""
    return SQL(
        """
        SELECT COALESCE(sum(amount_total_signed)
                   FILTER (WHERE move_type = 'out_invoice'), 0)::text,
               COALESCE(-sum(amount_total_signed)
                   FILTER (WHERE move_type = 'out_refund'), 0)::text
          FROM account_move
         WHERE company_id = %s AND state = 'posted' AND toll_account_id IS NOT NULL
           AND move_type IN ('out_invoice', 'out_refund')
           AND invoice_date BETWEEN %s AND %s
        """,
        company.id,
        first,
        last,
    )


def wallet(company, start, end) -> SQL:
    """Money that came into the wallets and left them again."""
    return SQL(
        """
        SELECT COALESCE(sum(amount) FILTER (WHERE kind = 'topup'), 0)::text,
               COALESCE(-sum(amount) FILTER (WHERE kind = 'refund'), 0)::text
          FROM toll_wallet_entry_data
         WHERE company_id = %s AND kind IN ('topup', 'refund')
           AND occurred_at >= %s AND occurred_at < %s
        """,
        company.id,
        start,
        end,
    )


def ageing(company, day) -> SQL:
    """What toll accounts owed at the end of a day, by days overdue then."""
    return SQL(
        """
        WITH line AS (
            SELECT l.id, l.balance, %(day)s - COALESCE(l.date_maturity, l.date) AS late
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
              JOIN account_account a ON a.id = l.account_id
             WHERE m.company_id = %(company)s AND m.state = 'posted'
               AND m.toll_account_id IS NOT NULL
               AND m.move_type IN ('out_invoice', 'out_refund')
               AND a.account_type = 'asset_receivable' AND l.date <= %(day)s
        ), open AS (
            SELECT line.late, line.balance
                   - COALESCE((SELECT sum(p.amount) FROM account_partial_reconcile p
                                WHERE p.debit_move_id = line.id
                                  AND p.max_date <= %(day)s), 0)
                   + COALESCE((SELECT sum(p.amount) FROM account_partial_reconcile p
                                WHERE p.credit_move_id = line.id
                                  AND p.max_date <= %(day)s), 0) AS residual
              FROM line
        )
        SELECT CASE WHEN late <= 0 THEN 0 WHEN late <= 30 THEN 1 WHEN late <= 60 THEN 2
                    WHEN late <= 90 THEN 3 ELSE 4 END, sum(residual)::text
          FROM open GROUP BY 1
        """,
        company=company.id,
        day=day,
    )
