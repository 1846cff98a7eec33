"""Crossings in figures: per batch and day first, then per plaza and day.

Whatever changes a crossing's fate or money adds a row to the tally of its batch. So a
refresh reads the batches with a new tally, and nothing else: it counts those batches
again and then adds up the days that they touch. A tally that committed late has a
smaller id than one already seen; the snapshot of the last refresh tells it apart. A
transaction's own tallies are counted by their id alone.
"""

from odoo.tools import SQL

from . import lane_read

#: What a figure is broken down by, in both tables.
KEYS = (
    "company_id",
    "operator_id",
    "plaza_id",
    "day",
    "class_id",
    "payment_mode",
    "identified",
    "service",
    "exempt_kind",
    "state",
    "currency_id",
)
SUMS = ("crossings", "amount", "amount_discount")


def _names(names, prefix=None) -> SQL:
    if prefix:
        return SQL(", ").join(SQL.identifier(prefix, name) for name in names)
    return SQL(", ").join(map(SQL.identifier, names))


def local_day() -> SQL:
    """Day of a crossing by the clock of its plaza; of its arrival where it has none."""
    return SQL(
        "COALESCE((d.occurred_at AT TIME ZONE 'UTC'"
        " AT TIME ZONE COALESCE(p.tz, o.tz, 'UTC'))::date, d.create_date::date)"
    )


def create_tables() -> SQL:
    """What the figures stand on beside their own table; may be run again."""
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS toll_traffic_batch (
            batch_id int4 NOT NULL,
            company_id int4 NOT NULL,
            operator_id int4 NOT NULL,
            plaza_id int4,
            day date NOT NULL,
            class_id int4,
            payment_mode varchar,
            identified varchar NOT NULL,
            service varchar,
            exempt_kind varchar,
            state varchar NOT NULL,
            currency_id int4,
            crossings int8 NOT NULL,
            amount numeric NOT NULL,
            amount_discount numeric NOT NULL
        );
        CREATE INDEX IF NOT EXISTS toll_traffic_batch_batch_idx
            ON toll_traffic_batch (batch_id);
        CREATE INDEX IF NOT EXISTS toll_traffic_batch_day_idx
            ON toll_traffic_batch (operator_id, day);

        CREATE TABLE IF NOT EXISTS toll_traffic_state (
            id int4 PRIMARY KEY CHECK (id = 1),
            tally_id int8 NOT NULL DEFAULT 0,
            snapshot pg_snapshot,
            frozen_until date,
            refreshed_at timestamp
        );
        INSERT INTO toll_traffic_state (id) VALUES (1) ON CONFLICT DO NOTHING;
        CREATE TABLE IF NOT EXISTS toll_traffic_waiting (batch_id int4 PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS toll_traffic_shared (
            operator_id int4 NOT NULL, plaza_id int4 NOT NULL, day date NOT NULL);
        """
    )


def lock_state() -> SQL:
    """One refresh at a time: no row where another one is at work."""
    return SQL("SELECT id FROM toll_traffic_state WHERE id = 1 FOR UPDATE SKIP LOCKED")


def refreshed_at() -> SQL:
    return SQL("SELECT refreshed_at FROM toll_traffic_state WHERE id = 1")


def _touched() -> SQL:
    return SQL(
        """
        SELECT t.batch_id FROM toll_crossing_tally t, toll_traffic_state s
         WHERE t.id > s.tally_id
         UNION
        SELECT t.batch_id FROM toll_crossing_tally t, toll_traffic_state s
         WHERE t.xid >= pg_snapshot_xmin(s.snapshot)
           AND NOT pg_visible_in_snapshot(t.xid, s.snapshot)
           AND t.xid IS DISTINCT FROM pg_current_xact_id_if_assigned()
        """
    )


def look() -> SQL:
    """Note the batches with a tally not seen yet, and all that this statement sees."""
    return SQL(
        """
        WITH noted AS (
            INSERT INTO toll_traffic_waiting (batch_id)
            SELECT batch_id FROM (%(touched)s) t ORDER BY batch_id
                ON CONFLICT DO NOTHING
        )
        UPDATE toll_traffic_state
           SET snapshot = pg_current_snapshot(),
               tally_id = GREATEST(
                   tally_id, (SELECT COALESCE(max(id), 0) FROM toll_crossing_tally))
         WHERE id = 1
        """,
        touched=_touched(),
    )


def take(limit) -> SQL:
    """Batches to count now; all of them where ``limit`` is None."""
    return SQL(
        """
        DELETE FROM toll_traffic_waiting WHERE batch_id IN (
            SELECT batch_id FROM toll_traffic_waiting ORDER BY batch_id LIMIT %s)
        RETURNING batch_id
        """,
        limit,
    )


def waiting() -> SQL:
    return SQL("SELECT count(*) FROM toll_traffic_waiting")


def counted() -> SQL:
    """The figures are up to date as of now, where no batch waits."""
    return SQL(
        "UPDATE toll_traffic_state SET refreshed_at = now() AT TIME ZONE 'UTC'"
        " WHERE id = 1 AND NOT EXISTS (SELECT FROM toll_traffic_waiting)"
    )


def forget() -> SQL:
    """Everything is counted again by the next refresh."""
    return SQL(
        "UPDATE toll_traffic_state SET snapshot = NULL, tally_id = 0 WHERE id = 1"
    )


def freeze(day) -> SQL:
    """Days before this one keep their figures: their crossings go offline."""
    return SQL(
        "UPDATE toll_traffic_state"
        " SET frozen_until = GREATEST(frozen_until, %s) WHERE id = 1",
        day,
    )


def create_cells() -> SQL:
    return SQL(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS toll_traffic_cell (
            operator_id int4, plaza_id int4, day date
        ) ON COMMIT DELETE ROWS;
        TRUNCATE toll_traffic_cell
        """
    )


def count_batches(batch_ids) -> SQL:
    """Count these batches again and note which days of which plazas they touch."""
    return SQL(
        """
        WITH online AS (
            SELECT COALESCE(frozen_until, '-infinity') AS day FROM toll_traffic_state
        ), gone AS (
            DELETE FROM toll_traffic_batch b USING online
             WHERE b.batch_id = ANY(%(batches)s) AND b.day >= online.day
         RETURNING b.operator_id, b.plaza_id, b.day
        ), lanes_gone AS (
            DELETE FROM toll_lane_read_batch b USING online
             WHERE b.batch_id = ANY(%(batches)s) AND b.day >= online.day
        ), fine AS (
            SELECT f.* FROM (
                SELECT d.batch_id, d.company_id, d.operator_id, d.plaza_id,
                       %(day)s AS day, d.class_id, a.payment_mode,
                       CASE WHEN d.lot_id IS NOT NULL OR d.tag IS NOT NULL THEN 'tag'
                            WHEN d.plate IS NOT NULL THEN 'plate'
                            ELSE 'none' END AS identified,
                       d.service, e.kind AS exempt_kind, d.state, d.currency_id,
                       d.lane_id, %(read_as)s AS read_as, count(*) AS crossings,
                       sum(d.amount) AS amount,
                       sum(d.amount_discount) AS amount_discount
                  FROM toll_crossing_data d
                  JOIN toll_operator o ON o.id = d.operator_id
                  JOIN toll_crossing_batch b ON b.id = d.batch_id
                  LEFT JOIN toll_plaza p ON p.id = d.plaza_id
                  LEFT JOIN toll_account a ON a.id = d.account_id
                  LEFT JOIN toll_exemption e ON e.id = d.exemption_id
                 WHERE d.batch_id = ANY(%(batches)s)
                 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
            ) f, online WHERE f.day >= online.day
        ), lanes_came AS (%(lanes)s
        ), came AS (
            INSERT INTO toll_traffic_batch (batch_id, %(keys)s, %(sums)s)
            SELECT batch_id, %(keys)s, sum(crossings), sum(amount),
                   sum(amount_discount)
              FROM fine GROUP BY batch_id, %(keys)s
         RETURNING operator_id, plaza_id, day
        )
        INSERT INTO toll_traffic_cell (operator_id, plaza_id, day)
        SELECT operator_id, COALESCE(plaza_id, 0), day FROM gone
         UNION
        SELECT operator_id, COALESCE(plaza_id, 0), day FROM came
        """,
        batches=list(batch_ids),
        keys=_names(KEYS),
        sums=_names(SUMS),
        day=local_day(),
        read_as=lane_read.read_as(),
        lanes=lane_read.add_batches(),
    )


def take_shared() -> SQL:
    """Days whose volume discounts are not counted yet are counted again."""
    return SQL(
        """
        WITH taken AS (
            DELETE FROM toll_traffic_shared RETURNING operator_id, plaza_id, day
        ), waiting AS (
            SELECT DISTINCT operator_id, plaza_id, day FROM taken
             EXCEPT SELECT operator_id, plaza_id, day FROM toll_traffic_cell
        )
        INSERT INTO toll_traffic_cell (operator_id, plaza_id, day)
        SELECT operator_id, plaza_id, day FROM waiting
        """
    )


def clear_days() -> SQL:
    return SQL(
        """
        DELETE FROM toll_traffic_day t USING toll_traffic_cell c
         WHERE t.operator_id = c.operator_id AND t.day = c.day
           AND COALESCE(t.plaza_id, 0) = c.plaza_id
        """
    )


def add_up_days() -> SQL:
    """The figures of the days just cleared, from those of the batches."""
    return SQL(
        """
        INSERT INTO toll_traffic_day (%(keys)s, road_id, %(sums)s, amount_charged,
            crossings_tag, crossings_exempt, amount_forgone, amount_volume, amount_net)
        SELECT f.*, amount - amount_discount,
               CASE WHEN identified = 'tag' THEN crossings ELSE 0 END,
               CASE WHEN exempt_kind IS NULL THEN 0 ELSE crossings END,
               CASE WHEN exempt_kind IS NULL THEN 0 ELSE amount_discount END, 0,
               amount - amount_discount
          FROM (SELECT %(b_keys)s, p.road_id, sum(b.crossings) AS crossings,
                       sum(b.amount) AS amount,
                       sum(b.amount_discount) AS amount_discount
                  FROM toll_traffic_batch b
                  JOIN toll_traffic_cell c
                    ON b.operator_id = c.operator_id AND b.day = c.day
                   AND COALESCE(b.plaza_id, 0) = c.plaza_id
                  LEFT JOIN toll_plaza p ON p.id = b.plaza_id
                 GROUP BY %(b_keys)s, p.road_id) f
        """,
        keys=_names(KEYS),
        sums=_names(SUMS),
        b_keys=_names(KEYS, "b"),
    )


def add_shares() -> SQL:
    """What volume discounts take off these days: rows of no crossing."""
    return SQL(
        """
        INSERT INTO toll_traffic_day (company_id, operator_id, plaza_id, day,
            payment_mode, service, state, currency_id, road_id, crossings, amount,
            amount_discount, amount_charged, crossings_tag, crossings_exempt,
            amount_forgone, amount_volume, amount_net)
        SELECT s.company_id, s.operator_id, s.plaza_id, s.day, s.payment_mode,
               s.service, 'posted', s.currency_id, p.road_id, 0, 0, 0, 0, 0, 0, 0,
               sum(s.amount), -sum(s.amount)
          FROM toll_discount_share s
          JOIN toll_traffic_cell c
            ON s.operator_id = c.operator_id AND s.day = c.day
           AND COALESCE(s.plaza_id, 0) = c.plaza_id
          LEFT JOIN toll_plaza p ON p.id = s.plaza_id
         GROUP BY s.company_id, s.operator_id, s.plaza_id, s.day, s.payment_mode,
                  s.service, s.currency_id, p.road_id
        """
    )


def fill_net() -> SQL:
    """Figures from before there was a net of volume discounts."""
    return SQL(
        "UPDATE toll_traffic_day"
        " SET amount_net = amount_charged - COALESCE(amount_volume, 0)"
        " WHERE amount_net IS NULL"
    )


def follow_roads(plaza_ids) -> SQL:
    """The figures of plazas that now belong to another road."""
    return SQL(
        "UPDATE toll_traffic_day t SET road_id = p.road_id FROM toll_plaza p"
        " WHERE p.id = t.plaza_id AND p.id = ANY(%s)",
        list(plaza_ids),
    )


def differences() -> SQL:
    """Figures that differ from the crossings of the batches counted so far."""
    return SQL(
        """
        WITH online AS (
            SELECT COALESCE(frozen_until, '-infinity') AS day FROM toll_traffic_state
        ), waiting AS (%(touched)s
         UNION SELECT batch_id FROM toll_traffic_waiting
        ), counted AS (
            SELECT b.batch_id, b.state, sum(b.crossings) AS crossings,
                   sum(b.amount - b.amount_discount) AS charged
              FROM toll_traffic_batch b, online WHERE b.day >= online.day
             GROUP BY 1, 2
        ), stored AS (
            SELECT d.batch_id, d.state, count(*) AS crossings,
                   sum(d.amount - d.amount_discount) AS charged
              FROM toll_crossing_data d
              JOIN toll_operator o ON o.id = d.operator_id
              LEFT JOIN toll_plaza p ON p.id = d.plaza_id, online
             WHERE %(day)s >= online.day
             GROUP BY 1, 2
        )
        SELECT 'batch ' || batch_id || ', ' || state || ': figures '
               || COALESCE(c.crossings, 0) || ' (' || COALESCE(c.charged, 0)
               || '), crossings ' || COALESCE(s.crossings, 0) || ' ('
               || COALESCE(s.charged, 0) || ')'
          FROM counted c FULL JOIN stored s USING (batch_id, state)
         WHERE (c.crossings, c.charged) IS DISTINCT FROM (s.crossings, s.charged)
           AND batch_id NOT IN (SELECT batch_id FROM waiting)
         UNION ALL
        SELECT 'day ' || day || ', operator ' || operator_id || ': '
               || COALESCE(t.crossings, 0) || ' (' || COALESCE(t.charged, 0)
               || '), its batches ' || COALESCE(b.crossings, 0) || ' ('
               || COALESCE(b.charged, 0) || ')'
          FROM (SELECT operator_id, day, sum(crossings) AS crossings,
                       sum(amount_charged) AS charged
                  FROM toll_traffic_day GROUP BY 1, 2) t
          FULL JOIN (SELECT operator_id, day, sum(crossings) AS crossings,
                       sum(amount - amount_discount) AS charged
                  FROM toll_traffic_batch GROUP BY 1, 2) b USING (operator_id, day)
         WHERE (COALESCE(t.crossings, 0), COALESCE(t.charged, 0))
               <> (COALESCE(b.crossings, 0), COALESCE(b.charged, 0))
         LIMIT 100
        """,
        touched=_touched(),
        day=local_day(),
    )
