"""Who owes what since when, and the cases that are kept of it.

One statement reads the open receivable lines of toll invoices and the wallets of
prepaid accounts, and brings the cases up to date: what is new opens, what has changed
changes, what is paid closes. Run again, it changes nothing.
"""

from dataclasses import dataclass
from datetime import date

from odoo.tools import SQL


@dataclass
class Book:
    """Of which company, on which day, and what its settings say."""

    company: int
    today: date
    tz: str
    limits: tuple
    min_amount: float = 0
    grace: int = 0


def lock(company_id) -> SQL:
    """One refresh of a company at a time; the others wait for it."""
    return SQL(
        "SELECT pg_advisory_xact_lock(hashtext('toll_collection_case'), %s)",
        company_id,
    )


def _debts(book: Book, account_ids=None) -> SQL:
    """Common table expressions; the last one, `debt`, has a row per debtor."""
    some = account_ids is not None
    one, two, three = book.limits
    return SQL(
        """
        known AS MATERIALIZED (
            -- read before anything is written: an open case is looked for among these
            SELECT account_id, wallet_since
              FROM toll_collection_case
             WHERE state = 'open' AND company_id = %(company)s %(of_cases)s
        ), item AS (
            SELECT m.toll_account_id AS account_id, l.amount_residual AS amount,
                   COALESCE(l.date_maturity, l.date) AS due,
                   %(today)s - COALESCE(l.date_maturity, l.date) AS days
              FROM account_move_line l
              JOIN account_move m ON m.id = l.move_id
             WHERE l.reconciled IS NOT TRUE AND l.parent_state = 'posted'
               AND l.company_id = %(company)s AND l.amount_residual <> 0
               AND l.account_id IN (SELECT id FROM account_account
                                     WHERE account_type = 'asset_receivable')
               AND m.move_type IN ('out_invoice', 'out_refund')
               AND m.toll_account_id IS NOT NULL %(of_items)s
        ), invoice AS (
            SELECT account_id,
                   COALESCE(sum(amount) FILTER (
                       WHERE amount > 0 AND days BETWEEN 1 AND %(one)s), 0) AS b1,
                   COALESCE(sum(amount) FILTER (
                       WHERE amount > 0 AND days > %(one)s AND days <= %(two)s), 0)
                       AS b2,
                   COALESCE(sum(amount) FILTER (
                       WHERE amount > 0 AND days > %(two)s AND days <= %(three)s), 0)
                       AS b3,
                   COALESCE(sum(amount) FILTER (
                       WHERE amount > 0 AND days > %(three)s), 0) AS b4,
                   COALESCE(sum(amount) FILTER (
                       WHERE amount > 0 AND days < 1), 0) AS not_due,
                   COALESCE(-sum(amount) FILTER (WHERE amount < 0), 0) AS credit,
                   min(due) FILTER (WHERE amount > 0 AND days > 0) AS since
              FROM item
          GROUP BY account_id
        ), net AS (
            -- what the customer has to his credit pays the oldest first
            SELECT account_id, not_due, since,
                   GREATEST(b4 - credit, 0) AS b4,
                   GREATEST(b3 - GREATEST(credit - b4, 0), 0) AS b3,
                   GREATEST(b2 - GREATEST(credit - b4 - b3, 0), 0) AS b2,
                   GREATEST(b1 - GREATEST(credit - b4 - b3 - b2, 0), 0) AS b1
              FROM invoice
        ), below AS (
            SELECT a.id AS account_id, -(w.balance + COALESCE(p.amount, 0)) AS amount
              FROM toll_account a
              JOIN toll_wallet w ON w.account_id = a.id
         LEFT JOIN (SELECT account_id, sum(amount) AS amount
                      FROM toll_wallet_pending GROUP BY account_id) p
                ON p.account_id = a.id
             WHERE a.company_id = %(company)s AND a.payment_mode = 'prepaid'
               AND w.balance + COALESCE(p.amount, 0) < -COALESCE(a.credit_limit, 0)
               %(of_wallets)s
        ), wallet AS MATERIALIZED (
            -- the ledger is asked once, when the wallet is first seen below zero
            SELECT b.account_id, b.amount, COALESCE(
                       c.wallet_since,
                       (SELECT (min(f.occurred_at) AT TIME ZONE 'UTC'
                                    AT TIME ZONE %(tz)s)::date
                          FROM (SELECT e.occurred_at, e.n, max(e.n) FILTER (
                                           WHERE e.balance >= 0) OVER () AS good
                                  FROM (SELECT occurred_at,
                                               row_number() OVER way AS n,
                                               sum(amount) OVER way AS balance
                                          FROM toll_wallet_entry
                                         WHERE account_id = b.account_id
                                        WINDOW way AS (ORDER BY occurred_at, id)) e
                               ) f
                         WHERE f.n > COALESCE(f.good, 0)),
                       %(today)s) AS since
              FROM below b
         LEFT JOIN known c ON c.account_id = b.account_id
        ), owed AS (
            SELECT account_id, COALESCE(n.not_due, 0) AS amount_not_due,
                   COALESCE(n.b1 + n.b2 + n.b3 + n.b4, 0) AS amount_invoice,
                   COALESCE(w.amount, 0) AS amount_wallet, w.since AS wallet_since,
                   COALESCE(n.b1, 0) + CASE WHEN %(today)s - w.since <= %(one)s
                        THEN w.amount ELSE 0 END AS amount_1,
                   COALESCE(n.b2, 0) + CASE WHEN %(today)s - w.since > %(one)s
                         AND %(today)s - w.since <= %(two)s
                        THEN w.amount ELSE 0 END AS amount_2,
                   COALESCE(n.b3, 0) + CASE WHEN %(today)s - w.since > %(two)s
                         AND %(today)s - w.since <= %(three)s
                        THEN w.amount ELSE 0 END AS amount_3,
                   COALESCE(n.b4, 0) + CASE WHEN %(today)s - w.since > %(three)s
                        THEN w.amount ELSE 0 END AS amount_4,
                   LEAST(CASE WHEN n.b1 + n.b2 + n.b3 + n.b4 > 0 THEN n.since END,
                         w.since) AS since
              FROM net n
         FULL JOIN wallet w USING (account_id)
        ), debt AS (
            SELECT o.*, o.amount_invoice + o.amount_wallet AS amount_due
              FROM owed o
             WHERE o.amount_invoice + o.amount_wallet > 0
               AND o.amount_invoice + o.amount_wallet >= %(least)s
        )
        """,
        today=book.today,
        company=book.company,
        tz=book.tz,
        least=book.min_amount,
        one=one,
        two=two,
        three=three,
        of_cases=SQL("AND account_id = ANY(%s)", account_ids) if some else SQL(),
        of_items=SQL("AND m.toll_account_id = ANY(%s)", account_ids) if some else SQL(),
        of_wallets=SQL("AND a.id = ANY(%s)", account_ids) if some else SQL(),
    )


def live(book: Book, account_ids) -> SQL:
    """(account, due at this moment, its oldest date) of those that owe."""
    return SQL(
        "WITH %s SELECT account_id, amount_due, since FROM debt",
        _debts(book, list(account_ids)),
    )


_COLUMNS = (
    "partner_id",
    "office_id",
    "payment_mode",
    "is_company",
    "vehicle_count",
    "currency_id",
    "since",
    "wallet_since",
    "amount_due",
    "amount_invoice",
    "amount_wallet",
    "amount_not_due",
    "amount_1",
    "amount_2",
    "amount_3",
    "amount_4",
)


def refresh(book: Book, uid, account_ids=None) -> SQL:
    """Bring the cases up to date; answers (what, how many): opened, changed, closed."""
    columns = [SQL.identifier(name) for name in _COLUMNS]
    names = SQL(", ").join(columns)
    return SQL(
        """
        WITH %(debts)s, fleet AS (
            SELECT v.account_id, count(*) AS vehicles
              FROM toll_vehicle v
              JOIN debt d ON d.account_id = v.account_id
             WHERE v.active AND v.date_to IS NULL
          GROUP BY v.account_id
        ), fresh AS (
            SELECT d.account_id, a.partner_id, a.office_id, a.payment_mode,
                   COALESCE(p.is_company OR p.parent_id IS NOT NULL, false)
                       AS is_company,
                   COALESCE(f.vehicles, 0) AS vehicle_count, a.currency_id, d.since,
                   d.wallet_since, d.amount_due, d.amount_invoice, d.amount_wallet,
                   d.amount_not_due, d.amount_1, d.amount_2, d.amount_3, d.amount_4
              FROM debt d
              JOIN toll_account a ON a.id = d.account_id
              JOIN res_partner p ON p.id = a.partner_id
         LEFT JOIN fleet f ON f.account_id = d.account_id
        ), opened AS (
            INSERT INTO toll_collection_case (
                account_id, company_id, state, opened_at, priority, is_pinned,
                create_uid, write_uid, create_date, write_date, %(names)s)
            SELECT f.account_id, %(company)s, 'open', now() AT TIME ZONE 'UTC', '0',
                   false, %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC',
                   now() AT TIME ZONE 'UTC', %(fresh)s
              FROM fresh f
             WHERE %(today)s - f.since > %(grace)s
               AND NOT EXISTS (SELECT FROM known k
                                WHERE k.account_id = f.account_id)
            ON CONFLICT (account_id) WHERE state = 'open' DO NOTHING
            RETURNING id
        ), changed AS (
            UPDATE toll_collection_case c
               SET (%(names)s) = ROW(%(fresh)s)
              FROM fresh f
             WHERE c.account_id = f.account_id AND c.state = 'open'
               AND (%(old)s) IS DISTINCT FROM (%(fresh)s)
            RETURNING c.id
        ), closed AS (
            UPDATE toll_collection_case c
               SET state = 'closed', closed_at = now() AT TIME ZONE 'UTC',
                   closed_date = %(today)s,
                   amount_closed = c.amount_due,
                   close_reason = CASE
                       WHEN EXISTS (SELECT FROM toll_write_off w
                                     WHERE w.case_id = c.id AND w.state = 'approved')
                       THEN 'written_off'
                       WHEN EXISTS (SELECT FROM owed o
                                     WHERE o.account_id = c.account_id
                                       AND o.amount_invoice + o.amount_wallet > 0)
                       THEN 'small' ELSE 'paid' END,
                   amount_due = 0, amount_invoice = 0, amount_wallet = 0,
                   amount_1 = 0, amount_2 = 0, amount_3 = 0, amount_4 = 0,
                   next_action_date = NULL, write_uid = %(uid)s,
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE c.state = 'open' AND c.company_id = %(company)s %(only)s
               AND NOT EXISTS (SELECT FROM debt d WHERE d.account_id = c.account_id)
            RETURNING c.id
        )
        SELECT 'opened', count(*) FROM opened
        UNION ALL SELECT 'changed', count(*) FROM changed
        UNION ALL SELECT 'closed', count(*) FROM closed
        """,
        debts=_debts(book, account_ids),
        names=names,
        fresh=SQL(", ").join(SQL("f.%s", column) for column in columns),
        old=SQL(", ").join(SQL("c.%s", column) for column in columns),
        company=book.company,
        today=book.today,
        grace=book.grace,
        uid=uid,
        only=SQL("AND c.account_id = ANY(%s)", account_ids)
        if account_ids is not None
        else SQL(),
    )


def analyze() -> SQL:
    """Many cases are new: let the planner know before it joins them."""
    return SQL("ANALYZE toll_collection_case")


def segment(book: Book, account_ids=None) -> SQL:
    """Put each open case into the first segment that fits it.

    A case that moves into a segment of another team goes to that team, unless a person
    has said who keeps it or an agency has it.
    """
    return SQL(
        """
        WITH found AS (
            SELECT c.id, s.id AS segment_id, s.team_id
              FROM toll_collection_case c
         LEFT JOIN LATERAL (
                    SELECT s.id, s.team_id
                      FROM toll_portfolio_segment s
                     WHERE s.company_id = c.company_id AND s.active
                       AND %(today)s - c.since >= COALESCE(s.days_from, 0)
                       AND (COALESCE(s.days_to, 0) = 0
                            OR %(today)s - c.since <= s.days_to)
                       AND c.amount_due >= COALESCE(s.amount_from, 0)
                       AND (COALESCE(s.amount_to, 0) = 0
                            OR c.amount_due <= s.amount_to)
                       AND (s.payment_mode IS NULL
                            OR s.payment_mode = c.payment_mode)
                       AND (s.person IS NULL
                            OR (s.person = 'company') = c.is_company)
                       AND c.vehicle_count >= COALESCE(s.vehicles_from, 0)
                       AND (COALESCE(s.vehicles_to, 0) = 0
                            OR c.vehicle_count <= s.vehicles_to)
                       AND (NOT EXISTS (
                                SELECT FROM toll_portfolio_segment_office_rel r
                                 WHERE r.segment_id = s.id)
                            OR EXISTS (
                                SELECT FROM toll_portfolio_segment_office_rel r
                                 WHERE r.segment_id = s.id
                                   AND r.office_id = c.office_id))
                  ORDER BY s.sequence, s.id
                     LIMIT 1) s ON true
             WHERE c.company_id = %(company)s AND c.state = 'open' %(only)s
        ), moved AS (
            SELECT f.id, f.segment_id,
                   CASE WHEN f.team_id IS NULL OR c.is_pinned
                             OR c.agency_id IS NOT NULL
                        THEN c.team_id ELSE f.team_id END AS team_id
              FROM found f
              JOIN toll_collection_case c ON c.id = f.id
        )
        UPDATE toll_collection_case c
           SET segment_id = m.segment_id, team_id = m.team_id,
               user_id = CASE WHEN m.team_id IS NOT DISTINCT FROM c.team_id
                              THEN c.user_id END
          FROM moved m
         WHERE m.id = c.id
           AND (c.segment_id, c.team_id) IS DISTINCT FROM (m.segment_id, m.team_id)
        RETURNING c.id
        """,
        today=book.today,
        company=book.company,
        only=SQL("AND c.account_id = ANY(%s)", account_ids)
        if account_ids is not None
        else SQL(),
    )


def waiting_cases(team_ids) -> SQL:
    """(team, case, amount) of open cases that wait for a collector of their team."""
    return SQL(
        """
        SELECT team_id, id, amount_due
          FROM toll_collection_case
         WHERE state = 'open' AND user_id IS NULL AND agency_id IS NULL
           AND team_id = ANY(%s)
        """,
        list(team_ids),
    )


def desks(team_id) -> SQL:
    """(user, cases, amount, capacity) of the members that take cases.

    What a collector has in other teams is on the same desk.
    """
    return SQL(
        """
        SELECT m.user_id, COALESCE(c.cases, 0), COALESCE(c.amount, 0),
               COALESCE(m.capacity, 0)
          FROM toll_collection_member m
          JOIN res_users u ON u.id = m.user_id AND u.active
     LEFT JOIN (SELECT user_id, count(*) AS cases, sum(amount_due) AS amount
                  FROM toll_collection_case
                 WHERE state = 'open' AND user_id IS NOT NULL
              GROUP BY user_id) c ON c.user_id = m.user_id
         WHERE m.is_available AND m.team_id = %s
        """,
        team_id,
    )


def assign(shared, today) -> SQL:
    """Write {case: user}; what has a collector meanwhile keeps it."""
    return SQL(
        """
        UPDATE toll_collection_case c
           SET user_id = v.user_id,
               next_action_date = COALESCE(c.next_action_date, %s)
          FROM unnest(%s::int[], %s::int[]) AS v (id, user_id)
         WHERE v.id = c.id AND c.user_id IS NULL AND c.state = 'open'
        """,
        today,
        list(shared),
        list(shared.values()),
    )


def create_item_view() -> SQL:
    """The open documents of accounts, as they stand at this moment."""
    return SQL(
        """
        CREATE OR REPLACE VIEW toll_collection_item AS
        SELECT l.id, m.toll_account_id AS account_id, c.id AS case_id, l.company_id,
               a.currency_id, m.id AS move_id, m.name, m.move_type,
               m.invoice_date AS date, COALESCE(l.date_maturity, l.date) AS due_date,
               l.balance AS amount, l.amount_residual AS amount_open
          FROM account_move_line l
          JOIN account_move m ON m.id = l.move_id
          JOIN toll_account a ON a.id = m.toll_account_id
     LEFT JOIN toll_collection_case c ON c.account_id = a.id AND c.state = 'open'
         WHERE l.reconciled IS NOT TRUE AND l.parent_state = 'posted'
           AND l.amount_residual <> 0
           AND l.account_id IN (SELECT id FROM account_account
                                 WHERE account_type = 'asset_receivable')
           AND m.move_type IN ('out_invoice', 'out_refund')
        """
    )
