"""What concessions read of the traffic, and their write-once ledger."""

from odoo.tools import SQL


def _covered(concession, first, last) -> SQL:
    """The traffic of a concession's plazas in these days."""
    plazas = concession._get_plaza_ids()
    return SQL(
        "t.company_id = %s AND t.operator_id = %s AND t.currency_id = %s"
        " AND t.state = 'posted' AND t.day BETWEEN %s AND %s AND %s",
        concession.company_id.id,
        concession.operator_id.id,
        concession.currency_id.id,
        first,
        last,
        SQL("TRUE") if plazas is None else SQL("t.plaza_id = ANY(%s)", plazas),
    )


def revenue(concession, first, last) -> SQL:
    """(service, crossings charged, charged, volume discounts; money as text)."""
    return SQL(
        """
        SELECT t.service, sum(t.crossings - t.crossings_exempt),
               sum(t.amount_charged)::text, COALESCE(sum(t.amount_volume), 0)::text
          FROM toll_traffic_day t WHERE %s GROUP BY 1 ORDER BY 1
        """,
        _covered(concession, first, last),
    )


def exempt(concession, first, last) -> SQL:
    """(kind of exemption, crossings, forgone as text)."""
    return SQL(
        """
        SELECT t.exempt_kind, sum(t.crossings_exempt), sum(t.amount_forgone)::text
          FROM toll_traffic_day t WHERE %s AND t.exempt_kind IS NOT NULL
         GROUP BY 1 ORDER BY 1
        """,
        _covered(concession, first, last),
    )


def statistics(concession, first, last, by_day=False) -> SQL:
    """(day or NULL, plaza, class, crossings, by TAG, exempt, charged, taken off).

    Money comes as text. What volume discounts take off has a plaza and no class.
    """
    day = SQL("t.day") if by_day else SQL("NULL::date")
    return SQL(
        """
        SELECT %s, t.plaza_id, t.class_id, sum(t.crossings), sum(t.crossings_tag),
               sum(t.crossings_exempt), sum(t.amount_charged)::text,
               COALESCE(sum(t.amount_volume), 0)::text
          FROM toll_traffic_day t WHERE %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """,
        day,
        _covered(concession, first, last),
    )


def guard_entries() -> SQL:
    """Entries of a closed period are never changed or deleted."""
    return SQL(
        """
        CREATE OR REPLACE FUNCTION toll_concession_entry_guard() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION USING
                MESSAGE = 'toll: entry ' || OLD.id || ' of a concession is final',
                ERRCODE = 'integrity_constraint_violation';
        END $$ LANGUAGE plpgsql;
        CREATE OR REPLACE TRIGGER toll_concession_entry_guard
            BEFORE UPDATE OR DELETE ON toll_concession_entry
            FOR EACH ROW WHEN (OLD.is_final)
            EXECUTE FUNCTION toll_concession_entry_guard()
        """
    )
