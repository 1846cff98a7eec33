"""Resolved crossings take effect: natural keys, rows, wallets, tally.

A loader runs ``claim`` and ``settle`` in file order and ``write`` side by side with the
next chunk's; all of a chunk commits together.
"""

from odoo.tools import SQL

from .crossing_table import FATES

TALLY = SQL(
    ", ".join([f'"{fate}"' for fate in FATES] + [f"amount_{fate}" for fate in FATES])
)


def _sums() -> SQL:
    """Count and money to be charged per fate, as the columns of a tally."""
    return SQL(", ").join(
        [SQL("count(*) FILTER (WHERE state = %s)", fate) for fate in FATES]
        + [
            SQL(
                "COALESCE(sum(amount - amount_discount) FILTER (WHERE state = %s), 0)",
                fate,
            )
            for fate in FATES
        ]
    )


def move_wallets(read_committed) -> SQL:
    """Move the wallets of the crossings in ``charges``, in account order.

    A loader's own READ COMMITTED transaction updates the running balances. In a
    REPEATABLE READ transaction (a web request) that would fail against any concurrent
    one, so there it only adds a row that the next fold takes up.
    """
    if read_committed:
        return SQL(
            """
            INSERT INTO toll_wallet (account_id, balance)
            SELECT account_id, amount FROM charges ORDER BY account_id
                ON CONFLICT (account_id)
                DO UPDATE SET balance = toll_wallet.balance + EXCLUDED.balance
            """
        )
    return SQL(
        "INSERT INTO toll_wallet_pending (account_id, amount)"
        " SELECT account_id, amount FROM charges ORDER BY account_id"
    )


def claim(operator_id) -> SQL:
    """Take the natural keys of the resolved rows; a key already taken is left out."""
    return SQL(
        """
        INSERT INTO toll_crossing_key (operator_id, ref, crossing_id)
        SELECT %s, ref, id FROM toll_crossing_work
         WHERE claims AND state IN ('posted', 'held')
         ORDER BY ref COLLATE "C", line
            ON CONFLICT DO NOTHING
        """,
        operator_id,
    )


def mark_repeated(operator_id) -> SQL:
    """Rows whose natural key somebody else holds are duplicates, whoever took it."""
    return SQL(
        """
        UPDATE toll_crossing_work w
           SET state = 'duplicate', reason = 'repeated'
          FROM toll_crossing_key k
         WHERE w.claims AND w.state IN ('posted', 'held')
           AND k.operator_id = %s AND k.ref = w.ref AND k.crossing_id <> w.id
        """,
        operator_id,
    )


def write(operator_id, company_id, batch_id) -> SQL:
    """Write every resolved row as a crossing."""
    return SQL(
        """
        INSERT INTO toll_crossing_data (
            id, occurred_at, entry_at, posted_at, company_id, operator_id, batch_id,
            line, plaza_id, lane_id, entry_plaza_id, lot_id, vehicle_id, account_id,
            class_id, currency_id, rate_id, amount, amount_discount, exemption_id,
            discount_plan_id, state, service, ref, direction, tag, plate, reason,
            detail, raw)
        SELECT id, occurred_at, entry_at,
               CASE WHEN state = 'posted' THEN now() AT TIME ZONE 'UTC' END,
               %(company)s, %(operator)s, %(batch)s, line, plaza_id, lane_id,
               entry_plaza_id, lot_id, vehicle_id, account_id, class_id, currency_id,
               rate_id, amount, amount_discount, exemption_id, discount_plan_id, state,
               service, ref, direction, tag, plate, reason, detail, raw
          FROM toll_crossing_work
        """,
        batch=batch_id,
        operator=operator_id,
        company=company_id,
    )


def settle(batch_id, received, line_to, read_committed) -> SQL:
    """Move the wallets and count the fates of the rows just written.

    ``received`` was counted by the reader: the tally's constraint compares it with the
    sum of the fates.
    """
    return SQL(
        """
        WITH charges AS (
            SELECT account_id, -sum(amount - amount_discount) AS amount
              FROM toll_crossing_work
             WHERE state = 'posted' AND amount > amount_discount
             GROUP BY account_id
        ), wallets AS (
            %(wallets)s
        )
        INSERT INTO toll_crossing_tally (
            batch_id, line_to, received, amount_received, %(tally)s)
        SELECT %(batch)s, %(line_to)s, %(received)s,
               COALESCE(sum(amount - amount_discount), 0), %(sums)s
          FROM toll_crossing_work
        """,
        batch=batch_id,
        received=received,
        line_to=line_to,
        tally=TALLY,
        sums=_sums(),
        wallets=move_wallets(read_committed),
    )


def fates(operator_id) -> SQL:
    """What became of each row, in order; a repeated one knows the first.

    The amount is what the customer pays.
    """
    return SQL(
        """
        SELECT w.id, w.ref, w.state, w.reason, w.detail,
               w.amount - w.amount_discount AS amount, k.crossing_id
          FROM toll_crossing_work w
          LEFT JOIN toll_crossing_key k ON k.operator_id = %s AND k.ref = w.ref
         ORDER BY w.line
        """,
        operator_id,
    )
