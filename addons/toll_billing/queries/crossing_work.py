"""The session-private tables that a chunk of crossings passes through.

COPY fills ``toll_crossing_stage`` with what was received; ``crossing_resolve`` fills
``toll_crossing_work`` with what each row becomes.
"""

from odoo.tools import SQL

#: Columns of the staging table, in COPY order (``core.intake`` writes them).
STAGE = {
    "line": "int4",
    "operator": "text",
    "ref": "text",
    "occurred_at": "timestamp",
    "plaza": "text",
    "lane": "text",
    "tag": "text",
    "plate": "text",
    "class_code": "text",
    "direction": "text",
    "entry_plaza": "text",
    "entry_at": "timestamp",
    "service": "text",
    "amount": "numeric",
    "currency": "text",
    "status": "text",
    "fault": "text",
    "detail": "text",
    "raw": "jsonb",
}

#: What ``resolve`` hands to ``post``: the columns of a crossing that it decides.
WORK = {
    "id": "bigint",
    "line": "int4",
    "ref": "text",
    "occurred_at": "timestamp",
    "entry_at": "timestamp",
    "plaza_id": "int4",
    "lane_id": "int4",
    "entry_plaza_id": "int4",
    "lot_id": "int4",
    "vehicle_id": "int4",
    "account_id": "int4",
    "class_id": "int4",
    "currency_id": "int4",
    "rate_id": "int4",
    "amount": "numeric",
    "amount_discount": "numeric",
    "exemption_id": "int4",
    "discount_plan_id": "int4",
    "service": "text",
    "direction": "text",
    "tag": "text",
    "plate": "text",
    "state": "text",
    "reason": "text",
    "detail": "text",
    "raw": "jsonb",
    "claims": "boolean",
    "pack_id": "int4",
}

#: Which pack could cover which row, see ``queries.pack``.
PACKS = {
    "crossing_id": "bigint",
    "occurred_at": "timestamp",
    "line": "int4",
    "pack_id": "int4",
    "rank": "int4",
    "day": "date",
    "price": "numeric",
}


def _columns(definition) -> SQL:
    return SQL(", ").join(
        SQL("%s " + kind, SQL.identifier(name)) for name, kind in definition.items()
    )


#: The joins of ``resolve`` stand in a good order already; looking for a better one
#: would cost a single event more than everything else.
SETTINGS = {
    "client_min_messages": "warning",
    "work_mem": "128MB",
    "join_collapse_limit": "1",
    "enable_mergejoin": "off",
}


def settings(values, is_local=True) -> SQL:
    """Planner settings for this transaction, or for as long as we keep a connection."""
    return SQL(
        "SELECT %s",
        SQL(", ").join(
            SQL("set_config(%s, %s, %s)", name, value, is_local)
            for name, value in values.items()
        ),
    )


def create_work() -> SQL:
    """Session-private tables: no lock, no log.

    Rows stay until the next user clears them, which costs a single event far less than
    having the tables cut to nothing at each commit.
    """
    return SQL(
        """
        %(settings)s;
        CREATE TEMP TABLE IF NOT EXISTS toll_crossing_stage (
            %(stage)s, held_id bigint, policy text);
        CREATE TEMP TABLE IF NOT EXISTS toll_crossing_work (%(work)s);
        CREATE TEMP TABLE IF NOT EXISTS toll_crossing_pack (%(packs)s);
        """,
        settings=settings(SETTINGS),
        stage=_columns(STAGE),
        work=_columns(WORK),
        packs=_columns(PACKS),
    )


def clear_work(large) -> SQL:
    """Empty both tables (TRUNCATE pays off only for large ones)."""
    if large:
        return SQL("TRUNCATE toll_crossing_stage, toll_crossing_work")
    return SQL("DELETE FROM toll_crossing_stage; DELETE FROM toll_crossing_work")


def copy_stage() -> str:
    """The COPY statement that takes ``Chunk.data``."""
    return f"COPY toll_crossing_stage ({', '.join(STAGE)}) FROM STDIN"


def missing_months() -> SQL:
    """First days of the months of resolved rows that have no partition."""
    return SQL(
        """
        SELECT first
          FROM (SELECT DISTINCT date_trunc('month', occurred_at)::date AS first
                  FROM toll_crossing_work WHERE occurred_at IS NOT NULL) m
         WHERE to_regclass(
                   'toll_crossing_data_y' || to_char(first, 'YYYY"m"MM')) IS NULL
        """
    )


def count_claims() -> SQL:
    """How many resolved rows take a natural key."""
    return SQL(
        "SELECT count(*) FROM toll_crossing_work"
        " WHERE claims AND state IN ('posted', 'held')"
    )
