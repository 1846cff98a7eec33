"""Write-offs: their kind of wallet movement, and what must agree with the books."""

from odoo.tools import SQL

KIND = "writeoff"


def lock(write_off_id) -> SQL:
    """Nobody else decides on it until this transaction ends."""
    return SQL("SELECT id FROM toll_write_off WHERE id = %s FOR UPDATE", write_off_id)


def differences(limit=20) -> SQL:
    """Write-offs that do not say what their lines say.

    In the wallet's movements, in the entries, or in what the entry pays (an entry that
    was unreconciled by hand leaves its invoice open).
    """
    return SQL(
        """
        WITH said AS (
            SELECT w.id, w.name, w.state, w.move_id, w.reversal_id,
                   sum(l.amount) AS amount,
                   COALESCE(sum(l.amount) FILTER (WHERE l.move_id IS NULL), 0) AS wallet
              FROM toll_write_off w
              JOIN toll_write_off_line l ON l.write_off_id = w.id
             WHERE w.state IN ('approved', 'reversed')
          GROUP BY w.id
        )
        SELECT s.name
          FROM said s
     LEFT JOIN account_move m ON m.id = s.move_id AND m.state = 'posted'
     LEFT JOIN account_move r ON r.id = s.reversal_id AND r.state = 'posted'
         WHERE m.amount_total_signed IS DISTINCT FROM s.amount
            OR (s.state = 'reversed'
                AND r.amount_total_signed IS DISTINCT FROM s.amount)
            OR s.wallet * (s.state = 'approved')::int <> COALESCE((
                   SELECT sum(e.amount) FROM toll_wallet_entry_data e
                    WHERE e.kind = 'writeoff' AND e.ref IN (
                          'WRITEOFF-' || s.id, 'WRITEOFF-BACK-' || s.id)), 0)
            OR (s.state = 'approved' AND EXISTS (
                   SELECT FROM toll_write_off_line l
                    WHERE l.write_off_id = s.id AND l.move_id IS NOT NULL
                      AND l.amount IS DISTINCT FROM (
                          SELECT sum(p.debit_amount_currency)
                            FROM account_partial_reconcile p
                            JOIN account_move_line d ON d.id = p.debit_move_id
                            JOIN account_move_line c ON c.id = p.credit_move_id
                           WHERE d.move_id = l.move_id AND c.move_id = s.move_id)))
      ORDER BY s.name
         LIMIT %s
        """,
        limit,
    )
