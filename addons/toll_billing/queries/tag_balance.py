"""What the balance of prepaid accounts makes of their TAGs' status."""

from odoo.tools import SQL


def moved_accounts(company, since, xid) -> SQL:
    """Accounts whose money may have moved since a watermark.

    Wallets tell by the number of the transaction that wrote them last: one pass over a
    narrow table, and no column or index that every crossing would have to write.
    """
    return SQL(
        """
        SELECT w.account_id FROM toll_wallet w
          JOIN toll_account a ON a.id = w.account_id
         WHERE age(w.xmin) <= age(%(xid)s::xid8::xid) AND a.company_id = %(company)s
         UNION
        SELECT p.account_id FROM toll_wallet_pending p
          JOIN toll_account a ON a.id = p.account_id
         WHERE a.company_id = %(company)s
         UNION
        SELECT id FROM toll_account
         WHERE write_date >= %(since)s AND company_id = %(company)s
         UNION
        SELECT account_id FROM toll_account_pack
         WHERE write_date >= %(since)s AND company_id = %(company)s
        """,
        company=company,
        since=since,
        xid=xid,
    )


def follow(company, account_ids, taken, floor, now, today) -> SQL:
    """(status, TAGs that should have it) of TAGs whose status does not fit the balance.

    TAGs that are blocked for another reason stay so. Toll credit of packs counts like
    money; under another pack that runs, a TAG passes with an empty wallet too.

    :param account_ids: None for all of the company
    :param taken: {account: what it owes besides its wallet}
    :param floor: a TAG may pass when more than this is available
    """
    only = (
        SQL("AND a.id = ANY(%s)", list(account_ids))
        if account_ids is not None
        else SQL()
    )
    return SQL(
        """
        WITH account AS (
            SELECT a.id, COALESCE(a.low_balance_threshold, 0) AS threshold,
                   w.balance + COALESCE(p.amount, 0) + COALESCE(a.credit_limit, 0)
                     - COALESCE(t.amount, 0) AS available
              FROM toll_account a
              JOIN toll_wallet w ON w.account_id = a.id
         LEFT JOIN (SELECT account_id, sum(amount) AS amount
                      FROM toll_wallet_pending GROUP BY account_id) p
                ON p.account_id = a.id
         LEFT JOIN unnest(%(taken)s::int[], %(amounts)s::numeric[])
                   AS t (account_id, amount) ON t.account_id = a.id
             WHERE a.company_id = %(company)s AND a.state = 'active'
               AND a.payment_mode = 'prepaid' %(only)s
        ), pack AS (
            SELECT account_id, vehicle_id, sum(amount_left) AS credit,
                   bool_or(kind <> 'credit') AS runs
              FROM toll_account_pack
             WHERE company_id = %(company)s AND state = 'active'
               AND COALESCE(date_from, %(today)s) <= %(today)s
             GROUP BY account_id, vehicle_id
        ), tag AS (
            SELECT lot.id, lot.company_id, lot.toll_state, account.threshold,
                   account.available + COALESCE(every.credit, 0)
                       + COALESCE(own.credit, 0) AS available,
                   COALESCE(every.runs, FALSE) OR COALESCE(own.runs, FALSE) AS runs
              FROM account
              JOIN stock_lot lot ON lot.toll_account_id = account.id
              LEFT JOIN pack every
                ON every.account_id = account.id AND every.vehicle_id IS NULL
              LEFT JOIN pack own
                ON own.account_id = account.id
               AND own.vehicle_id = lot.toll_vehicle_id
        ), wanted AS (
            SELECT lot.id, ts.status AS current,
                   CASE WHEN lot.available <= %(floor)s
                             AND NOT (lot.runs AND lot.available >= 0) THEN 'blocked'
                        WHEN lot.available < lot.threshold OR lot.available <= %(floor)s
                             THEN 'low'
                        ELSE 'valid' END AS status
              FROM tag lot
              JOIN toll_tag_status ts ON ts.lot_id = lot.id AND ts.date_to IS NULL
             WHERE lot.toll_state = 'assigned' AND lot.company_id = %(company)s
               AND (ts.status <> 'blocked' OR ts.reason = 'low_balance')
               AND ts.date_from <= %(now)s
        )
        SELECT status, array_agg(id ORDER BY id) FROM wanted
         WHERE status <> current GROUP BY status ORDER BY status
        """,
        taken=list(taken),
        amounts=list(taken.values()),
        company=company,
        only=only,
        floor=floor,
        now=now,
        today=today,
    )


def short_accounts(account_ids) -> SQL:
    """Accounts with a TAG that is grey, or black for want of money."""
    return SQL(
        """
        SELECT DISTINCT lot.toll_account_id
          FROM stock_lot lot
          JOIN toll_tag_status ts ON ts.lot_id = lot.id AND ts.date_to IS NULL
         WHERE lot.toll_account_id = ANY(%s)
           AND (ts.status = 'low'
                OR ts.status = 'blocked' AND ts.reason = 'low_balance')
        """,
        list(account_ids),
    )
