"""What the retention of data finds, and the one door out of append-only tables.

Each ``*_due`` gives the ids of what is older than ``before``, of these companies, and
not of a held customer.
"""

from odoo.tools import SQL


def held_accounts(hold=True) -> SQL:
    """Accounts of customers whose data a dispute or an authority needs."""
    if not hold:
        return SQL("SELECT NULL::int WHERE FALSE")
    return SQL(
        """
        SELECT a.id FROM toll_account a
          JOIN res_partner p ON p.id = a.commercial_partner_id
         WHERE p.toll_legal_hold
        """
    )


def held_people(hold=True) -> SQL:
    """The same customers themselves, with their contacts."""
    if not hold:
        return SQL("SELECT NULL::int WHERE FALSE")
    return SQL(
        """
        SELECT p.id FROM res_partner p
          JOIN res_partner c ON c.id = p.commercial_partner_id
         WHERE c.toll_legal_hold
        """
    )


def batch(due: SQL, after: int, limit: int) -> SQL:
    return SQL(
        "SELECT id FROM (%s) AS due WHERE id > %s ORDER BY id LIMIT %s",
        due,
        after or 0,
        limit,
    )


def count(due: SQL) -> SQL:
    return SQL("SELECT count(*) FROM (%s) AS due", due)


def delete(table: str, ids) -> SQL:
    """Delete rows of a table that lets nobody delete, in this statement only."""
    return SQL(
        """
        WITH door AS MATERIALIZED (SELECT set_config('toll.retention', 'open', true)),
        gone AS (
            DELETE FROM %(table)s
             WHERE id = ANY(%(ids)s) AND EXISTS (SELECT FROM door)
         RETURNING id)
        SELECT count(*) FROM gone
        """,
        table=SQL.identifier(table),
        ids=list(ids),
    )


def close_door() -> SQL:
    return SQL("SELECT set_config('toll.retention', '', true)")


def read_log_due(before, companies, hold) -> SQL:
    return SQL(
        """
        SELECT id FROM toll_access_log
         WHERE date < %(before)s AND company_id = ANY(%(companies)s)
           AND NOT COALESCE(account_keys, ARRAY[account_id])
                   && ARRAY(%(held)s)
        """,
        before=before,
        companies=companies,
        held=held_accounts(hold),
    )


def contact_due(before, companies, hold, every) -> SQL:
    """Notes with words in them; to be erased, every note."""
    return SQL(
        """
        SELECT id FROM toll_call
         WHERE started_at < %(before)s AND company_id = ANY(%(companies)s)
           AND (%(every)s OR COALESCE(note, phone, caller) IS NOT NULL)
           AND (account_id IS NULL OR account_id NOT IN (%(held)s))
        """,
        before=before,
        companies=companies,
        every=every,
        held=held_accounts(hold),
    )


def request_due(before, companies, hold) -> SQL:
    return SQL(
        """
        SELECT id FROM toll_request
         WHERE closed_at < %(before)s AND company_id = ANY(%(companies)s)
           AND erased_at IS NULL
           AND (account_id IS NULL OR account_id NOT IN (%(held)s))
           AND (partner_id IS NULL OR partner_id NOT IN (%(people)s))
        """,
        before=before,
        companies=companies,
        held=held_accounts(hold),
        people=held_people(hold),
    )


def customer_due(before, companies, hold) -> SQL:
    """Customers all of whose accounts were closed before, and who begin no new one."""
    return SQL(
        """
        SELECT a.commercial_partner_id AS id
          FROM toll_account a
          JOIN res_partner p ON p.id = a.commercial_partner_id
         WHERE p.toll_erased_at IS NULL
      GROUP BY a.commercial_partner_id
        HAVING bool_and(a.state IN ('closed', 'draft'))
           AND max(a.closed_at) < %(before)s
           AND bool_and(a.state = 'closed' OR a.create_date < %(before)s)
           AND bool_and(a.company_id = ANY(%(companies)s))
           AND NOT array_agg(a.id) && ARRAY(%(held)s)
        """,
        before=before,
        companies=companies,
        held=held_accounts(hold),
    )


def signup_due(before, companies, hold) -> SQL:
    """Customers who signed up on the web, never confirmed, and have nothing else."""
    return SQL(
        """
        SELECT a.commercial_partner_id AS id
          FROM toll_account a
          JOIN res_partner p ON p.id = a.commercial_partner_id
         WHERE p.toll_erased_at IS NULL
      GROUP BY a.commercial_partner_id
        HAVING bool_and(a.state = 'draft' AND a.is_web_signup)
           AND max(a.create_date) < %(before)s
           AND bool_and(a.company_id = ANY(%(companies)s))
           AND NOT array_agg(a.id) && ARRAY(%(held)s)
        """,
        before=before,
        companies=companies,
        held=held_accounts(hold),
    )


def message_due(before, companies, hold) -> SQL:
    return SQL(
        """
        SELECT id FROM toll_message
         WHERE create_date < %(before)s AND company_id = ANY(%(companies)s)
           AND state NOT IN ('queued', 'sending')
           AND COALESCE("to", subject, text) IS NOT NULL
           AND account_id NOT IN (%(held)s)
        """,
        before=before,
        companies=companies,
        held=held_accounts(hold),
    )
