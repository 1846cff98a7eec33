"""Wallets that nobody has moved for a long time."""

from odoo.tools import SQL


def dormant_accounts(company_id, since) -> SQL:
    """Open accounts with money and without any movement from this moment on."""
    return SQL(
        """
        SELECT a.id
          FROM toll_account a
          JOIN toll_wallet w ON w.account_id = a.id
         WHERE a.company_id = %(company)s
           AND a.state IN ('active', 'suspended')
           AND COALESCE(a.opened_at, a.create_date) < %(since)s
           AND w.balance + COALESCE((SELECT sum(p.amount) FROM toll_wallet_pending p
                                      WHERE p.account_id = a.id), 0) > 0
           AND NOT EXISTS (SELECT FROM toll_wallet_entry e
                            WHERE e.account_id = a.id AND e.occurred_at >= %(since)s)
         ORDER BY a.id
        """,
        company=company_id,
        since=since,
    )
