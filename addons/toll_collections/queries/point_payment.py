"""Payments of collection points: a file's rows get their fates in one statement."""

from odoo.tools import SQL

FATES = ("posted", "held", "rejected", "duplicate")
#: What a row of `insert_rows` holds.
COLUMNS = (
    "line",
    "text",
    "ref",
    "account",
    "account_id",
    "is_typo",
    "tag",
    "amount",
    "paid_at",
    "point",
    "point_id",
    "col",
    "code",
    "value",
)

_GUARDS = """
CREATE OR REPLACE FUNCTION toll_point_payment_guard() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'What was received stays (payment %).', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.file_id, NEW.line, NEW.amount, NEW.ref, NEW.text)
       IS DISTINCT FROM (OLD.file_id, OLD.line, OLD.amount, OLD.ref, OLD.text) THEN
        RAISE EXCEPTION 'What was received is never changed (payment %).', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $body$;
CREATE OR REPLACE TRIGGER toll_point_payment_guard
    BEFORE UPDATE OF file_id, line, amount, ref, text OR DELETE ON toll_point_payment
    FOR EACH ROW EXECUTE FUNCTION toll_point_payment_guard();
"""


def create_guards() -> SQL:
    return SQL(_GUARDS.replace("%", "%%"))


def lock_network(network_id) -> SQL:
    """One file of a network at a time; the others wait here.

    It changes the row, not only locks it: whoever began before the other committed
    gets a serialisation error, starts again, and then finds what the other has loaded.
    """
    return SQL(
        "UPDATE toll_point_network SET write_date = write_date WHERE id = %s",
        network_id,
    )


def insert_rows(file, rows, limit, uid, now) -> SQL:
    """Keep every row of a file, with its fate. A row has the COLUMNS."""
    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    return SQL(
        """
        WITH raw AS (
            SELECT r.*, row_number() OVER (
                       PARTITION BY r.ref, r.code IS NULL ORDER BY r.line) AS nth
              FROM unnest(%(line)s::int[], %(text)s::text[], %(ref)s::text[],
                          %(account)s::text[], %(account_id)s::int[],
                          %(is_typo)s::bool[], %(tag)s::text[], %(amount)s::numeric[],
                          %(paid_at)s::timestamp[], %(point)s::text[],
                          %(point_id)s::int[], %(col)s::text[], %(code)s::text[],
                          %(value)s::text[])
                AS r (line, text, ref, account, account_id, is_typo, tag, amount,
                      paid_at, point, point_id, col, code, value)
        ), judged AS (
            SELECT r.*, a.state,
                   old.amount AS old_amount, old.id AS old_id
              FROM raw r
         LEFT JOIN toll_point_payment old
                ON old.network_id = %(network)s AND old.ref = r.ref
               AND old.fate IN ('posted', 'held') AND r.code IS NULL
         LEFT JOIN toll_account a ON a.id = r.account_id
        ), fated AS (
            SELECT j.*,
                   CASE WHEN j.code IS NOT NULL THEN 'rejected'
                        WHEN j.old_id IS NOT NULL OR j.nth > 1 THEN 'duplicate'
                        WHEN j.account_id IS NULL OR j.state IN ('draft', 'closed')
                             OR (%(limit)s > 0 AND j.amount > %(limit)s) THEN 'held'
                        ELSE 'posted' END AS fate,
                   CASE WHEN j.code IS NOT NULL THEN j.code
                        WHEN j.old_amount <> j.amount THEN 'repeated_differs'
                        WHEN j.old_id IS NOT NULL THEN 'repeated'
                        WHEN j.nth > 1 THEN 'repeated_in_file'
                        WHEN j.account_id IS NULL AND j.is_typo THEN 'wrong_digit'
                        WHEN j.account_id IS NULL THEN 'unknown_account'
                        WHEN j.state IN ('draft', 'closed') THEN 'account_not_open'
                        WHEN %(limit)s > 0 AND j.amount > %(limit)s THEN 'above_limit'
                        END AS reason
              FROM judged j
        )
        INSERT INTO toll_point_payment (
            file_id, network_id, company_id, currency_id, line, text, ref,
            account_text, tag_text, amount, paid_at, point_text, point_id, account_id,
            fate, reason, fault_column, fault_value, booked_at,
            create_uid, write_uid, create_date, write_date)
        SELECT %(file)s, %(network)s, %(company)s, %(currency)s, line, text,
               NULLIF(ref, ''), NULLIF(account, ''), NULLIF(tag, ''),
               COALESCE(amount, 0), paid_at, NULLIF(point, ''), point_id,
               CASE WHEN fate IN ('posted', 'held') THEN account_id END,
               fate, reason, col, value,
               CASE WHEN fate IN ('posted', 'held') THEN %(now)s::timestamp END,
               %(uid)s, %(uid)s,
               now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
          FROM fated
      ORDER BY line
        """,
        **columns,
        network=file.network_id.id,
        file=file.id,
        company=file.company_id.id,
        currency=file.currency_id.id,
        limit=limit or 0,
        uid=uid,
        now=now,
    )


def find_accounts(company_id, numbers, names, tags) -> SQL:
    """(what was written, account): numbers, invoices' references, TAGs.

    The same TAG or reference of two accounts names none of them.
    """
    return SQL(
        """
        SELECT a.number, a.id
          FROM toll_account a
         WHERE a.number = ANY(%(numbers)s) AND a.company_id = %(company)s
         UNION ALL
        SELECT n.name, min(m.toll_account_id)
          FROM unnest(%(names)s::text[]) AS n (name)
          JOIN account_move m ON m.payment_reference = n.name
         WHERE m.company_id = %(company)s AND m.state = 'posted'
           AND m.move_type = 'out_invoice' AND m.toll_account_id IS NOT NULL
      GROUP BY n.name
        HAVING count(DISTINCT m.toll_account_id) = 1
         UNION ALL
        SELECT 'TAG ' || t.name, min(l.toll_account_id)
          FROM unnest(%(tags)s::text[]) AS t (name)
          JOIN stock_lot l ON l.name = t.name AND l.toll_state IS NOT NULL
          JOIN toll_account a ON a.id = l.toll_account_id
         WHERE a.company_id = %(company)s
      GROUP BY t.name
        HAVING count(DISTINCT l.toll_account_id) = 1
        """,
        company=company_id,
        numbers=list(numbers),
        names=list(names),
        tags=list(tags),
    )


def count_fates(file_id, received=None, amount=None) -> SQL:
    """Bring the file's figures up to date with its rows.

    What was received is said once, by the reader: a CHECK compares it with the fates.
    """
    sums, parts = [], []
    for fate in FATES:
        count, money = SQL.identifier(f"{fate}_count"), SQL.identifier(f"amount_{fate}")
        sums.append(
            SQL(
                "count(*) FILTER (WHERE fate = %s) AS %s,"
                " COALESCE(sum(amount) FILTER (WHERE fate = %s), 0) AS %s",
                *(fate, count, fate, money),
            )
        )
        parts.append(SQL("%s = f.%s, %s = f.%s", count, count, money, money))
    if received is not None:
        parts.append(SQL("received_count = %s, amount_received = %s", received, amount))
    return SQL(
        """
        UPDATE toll_point_file
           SET %s
          FROM (SELECT %s FROM toll_point_payment WHERE file_id = %s) AS f
         WHERE id = %s
        """,
        SQL(", ").join(parts),
        SQL(", ").join(sums),
        file_id,
        file_id,
    )


def post_wallets(file_id, move_id, origin, uid, now) -> SQL:
    """The top-ups of a file's posted rows; answer the accounts that got money."""
    return SQL(
        """
        WITH new AS (
            INSERT INTO toll_wallet_entry_data (
                account_id, company_id, kind, amount, currency_id, occurred_at, ref,
                origin, move_id, create_uid)
            SELECT p.account_id, p.company_id, 'topup', p.amount, p.currency_id,
                   %(now)s, 'POINT-' || p.network_id || '-' || p.ref, %(origin)s,
                   %(move)s, %(uid)s
              FROM toll_point_payment p
             WHERE p.file_id = %(file)s AND p.fate = 'posted'
            RETURNING account_id, amount
        ), waiting AS (
            INSERT INTO toll_wallet_pending (account_id, amount)
            SELECT account_id, sum(amount) FROM new GROUP BY account_id
            RETURNING account_id
        )
        SELECT account_id FROM waiting
        """,
        file=file_id,
        move=move_id,
        origin=origin,
        uid=uid,
        now=now,
    )


def settle_rows(settlement, until) -> SQL:
    """Put on the settlement what was booked before this instant."""
    return SQL(
        """
        UPDATE toll_point_payment SET settlement_id = %s
         WHERE network_id = %s AND settlement_id IS NULL AND booked_at < %s
        """,
        settlement.id,
        settlement.network_id.id,
        until,
    )


def settle_returns(settlement, until) -> SQL:
    """Put on the settlement what was given back before this instant."""
    return SQL(
        """
        UPDATE toll_point_payment SET return_settlement_id = %s
         WHERE network_id = %s AND return_settlement_id IS NULL AND returned_at < %s
        """,
        settlement.id,
        settlement.network_id.id,
        until,
    )


def differences(limit=20) -> SQL:
    """Files whose figures, wallets or entries do not say what their rows say."""
    return SQL(
        """
        WITH said AS (
            SELECT file_id, count(*) AS number, sum(amount) AS amount,
                   sum(amount) FILTER (WHERE fate = 'posted') AS posted,
                   sum(amount) FILTER (WHERE fate = 'held') AS held,
                   sum(amount) FILTER (
                       WHERE fate = 'posted' AND returned_at IS NOT NULL) AS returned
              FROM toll_point_payment GROUP BY file_id
        ), wallets AS (
            SELECT p.file_id, sum(e.amount) AS amount
              FROM toll_point_payment p
              JOIN toll_wallet_entry_data e
                ON (e.kind = 'topup'
                    AND e.ref = 'POINT-' || p.network_id || '-' || p.ref)
                OR (e.kind = 'adjustment' AND e.ref = 'POINT-BACK-' || p.id)
             WHERE p.fate = 'posted'
          GROUP BY p.file_id
        )
        SELECT f.name
          FROM toll_point_file f
     LEFT JOIN said s ON s.file_id = f.id
     LEFT JOIN wallets w ON w.file_id = f.id
         WHERE f.received_count <> COALESCE(s.number, 0)
            OR f.amount_received <> COALESCE(s.amount, 0)
            OR f.amount_posted <> COALESCE(s.posted, 0)
            OR f.amount_held <> COALESCE(s.held, 0)
            OR COALESCE(s.posted, 0) - COALESCE(s.returned, 0)
               <> COALESCE(w.amount, 0)
      ORDER BY f.name
         LIMIT %s
        """,
        limit,
    )
