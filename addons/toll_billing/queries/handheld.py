"""What lanes should do with TAGs and plates now, for hand-held devices."""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.exemption import exempts

from .tag_list import gravity


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
    return SQL(
        """
        SELECT s.value, s.vehicle_id, s.account_id, e.date_to AS exempt_until,
               v.class_id,
               %(gravity)s AS gravity
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
        gravity=gravity(exempt=SQL("e.id IS NOT NULL")),
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
