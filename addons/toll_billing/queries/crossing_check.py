"""What ``odoo toll check`` reads of crossings: each row found is a difference."""

from odoo.tools import SQL

from .crossing_table import FATES


def fates_against_tallies() -> SQL:
    """Batches whose tallies differ from the crossings that are really there."""
    tallied = SQL(", ").join(
        SQL("sum(%(f)s) AS %(f)s, sum(%(a)s) AS %(a)s", f=_name(fate), a=_amount(fate))
        for fate in FATES
    )
    counted = SQL(", ").join(
        SQL(
            "count(*) FILTER (WHERE state = %(fate)s) AS %(f)s, COALESCE(sum(amount -"
            " amount_discount) FILTER (WHERE state = %(fate)s), 0) AS %(a)s",
            fate=fate,
            f=_name(fate),
            a=_amount(fate),
        )
        for fate in FATES
    )
    names = [name for fate in FATES for name in (_name(fate), _amount(fate))]
    compare = SQL(" OR ").join(
        SQL("COALESCE(t.%(n)s, 0) <> COALESCE(d.%(n)s, 0)", n=name) for name in names
    )
    return SQL(
        """
        SELECT 'batch ' || COALESCE(t.batch_id, d.batch_id) || ': received '
               || COALESCE(t.received, 0) || ', stored ' || COALESCE(d.stored, 0)
          FROM (SELECT batch_id, sum(received) AS received, %(tallied)s
                  FROM toll_crossing_tally GROUP BY batch_id) t
          FULL JOIN (SELECT batch_id, count(*) AS stored, %(counted)s
                  FROM toll_crossing_data GROUP BY batch_id) d
            ON d.batch_id = t.batch_id
         WHERE COALESCE(t.received, 0) <> COALESCE(d.stored, 0) OR %(compare)s
         ORDER BY 1 LIMIT 100
        """,
        tallied=tallied,
        counted=counted,
        compare=compare,
    )


def _name(fate):
    return SQL.identifier(fate)


def _amount(fate):
    return SQL.identifier(f"amount_{fate}")


def keys_against_crossings() -> SQL:
    """Posted, held or offset crossings without their key, or keys without a crossing.

    A cancelling row holds no key: it names the key of the crossing it takes back.
    """
    return SQL(
        """
        SELECT 'operator ' || COALESCE(d.operator_id, k.operator_id) || ' ref '
               || COALESCE(d.ref, k.ref) || ': '
               || CASE WHEN d.id IS NULL THEN 'key without a crossing'
                       ELSE 'crossing ' || d.id || ' without its key' END
          FROM (SELECT id, operator_id, ref FROM toll_crossing_data
                 WHERE state IN ('posted', 'held', 'offset')
                   AND (posted_at IS NOT NULL
                        OR reason NOT IN (
                            'cancel_unknown', 'cancel_billed', 'cancelled'))) d
          FULL JOIN toll_crossing_key k ON k.crossing_id = d.id
         WHERE (d.id IS NULL AND NOT EXISTS (
                    SELECT FROM toll_crossing_data o WHERE o.id = k.crossing_id))
            OR k.crossing_id IS NULL
            OR (d.id IS NOT NULL AND (d.operator_id, d.ref) <> (k.operator_id, k.ref))
         LIMIT 100
        """
    )


def dangling(column, table) -> SQL:
    """Crossings that point at a row that does not exist (no foreign key can)."""
    return SQL(
        """
        SELECT %(label)s || ' ' || d.%(column)s || ' does not exist ('
               || count(*) || ' crossings)'
          FROM toll_crossing_data d
         WHERE d.%(column)s IS NOT NULL AND NOT EXISTS (
               SELECT FROM %(table)s t WHERE t.id = d.%(column)s)
         GROUP BY d.%(column)s LIMIT 20
        """,
        label=column,
        column=SQL.identifier(column),
        table=SQL.identifier(table),
    )


def unexplained() -> SQL:
    """Charges other than their tariff row says, exempt crossings that were charged."""
    return SQL(
        """
        SELECT 'crossing ' || d.id || ': ' || d.amount || ' is not the ' || r.amount
               || ' of its tariff row'
          FROM toll_crossing_data d JOIN toll_tariff_rate r ON r.id = d.rate_id
         WHERE d.state = 'posted' AND d.amount <> r.amount
         UNION ALL
        SELECT 'crossing ' || id || ': exempt, but ' || (amount - amount_discount)
               || ' charged'
          FROM toll_crossing_data
         WHERE exemption_id IS NOT NULL AND amount <> amount_discount
         LIMIT 100
        """
    )
