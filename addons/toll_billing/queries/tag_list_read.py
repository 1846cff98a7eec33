"""Reading the lists: whole, the difference to a version, and for hand-held devices."""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.exemption import exempts

from ..core.lane_list import COLUMNS
from ..core.tag_list import HASH, REMOVED, STATES
from .tag_list import TOLD, names
from .tag_list_outage import LIMIT

#: Lines that one FETCH brings.
PAGE = 10_000


def _line(form, codes) -> SQL:
    """A row (action, number, epc, plate, class_id, status, reason, since) as a line.

    :param codes: {class: how the operator calls it, as the format wants it}
    """
    cells = [SQL.identifier(name) for name in ("action", "number", "epc", "plate")]
    cells += [
        SQL(
            "(%s::text[])[array_position(%s::int[], class_id)]",
            list(codes.values()),
            list(codes),
        ),
        SQL.identifier("status"),
        SQL.identifier("reason"),
        SQL("replace(since::text, ' ', 'T') || 'Z'"),
    ]
    if form == "jsonl":
        pairs = SQL(", ").join(
            SQL("%s, %s", name, cell) for name, cell in zip(COLUMNS, cells, strict=True)
        )
        return SQL("json_strip_nulls(json_build_object(%s))::text || chr(10)", pairs)
    # numbers, plates and reasons have no sign that CSV would have to quote; twice as
    # fast as concat()
    text = SQL(" || ',' || ").join(SQL("COALESCE(%s, '')", cell) for cell in cells)
    return SQL("%s || chr(10)", text)


def full_lines(company, is_blocked, form, codes) -> SQL:
    return SQL(
        """
        SELECT %(line)s
          FROM (SELECT 'add' AS action, %(told)s FROM toll_tag_list_entry
                 WHERE company_id = %(company)s AND is_blocked = %(blocked)s
                   AND key > 0) e
        """,
        line=_line(form, codes),
        told=names(TOLD),
        company=company,
        blocked=is_blocked,
    )


def _delta(company, is_blocked, since) -> SQL:
    """(action, what lanes are told): from the list of a version to that of today."""
    return SQL(
        """
        SELECT d.*
          FROM (
            SELECT DISTINCT ON (key) key, old_number,
                   old_status IS NOT NULL AND (old_status = 'blocked') = %(blocked)s
                       AS was_in,
                   ROW(%(old)s) AS old_told
              FROM toll_tag_list_change
             WHERE company_id = %(company)s AND version > %(since)s AND key > 0
             ORDER BY key, version
          ) c
          LEFT JOIN toll_tag_list_entry e
            ON e.company_id = %(company)s AND e.key = c.key
           AND e.is_blocked = %(blocked)s
         CROSS JOIN LATERAL (
            SELECT 'remove' AS action, c.old_number AS number, NULL AS epc,
                   NULL AS plate, NULL::int AS class_id, NULL AS status,
                   NULL AS reason, NULL::timestamp AS since
             WHERE c.was_in AND c.old_number IS DISTINCT FROM e.number
             UNION ALL
            SELECT CASE WHEN c.was_in AND c.old_number = e.number
                        THEN 'change' ELSE 'add' END, %(told)s
             WHERE e.key IS NOT NULL
               AND NOT (c.was_in AND ROW(%(told)s) IS NOT DISTINCT FROM c.old_told)
          ) d
        """,
        old=names([f"old_{name}" for name in TOLD]),
        told=names(TOLD, "e"),
        company=company,
        blocked=is_blocked,
        since=since,
    )


def delta_lines(company, is_blocked, since, form, codes) -> SQL:
    """Removals come first: a number may go from one TAG to another."""
    return SQL(
        "SELECT %s FROM (%s) d ORDER BY action = 'remove' DESC",
        _line(form, codes),
        _delta(company, is_blocked, since),
    )


def open_lines(lines) -> SQL:
    return SQL("DECLARE toll_list_lines NO SCROLL CURSOR FOR %s", lines)


def fetch_lines() -> SQL:
    return SQL("FETCH %s FROM toll_list_lines", PAGE)


def close_lines() -> SQL:
    return SQL("CLOSE toll_list_lines")


# === WHO KNOWS WHAT === #


def reach() -> SQL:
    """How far each operator is, and how long news took in the last 24 hours.

    News are changes of status, from when they were noted here until the operator
    acknowledged the first version with them. An operator's first list is not news.
    """
    return SQL(
        """
        SELECT d.*, l.version, o.made_at AS behind_since,
               CASE WHEN o.made_at IS NULL THEN 0
                    ELSE extract(epoch FROM now() AT TIME ZONE 'UTC' - o.made_at) / 60
               END AS behind_minutes,
               o.made_at < now() AT TIME ZONE 'UTC'
                         - make_interval(mins => %(limit)s)
                   IS TRUE AS is_behind,
               n.last_minutes, n.median_minutes, n.worst_minutes, n.news
          FROM (
            SELECT min(id) AS id, company_id, operator_id, kind,
                   max(version) AS sent_version, max(started_at) AS sent_at,
                   max(version) FILTER (WHERE acknowledged_at IS NOT NULL)
                       AS known_version,
                   max(acknowledged_at) AS known_at,
                   max(id) FILTER (WHERE acknowledged_at IS NOT NULL
                                     AND known_before IS NOT NULL) AS last_id
              FROM toll_tag_list_delivery
             GROUP BY company_id, operator_id, kind
          ) d
          JOIN toll_tag_list l ON l.company_id = d.company_id
          JOIN res_company c ON c.id = d.company_id
          JOIN toll_operator op ON op.id = d.operator_id
          LEFT JOIN LATERAL (
            SELECT min(v.made_at) AS made_at FROM toll_tag_list_version v
             WHERE v.company_id = d.company_id
               AND v.version > COALESCE(d.known_version, 0)
          ) o ON TRUE
          LEFT JOIN LATERAL (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes)
                       AS median_minutes,
                   max(minutes) AS worst_minutes, count(*) AS news,
                   max(minutes) FILTER (WHERE s.id = d.last_id) AS last_minutes
              FROM (
                SELECT a.id,
                       extract(epoch FROM a.acknowledged_at - h.noted_at) / 60
                           AS minutes
                  FROM toll_tag_list_delivery a
                  JOIN toll_tag_list_change h
                    ON h.company_id = a.company_id AND h.version > a.known_before
                   AND h.version <= a.version AND h.key > 0 AND h.is_status
                   AND (a.kind = 'block' AND 'blocked' IN (h.status, h.old_status)
                     OR a.kind = 'valid' AND (h.status <> 'blocked'
                                              OR h.old_status <> 'blocked'))
                 WHERE a.company_id = d.company_id AND a.operator_id = d.operator_id
                   AND a.kind = d.kind
                   AND a.acknowledged_at > now() AT TIME ZONE 'UTC'
                                         - interval '24 hours'
              ) s
          ) n ON TRUE
        """,
        limit=LIMIT,
    )


def known_by(lot_ids) -> SQL:
    """(TAG, operator, when it knew the present status) per operator that takes lists.

    A list tells of a TAG by having it or by not having it.
    """
    return SQL(
        """
        SELECT e.lot_id, d.operator_id, min(d.acknowledged_at) FILTER (
                   WHERE d.version >= e.status_version) AS known_at
          FROM toll_tag_list_entry e
          JOIN toll_tag_list_delivery d ON d.company_id = e.company_id
         WHERE e.lot_id = ANY(%s)
         GROUP BY e.lot_id, d.operator_id
         ORDER BY e.lot_id, known_at, d.operator_id
        """,
        list(lot_ids),
    )


# === HAND-HELD DEVICES === #


def _hashes(keys, scope, codes) -> SQL:
    """(value, code: gravity and place in one number) of entries."""
    return SQL(
        """
        SELECT c.value,
               (CASE WHEN e.id IS NOT NULL THEN %(exempt)s ELSE t.gravity END << 8)
                 + COALESCE(array_position(%(codes)s::int[], t.class_id), 256) - 1
                   AS code
          FROM toll_tag_list_entry t
         CROSS JOIN LATERAL (VALUES (t.number), (t.epc), (t.plate)) AS c (value)
          LEFT JOIN toll_exemption e
            ON t.gravity IN (%(valid)s, %(low)s) AND %(exempts)s
         WHERE t.company_id = %(company)s AND c.value IS NOT NULL AND %(keys)s
        """,
        exempt=STATES.index("exempt"),
        valid=STATES.index("valid"),
        low=STATES.index("low"),
        codes=codes,
        exempts=exempts(
            account=SQL("t.account_id"),
            vehicle=SQL("t.vehicle_id"),
            operator=scope["operator"],
            day=SQL("%s::date", scope["day"]),
        ),
        company=scope["company"],
        keys=keys,
    )


def _pack(rows, salt) -> SQL:
    """Rows (value, code or NULL) as the entries of ``core.tag_list``."""
    return SQL(
        """
        SELECT string_agg(hash || set_byte(set_byte('\\x0000'::bytea, 0, code >> 8),
                                           1, code & 255), ''::bytea ORDER BY hash),
               count(*)
          FROM (
            SELECT substr(sha256(convert_to(%(salt)s || value, 'UTF8')), 1, %(size)s)
                       AS hash,
                   COALESCE(max(code), %(removed)s) AS code
              FROM (%(rows)s) r
             GROUP BY 1
          ) entries
        """,
        salt=salt,
        size=HASH,
        removed=REMOVED << 8,
        rows=rows,
    )


def _stops(is_complete) -> SQL:
    valid = (STATES.index("valid") << 8) + 255
    return SQL("(%s OR code > %s)", is_complete, valid)


def device_list(salt, is_complete, codes, **scope) -> SQL:
    """(entries, their number): all, or those to stop."""
    rows = SQL(
        "SELECT value, code FROM (%s) h WHERE %s",
        _hashes(SQL("TRUE"), scope, codes),
        _stops(is_complete),
    )
    return _pack(rows, salt)


def device_delta(salt, is_complete, codes, since, made_at, **scope) -> SQL:
    """The same of what may have changed since a version; what is gone is removed.

    Two vehicles' entries may share a plate: all that share one are looked at. So are
    those whose exemption was changed, began or ended since the version was made.
    """
    return SQL(
        """
        WITH changed AS (
            SELECT key, old_number, old_epc, old_plate FROM toll_tag_list_change
             WHERE company_id = %(company)s AND version > %(since)s
        ), spared AS (
            SELECT e.key FROM toll_tag_list_entry e
              JOIN toll_exemption x ON x.account_id = e.account_id
               AND (x.vehicle_id IS NULL OR x.vehicle_id = e.vehicle_id)
             WHERE e.company_id = %(company)s
               AND (x.write_date >= %(made_at)s - interval '1 hour'
                    OR x.date_from >= %(made_at)s::date - 1 AND x.date_from <= %(day)s
                    OR x.date_to >= %(made_at)s::date - 1 AND x.date_to < %(day)s)
        ), plates AS (
            SELECT old_plate AS plate FROM changed WHERE old_plate IS NOT NULL
             UNION
            SELECT e.plate FROM toll_tag_list_entry e JOIN changed c ON c.key = e.key
             WHERE e.company_id = %(company)s AND e.plate IS NOT NULL
        ), keys AS (
            SELECT key FROM changed UNION SELECT key FROM spared
             UNION SELECT e.key FROM toll_tag_list_entry e
                     JOIN plates p ON p.plate = e.plate
                    WHERE e.company_id = %(company)s
        )
        %(pack)s
        """,
        company=scope["company"],
        since=since,
        made_at=made_at,
        day=scope["day"],
        pack=_pack(
            SQL(
                """
                SELECT value, CASE WHEN %(stops)s THEN code END AS code
                  FROM (%(hashes)s) h
                 UNION ALL
                SELECT v.value, NULL FROM changed c
                 CROSS JOIN LATERAL (
                    VALUES (c.old_number), (c.old_epc), (c.old_plate)) AS v (value)
                 WHERE v.value IS NOT NULL
                """,
                stops=_stops(is_complete),
                hashes=_hashes(SQL("t.key IN (SELECT key FROM keys)"), scope, codes),
            ),
            salt,
        ),
    )
