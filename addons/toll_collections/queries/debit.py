"""Bank debits: which items a run may collect, and why others wait; set by set."""

from odoo.tools import SQL


def lock_mode(mode_id) -> SQL:
    """One run of a creditor takes items at a time.

    It changes the row, not only locks it: whoever began before the other committed
    gets a serialisation error, starts again, and then finds what the other has taken.
    """
    return SQL(
        "UPDATE account_payment_mode SET write_date = write_date WHERE id = %s",
        mode_id,
    )


def clear_preview(run_id) -> SQL:
    return SQL(
        """
        WITH freed AS (
            UPDATE toll_debit_line SET run_id = NULL, state = 'waiting', reason = NULL
             WHERE run_id = %(run)s AND is_topup AND state IN ('ready', 'excluded')
        )
        DELETE FROM toll_debit_line
         WHERE run_id = %(run)s AND NOT is_topup AND state IN ('ready', 'excluded')
        """,
        run=run_id,
    )


def insert_invoices(run, uid) -> SQL:
    """Open invoices, due by the cut-off, of accounts that want to be debited."""
    return SQL(
        """
        INSERT INTO toll_debit_line (
            run_id, company_id, currency_id, account_id, partner_id, mandate_id,
            move_id, move_line_id, is_topup, amount, due_date, date, state, tries,
            create_uid, create_date, write_uid, write_date)
        SELECT %(run)s, l.company_id, l.company_currency_id, m.toll_account_id,
               l.partner_id, d.id, m.id, l.id, false, l.amount_residual,
               COALESCE(l.date_maturity, l.date), %(date)s, 'ready', 0,
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM account_move_line l
          JOIN account_move m ON m.id = l.move_id
          JOIN toll_account a ON a.id = m.toll_account_id
     LEFT JOIN LATERAL (
                SELECT b.id FROM account_banking_mandate b
                 WHERE b.toll_account_id = a.id AND b.company_id = l.company_id
              ORDER BY b.state = 'valid' DESC, b.id DESC LIMIT 1) d ON true
         WHERE l.reconciled IS NOT TRUE AND l.parent_state = 'posted'
           AND l.company_id = %(company)s AND l.amount_residual > 0
           AND l.currency_id = l.company_currency_id
           AND l.account_id IN (SELECT id FROM account_account
                                 WHERE account_type = 'asset_receivable')
           AND m.move_type = 'out_invoice'
           AND COALESCE(l.date_maturity, l.date) <= %(until)s
           AND EXISTS (SELECT FROM toll_payment_preference p
                        WHERE p.account_id = a.id AND p.means = 'debit' AND p.active)
      ORDER BY d.id, l.id
        """,
        run=run.id,
        company=run.company_id.id,
        date=run.date,
        until=run.until,
        uid=uid,
    )


def claim_topups(run, uid) -> SQL:
    """Top-ups that wait for a run become lines of this one."""
    return SQL(
        """
        UPDATE toll_debit_line
           SET run_id = %(run)s, state = 'ready', date = %(date)s, write_uid = %(uid)s,
               write_date = now() AT TIME ZONE 'UTC'
         WHERE company_id = %(company)s AND is_topup AND state = 'waiting'
           AND run_id IS NULL
        """,
        run=run.id,
        date=run.date,
        company=run.company_id.id,
        uid=uid,
    )


def judge(run, is_iban, states) -> SQL:
    """Say of the lines in these states whether they are collected; if not, why."""
    return SQL(
        """
        WITH said AS (
            SELECT d.id, CASE
              WHEN b.id IS NULL THEN 'no_mandate'
              WHEN b.state = 'draft' THEN 'draft'
              WHEN b.state = 'expired' THEN 'expired'
              WHEN b.state = 'cancel' THEN 'cancelled'
              WHEN (k.sanitized_acc_number ~ '^[A-Z]{2}') <> %(is_iban)s
                   THEN 'other_layout'
              WHEN NOT d.is_topup AND (l.reconciled OR l.parent_state <> 'posted'
                   OR l.amount_residual <> d.amount) THEN 'changed'
              WHEN EXISTS (
                   SELECT FROM toll_debit_line o
                    WHERE o.move_line_id = d.move_line_id AND o.state = 'sent')
                   THEN 'in_debit'
              WHEN EXISTS (
                   SELECT FROM account_payment_line p
                    WHERE p.move_line_id = d.move_line_id
                      AND p.state IN ('draft', 'open', 'generated'))
                   THEN 'in_order'
              WHEN m.toll_debit_hold THEN 'disputed'
              WHEN c.toll_legal_hold THEN 'hold'
              WHEN EXISTS (
                   SELECT FROM toll_collection_case s
                     JOIN toll_payment_promise p
                       ON p.case_id = s.id AND p.state = 'open'
                    WHERE s.account_id = d.account_id) AND NOT d.is_topup
                   THEN 'promise'
              WHEN EXISTS (
                   SELECT FROM toll_collection_case s
                    WHERE s.account_id = d.account_id AND s.state = 'open'
                      AND s.agency_id IS NOT NULL) AND NOT d.is_topup THEN 'agency'
              WHEN EXISTS (
                   SELECT FROM toll_write_off_line w
                     JOIN toll_write_off o ON o.id = w.write_off_id
                    WHERE w.move_id = d.move_id AND o.state = 'requested')
                   THEN 'write_off'
              WHEN EXISTS (
                   SELECT FROM toll_debit_line o
                    WHERE o.move_line_id = d.move_line_id AND o.state = 'returned'
                      AND o.mandate_id = d.mandate_id
                      AND (o.retry_on IS NULL OR o.retry_on > %(date)s))
                   THEN 'returned'
               END AS reason
              FROM toll_debit_line d
              JOIN toll_account a ON a.id = d.account_id
              JOIN res_partner c ON c.id = a.partner_id
         LEFT JOIN account_banking_mandate b ON b.id = d.mandate_id
         LEFT JOIN res_partner_bank k ON k.id = b.partner_bank_id
         LEFT JOIN account_move_line l ON l.id = d.move_line_id
         LEFT JOIN account_move m ON m.id = d.move_id
             WHERE d.run_id = %(run)s AND d.state = ANY(%(states)s)
        ), total AS (
            SELECT d.mandate_id, sum(d.amount) AS amount, bool_or(d.is_topup) AS topup
              FROM toll_debit_line d
              JOIN said s ON s.id = d.id AND s.reason IS NULL
          GROUP BY d.mandate_id
        ), final AS (
            SELECT s.id, COALESCE(s.reason, CASE
                   WHEN t.amount < %(least)s AND NOT t.topup THEN 'below'
                   WHEN %(most)s > 0 AND t.amount > %(most)s THEN 'above'
                   END) AS reason
              FROM said s
              JOIN toll_debit_line d ON d.id = s.id
         LEFT JOIN total t ON t.mandate_id = d.mandate_id
        )
        UPDATE toll_debit_line d
           SET reason = f.reason,
               state = CASE WHEN f.reason IS NULL THEN 'ready' ELSE 'excluded' END
          FROM final f
         WHERE f.id = d.id
        """,
        run=run.id,
        date=run.date,
        is_iban=is_iban,
        states=list(states),
        least=run.amount_min,
        most=run.amount_max,
    )


def take(run_id, uid) -> SQL:
    """From here on the items of the run are on their way, and in no other run."""
    return SQL(
        """
        UPDATE toll_debit_line d
           SET state = 'sent', write_uid = %(uid)s,
               write_date = now() AT TIME ZONE 'UTC',
               tries = 1 + (SELECT count(*) FROM toll_debit_line o
                             WHERE o.move_line_id = d.move_line_id
                               AND o.state = 'returned')
         WHERE d.run_id = %(run)s AND d.state = 'ready'
        """,
        run=run_id,
        uid=uid,
    )


def insert_payment_lines(line_ids, order, uid) -> SQL:
    """The rows that OCA's payment order has for them: (id, debit line)."""
    return SQL(
        """
        WITH item AS (
            SELECT d.*, b.partner_bank_id, m.name AS move_name, a.number, r.name AS run,
                   nextval('account_payment_line_id_seq') AS new_id
              FROM toll_debit_line d
              JOIN toll_debit_run r ON r.id = d.run_id
              JOIN toll_account a ON a.id = d.account_id
              JOIN account_banking_mandate b ON b.id = d.mandate_id
         LEFT JOIN account_move m ON m.id = d.move_id
             WHERE d.id = ANY(%(ids)s)
        ), made AS (
            INSERT INTO account_payment_line (
                id, name, order_id, company_id, company_currency_id, payment_type,
                state, move_line_id, currency_id, amount_currency, partner_id,
                partner_bank_id, mandate_id, date, communication, communication_type,
                priority, create_uid, create_date, write_uid, write_date)
            SELECT new_id, run || '/' || id, %(order)s, company_id, currency_id,
                   'inbound', %(state)s, move_line_id, currency_id, amount, partner_id,
                   partner_bank_id, mandate_id, date,
                   COALESCE(move_name, number), 'normal', 'NORM',
                   %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
              FROM item
        )
        SELECT new_id, id FROM item ORDER BY id
        """,
        ids=list(line_ids),
        order=order.id,
        state=order.state,
        uid=uid,
    )


def debits(run_id) -> SQL:
    """What the bank's file says of each payment, in the order of the payments."""
    return SQL(
        """
        SELECT p.id, p.amount, b.unique_mandate_reference, b.signature_date, b.type,
               b.recurrent_sequence_type, b.last_debit_date IS NOT NULL,
               COALESCE(NULLIF(k.acc_holder_name, ''), c.name),
               k.sanitized_acc_number, i.bic, COALESCE(b.scheme, 'CORE'),
               string_agg(COALESCE(m.name, a.number), ' ' ORDER BY d.id)
          FROM toll_debit_line d
          JOIN account_payment p ON p.id = d.payment_id
          JOIN toll_account a ON a.id = d.account_id
          JOIN account_banking_mandate b ON b.id = d.mandate_id
          JOIN res_partner_bank k ON k.id = b.partner_bank_id
          JOIN res_partner c ON c.id = k.partner_id
     LEFT JOIN res_bank i ON i.id = k.bank_id
     LEFT JOIN account_move m ON m.id = d.move_id
         WHERE d.run_id = %s AND d.state = 'sent'
      GROUP BY p.id, b.id, k.id, c.name, i.bic
      ORDER BY p.id
        """,
        run_id,
    )


def mandates_used(run_id) -> SQL:
    """(mandate, type, sequence) of what has gone to the bank."""
    return SQL(
        """
        SELECT DISTINCT b.id, b.type, b.recurrent_sequence_type
          FROM toll_debit_line d JOIN account_banking_mandate b ON b.id = d.mandate_id
         WHERE d.run_id = %s AND d.state = 'sent'
        """,
        run_id,
    )


def differences(limit=20) -> SQL:
    """Runs whose lines, payments and wallets do not say the same."""
    return SQL(
        """
        SELECT r.name || ': ' || COALESCE(sum(d.amount), 0) || ' / '
               || COALESCE(p.amount, 0)
          FROM toll_debit_run r
          JOIN toll_debit_line d ON d.run_id = r.id
               AND d.state IN ('sent', 'paid', 'returned')
     LEFT JOIN LATERAL (
                SELECT sum(q.amount) AS amount FROM account_payment q
                 WHERE q.payment_order_id = r.order_id) p ON true
         WHERE r.state IN ('generated', 'uploaded', 'done')
      GROUP BY r.id, p.amount
        HAVING COALESCE(sum(d.amount), 0) <> COALESCE(p.amount, 0)
     UNION ALL
        SELECT r.name || ' #' || d.id
          FROM toll_debit_line d JOIN toll_debit_run r ON r.id = d.run_id
         WHERE d.is_topup AND d.is_credited AND COALESCE((
                   SELECT sum(e.amount) FROM toll_wallet_entry_data e
                    WHERE e.ref IN ('DEBIT-' || d.id, 'DEBIT-BACK-' || d.id)), 0)
               <> CASE WHEN d.state = 'returned' THEN 0 ELSE d.amount END
     UNION ALL
        SELECT r.name || ' #' || d.id
          FROM toll_debit_line d
          JOIN toll_debit_run r ON r.id = d.run_id AND r.is_running IS NOT TRUE
          JOIN account_payment q ON q.id = d.payment_id
         WHERE r.state IN ('uploaded', 'done') AND NOT d.is_topup
           AND q.state IN ('draft', 'canceled')
     UNION ALL
        SELECT m.name
          FROM toll_debit_line d JOIN account_move m ON m.id = d.move_id
         WHERE d.state IN ('sent', 'paid')
      GROUP BY m.id, d.move_line_id
        HAVING sum(d.amount) > max(m.amount_total)
         LIMIT %s
        """,
        limit,
    )
