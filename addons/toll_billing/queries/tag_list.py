"""The lists that lanes use, as they are now and in versions.

``toll_tag_list_entry`` holds what is known to the lanes: a row per TAG that is out
(``key`` is the TAG's id) and per vehicle without TAG (``key`` is minus the vehicle's
id; for checks by plate). ``refresh`` is its only writer: it compares with what is true
now, writes what differs under a new version, and what there was before into
``toll_tag_list_change``. The difference of two versions is the oldest change of each
key after the older one, beside the entry of today.
"""

from odoo.tools import SQL

from ..core.tag_list import STATES

NOT_OUT_YET = ("new", "encoded", "stocked")
#: What makes an entry another one.
CONTENT = (
    *("lot_id", "vehicle_id", "account_id", "number", "epc", "plate", "class_id"),
    *("gravity", "status", "reason", "since"),
)
#: What lanes are told of it.
TOLD = ("number", "epc", "plate", "class_id", "status", "reason", "since")


def names(columns, alias=None) -> SQL:
    return SQL(", ").join(
        SQL.identifier(alias, name) if alias else SQL.identifier(name)
        for name in columns
    )


# === WHAT IS TRUE NOW === #


def gravity(exempt=None) -> SQL:
    """By gravity (``core.tag_list.STATES``): TAG ``s``, its account ``acc``.

    :param exempt: condition on which who may pass passes free
    """
    numbers = {name: SQL("%s", number) for number, name in enumerate(STATES)}
    return SQL(
        """
        CASE WHEN s.toll_state = 'stolen' THEN %(stolen)s
             WHEN s.toll_state = 'lost' THEN %(lost)s
             WHEN s.status = 'blocked' OR acc.state = 'suspended'
                 OR s.toll_state IN ('blocked', 'defective', 'retired')
                 THEN %(blocked)s
             WHEN acc.id IS NULL OR acc.state <> 'active' THEN %(unassigned)s
             WHEN %(is_exempt)s THEN %(exempt)s
             WHEN s.status = 'low' THEN %(low)s
             ELSE %(valid)s
        END
        """,
        is_exempt=exempt or SQL("FALSE"),
        **numbers,
    )


def _reason() -> SQL:
    return SQL(
        """
        CASE WHEN s.toll_state IN ('stolen', 'lost', 'retired') THEN s.toll_state
             WHEN s.status = 'blocked' THEN COALESCE(s.reason, 'customer_request')
             WHEN acc.state = 'suspended' THEN 'account_suspended'
             WHEN s.toll_state = 'blocked' THEN 'customer_request'
             WHEN s.toll_state = 'defective' THEN s.toll_state
             WHEN acc.state = 'closed' THEN 'account_closed'
             WHEN acc.id IS NULL OR acc.state <> 'active' THEN 'no_account'
             ELSE s.reason
        END
        """
    )


def present(company, now, only_touched) -> SQL:
    """The entries as they should be; of all keys, or of those in ``touched``."""
    tags, vehicles = (
        SQL(
            "AND %s.id IN (SELECT abs(key) FROM toll_tag_list_touched WHERE %s)",
            SQL.identifier(alias),
            which,
        )
        if only_touched
        else SQL()
        for alias, which in (("lot", SQL("key > 0")), ("v", SQL("key < 0")))
    )
    return SQL(
        """
        SELECT f.*, CASE WHEN f.gravity >= %(unassigned)s THEN 'blocked'
                         WHEN f.gravity = %(low)s THEN 'low'
                         ELSE 'valid' END AS status
          FROM (
            SELECT s.key, s.lot_id, s.vehicle_id, s.account_id, s.number, s.epc,
                   s.plate, s.class_id, %(gravity)s AS gravity, %(reason)s AS reason,
                   date_trunc('second', COALESCE(s.since, acc.closed_at, acc.opened_at))
                       AS since,
                   s.noted_at
              FROM (
                SELECT lot.id AS key, lot.id AS lot_id, v.id AS vehicle_id,
                       lot.toll_account_id AS account_id, lot.name AS number,
                       lot.toll_epc AS epc, v.class_id, lot.toll_state, ts.status,
                       ts.reason, ts.date_from AS since, ts.create_date AS noted_at,
                       CASE WHEN v.date_from <= %(now)s
                             AND (v.date_to IS NULL OR %(now)s < v.date_to)
                            THEN v.plate_normalized END AS plate
                  FROM stock_lot lot
                  LEFT JOIN toll_tag_status ts
                    ON ts.lot_id = lot.id AND ts.date_to IS NULL
                  LEFT JOIN toll_vehicle v ON v.id = lot.toll_vehicle_id
                 WHERE lot.company_id = %(company)s
                   AND lot.toll_state NOT IN %(not_out)s %(tags)s
                 UNION ALL
                SELECT -v.id, NULL, v.id, v.account_id, NULL, NULL, v.class_id, NULL,
                       NULL, NULL, NULL, NULL, v.plate_normalized
                  FROM toll_vehicle v
                 WHERE v.company_id = %(company)s AND v.date_from <= %(now)s
                   AND (v.date_to IS NULL OR %(now)s < v.date_to) %(vehicles)s
                   AND NOT EXISTS (
                       SELECT FROM stock_lot lot
                        WHERE lot.toll_vehicle_id = v.id
                          AND lot.company_id = %(company)s
                          AND lot.toll_state NOT IN %(not_out)s)
              ) s
              LEFT JOIN toll_account acc ON acc.id = s.account_id
          ) f
        """,
        unassigned=STATES.index("unassigned"),
        low=STATES.index("low"),
        gravity=gravity(),
        reason=_reason(),
        company=company,
        now=now,
        not_out=NOT_OUT_YET,
        tags=tags,
        vehicles=vehicles,
    )


# === WHAT MAY HAVE CHANGED === #


def watermark() -> SQL:
    """(time, transaction) before which nothing is on its way any more.

    Whatever the next transaction does not see was begun at this time or later, with
    this number or a later one; the seconds are for those that begin just now. To be
    asked in a transaction of its own, before.
    """
    return SQL(
        """
        SELECT (LEAST(now(), min(xact_start)) - interval '10 seconds')
                   AT TIME ZONE 'UTC',
               pg_snapshot_xmin(pg_current_snapshot())::text
          FROM pg_stat_activity
         WHERE datname = current_database()
        """
    )


def touch(company, since, last, now) -> SQL:
    """Note the keys whose entry may have changed since a watermark.

    Of a TAG speak its status, the TAG, its account and its vehicle; ORM and SQL write
    into ``write_date`` when their transaction began. ``last`` to ``now``: vehicles
    whose time began or ended meanwhile.
    """
    return SQL(
        """
        CREATE TEMP TABLE IF NOT EXISTS toll_tag_list_touched (key int4)
            ON COMMIT DROP;
        DELETE FROM toll_tag_list_touched;
        WITH account AS (
            SELECT id FROM toll_account
             WHERE write_date >= %(since)s AND company_id = %(company)s
        ), vehicle AS (
            SELECT id FROM toll_vehicle
             WHERE write_date >= %(since)s AND company_id = %(company)s
             UNION SELECT v.id FROM toll_vehicle v JOIN account a ON a.id = v.account_id
             UNION SELECT id FROM toll_vehicle
                    WHERE date_from > %(last)s AND date_from <= %(now)s
             UNION SELECT id FROM toll_vehicle
                    WHERE date_to > %(last)s AND date_to <= %(now)s
        ), tag AS (
            SELECT lot_id AS id FROM toll_tag_status WHERE write_date >= %(since)s
             UNION SELECT id FROM stock_lot
                    WHERE write_date >= %(since)s AND toll_state IS NOT NULL
             UNION SELECT lot.id FROM stock_lot lot
                     JOIN account a ON a.id = lot.toll_account_id
             UNION SELECT lot.id FROM stock_lot lot
                     JOIN vehicle v ON v.id = lot.toll_vehicle_id
        )
        INSERT INTO toll_tag_list_touched (key)
        SELECT id FROM tag
         UNION SELECT -id FROM vehicle
         UNION SELECT -e.vehicle_id FROM toll_tag_list_entry e
                 JOIN tag ON tag.id = e.key WHERE e.vehicle_id IS NOT NULL
         UNION SELECT -lot.toll_vehicle_id FROM stock_lot lot
                 JOIN tag ON tag.id = lot.id WHERE lot.toll_vehicle_id IS NOT NULL
         UNION SELECT key FROM toll_tag_list_entry
                WHERE key < 0 AND vehicle_id IS NULL;
        ANALYZE toll_tag_list_touched
        """,
        company=company,
        since=since,
        last=last,
        now=now,
    )


# === ONE STATEMENT === #


def take_turn(company) -> SQL:
    return SQL(
        "SELECT pg_advisory_xact_lock(hashtext('toll.tag.list'), %s::int)", company
    )


def create_list(company) -> SQL:
    return SQL(
        """
        INSERT INTO toll_tag_list (company_id, version, log_from)
        VALUES (%s, 0, 0) ON CONFLICT (company_id) DO NOTHING
        """,
        company,
    )


def lock_list(company) -> SQL:
    """What a refresh goes by. Whoever has looked before a rival wrote starts again."""
    return SQL(
        """
        SELECT id, version, watermark, watermark_xid, refreshed_at
          FROM toll_tag_list WHERE company_id = %s FOR UPDATE
        """,
        company,
    )


def refresh(list_id, company, now, only_touched) -> SQL:
    """Bring the entries up to date; (version, added, changed, removed) where any were.

    The first version keeps no changes: before it there was nothing.
    """
    stored = (
        SQL("AND key IN (SELECT key FROM toll_tag_list_touched)")
        if only_touched
        else SQL()
    )
    return SQL(
        """
        WITH present AS (%(present)s
        ), stored AS (
            SELECT * FROM toll_tag_list_entry WHERE company_id = %(company)s %(stored)s
        ), difference AS (
            SELECT COALESCE(p.key, e.key) AS key, p.key IS NOT NULL AS is_in,
                   e.key IS NOT NULL AS was_in, %(p_content)s, p.noted_at,
                   e.number AS old_number, e.epc AS old_epc, e.plate AS old_plate,
                   e.class_id AS old_class_id, e.status AS old_status,
                   e.reason AS old_reason, e.since AS old_since,
                   (p.status, p.reason) IS DISTINCT FROM (e.status, e.reason)
                       AS is_status,
                   e.status_version AS old_status_version
              FROM present p
              FULL JOIN stored e ON e.key = p.key
             WHERE p.key IS NULL OR e.key IS NULL
                OR (%(p_content)s) IS DISTINCT FROM (%(e_content)s)
        ), made AS (
            UPDATE toll_tag_list l
               SET version = l.version + 1,
                   log_from = CASE WHEN l.version = 0 THEN 1 ELSE l.log_from END,
                   blocked_count = COALESCE(l.blocked_count, 0) + d.blocked,
                   valid_count = COALESCE(l.valid_count, 0) + d.valid,
                   value_count = COALESCE(l.value_count, 0) + d.values
              FROM (
                SELECT count(*) AS total,
                       count(*) FILTER (WHERE NOT was_in) AS added,
                       count(*) FILTER (WHERE is_in AND was_in) AS changed,
                       count(*) FILTER (WHERE NOT is_in) AS removed,
                       count(*) FILTER (WHERE key > 0 AND status = 'blocked')
                         - count(*) FILTER (WHERE key > 0 AND old_status = 'blocked')
                           AS blocked,
                       count(*) FILTER (WHERE key > 0 AND status <> 'blocked')
                         - count(*) FILTER (WHERE key > 0 AND old_status <> 'blocked')
                           AS valid,
                       count(number) + count(epc) + count(plate) - count(old_number)
                         - count(old_epc) - count(old_plate) AS values
                  FROM difference
              ) d
             WHERE l.id = %(list)s AND d.total > 0
            RETURNING l.id, l.version, l.refreshed_at, l.blocked_count, l.valid_count,
                      d.added, d.changed, d.removed
        ), logged AS (
            INSERT INTO toll_tag_list_change (
                company_id, version, key, lot_id, number, status, reason, noted_at,
                is_status, old_number, old_epc, old_plate, old_class_id, old_status,
                old_reason, old_since)
            SELECT %(company)s, made.version, d.key, d.lot_id,
                   COALESCE(d.number, d.old_number), d.status, d.reason,
                   LEAST(%(now)s, GREATEST(d.noted_at, made.refreshed_at)),
                   d.is_status, d.old_number, d.old_epc, d.old_plate, d.old_class_id,
                   d.old_status, d.old_reason, d.old_since
              FROM difference d, made
             WHERE made.version > 1
        ), gone AS (
            DELETE FROM toll_tag_list_entry e USING difference d, made
             WHERE e.company_id = %(company)s AND e.key = d.key AND NOT d.is_in
        ), kept AS (
            INSERT INTO toll_tag_list_entry (
                company_id, key, %(content)s, is_blocked, version, status_version)
            SELECT %(company)s, d.key, %(d_content)s, d.status = 'blocked',
                   made.version, CASE WHEN d.is_status THEN made.version
                                      ELSE d.old_status_version END
              FROM difference d, made
             WHERE d.is_in
                ON CONFLICT (company_id, key) DO UPDATE
               SET (%(content)s, is_blocked, version, status_version)
                 = (%(excluded)s, EXCLUDED.is_blocked, EXCLUDED.version,
                    EXCLUDED.status_version)
        )
        INSERT INTO toll_tag_list_version (
            list_id, company_id, version, made_at, added, changed, removed,
            blocked_count, valid_count, is_full)
        SELECT id, %(company)s, version, %(now)s, added, changed, removed,
               blocked_count, valid_count, %(is_full)s
          FROM made
        RETURNING version, added, changed, removed
        """,
        present=present(company, now, only_touched),
        stored=stored,
        company=company,
        list=list_id,
        now=now,
        is_full=not only_touched,
        content=names(CONTENT),
        p_content=names(CONTENT, "p"),
        e_content=names(CONTENT, "e"),
        d_content=names(CONTENT, "d"),
        excluded=names(CONTENT, "excluded"),
    )


def note_refresh(list_id, now, mark, xid, is_full) -> SQL:
    return SQL(
        """
        UPDATE toll_tag_list
           SET refreshed_at = %(now)s, watermark = %(mark)s, watermark_xid = %(xid)s,
               compared_at = CASE WHEN %(full)s THEN %(now)s ELSE compared_at END
         WHERE id = %(list)s
        """,
        now=now,
        mark=mark,
        xid=xid,
        full=is_full,
        list=list_id,
    )


def forget_changes(list_id, before) -> SQL:
    """Forget the changes of old versions; the list says from where on it keeps them."""
    return SQL(
        """
        WITH old AS (
            SELECT max(version) AS version FROM toll_tag_list_version
             WHERE list_id = %(list)s AND made_at < %(before)s
        ), forgotten AS (
            DELETE FROM toll_tag_list_change c USING toll_tag_list l, old
             WHERE l.id = %(list)s AND c.company_id = l.company_id
               AND c.version <= old.version
        )
        UPDATE toll_tag_list l SET log_from = old.version FROM old
         WHERE l.id = %(list)s AND old.version > l.log_from
        """,
        list=list_id,
        before=before,
    )
