"""Lane tickets: a file's rows get their fates in one statement; who invoices which."""

from odoo.tools import SQL

#: What a row of `insert_rows` holds.
COLUMNS = (
    "line",
    "text",
    "plaza_id",
    "lane_id",
    "folio",
    "folio_key",
    "issued_at",
    "issued_on",
    "class_id",
    "amount",
    "payment_kind",
    "code",
    "value",
)


def wait_turn(operator_id) -> SQL:
    """One file of an operator at a time; the next one begins when this one ends.

    It changes the row, not only locks it: whoever began before the other committed
    gets a serialisation error, starts again, and then finds what the other has loaded.
    """
    return SQL(
        "UPDATE toll_operator SET write_date = write_date WHERE id = %s", operator_id
    )


def insert_rows(batch, rows, uid) -> SQL:
    """Store the tickets of a file; what is none, or is known, is kept as a fault.

    A ticket that another transaction stores meanwhile is a serialisation error: this
    one starts again, and then finds it.
    """
    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    return SQL(
        """
        WITH raw AS (
            SELECT * FROM unnest(%(line)s::int[], %(text)s::text[],
                %(plaza_id)s::int[], %(lane_id)s::int[], %(folio)s::text[],
                %(folio_key)s::text[], %(issued_at)s::timestamp[],
                %(issued_on)s::date[], %(class_id)s::int[], %(amount)s::numeric[],
                %(payment_kind)s::text[], %(code)s::text[], %(value)s::text[])
                AS r (line, text, plaza_id, lane_id, folio, folio_key, issued_at,
                      issued_on, class_id, amount, payment_kind, code, value)
        ), stored AS (
            INSERT INTO toll_ticket (
                batch_id, line, operator_id, company_id, currency_id, plaza_id,
                lane_id, folio, folio_key, issued_at, issued_on, class_id, amount,
                payment_kind, state, create_uid, write_uid, create_date, write_date)
            SELECT %(batch)s, line, %(operator)s, %(company)s, %(currency)s, plaza_id,
                   lane_id, folio, folio_key, issued_at, issued_on, class_id, amount,
                   payment_kind, 'open', %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM (SELECT DISTINCT ON (lane_id, folio, issued_on) *
                      FROM raw WHERE code IS NULL
                     ORDER BY lane_id, folio, issued_on, line) f
             ORDER BY line
            ON CONFLICT (lane_id, folio, issued_on) DO NOTHING
         RETURNING line, amount
        ), faults AS (
            INSERT INTO toll_ticket_fault (
                batch_id, company_id, currency_id, line, text, fate, reason, value,
                amount, create_uid, write_uid, create_date, write_date)
            SELECT %(batch)s, %(company)s, %(currency)s, r.line, r.text,
                   CASE WHEN r.code IS NULL THEN 'duplicate' ELSE 'rejected' END,
                   CASE WHEN r.code IS NOT NULL THEN r.code
                        WHEN t.amount <> r.amount THEN 'repeated_differs'
                        ELSE 'repeated' END,
                   r.value, COALESCE(r.amount, 0), %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM raw r
              LEFT JOIN toll_ticket t ON r.code IS NULL AND t.lane_id = r.lane_id
                    AND t.folio = r.folio AND t.issued_on = r.issued_on
             WHERE r.line NOT IN (SELECT line FROM stored)
             ORDER BY r.line
         RETURNING fate, amount
        ), fates AS (
            SELECT 'stored' AS fate, amount FROM stored
             UNION ALL
            SELECT fate, amount FROM faults
        ), counts AS (
            SELECT count(*) FILTER (WHERE fate = 'stored') AS stored,
                   count(*) FILTER (WHERE fate = 'duplicate') AS duplicate,
                   count(*) FILTER (WHERE fate = 'rejected') AS rejected,
                   COALESCE(sum(amount) FILTER (WHERE fate = 'stored'), 0)
                       AS amount_stored,
                   COALESCE(sum(amount) FILTER (WHERE fate = 'duplicate'), 0)
                       AS amount_duplicate,
                   COALESCE(sum(amount) FILTER (WHERE fate = 'rejected'), 0)
                       AS amount_rejected
              FROM fates
        ), received AS (
            SELECT count(*) AS n, COALESCE(sum(amount), 0) AS amount FROM raw
        )
        UPDATE toll_ticket_batch b
           SET received_count = received.n, amount_received = received.amount,
               stored_count = c.stored, amount_stored = c.amount_stored,
               duplicate_count = c.duplicate, amount_duplicate = c.amount_duplicate,
               rejected_count = c.rejected, amount_rejected = c.amount_rejected
          FROM counts c, received
         WHERE b.id = %(batch)s
        """,
        **columns,
        batch=batch.id,
        operator=batch.operator_id.id,
        company=batch.company_id.id,
        currency=batch.currency_id.id,
        uid=uid,
    )


def take(ids) -> SQL:
    """Hold these tickets, in order: one invoice at a time wants them.

    Whoever waited for an invoice that was issued meanwhile gets a serialisation error
    and starts again.
    """
    return SQL(
        "SELECT id FROM toll_ticket WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
        list(ids),
    )


def take_group(company_id, plaza_id, since, until) -> SQL:
    """Hold the open tickets of a plaza and a period."""
    return SQL(
        """
        SELECT id FROM toll_ticket
         WHERE company_id = %s AND plaza_id = %s AND state = 'open'
           AND issued_on >= %s AND issued_on <= %s
         ORDER BY id FOR UPDATE
        """,
        company_id,
        plaza_id,
        since,
        until,
    )


def mark_invoiced(ids, move_id, key, is_global, uid) -> SQL:
    return SQL(
        """
        UPDATE toll_ticket
           SET state = 'invoiced', move_id = %s, invoice_key = %s, is_global = %s,
               write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
         WHERE id = ANY(%s) AND state = 'open'
        """,
        move_id,
        key or None,
        is_global,
        uid,
        list(ids),
    )


def give_back(move_id, uid) -> SQL:
    """The tickets of an invoice that was credited can be invoiced again."""
    return SQL(
        """
        UPDATE toll_ticket
           SET state = 'open', move_id = NULL, invoice_key = NULL, is_global = FALSE,
               write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
         WHERE move_id = %s
        """,
        uid,
        move_id,
    )


def against_invoices(limit=50) -> SQL:
    """Differences: an invoice is not the sum of its tickets, or is not in force."""
    return SQL(
        """
        SELECT format('invoice %%s: %%s tickets = %%s, the invoice says %%s (%%s)',
                      m.name, count(*), sum(t.amount), m.amount_total, m.state)
          FROM toll_ticket t
          JOIN account_move m ON m.id = t.move_id
         GROUP BY m.id
        HAVING sum(t.amount) <> m.amount_total OR m.state <> 'posted'
         LIMIT %s
        """,
        limit,
    )
