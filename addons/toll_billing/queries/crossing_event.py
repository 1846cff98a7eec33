"""The statements of a single event, planned once per connection.

Planning costs several times what running costs when there is one row. They are the
statements of ``crossing_resolve`` and ``crossing_post``, with parameters.
"""

from odoo.tools import SQL

from . import crossing_post, crossing_resolve, crossing_work

KEYS = {"operator_id": "int4"}
STATEMENTS = {
    "toll_event_resolve": (crossing_resolve.resolve, crossing_resolve.TERMS),
    "toll_event_months": (crossing_work.missing_months, {}),
    "toll_event_claim": (crossing_post.claim, KEYS),
    "toll_event_repeated": (crossing_post.mark_repeated, KEYS),
    "toll_event_write": (
        crossing_post.write,
        {"operator_id": "int4", "company_id": "int4", "batch_id": "int4"},
    ),
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


#: Empty work tables, and plans that are kept: by index, as befits a few rows.
BEGIN = SQL("; ").join(
    (
        crossing_work.create_work(),
        SQL("SET LOCAL plan_cache_mode = force_generic_plan"),
        SQL("SET LOCAL enable_hashjoin = off"),
        crossing_work.clear_work(False),
    )
)
