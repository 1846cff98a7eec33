"""Discounts by volume: what the billed crossings of a month give, less what they gave.

A run settles differences, so that it may be repeated, and a crossing that comes late
brings what it changes to the statement that bills it. Writes toll_discount_line.
"""

from odoo.tools import SQL

from .discount import admits, granted, plans


def exists(company_id) -> SQL:
    """(plans at the crossing, plans by volume): has the company had any?"""
    return SQL(
        """
        SELECT COALESCE(bool_or(kind IN ('rate', 'pack')), FALSE),
               COALESCE(bool_or(kind IN ('volume', 'cap')), FALSE)
          FROM toll_discount_plan
         WHERE company_id = %s AND state IN ('approved', 'closed')
        """,
        company_id,
    )


def local(crossing="c", operator="o", plaza="z") -> SQL:
    """Wall clock of a crossing at its plaza."""
    return SQL(
        "(%s.occurred_at AT TIME ZONE 'UTC')"
        " AT TIME ZONE COALESCE(%s.tz, %s.tz, 'UTC')",
        SQL.identifier(crossing),
        SQL.identifier(plaza),
        SQL.identifier(operator),
    )


def _wanted_by_run(run) -> SQL:
    """(account, month) that a run touches, and those that still have something open."""
    return SQL(
        """
        SELECT DISTINCT c.account_id, date_trunc('month', %(local)s)::date AS month
          FROM toll_statement s
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza z ON z.id = c.plaza_id
         WHERE s.run_id = %(run)s
           AND (EXISTS (SELECT FROM volume_plans WHERE is_automatic)
                OR EXISTS (SELECT FROM toll_discount_grant g
                            WHERE g.account_id = s.account_id AND %(granted)s))
         UNION
        SELECT l.account_id, l.period
          FROM toll_discount_line l
          JOIN toll_statement s ON s.account_id = l.account_id AND s.run_id = %(run)s
         WHERE l.amount_carried > 0
        """,
        run=run.id,
        local=local(),
        granted=granted(),
    )


def _wanted_by_lines() -> SQL:
    """(account, month) of everything that was ever given."""
    return SQL(
        "SELECT DISTINCT account_id, period AS month FROM toll_discount_line"
        " WHERE kind <> 'rate'"
    )


def _entitled(wanted, condition) -> SQL:
    """CTEs up to ``entitled``: what each plan gives in each month, by kind of line.

    Each crossing takes the best of the plans that cover it. All plans are steps: a cap
    is a step of 100 % of what is really paid, and each step adds what it gives more
    than the one before.

    :param wanted: (account_id, month) that are computed
    :param condition: which plans take part
    """
    return SQL(
        """
        volume_plans AS MATERIALIZED (
            %(plans)s
        ), steps AS MATERIALIZED (
            SELECT t.plan_id, t.start::numeric AS start,
                   t.percent::numeric - lag(t.percent::numeric, 1, 0)
                       OVER (PARTITION BY t.plan_id ORDER BY t.start) AS gain
              FROM toll_discount_tier t
              JOIN toll_discount_plan p ON p.id = t.plan_id AND p.kind = 'volume'
             UNION ALL
            SELECT id, amount_cap, 100 FROM toll_discount_plan WHERE kind = 'cap'
        ), wanted AS MATERIALIZED (
            %(wanted)s
        ), bounds AS MATERIALIZED (
            SELECT min(month) - interval '1 day' AS since,
                   max(month) + interval '1 month 1 day' AS until
              FROM wanted
        ), billed AS (
            SELECT c.id, c.occurred_at, c.account_id, c.vehicle_id, c.operator_id,
                   c.plaza_id, c.class_id, c.service, c.direction, c.currency_id,
                   c.amount, c.amount_discount, w.month, l.at::date AS day
              FROM wanted w
              JOIN toll_crossing_data c
                ON c.account_id = w.account_id AND c.state = 'posted'
               AND c.statement_id IS NOT NULL AND c.amount > c.amount_discount
               AND c.occurred_at >= (SELECT since FROM bounds)
               AND c.occurred_at < (SELECT until FROM bounds)
              JOIN toll_operator o ON o.id = c.operator_id
              LEFT JOIN toll_plaza z ON z.id = c.plaza_id
             CROSS JOIN LATERAL (SELECT %(local)s AS at) l
             WHERE date_trunc('month', l.at)::date = w.month
        ), measured AS (
            SELECT b.*, p.id AS plan_id, p.kind, p.measure, p.is_whole, p.rounding,
                   m.value, row_number() OVER in_time AS number,
                   count(*) OVER together AS total_number,
                   sum(m.value) OVER in_time AS reached,
                   sum(m.value) OVER together AS total
              FROM billed b
              JOIN volume_plans p ON p.currency_id = b.currency_id AND %(admits)s
             CROSS JOIN LATERAL (
                   SELECT CASE p.kind WHEN 'cap' THEN b.amount - b.amount_discount
                                      ELSE b.amount END AS value,
                          CASE p.period WHEN 'day' THEN b.day ELSE b.month END AS since,
                          CASE p.scope
                               WHEN 'vehicle' THEN b.vehicle_id::text
                               WHEN 'vehicle_plaza' THEN
                                   concat_ws('/', b.vehicle_id, b.plaza_id, b.direction)
                               END AS unit) m
            WINDOW together AS (
                       PARTITION BY p.id, b.account_id, m.since, m.unit),
                   in_time AS (together ORDER BY b.occurred_at, b.id
                               ROWS UNBOUNDED PRECEDING)
        ), worth AS (
            SELECT m.*,
                   least(m.amount - m.amount_discount,
                         CASE m.kind WHEN 'cap' THEN x.amount
                                     ELSE x.amount - m.amount_discount END) AS worth
              FROM measured m
             CROSS JOIN LATERAL (
                   SELECT round(COALESCE(sum(s.gain * CASE
                              WHEN m.measure = 'count' AND m.kind <> 'cap' THEN
                                  CASE WHEN CASE WHEN m.is_whole THEN m.total_number
                                                 ELSE m.number END >= s.start
                                       THEN m.value ELSE 0 END
                              WHEN m.is_whole AND m.kind <> 'cap' THEN
                                  CASE WHEN m.total >= s.start
                                       THEN m.value ELSE 0 END
                              ELSE greatest(0, least(m.value, m.reached - s.start))
                              END), 0) / 100 / m.rounding) * m.rounding AS amount
                     FROM steps s WHERE s.plan_id = m.plan_id) x
        ), best AS (
            SELECT DISTINCT ON (id) *
              FROM worth WHERE worth > 0 ORDER BY id, worth DESC, plan_id
        ), entitled AS (
            SELECT account_id, month, operator_id, service, plan_id,
                   count(*) AS crossings, sum(worth) AS amount
              FROM best GROUP BY account_id, month, operator_id, service, plan_id
        ), settled AS (
            SELECT l.account_id, l.period AS month, l.operator_id, l.service, l.plan_id,
                   sum(l.crossing_count) AS crossings, sum(l.amount) AS amount
              FROM toll_discount_line l
              JOIN wanted w ON w.account_id = l.account_id AND w.month = l.period
             WHERE l.kind <> 'rate'
             GROUP BY l.account_id, l.period, l.operator_id, l.service, l.plan_id
        ), due AS (
            SELECT account_id, month, operator_id, service, plan_id,
                   COALESCE(e.crossings, 0) - COALESCE(s.crossings, 0) AS crossings,
                   COALESCE(e.amount, 0) - COALESCE(s.amount, 0) AS amount,
                   sum(COALESCE(e.amount, 0) - COALESCE(s.amount, 0)) OVER (
                       PARTITION BY account_id, month, operator_id, service) AS net
              FROM entitled e
              FULL JOIN settled s
             USING (account_id, month, operator_id, service, plan_id)
        )
        """,
        plans=plans(condition),
        wanted=wanted,
        local=local(),
        admits=admits(
            "p",
            account=SQL("b.account_id"),
            vehicle=SQL("b.vehicle_id"),
            day=SQL("b.day"),
            operator=SQL("b.operator_id"),
            plaza=SQL("b.plaza_id"),
            class_=SQL("b.class_id"),
            service=SQL("b.service"),
        ),
    )


def settle(run) -> SQL:
    """Write what is due on the draft statements of a run and lower them by it.

    A line of a statement never falls below nothing: what does not fit is carried to
    the next statement. What another plan gives better is swapped: less than nothing
    for the one, more for the other.
    """
    return SQL(
        """
        WITH %(entitled)s, fitted AS (
            SELECT d.*, s.id AS statement_id, s.run_id, l.service_id,
                   COALESCE(l.amount_total, 0) AS room,
                   COALESCE(sum(d.amount) OVER (
                       PARTITION BY s.id, d.operator_id, d.service
                       ORDER BY d.amount > 0, d.month, d.plan_id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
              FROM due d
              JOIN toll_statement s
                ON s.run_id = %(run)s AND s.account_id = d.account_id
              LEFT JOIN toll_statement_line l
                ON l.statement_id = s.id AND l.operator_id = d.operator_id
               AND l.service = d.service
             WHERE d.amount <> 0 AND d.net >= 0
        ), given AS (
            SELECT *, CASE WHEN amount < 0 THEN amount
                           ELSE least(amount, greatest(0, room - before))
                      END AS fits
              FROM fitted
        ), added AS (
            INSERT INTO toll_discount_line (
                statement_id, account_id, company_id, currency_id, plan_id, kind,
                period, operator_id, service, service_id, crossing_count, amount,
                amount_carried, create_uid, create_date, write_uid, write_date)
            SELECT g.statement_id, g.account_id, %(company)s, p.currency_id, g.plan_id,
                   p.kind, g.month, g.operator_id, g.service, g.service_id,
                   g.crossings, g.fits, greatest(0, g.amount - g.fits), %(uid)s,
                   now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
              FROM given g JOIN toll_discount_plan p ON p.id = g.plan_id
             ORDER BY g.statement_id, g.month, g.plan_id
         RETURNING statement_id, operator_id, service, amount
        ), by_line AS (
            UPDATE toll_statement_line l
               SET amount_volume = a.amount,
                   amount_discount = l.amount_discount + a.amount,
                   amount_total = l.amount_total - a.amount
              FROM (SELECT statement_id, operator_id, service, sum(amount) AS amount
                      FROM added GROUP BY statement_id, operator_id, service) a
             WHERE l.statement_id = a.statement_id AND l.operator_id = a.operator_id
               AND l.service = a.service
        )
        UPDATE toll_statement s
           SET amount_volume = a.amount,
               amount_discount = s.amount_discount + a.amount,
               amount_total = s.amount_total - a.amount
          FROM (SELECT statement_id, sum(amount) AS amount
                  FROM added GROUP BY statement_id) a
         WHERE s.id = a.statement_id
        """,
        entitled=_entitled(
            _wanted_by_run(run),
            SQL("p.kind IN ('volume', 'cap') AND p.company_id = %s", run.company_id.id),
        ),
        run=run.id,
        company=run.company_id.id,
        uid=run.env.uid,
    )


def note_rates(run) -> SQL:
    """Say on statements what each plan took off at the crossings; no money moves."""
    return SQL(
        """
        INSERT INTO toll_discount_line (
            statement_id, account_id, company_id, currency_id, plan_id, kind, period,
            operator_id, service, service_id, crossing_count, amount, amount_carried,
            create_uid, create_date, write_uid, write_date)
        SELECT s.id, s.account_id, s.company_id, s.currency_id, c.discount_plan_id,
               'rate', date_trunc('month', %(local)s)::date, c.operator_id, c.service,
               sv.id, count(*), sum(c.amount_discount), 0, %(uid)s,
               now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM toll_statement s
          JOIN toll_crossing_data c
            ON c.account_id = s.account_id AND c.statement_id = s.id
           AND c.occurred_at >= s.first_at AND c.occurred_at <= s.last_at
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza z ON z.id = c.plaza_id
          LEFT JOIN toll_service sv ON sv.code = c.service
         WHERE s.run_id = %(run)s AND c.discount_plan_id IS NOT NULL
         GROUP BY s.id, c.discount_plan_id, 7, c.operator_id, c.service, sv.id
        """,
        run=run.id,
        local=local(),
        uid=run.env.uid,
    )


def carried(run) -> SQL:
    """(statements, amount) of discounts that wait for more usage."""
    return SQL(
        """
        SELECT count(DISTINCT l.statement_id), COALESCE(sum(l.amount_carried), 0)
          FROM toll_discount_line l JOIN toll_statement s ON s.id = l.statement_id
         WHERE s.run_id = %s AND l.amount_carried > 0
        """,
        run.id,
    )


def credit_wallets(statement_ids, uid) -> SQL:
    """The wallet gets back what statements take off, with its invoice, once.

    The crossings had lowered it by their full charge. One entry per statement, plan
    and month, dated with the period's last instant.
    """
    return SQL(
        """
        WITH new AS (
            INSERT INTO toll_wallet_entry_data (
                account_id, company_id, kind, amount, currency_id, occurred_at, ref,
                origin, create_uid)
            SELECT s.account_id, s.company_id, 'discount', sum(l.amount), s.currency_id,
                   least(s.period_to - interval '1 second',
                         date_trunc('second', now() AT TIME ZONE 'UTC')),
                   concat_ws('/', a.number, p.code, to_char(l.period, 'YYYY-MM'), s.id),
                   s.name, %(uid)s
              FROM toll_discount_line l
              JOIN toll_statement s ON s.id = l.statement_id
              JOIN toll_account a ON a.id = s.account_id
              JOIN toll_discount_plan p ON p.id = l.plan_id
             WHERE s.id = ANY(%(statements)s) AND l.kind IN ('volume', 'cap')
             GROUP BY s.id, a.number, p.id, l.period
            HAVING sum(l.amount) <> 0
             ORDER BY s.id, p.id, l.period
                ON CONFLICT (kind, ref) DO NOTHING
         RETURNING account_id, amount
        )
        INSERT INTO toll_wallet_pending (account_id, amount)
        SELECT account_id, sum(amount) FROM new GROUP BY account_id ORDER BY account_id
        """,
        statements=list(statement_ids),
        uid=uid,
    )


def carried_over(account) -> SQL:
    """What an account was promised and no statement could take: (operator, service,
    id of it, plan, month, crossings, amount as text, last statement)."""
    return SQL(
        """
        WITH %(entitled)s
        SELECT d.operator_id, d.service, sv.id, d.plan_id, d.month, d.crossings,
               d.amount::text, s.id
          FROM due d
          LEFT JOIN toll_service sv ON sv.code = d.service
         CROSS JOIN LATERAL (
               SELECT max(x.id) AS id FROM toll_statement x
                WHERE x.account_id = d.account_id AND x.state = 'invoiced') s
         WHERE d.amount <> 0 AND d.net > 0 AND s.id IS NOT NULL
         ORDER BY d.operator_id, d.service, d.month, d.plan_id
        """,
        entitled=_entitled(
            SQL(
                "SELECT DISTINCT account_id, period AS month FROM toll_discount_line"
                " WHERE account_id = %s AND amount_carried > 0",
                account.id,
            ),
            SQL(
                "p.kind IN ('volume', 'cap') AND p.company_id = %s",
                account.company_id.id,
            ),
        ),
    )


# === CHECKS === #


def too_much(limit=50) -> SQL:
    """Differences: more was taken off a month than its billed crossings give."""
    return SQL(
        """
        WITH %(entitled)s
        SELECT format('account %%s, %%s: %%s more was given than the plans say',
                      a.number, to_char(d.month, 'YYYY-MM'), -d.net)
          FROM (SELECT DISTINCT account_id, month, operator_id, service, net
                  FROM due WHERE net < 0) d
          JOIN toll_account a ON a.id = d.account_id
         LIMIT %(limit)s
        """,
        entitled=_entitled(_wanted_by_lines(), SQL("p.kind IN ('volume', 'cap')")),
        limit=limit,
    )


def lines_against_wallets(limit=50) -> SQL:
    """Differences: the wallet did not get what invoiced statements took off."""
    return SQL(
        """
        SELECT format('account %%s: statements took off %%s, the wallet got %%s',
                      a.number, COALESCE(l.amount, 0), COALESCE(e.amount, 0))
          FROM (SELECT l.account_id, sum(l.amount) AS amount
                  FROM toll_discount_line l
                  JOIN toll_statement s
                    ON s.id = l.statement_id AND s.state = 'invoiced'
                 WHERE l.kind IN ('volume', 'cap') GROUP BY l.account_id) l
          FULL JOIN (SELECT account_id, sum(amount) AS amount
                  FROM toll_wallet_entry_data WHERE kind = 'discount'
                 GROUP BY account_id) e ON e.account_id = l.account_id
          JOIN toll_account a ON a.id = COALESCE(l.account_id, e.account_id)
         WHERE COALESCE(l.amount, 0) <> COALESCE(e.amount, 0)
         LIMIT %s
        """,
        limit,
    )
