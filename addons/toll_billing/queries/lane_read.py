"""How lanes identified those who passed: per batch first, then per lane and day.

Counted by the refresh of the traffic figures, in its one pass over the crossings of a
batch (queries/traffic.py). What is counted once per passage: the posted and the held.
"""

from odoo.tools import SQL

#: How a passage was identified, and the column that counts it.
READ_AS = {
    "tag": "crossings_tag",
    "unknown": "crossings_unknown",
    "plate": "crossings_plate",
    "manual": "crossings_manual",
    "none": "crossings_none",
}
KEYS = ("company_id", "operator_id", "plaza_id", "lane_id", "day")


def _names(names, prefix=None) -> SQL:
    return SQL(", ").join(
        SQL.identifier(prefix, name) if prefix else SQL.identifier(name)
        for name in names
    )


def create_tables() -> SQL:
    """The figures per batch; all batches are counted again where the table is new."""
    return SQL(
        """
        DO $$ BEGIN
        IF to_regclass('toll_lane_read_batch') IS NULL THEN
            CREATE TABLE toll_lane_read_batch (
                batch_id int4 NOT NULL,
                company_id int4 NOT NULL,
                operator_id int4 NOT NULL,
                plaza_id int4 NOT NULL,
                lane_id int4 NOT NULL,
                day date NOT NULL,
                crossings int8 NOT NULL,
                crossings_tag int8 NOT NULL,
                crossings_unknown int8 NOT NULL,
                crossings_plate int8 NOT NULL,
                crossings_manual int8 NOT NULL,
                crossings_none int8 NOT NULL
            );
            CREATE INDEX toll_lane_read_batch_batch_idx
                ON toll_lane_read_batch (batch_id);
            CREATE INDEX toll_lane_read_batch_day_idx
                ON toll_lane_read_batch (plaza_id, day);
            UPDATE toll_traffic_state SET snapshot = NULL, tally_id = 0 WHERE id = 1;
        END IF;
        END $$
        """
    )


def read_as() -> SQL:
    """How the crossing ``d`` of the batch ``b`` was identified."""
    return SQL(
        """
        CASE WHEN b.kind = 'handheld' THEN 'manual'
             WHEN d.lot_id IS NOT NULL THEN 'tag'
             WHEN d.tag IS NOT NULL THEN 'unknown'
             WHEN d.plate IS NOT NULL THEN 'plate'
             ELSE 'none' END
        """
    )


def add_batches() -> SQL:
    """The lanes' figures out of ``fine``, where the refresh has counted batches."""
    counts = SQL(", ").join(
        SQL("COALESCE(sum(crossings) FILTER (WHERE read_as = %s), 0)", kind)
        for kind in READ_AS
    )
    return SQL(
        """
            INSERT INTO toll_lane_read_batch (batch_id, %(keys)s, crossings, %(names)s)
            SELECT batch_id, %(keys)s, sum(crossings), %(counts)s
              FROM fine
             WHERE lane_id IS NOT NULL AND plaza_id IS NOT NULL
               AND state IN ('posted', 'held')
             GROUP BY batch_id, %(keys)s
        """,
        keys=_names(KEYS),
        names=_names(READ_AS.values()),
        counts=counts,
    )


def clear_days() -> SQL:
    return SQL(
        """
        DELETE FROM toll_lane_read r USING toll_traffic_cell c
         WHERE r.plaza_id = c.plaza_id AND r.day = c.day
           AND r.operator_id = c.operator_id
        """
    )


def add_up_days() -> SQL:
    """The figures of the days just cleared, from those of the batches."""
    sums = SQL(", ").join(
        SQL("sum(%s)", SQL.identifier("b", name)) for name in READ_AS.values()
    )
    return SQL(
        """
        INSERT INTO toll_lane_read (%(keys)s, crossings, %(names)s, read_rate)
        SELECT %(b_keys)s, sum(b.crossings), %(sums)s,
               100.0 * sum(b.crossings_tag) / sum(b.crossings)
          FROM toll_lane_read_batch b
          JOIN toll_traffic_cell c
            ON b.plaza_id = c.plaza_id AND b.day = c.day
           AND b.operator_id = c.operator_id
         GROUP BY %(b_keys)s
        """,
        keys=_names(KEYS),
        b_keys=_names(KEYS, "b"),
        names=_names(READ_AS.values()),
        sums=sums,
    )


def parts() -> SQL:
    """Read rate of the lane on the days that an antenna or reader was in it."""
    return SQL(
        """
        SELECT r.id::int8 * 1048576 + (i.id & 1048575) AS id, r.day, r.company_id,
               r.operator_id, r.plaza_id, r.lane_id, r.crossings, r.crossings_tag,
               r.read_rate, i.lot_id, i.product_id, i.part_kind, i.position
          FROM toll_lane_read r
          JOIN toll_plaza p ON p.id = r.plaza_id
          JOIN toll_lane_installation i ON i.lane_id = r.lane_id
           AND i.company_id = r.company_id
           AND i.part_kind IN ('antenna', 'reader')
           AND i.date_from < ((r.day + 1)::timestamp AT TIME ZONE p.tz)
               AT TIME ZONE 'UTC'
           AND (i.date_to IS NULL OR i.date_to > (r.day::timestamp AT TIME ZONE p.tz)
               AT TIME ZONE 'UTC')
        """
    )


def misread_rates(lot_ids, since, least) -> SQL:
    """(part, percent): crossings of its lane not identified by TAG since then."""
    return SQL(
        """
        SELECT lot_id, 100.0 - 100.0 * sum(crossings_tag) / sum(crossings)
          FROM (%(parts)s) part
         WHERE lot_id = ANY(%(lots)s) AND day >= %(since)s
         GROUP BY lot_id
        HAVING sum(crossings) >= %(least)s
        """,
        parts=parts(),
        lots=list(lot_ids),
        since=since,
        least=least,
    )
