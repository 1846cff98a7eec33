"""Batches: who loads one, what is in it, the API's batch of the day."""

from odoo.tools import SQL

from .crossing_table import FATES


def try_lock_batch(batch_id) -> SQL:
    """True where nobody else loads this batch; held until ``unlock_batch``."""
    return SQL(
        "SELECT pg_try_advisory_lock(hashtext('toll.crossing.batch'), %s)", batch_id
    )


def unlock_batch(batch_id) -> SQL:
    return SQL(
        "SELECT pg_advisory_unlock(hashtext('toll.crossing.batch'), %s)", batch_id
    )


def tally_by_batch(ids) -> SQL:
    """Counts, amounts and the last finished line of each batch."""
    names = [*FATES]
    return SQL(
        "SELECT batch_id, max(line_to) AS line_to, sum(received) AS received,"
        " sum(amount_received) AS amount_received, %s"
        "  FROM toll_crossing_tally WHERE batch_id = ANY(%s) GROUP BY batch_id",
        SQL(", ").join(
            SQL("sum(%s) AS %s", SQL.identifier(name), SQL.identifier(name))
            for name in names + [f"amount_{name}" for name in names]
        ),
        list(ids),
    )


def held_by_account(ids) -> SQL:
    """Money of held crossings per account; of all accounts where ``ids`` is empty."""
    return SQL(
        """
        SELECT account_id, sum(amount - amount_discount)
          FROM toll_crossing_data
         WHERE state = 'held' AND account_id IS NOT NULL AND %s
         GROUP BY account_id
        """,
        SQL("account_id = ANY(%s)", list(ids)) if ids else SQL("TRUE"),
    )


def make_api_batch(name, operator_id, company_id, uid) -> SQL:
    """Make the API's batch of the day unless somebody else just did; its id.

    Under REPEATABLE READ a rival's batch that is not visible yet is a serialization
    failure, which the web server answers by trying the request again.
    """
    return SQL(
        """
        INSERT INTO toll_crossing_batch (name, kind, state, operator_id, company_id,
            create_uid, write_uid, create_date, write_date)
        VALUES (%(name)s, 'api', 'done', %(operator)s, %(company)s, %(uid)s, %(uid)s,
            now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
            ON CONFLICT (operator_id, company_id, name) WHERE kind = 'api'
            DO UPDATE SET name = EXCLUDED.name
     RETURNING id
        """,
        name=name,
        operator=operator_id,
        company=company_id,
        uid=uid,
    )
