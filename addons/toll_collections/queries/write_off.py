"""Write-offs: their kind of wallet movement, and what must agree with the books."""

from odoo.tools import SQL

KIND = "writeoff"


def lock(write_off_id) -> SQL:
    """Nobody else decides on it until this transaction ends."""
    return SQL("SELECT id FROM toll_write_off WHERE id = %s FOR UPDATE", write_off_id)


def differences(limit=20) -> SQL:
    """Write-offs whose wallet movements or entries do not say what their lines say."""
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
      ORDER BY s.name
         LIMIT %s
        """,
        limit,
    )
