"""What lanes should do with TAGs and plates now, for hand-held devices."""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.exemption import exempts

from ..core.tag_list import HASH, STATES


def wait_turn(handheld_id) -> SQL:
    """One sync of a device at a time; the next one begins when this request ends."""
    return SQL(
        "SELECT pg_advisory_xact_lock(hashtext('toll.handheld'), %s)", handheld_id
    )


def _states(company, operator, day, now, tags, plates) -> SQL:
    """(value, gravity, vehicle, account, exempt until) of TAG numbers, EPCs and plates.

    :param tags: condition on the TAG ``lot``
    :param plates: condition on ``v.plate_normalized``
    """
    gravity = {name: SQL("%s", number) for number, name in enumerate(STATES)}
    return SQL(
        """
        SELECT s.value, s.vehicle_id, s.account_id, e.date_to AS exempt_until,
               v.class_id,
               CASE WHEN s.toll_state = 'stolen' THEN %(stolen)s
                    WHEN s.toll_state = 'lost' THEN %(lost)s
                    WHEN s.status = 'blocked' OR acc.state = 'suspended'
                        OR s.toll_state IN ('blocked', 'defective', 'retired')
                        THEN %(blocked)s
                    WHEN acc.id IS NULL OR acc.state <> 'active' THEN %(unassigned)s
                    WHEN e.id IS NOT NULL THEN %(exempt)s
                    WHEN s.status = 'low' THEN %(low)s
                    ELSE %(valid)s
               END AS gravity
          FROM (
                SELECT code.value, lot.toll_state, ts.status,
                       lot.toll_account_id AS account_id,
                       lot.toll_vehicle_id AS vehicle_id
                  FROM stock_lot lot
                 CROSS JOIN LATERAL (VALUES (lot.name), (lot.toll_epc)) AS code(value)
                  LEFT JOIN toll_tag_status ts
                    ON ts.lot_id = lot.id AND ts.date_to IS NULL
                 WHERE lot.toll_state IS NOT NULL AND code.value IS NOT NULL
                   AND lot.company_id = %(company)s AND %(tags)s
                 UNION ALL
                SELECT v.plate_normalized, lot.toll_state, ts.status, v.account_id, v.id
                  FROM toll_vehicle v
                  LEFT JOIN stock_lot lot ON lot.toll_vehicle_id = v.id
                  LEFT JOIN toll_tag_status ts
                    ON ts.lot_id = lot.id AND ts.date_to IS NULL
                 WHERE v.company_id = %(company)s AND v.date_from <= %(now)s
                   AND (v.date_to IS NULL OR %(now)s < v.date_to) AND %(plates)s
               ) s
          LEFT JOIN toll_account acc ON acc.id = s.account_id
          LEFT JOIN toll_vehicle v ON v.id = s.vehicle_id
          LEFT JOIN toll_exemption e ON %(exempts)s
        """,
        company=company,
        now=now,
        tags=tags,
        plates=plates,
        exempts=exempts(
            account=SQL("s.account_id"),
            vehicle=SQL("s.vehicle_id"),
            operator=operator,
            day=SQL("%s::date", day),
        ),
        **gravity,
    )


def find_state(value, **scope) -> SQL:
    """The gravest state of one TAG number, EPC or plate."""
    return SQL(
        "SELECT * FROM (%s) found ORDER BY gravity DESC LIMIT 1",
        _states(
            # each by its own index
            tags=SQL("(lot.name = %(v)s OR lot.toll_epc = %(v)s)", v=value),
            plates=SQL("v.plate_normalized = %s", value),
            **scope,
        ),
    )


NOT_OUT_YET = ("new", "encoded", "stocked")


def count_values(company, now) -> SQL:
    """How many TAG numbers, EPCs and plates a complete list would have."""
    return SQL(
        """
        SELECT (SELECT count(name) + count(toll_epc) FROM stock_lot
                 WHERE toll_state NOT IN %(not_out)s AND company_id = %(company)s)
             + (SELECT count(*) FROM toll_vehicle
                 WHERE company_id = %(company)s AND date_from <= %(now)s
                   AND (date_to IS NULL OR %(now)s < date_to))
        """,
        not_out=NOT_OUT_YET,
        company=company,
        now=now,
    )


def list_states(salt, is_complete, classes, **scope) -> SQL:
    """(entries of ``core.tag_list``, their number).

    TAGs that nobody has yet are left out; where the list is not complete, so are those
    that may pass, before anything is computed for them.

    :param classes: ids of the classes, in the order of the header's list
    """
    return SQL(
        """
        SELECT string_agg(hash || set_byte('\\x00'::bytea, 0, gravity)
                               || set_byte('\\x00'::bytea, 0, place), ''::bytea
                          ORDER BY hash, gravity DESC),
               count(*)
          FROM (
                SELECT substr(sha256(convert_to(%(salt)s || value, 'UTF8')),
                              1, %(size)s) AS hash,
                       gravity,
                       COALESCE(array_position(%(classes)s::int[], class_id), 256) - 1
                           AS place
                  FROM (%(states)s) found
                 WHERE %(is_complete)s OR gravity <> %(valid)s
               ) entries
        """,
        salt=salt,
        size=HASH,
        classes=list(classes),
        is_complete=is_complete,
        valid=STATES.index("valid"),
        states=_states(
            tags=SQL("lot.toll_state NOT IN %s", NOT_OUT_YET),
            plates=SQL("TRUE"),
            **scope,
        ),
    )
