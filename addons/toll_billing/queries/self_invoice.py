"""Invoices that customers ask for themselves: locks, and what can be invoiced.

Locks are taken in one order: company (shared), wallets by account, then crossings by
the statement that claims them. Billing runs take the company alone, so that no run has
to start again because a customer was quicker.
"""

from odoo.tools import SQL

_KEY = "hashtext('toll.self.invoice')"


def try_enter(company_id) -> SQL:
    """Many customers at a time; False: a billing run is at work or waits for us."""
    return SQL(f"SELECT pg_try_advisory_xact_lock_shared({_KEY}, %s)", company_id)


def shut_out(company_id) -> SQL:
    """A billing run waits until customers have their invoices, and bars new ones."""
    return SQL(f"SELECT pg_advisory_xact_lock({_KEY}, %s)", company_id)


def take_wallets(account_ids) -> SQL:
    """Change the wallets' rows, not only lock them: who began before this gets a
    serialisation error, starts again, and then sees what was invoiced meanwhile.
    """
    return SQL(
        """
        WITH held AS MATERIALIZED (
            SELECT account_id FROM toll_wallet WHERE account_id = ANY(%s)
             ORDER BY account_id FOR NO KEY UPDATE
        )
        UPDATE toll_wallet w SET balance = w.balance
          FROM held WHERE w.account_id = held.account_id
        """,
        list(account_ids),
    )


def fates(account_ids, since, until, oldest, latest) -> SQL:
    """(fate, crossings, amount) of a period, from the customer's point of view.

    :param oldest: crossings before it are too old, if it is given
    :param latest: crossings from it on are of the open period, if it is given
    """
    return SQL(
        """
        SELECT fate, count(*), sum(amount)
          FROM (SELECT c.amount - c.amount_discount AS amount,
                       CASE WHEN c.state = 'held' THEN 'held'
                            WHEN c.statement_id IS NOT NULL THEN 'invoiced'
                            WHEN c.occurred_at < %(oldest)s THEN 'old'
                            WHEN c.occurred_at >= %(latest)s THEN 'open'
                            ELSE 'free' END AS fate
                  FROM toll_crossing_data c
                 WHERE c.account_id = ANY(%(accounts)s)
                   AND c.state IN ('posted', 'held')
                   AND c.occurred_at >= %(since)s AND c.occurred_at < %(until)s) f
         GROUP BY fate
        """,
        accounts=list(account_ids),
        since=since,
        until=until,
        oldest=oldest,
        latest=latest,
    )


def bounds(account_ids, crossing_ids) -> SQL:
    """(first, last, crossings) of those of these crossings that nobody has invoiced."""
    return SQL(
        """
        SELECT min(occurred_at), max(occurred_at), count(*)
          FROM toll_crossing_data
         WHERE id = ANY(%s) AND account_id = ANY(%s) AND state = 'posted'
           AND statement_id IS NULL
        """,
        list(crossing_ids),
        list(account_ids),
    )
