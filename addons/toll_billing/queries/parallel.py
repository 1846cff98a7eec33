"""Another system's results beside ours. Writes toll_parallel_result and _finding.

Their rows wait in a table of the session; one statement gives each row of either side
its fate. Equal rows are counted only. What was decided on a difference stays where the
same difference is found again.
"""

from odoo.tools import SQL

from .discount_volume import local

STAGE = ("line", "operator", "ref", "day", "account", "amount", "balance", "fault")


def create_stage() -> SQL:
    return SQL(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS toll_parallel_stage (
            line int4, operator varchar, ref varchar, day date, account varchar,
            amount numeric, balance numeric, fault varchar
        ) ON COMMIT DELETE ROWS;
        TRUNCATE toll_parallel_stage
        """
    )


def copy_stage() -> str:
    """For ``copy_expert``."""
    return f"COPY toll_parallel_stage ({', '.join(STAGE)}) FROM STDIN"


def analyze_stage() -> SQL:
    return SQL("ANALYZE toll_parallel_stage")


def _account(run, column) -> SQL:
    """Ids of the accounts that the other system may mean."""
    if run.layout_id.account_by == "ref":
        return SQL(
            """
            SELECT a.id FROM toll_account a JOIN res_partner p ON p.id = a.partner_id
             WHERE p.ref = %s AND a.company_id = %s
            """,
            column,
            run.company_id.id,
        )
    return SQL(
        "SELECT a.id FROM toll_account a WHERE a.number = %s AND a.company_id = %s",
        column,
        run.company_id.id,
    )


def _crossings(run) -> SQL:
    """(kind, day, operator, ref, …) of each row of either side, by crossing."""
    operators = run.operator_ids.ids
    return SQL(
        """
        WITH given AS (
            SELECT s.*, o.id AS operator_id,
                   row_number() OVER (PARTITION BY o.id, s.ref ORDER BY s.line) AS n
              FROM toll_parallel_stage s
              LEFT JOIN toll_operator o
                ON o.code = COALESCE(s.operator, %(operator)s)
               AND (o.company_id IS NULL OR o.company_id = %(company)s)
        ), theirs AS (
            SELECT * FROM given
             WHERE fault IS NULL AND operator_id IS NOT NULL AND n = 1
        ), ours AS (
            SELECT c.id, c.operator_id, c.ref, c.account_id, c.plaza_id, c.class_id,
                   c.amount - c.amount_discount AS amount, (%(local)s)::date AS day
              FROM toll_crossing_data c
              JOIN toll_operator o ON o.id = c.operator_id
              LEFT JOIN toll_plaza z ON z.id = c.plaza_id
             WHERE c.company_id = %(company)s AND c.state = 'posted'
               AND c.currency_id = %(currency)s AND %(scope)s
               AND c.occurred_at >= %(first)s::date - interval '2 days'
               AND c.occurred_at < %(last)s::date + interval '3 days'
        )
        SELECT CASE WHEN g.fault IS NULL AND g.operator_id IS NOT NULL
                    THEN 'repeated' ELSE 'bad' END AS kind,
               g.line, g.day, g.operator_id, g.ref, NULL::int8 AS crossing_id,
               NULL::int4 AS account_id, g.account, NULL::int4 AS plaza_id,
               NULL::int4 AS class_id, g.amount AS theirs, NULL::numeric AS ours,
               NULL::numeric AS balance_theirs, NULL::numeric AS balance_ours,
               COALESCE(g.fault, CASE WHEN g.operator_id IS NULL
                   THEN COALESCE(g.operator, '?') END) AS detail
          FROM given g
         WHERE g.fault IS NOT NULL OR g.operator_id IS NULL OR g.n > 1
         UNION ALL
        SELECT CASE WHEN t.line IS NULL THEN 'ours'
                    WHEN c.id IS NULL THEN 'theirs'
                    WHEN t.account IS NOT NULL
                     AND c.account_id NOT IN (%(account)s) THEN 'account'
                    WHEN abs(t.amount - c.amount) > %(tolerance)s THEN 'amount'
                    ELSE 'equal' END,
               t.line, COALESCE(c.day, t.day), COALESCE(c.operator_id, t.operator_id),
               COALESCE(c.ref, t.ref),
               CASE WHEN c.id IS NULL THEN (
                   SELECT k.crossing_id FROM toll_crossing_key k
                    WHERE k.operator_id = t.operator_id AND k.ref = t.ref)
                    ELSE c.id END,
               c.account_id, t.account, c.plaza_id, c.class_id, t.amount, c.amount,
               NULL, NULL, NULL
          FROM theirs t
          FULL JOIN ours c ON c.operator_id = t.operator_id AND c.ref = t.ref
         WHERE t.line IS NOT NULL OR c.day BETWEEN %(first)s AND %(last)s
        """,
        operator=run.operator_ids.code if len(run.operator_ids) == 1 else None,
        company=run.company_id.id,
        currency=run.currency_id.id,
        scope=SQL("c.operator_id = ANY(%s)", operators) if operators else SQL("TRUE"),
        local=local(),
        first=run.date_from,
        last=run.date_to,
        account=_account(run, SQL("t.account")),
        tolerance=run.tolerance,
    )


def _accounts(run) -> SQL:
    """The same per account: charged in the period, balance at its end."""
    since, until = run._get_span()
    return SQL(
        """
        WITH given AS (
            SELECT s.*, m.id AS account_id,
                   row_number() OVER (PARTITION BY COALESCE(m.id::text, s.account)
                                      ORDER BY s.line) AS n
              FROM toll_parallel_stage s
              LEFT JOIN LATERAL (%(account)s ORDER BY 1 LIMIT 1) m ON true
        ), theirs AS (
            SELECT * FROM given WHERE fault IS NULL AND n = 1
        ), used AS (
            SELECT c.account_id,
                   sum(c.amount - c.amount_discount) FILTER (
                       WHERE c.occurred_at < %(until)s) AS charged,
                   sum(c.amount - c.amount_discount) FILTER (
                       WHERE c.occurred_at >= %(until)s) AS later
              FROM toll_crossing_data c
             WHERE c.company_id = %(company)s AND c.state = 'posted'
               AND c.occurred_at >= %(since)s
             GROUP BY 1
        ), moved AS (
            SELECT account_id, sum(amount) AS amount FROM toll_wallet_entry_data
             WHERE company_id = %(company)s AND occurred_at >= %(until)s GROUP BY 1
        ), pending AS (
            SELECT account_id, sum(amount) AS amount FROM toll_wallet_pending GROUP BY 1
        ), ours AS (
            SELECT a.id, COALESCE(u.charged, 0) AS charged,
                   w.balance + COALESCE(p.amount, 0) - COALESCE(m.amount, 0)
                       + COALESCE(u.later, 0) AS balance
              FROM toll_account a
              JOIN toll_wallet w ON w.account_id = a.id
              LEFT JOIN pending p ON p.account_id = a.id
              LEFT JOIN moved m ON m.account_id = a.id
              LEFT JOIN used u ON u.account_id = a.id
             WHERE a.company_id = %(company)s AND a.currency_id = %(currency)s
        )
        SELECT CASE WHEN g.fault IS NULL THEN 'repeated' ELSE 'bad' END AS kind, g.line,
               %(last)s::date AS day, NULL::int4 AS operator_id, NULL::varchar AS ref,
               NULL::int8 AS crossing_id, NULL::int4 AS account_id, g.account,
               NULL::int4 AS plaza_id, NULL::int4 AS class_id, g.amount AS theirs,
               NULL::numeric AS ours, g.balance AS balance_theirs,
               NULL::numeric AS balance_ours, g.fault AS detail
          FROM given g WHERE g.fault IS NOT NULL OR g.n > 1
         UNION ALL
        SELECT CASE WHEN t.line IS NULL THEN 'ours'
                    WHEN a.id IS NULL THEN 'theirs'
                    WHEN abs(t.amount - a.charged) > %(tolerance)s THEN 'amount'
                    WHEN abs(%(sign)s * t.balance - a.balance) > %(tolerance)s
                    THEN 'balance' ELSE 'equal' END,
               t.line, %(last)s, NULL, NULL, NULL, a.id, t.account, NULL, NULL,
               t.amount, CASE WHEN %(has_amount)s THEN a.charged END,
               %(sign)s * t.balance, CASE WHEN %(has_balance)s THEN a.balance END, NULL
          FROM theirs t
          FULL JOIN ours a ON a.id = t.account_id
         WHERE t.line IS NOT NULL
            OR (%(has_amount)s AND a.charged <> 0)
            OR (%(has_balance)s AND a.balance <> 0)
        """,
        account=_account(run, SQL("s.account")),
        company=run.company_id.id,
        currency=run.currency_id.id,
        since=since,
        until=until,
        last=run.date_to,
        tolerance=run.tolerance,
        sign=SQL("-1") if run.layout_id.is_debt_positive else SQL("1"),
        has_amount=bool(run.layout_id.column_amount),
        has_balance=bool(run.layout_id.column_balance),
    )


def _key(alias, account, their_account, amount, balance) -> SQL:
    """What makes a difference the same as one that was found before."""
    amount = f"{amount}_" if amount else ""
    numbers = (
        f"{amount}theirs",
        f"{amount}ours",
        f"{balance}_theirs",
        f"{balance}_ours",
    )
    names = ("kind", "operator_id", "ref", account, their_account)
    return SQL(
        "ROW(%s, %s)::text",
        SQL(", ").join(SQL.identifier(alias, name) for name in names),
        SQL(", ").join(
            SQL("trim_scale(%s)", SQL.identifier(alias, name)) for name in numbers
        ),
    )


def compare(run) -> SQL:
    """Give every row its fate, counted by day; keep the differences."""
    return SQL(
        """
        WITH fate AS MATERIALIZED (%(fates)s
        ), old AS (
            DELETE FROM toll_parallel_finding o WHERE o.run_id = %(run)s
         RETURNING %(old_key)s AS key, o.reason, o.note, o.decided_by_id, o.decided_at
        ), gone AS (
            DELETE FROM toll_parallel_result WHERE run_id = %(run)s
        ), counted AS (
            INSERT INTO toll_parallel_result (run_id, company_id, currency_id, day,
                kind, quantity, amount_theirs, amount_ours, amount_difference)
            SELECT %(run)s, %(company)s, %(currency)s, day, kind, count(*),
                   COALESCE(sum(theirs), 0), COALESCE(sum(ours), 0),
                   COALESCE(sum(ours), 0) - COALESCE(sum(theirs), 0)
              FROM fate GROUP BY day, kind
        )
        INSERT INTO toll_parallel_finding (run_id, company_id, currency_id, kind, line,
            day, operator_id, ref, crossing_id, account_id, their_account, plaza_id,
            class_id, amount_theirs, amount_ours, amount_difference, balance_theirs,
            balance_ours, detail, reason, note, decided_by_id, decided_at, create_uid,
            create_date, write_uid, write_date)
        SELECT %(run)s, %(company)s, %(currency)s, f.kind, f.line, f.day, f.operator_id,
               f.ref, f.crossing_id, f.account_id, f.account, f.plaza_id, f.class_id,
               f.theirs, f.ours, CASE WHEN f.kind = 'balance'
                   THEN f.balance_ours - f.balance_theirs
                   ELSE COALESCE(f.ours, 0) - COALESCE(f.theirs, 0) END,
               f.balance_theirs, f.balance_ours, f.detail, d.reason, d.note,
               d.decided_by_id, d.decided_at, %(uid)s, now() AT TIME ZONE 'UTC',
               %(uid)s, now() AT TIME ZONE 'UTC'
          FROM fate f
          LEFT JOIN (SELECT DISTINCT ON (key) * FROM old WHERE reason IS NOT NULL) d
            ON d.key = %(new_key)s
         WHERE f.kind <> 'equal'
         ORDER BY f.day, f.kind, f.line
        """,
        fates=_crossings(run) if run.kind == "crossing" else _accounts(run),
        run=run.id,
        company=run.company_id.id,
        currency=run.currency_id.id,
        uid=run.env.uid,
        old_key=_key("o", "account_id", "their_account", "amount", "balance"),
        new_key=_key("f", "account_id", "account", "", "balance"),
    )


def decide(run, kinds, reason, note, ids=None) -> SQL:
    """Say why: those chosen, all of some kinds, or all that nobody decided on."""
    return SQL(
        """
        UPDATE toll_parallel_finding
           SET reason = %s, note = %s, decided_by_id = %s,
               decided_at = now() AT TIME ZONE 'UTC'
         WHERE run_id = %s AND %s AND %s
        """,
        reason,
        note or None,
        run.env.uid,
        run.id,
        SQL("kind = ANY(%s)", list(kinds)) if kinds else SQL("TRUE"),
        SQL("id = ANY(%s)", list(ids))
        if ids
        else SQL("TRUE")
        if kinds
        else SQL("reason IS NULL"),
    )


def export(run) -> SQL:
    """Differences as tuples, for a file."""
    return SQL(
        """
        SELECT f.kind, f.line, f.day, o.code, f.ref, a.number, f.their_account, p.code,
               k.code, f.amount_theirs::text, f.amount_ours::text,
               f.amount_difference::text, f.balance_theirs::text, f.balance_ours::text,
               f.detail, f.reason, f.note
          FROM toll_parallel_finding f
          LEFT JOIN toll_operator o ON o.id = f.operator_id
          LEFT JOIN toll_account a ON a.id = f.account_id
          LEFT JOIN toll_plaza p ON p.id = f.plaza_id
          LEFT JOIN toll_vehicle_class k ON k.id = f.class_id
         WHERE f.run_id = %s ORDER BY f.day, f.kind, f.id
        """,
        run.id,
    )
