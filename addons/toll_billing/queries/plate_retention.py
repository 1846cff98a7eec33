"""Plates of old crossings: taken out month by month, each month's table as a whole.

Months that were detached to the archive have their table still, and are swept too. A
pseudonym begins with a sign that no plate has; the salt of a run is known to it only.
"""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.retention import held_accounts

#: Rows whose time cannot be known; their age is that of their arrival.
TIMELESS = "toll_crossing_data_timeless"
MONTH = "toll_crossing_data_y"
#: Rows of a table that a preview counts one by one; of larger ones, a sample.
SAMPLE = 200_000


def create_marks() -> SQL:
    """Which months a rule has been through, and what it had to leave in them."""
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS toll_retention_month (
            retention_id int4 NOT NULL REFERENCES toll_retention ON DELETE CASCADE,
            month varchar NOT NULL,
            left_over int8 NOT NULL,
            swept_at timestamp NOT NULL,
            PRIMARY KEY (retention_id, month)
        )
        """
    )


def forget_marks() -> SQL:
    return SQL("DELETE FROM toll_retention_month")


def mark(retention_id, month, left_over, swept_at) -> SQL:
    return SQL(
        """
        INSERT INTO toll_retention_month (retention_id, month, left_over, swept_at)
        VALUES (%s, %s, %s, %s)
            ON CONFLICT (retention_id, month) DO UPDATE
           SET left_over = EXCLUDED.left_over, swept_at = EXCLUDED.swept_at
        """,
        retention_id,
        month,
        left_over,
        swept_at,
    )


def months(retention_id, before, swept_at, again_before) -> SQL:
    """Tables to go through, oldest first, and how many rows they have about.

    A month in which nothing was left is done with; where a hold or a review kept rows,
    it is looked at again from time to time, and what has no time in every run.
    """
    return SQL(
        """
        SELECT c.relname, greatest(c.reltuples, 0)::int8
          FROM pg_class c
     LEFT JOIN toll_retention_month m
            ON m.retention_id = %(retention)s AND m.month = c.relname
         WHERE c.relkind = 'r'
           AND c.relnamespace = (SELECT relnamespace FROM pg_class
                                  WHERE oid = 'toll_crossing_data'::regclass)
           AND ((c.relname ~ '^toll_crossing_data_y\\d{4}m\\d{2}$'
                 AND c.relname < %(limit)s
                 AND (m.month IS NULL
                      OR (m.left_over > 0 AND m.swept_at < %(again)s)))
             OR (c.relname = %(timeless)s
                 AND m.swept_at IS DISTINCT FROM %(swept_at)s))
         ORDER BY c.relname = %(timeless)s, c.relname
        """,
        retention=retention_id,
        limit=f"{MONTH}{before:%Y}m{before:%m}",
        again=again_before,
        timeless=TIMELESS,
        swept_at=swept_at,
    )


def _is_due(table, before, companies) -> SQL:
    """Something in it leads to a vehicle, and nobody works on it any more."""
    return SQL(
        """
        c.company_id = ANY(%(companies)s) AND %(age)s
        AND (left(c.plate, 1) <> '~' OR c.vehicle_id IS NOT NULL
             OR c.raw IS NOT NULL OR c.detail IS NOT NULL)
        """,
        companies=list(companies),
        age=SQL("c.create_date < %s", before) if table == TIMELESS else SQL("TRUE"),
    )


def _is_held() -> SQL:
    """It is of a customer on legal hold, or of a vehicle of one."""
    held = held_accounts()
    return SQL(
        """
        (COALESCE(c.account_id IN (%(held)s), FALSE)
         OR COALESCE(c.plate IN (SELECT v.plate_normalized FROM toll_vehicle v
                                  WHERE v.account_id IN (%(held)s)), FALSE))
        """,
        held=held,
    )


def sweep(table, after, limit, before, companies, salt) -> SQL:
    """One batch: (rows seen, the last one, changed, left on hold, left in review)."""
    return SQL(
        """
        WITH seen AS MATERIALIZED (
            SELECT c.id, %(due)s AS due, %(held)s AS held,
                   c.state = 'held' AS open
              FROM %(table)s c
             WHERE c.id > %(after)s
             ORDER BY c.id
             LIMIT %(limit)s
        ), gone AS (
            UPDATE %(table)s c
               SET plate = CASE
                       WHEN left(c.plate, 1) = '~' THEN c.plate
                       ELSE '~' || left(encode(sha256(convert_to(
                                %(salt)s || c.plate, 'UTF8')), 'hex'), 12) END,
                   vehicle_id = NULL, raw = NULL, detail = NULL
              FROM seen s
             WHERE c.id = s.id AND s.due AND NOT s.held AND NOT s.open
         RETURNING c.id
        )
        SELECT count(*), max(id), (SELECT count(*) FROM gone),
               count(*) FILTER (WHERE due AND held),
               count(*) FILTER (WHERE due AND open AND NOT held)
          FROM seen
        """,
        table=SQL.identifier(table),
        due=_is_due(table, before, companies),
        held=_is_held(),
        after=after,
        limit=limit,
        salt=salt,
    )


def count(table, rows, before, companies) -> SQL:
    """(would go, of a hold); of a large table by a sample."""
    share = min(1, SAMPLE / rows) if rows else 1
    sample = SQL("TABLESAMPLE SYSTEM (%s)", 100 * share) if share < 1 else SQL("")
    return SQL(
        """
        SELECT round(count(*) FILTER (WHERE NOT held) / %(share)s)::int8,
               round(count(*) FILTER (WHERE held) / %(share)s)::int8
          FROM (SELECT %(held)s AS held FROM %(table)s c %(sample)s
                 WHERE c.state <> 'held' AND %(due)s) AS due
        """,
        share=share,
        table=SQL.identifier(table),
        sample=sample,
        held=_is_held(),
        due=_is_due(table, before, companies),
    )
