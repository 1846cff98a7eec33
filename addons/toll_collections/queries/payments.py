"""Money that came in for accounts: what promises are kept by and agencies paid for.

A payment is a top-up, or a payment or bank line reconciled with an invoice of the
account. Its day is the day of the money, not that of the book-keeping. Settlements from
deposits, credit notes and write-offs are no payments.
"""

from odoo.tools import SQL


def _payments(accounts: SQL, tz: str) -> SQL:
    """The expression `payment`: (account_id, day, at, amount) of these accounts."""
    return SQL(
        """
        payment AS (
            SELECT e.account_id, e.amount, e.occurred_at AS at,
                   (e.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day
              FROM toll_wallet_entry_data e
             WHERE e.kind = 'topup' AND e.account_id IN (%(accounts)s)
         UNION ALL
            SELECT m.toll_account_id, p.amount, p.create_date, t.date
              FROM account_move m
              JOIN account_move_line d ON d.move_id = m.id AND d.parent_state = 'posted'
              JOIN account_partial_reconcile p ON p.debit_move_id = d.id
              JOIN account_move_line l ON l.id = p.credit_move_id
              JOIN account_move t ON t.id = l.move_id
             WHERE m.toll_account_id IN (%(accounts)s) AND m.move_type = 'out_invoice'
               AND (t.origin_payment_id IS NOT NULL OR t.statement_line_id IS NOT NULL)
        )
        """,
        tz=tz,
        accounts=accounts,
    )


def judge_promises(company_id, today, tz, grace, promise_ids=None) -> SQL:
    """Credit payments to open promises and say which are kept, partly kept or broken.

    An instalment is missed when, at the end of its day and the days of grace, less has
    come in than was due by then. Answers (promise, case, state) of those that ended.
    """
    only = (
        SQL("AND p.id = ANY(%s)", list(promise_ids))
        if promise_ids is not None
        else SQL()
    )
    return SQL(
        """
        WITH open AS (
            SELECT p.id, p.case_id, p.account_id, p.amount, p.made_at,
                   (p.made_at AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS made_on
              FROM toll_payment_promise p
             WHERE p.state = 'open' AND p.company_id = %(company)s %(only)s
        ), %(payments)s, credited AS (
            SELECT o.id, y.day, y.amount
              FROM open o
              JOIN payment y ON y.account_id = o.account_id
               AND (y.day > o.made_on OR (y.day = o.made_on AND y.at >= o.made_at))
        ), total AS (
            SELECT o.id, COALESCE(sum(c.amount), 0) AS paid
              FROM open o LEFT JOIN credited c ON c.id = o.id
          GROUP BY o.id
        ), part AS (
            SELECT l.id, l.promise_id, l.amount, l.date + %(grace)s AS last_day,
                   sum(l.amount) OVER (PARTITION BY l.promise_id
                                       ORDER BY l.date, l.id) AS due
              FROM toll_payment_promise_line l
              JOIN open o ON o.id = l.promise_id
        ), judged AS (
            SELECT t.*, COALESCE((SELECT sum(c.amount) FROM credited c
                                   WHERE c.id = t.promise_id
                                     AND c.day <= t.last_day), 0) AS in_time,
                   x.paid
              FROM part t JOIN total x ON x.id = t.promise_id
        ), lines AS (
            UPDATE toll_payment_promise_line l
               SET amount_paid = LEAST(GREATEST(j.paid - (j.due - j.amount), 0),
                                       j.amount)
              FROM judged j
             WHERE j.id = l.id
               AND l.amount_paid IS DISTINCT FROM
                   LEAST(GREATEST(j.paid - (j.due - j.amount), 0), j.amount)
        ), verdict AS (
            SELECT o.id, o.case_id, x.paid,
                   CASE WHEN bool_or(j.last_day < %(today)s AND j.in_time < j.due)
                             AND x.paid < o.amount
                        THEN CASE WHEN x.paid > 0 THEN 'partly' ELSE 'broken' END
                        WHEN x.paid >= o.amount THEN 'kept'
                        ELSE 'open' END AS state
              FROM open o
              JOIN total x ON x.id = o.id
              JOIN judged j ON j.promise_id = o.id
          GROUP BY o.id, o.case_id, o.amount, x.paid
        ), written AS (
            UPDATE toll_payment_promise p
               SET amount_paid = LEAST(v.paid, p.amount), state = v.state,
                   kept_rate = CASE v.state
                       WHEN 'open' THEN NULL
                       ELSE round(100 * LEAST(v.paid, p.amount) / p.amount, 2) END,
                   ended_on = CASE WHEN v.state <> 'open' THEN %(today)s END,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM verdict v
             WHERE v.id = p.id
               AND (p.amount_paid, p.state)
                   IS DISTINCT FROM (LEAST(v.paid, p.amount), v.state::varchar)
            RETURNING p.id, p.case_id, p.state
        )
        SELECT id, case_id, state FROM written WHERE state <> 'open'
        """,
        tz=tz,
        company=company_id,
        today=today,
        grace=grace,
        only=only,
        payments=_payments(SQL("SELECT account_id FROM open"), tz),
    )


def end_promises_of_closed_cases(company_id, today) -> SQL:
    """A debt that is gone needs no promise: what was not paid was settled otherwise."""
    return SQL(
        """
        UPDATE toll_payment_promise p
           SET state = 'cancelled', ended_on = %s
          FROM toll_collection_case c
         WHERE c.id = p.case_id AND c.state = 'closed' AND p.state = 'open'
           AND p.company_id = %s
        """,
        today,
        company_id,
    )


def raise_cases(case_ids, today) -> SQL:
    """A promise was not kept: the case is urgent and is for today."""
    return SQL(
        """
        UPDATE toll_collection_case
           SET priority = CASE priority WHEN '0' THEN '1' ELSE '2' END,
               broken_count = COALESCE(broken_count, 0) + 1, next_action_date = %s
         WHERE id = ANY(%s) AND state = 'open'
        """,
        today,
        list(case_ids),
    )


def credit_placements(company_id, tz, digits, line_ids=None) -> SQL:
    """What came in while an agency had the case, and the commission on it.

    The day of the handing over counts from its hour on, the day of the recall as a
    whole. Lines of cases that have closed end with them.
    """
    only = SQL("AND l.id = ANY(%s)", list(line_ids)) if line_ids is not None else SQL()
    return SQL(
        """
        WITH placed AS (
            SELECT l.id, l.account_id, l.placed_at, l.amount_placed, l.commission_rate,
                   (l.placed_at AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day,
                   CASE WHEN l.state = 'placed' AND c.state = 'closed'
                        THEN c.closed_date ELSE l.ended_on END AS ended_on,
                   CASE WHEN l.state = 'placed' AND c.state = 'closed'
                        THEN 'closed' ELSE l.state END AS state
              FROM toll_collection_placement_line l
              JOIN toll_collection_case c ON c.id = l.case_id
             WHERE l.company_id = %(company)s AND l.is_invoiced IS NOT TRUE
               AND l.state IN ('placed', 'recalled', 'closed') %(only)s
        ), %(payments)s, paid AS (
            SELECT p.id, COALESCE(sum(y.amount), 0) AS amount
              FROM placed p
         LEFT JOIN payment y ON y.account_id = p.account_id
               AND (y.day > p.day OR (y.day = p.day AND y.at >= p.placed_at))
               AND (p.ended_on IS NULL OR y.day <= p.ended_on)
          GROUP BY p.id
        )
        UPDATE toll_collection_placement_line l
           SET amount_recovered = LEAST(d.amount, p.amount_placed),
               amount_commission = round(
                   LEAST(d.amount, p.amount_placed) * p.commission_rate::numeric
                       / 100, %(digits)s),
               state = p.state, ended_on = p.ended_on,
               write_date = now() AT TIME ZONE 'UTC'
          FROM placed p JOIN paid d ON d.id = p.id
         WHERE l.id = p.id
           AND (l.amount_recovered, l.state, l.ended_on) IS DISTINCT FROM
               (LEAST(d.amount, p.amount_placed), p.state::varchar, p.ended_on)
        RETURNING l.id
        """,
        company=company_id,
        tz=tz,
        digits=digits,
        only=only,
        payments=_payments(SQL("SELECT account_id FROM placed"), tz),
    )
