"""Deposits and invoices: what pays what, and what is left open."""

from odoo.tools import SQL


def lock_wallets(statement_ids) -> SQL:
    """Hold the wallets of prepaid accounts: nobody takes the deposit out meanwhile.

    It changes the rows, not only locks them: whoever read a deposit before this is
    committed cannot spend it again, but starts anew.
    """
    return SQL(
        """
        WITH held AS MATERIALIZED (
            SELECT w.account_id
              FROM toll_wallet w
             WHERE w.account_id IN (
                   SELECT s.account_id FROM toll_statement s
                     JOIN toll_account a ON a.id = s.account_id
                    WHERE s.id = ANY(%s) AND a.payment_mode = 'prepaid')
             ORDER BY w.account_id
               FOR NO KEY UPDATE
        )
        UPDATE toll_wallet w SET balance = w.balance
          FROM held WHERE w.account_id = held.account_id
        """,
        list(statement_ids),
    )


def deposits(account_ids) -> SQL:
    """(account, deposit): wallet plus usage that no invoice has taken yet.

    Amounts come as text: Odoo's driver would make floats of them.
    """
    return SQL(
        """
        SELECT w.account_id,
              (w.balance
               + COALESCE((SELECT sum(p.amount) FROM toll_wallet_pending p
                            WHERE p.account_id = w.account_id), 0)
               + COALESCE((SELECT sum(c.amount - c.amount_discount)
                             FROM toll_crossing_data c
                            WHERE c.account_id = w.account_id AND c.state = 'posted'
                              AND c.statement_id IS NULL), 0)
               + COALESCE((SELECT sum(s.amount_total + COALESCE(s.amount_volume, 0))
                             FROM toll_statement s
                            WHERE s.account_id = w.account_id
                              AND s.state <> 'invoiced'), 0))::text
          FROM toll_wallet w
         WHERE w.account_id = ANY(%s)
        """,
        list(account_ids),
    )


def insert_settlements(rows, uid, kind="settlement") -> SQL:
    """Wallet entries of invoices: the debt leaves the wallet for the receivable.

    A row is (account, company, currency, amount, ref, origin, move).
    """
    return SQL(
        """
        WITH new AS (
            INSERT INTO toll_wallet_entry_data (
                account_id, company_id, kind, amount, currency_id, occurred_at, ref,
                origin, move_id, create_uid)
            SELECT v.account_id, v.company_id, %(kind)s, v.amount, v.currency_id,
                   now() AT TIME ZONE 'UTC', v.ref, v.origin, v.move_id, %(uid)s
              FROM unnest(%(accounts)s::int[], %(companies)s::int[],
                          %(currencies)s::int[], %(amounts)s::numeric[],
                          %(refs)s::varchar[], %(origins)s::varchar[],
                          %(moves)s::int[])
                AS v (account_id, company_id, currency_id, amount, ref, origin, move_id)
            RETURNING account_id, amount
        )
        INSERT INTO toll_wallet_pending (account_id, amount)
        SELECT account_id, amount FROM new ORDER BY account_id
        """,
        uid=uid,
        kind=kind,
        **dict(
            zip(
                (
                    "accounts",
                    "companies",
                    "currencies",
                    "amounts",
                    "refs",
                    "origins",
                    "moves",
                ),
                (list(column) for column in zip(*rows, strict=True)),
                strict=True,
            )
        ),
    )


def mark_invoiced(rows, uid) -> SQL:
    """A row is (statement, invoice or None, amount paid from the deposit)."""
    statements, moves, paid = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        UPDATE toll_statement s
           SET state = 'invoiced', move_id = v.move_id, amount_settled = v.paid,
               write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
          FROM unnest(%s::int[], %s::int[], %s::numeric[]) AS v (id, move_id, paid)
         WHERE s.id = v.id
        """,
        uid,
        statements,
        moves,
        paid,
    )


def open_by_account(account_ids) -> SQL:
    """(account, open amount) of posted toll invoices and credit notes."""
    only = (
        SQL("AND m.toll_account_id = ANY(%s)", list(account_ids))
        if account_ids
        else SQL()
    )
    return SQL(
        """
        SELECT m.toll_account_id, sum(m.amount_residual_signed)
          FROM account_move m
         WHERE m.toll_account_id IS NOT NULL AND m.state = 'posted'
           AND m.move_type IN ('out_invoice', 'out_refund')
           AND m.amount_residual_signed <> 0 %s
         GROUP BY m.toll_account_id
        """,
        only,
    )
