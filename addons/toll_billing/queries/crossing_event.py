"""The statements of a single event, planned once per connection.

Planning costs several times what running costs when there is one row. They are the
statements of ``crossing_resolve`` and ``crossing_post``, with parameters.
"""

from odoo.tools import SQL

from . import crossing_post, crossing_resolve, crossing_work, pack


def _resolve_discounted(**terms):
    return crossing_resolve.resolve(with_discounts=True, **terms)


def _settle(batch_id, received):
    # no line: the batch of the day takes any number of chunks
    return crossing_post.settle(batch_id, received, None, read_committed=False)


KEYS = {"operator_id": "int4"}
STATEMENTS = {
    "toll_event_resolve": (crossing_resolve.resolve, crossing_resolve.TERMS),
    "toll_event_resolve_discounted": (_resolve_discounted, crossing_resolve.TERMS),
    "toll_event_months": (crossing_work.missing_months, {}),
    "toll_event_claim": (crossing_post.claim, KEYS),
    "toll_event_repeated": (crossing_post.mark_repeated, KEYS),
    "toll_event_packs": (pack.lock, {}),
    "toll_event_write": (
        crossing_post.write,
        {"operator_id": "int4", "company_id": "int4", "batch_id": "int4"},
    ),
    "toll_event_settle": (_settle, {"batch_id": "int4", "received": "int8"}),
    "toll_event_fates": (crossing_post.fates, KEYS),
}


def prepared() -> SQL:
    """Are they prepared on this connection?"""
    return SQL(
        "SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = %s)",
        next(iter(STATEMENTS)),
    )


def prepare() -> SQL:
    """Prepare every statement on this connection."""
    return SQL("; ").join(
        SQL(
            "PREPARE %s%s AS %s",
            SQL(name),
            SQL("(%s)", SQL(", ".join(types.values()))) if types else SQL(),
            build(**{key: SQL(f"${n}") for n, key in enumerate(types, start=1)}),
        )
        for name, (build, types) in STATEMENTS.items()
    )


def execute(name, **values) -> SQL:
    """Run a prepared statement."""
    types = STATEMENTS[name][1]
    if not types:
        return SQL("EXECUTE %s", SQL(name))
    arguments = SQL(", ").join(SQL("%s", values[key]) for key in types)
    return SQL("EXECUTE %s(%s)", SQL(name), arguments)


#: Plans that are kept: by index, as befits a few rows.
SETTINGS = crossing_work.SETTINGS | {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
}


def begin(is_local) -> SQL:
    """Work tables and settings, for a transaction or for a connection that is kept."""
    return SQL(
        "%s; %s",
        crossing_work.create_work(),
        crossing_work.settings(SETTINGS, is_local),
    )
