"""Changes of fate: held crossings reviewed, crossings that their charger takes back."""

from odoo.tools import SQL

from .crossing_post import TALLY, move_wallets


def stage_held(ids) -> SQL:
    """Lock held crossings and stage them again with the corrections made to them."""
    return SQL(
        """
        WITH locked AS (
            SELECT id, occurred_at, line, ref, raw FROM toll_crossing_data
             WHERE id = ANY(%(ids)s) AND state = 'held'
             ORDER BY id
               FOR UPDATE
        )
        INSERT INTO toll_crossing_stage (
            held_id, policy, line, operator, ref, occurred_at, plaza, lane, tag, plate,
            class_code, direction, entry_plaza, entry_at, service, amount, currency,
            status)
        SELECT id, now_known->>'policy', line, now_known->>'operator', ref, occurred_at,
               now_known->>'plaza', now_known->>'lane', now_known->>'tag',
               now_known->>'plate', now_known->>'class_code', now_known->>'direction',
               now_known->>'entry_plaza', (now_known->>'entry_at')::timestamp,
               now_known->>'service', (now_known->>'amount')::numeric,
               now_known->>'currency', now_known->>'status'
          FROM locked
         CROSS JOIN LATERAL (
                SELECT (raw->'row') || COALESCE(raw->'corrected', '{}') AS now_known
               ) k
         ORDER BY id
        """,
        ids=list(ids),
    )


def repost(read_committed) -> SQL:
    """Write the new fate of held crossings that were resolved again.

    Held rows that stay held only learn their new reason. The tallies move the number
    and the money from held to the new fate; a row that gets its price only now brings
    that money in. A row that stays held at another plaza or for another account leaves
    a tally of zeros: its batch is counted again.
    """
    return SQL(
        """
        WITH before AS (
            SELECT d.id, d.occurred_at, d.amount - d.amount_discount AS amount,
                   (d.plaza_id, d.account_id, d.lot_id, d.tag, d.class_id, d.service,
                       d.plate, d.exemption_id, d.amount) IS DISTINCT FROM
                   (w.plaza_id, w.account_id, w.lot_id, w.tag, w.class_id, w.service,
                       w.plate, w.exemption_id, w.amount) AS moved
              FROM toll_crossing_data d JOIN toll_crossing_work w ON w.id = d.id
        ), updated AS (
            UPDATE toll_crossing_data d
               SET state = w.state,
                   reason = w.reason,
                   detail = w.detail,
                   posted_at = CASE WHEN w.state = 'posted'
                                    THEN (now() AT TIME ZONE 'UTC') END,
                   plaza_id = w.plaza_id, lane_id = w.lane_id,
                   entry_plaza_id = w.entry_plaza_id, lot_id = w.lot_id,
                   vehicle_id = w.vehicle_id, account_id = w.account_id,
                   class_id = w.class_id, rate_id = w.rate_id, amount = w.amount,
                   amount_discount = w.amount_discount, exemption_id = w.exemption_id,
                   discount_plan_id = w.discount_plan_id,
                   service = w.service, tag = w.tag, plate = w.plate
              FROM toll_crossing_work w, before b
             WHERE b.id = w.id AND d.id = w.id
               AND d.occurred_at = b.occurred_at AND d.state = 'held'
         RETURNING d.id, d.batch_id, d.state, d.account_id, d.operator_id, d.ref,
                   d.amount - d.amount_discount AS amount, b.amount AS amount_before,
                   b.moved
        ), released AS (
            DELETE FROM toll_crossing_key k USING updated u
             WHERE u.state = 'rejected' AND k.operator_id = u.operator_id
               AND k.ref = u.ref AND k.crossing_id = u.id
        ), charges AS (
            SELECT account_id, -sum(amount) AS amount
              FROM updated WHERE state = 'posted' AND amount > 0 GROUP BY account_id
        ), wallets AS (
            %(wallets)s
        ), tallied AS (
            INSERT INTO toll_crossing_tally (
                batch_id, received, amount_received, %(tally)s)
            SELECT batch_id, 0, sum(amount - amount_before),
                   count(*) FILTER (WHERE state = 'posted'),
                   -count(*) FILTER (WHERE state <> 'held'),
                   count(*) FILTER (WHERE state = 'rejected'), 0, 0,
                   COALESCE(sum(amount) FILTER (WHERE state = 'posted'), 0),
                   COALESCE(sum(amount) FILTER (WHERE state = 'held'), 0)
                       - sum(amount_before),
                   COALESCE(sum(amount) FILTER (WHERE state = 'rejected'), 0), 0, 0
              FROM updated GROUP BY batch_id
            HAVING bool_or(state <> 'held' OR amount <> amount_before OR moved)
        )
        SELECT id, state FROM updated
        """,
        tally=TALLY,
        wallets=move_wallets(read_committed),
    )


def reject_held(ids, reason, detail) -> SQL:
    """Refuse held crossings for good; their keys are free again."""
    return SQL(
        """
        WITH refused AS (
            UPDATE toll_crossing_data
               SET state = 'rejected', reason = %(reason)s, detail = %(detail)s
             WHERE id = ANY(%(ids)s) AND state = 'held'
         RETURNING id, batch_id, operator_id, ref, amount
        ), released AS (
            DELETE FROM toll_crossing_key k USING refused r
             WHERE k.operator_id = r.operator_id AND k.ref = r.ref
               AND k.crossing_id = r.id
        ), tallied AS (
            INSERT INTO toll_crossing_tally (
                batch_id, held, rejected, amount_held, amount_rejected)
            SELECT batch_id, -count(*), count(*), -sum(amount), sum(amount)
              FROM refused GROUP BY batch_id
        )
        SELECT id FROM refused
        """,
        ids=list(ids),
        reason=reason,
        detail=detail,
    )


def correct_held(ids, changes) -> SQL:
    """Note an analyst's corrections on held crossings; what came in stays readable."""
    return SQL(
        """
        UPDATE toll_crossing_data
           SET raw = raw || jsonb_build_object(
                   'corrected', COALESCE(raw->'corrected', '{}') || %(changes)s::jsonb)
         WHERE id = ANY(%(ids)s) AND state = 'held'
        """,
        ids=list(ids),
        changes=changes,
    )


def cancel(batch_ids, read_committed) -> SQL:
    """Compensate the crossings that held ``cancel`` rows of these batches name.

    The crossing and the row that takes it back both become ``offset``; the money goes
    back to the wallet as an adjustment. A crossing already billed stays as it is and
    the row waits for a person (``cancel_billed``): only a credit note can undo it.
    """
    return SQL(
        """
        WITH pair AS (
            SELECT c.id AS cancel_id, c.occurred_at AS cancel_at,
                   c.batch_id AS cancel_batch_id, c.amount AS cancel_amount,
                   o.id, o.occurred_at, o.batch_id, o.state, o.account_id,
                   o.amount - o.amount_discount AS amount, o.statement_id,
                   o.company_id, o.currency_id, o.operator_id, o.ref
              FROM (SELECT DISTINCT ON (operator_id, ref) *
                      FROM toll_crossing_data
                     WHERE batch_id = ANY(%(batches)s) AND state = 'held'
                       AND reason IN ('cancel_unknown', 'cancel_billed')
                     ORDER BY operator_id, ref, id) c
              JOIN toll_crossing_key k
                ON k.operator_id = c.operator_id AND k.ref = c.ref
              JOIN toll_crossing_data o ON o.id = k.crossing_id
             WHERE o.state IN ('posted', 'held')
             ORDER BY o.id
        ), undone AS (
            UPDATE toll_crossing_data d
               SET state = 'offset', reason = 'cancelled'
              FROM pair
             WHERE d.id = pair.id AND d.occurred_at = pair.occurred_at
               AND d.state = pair.state AND d.statement_id IS NULL
         RETURNING pair.*
        ), marked AS (
            UPDATE toll_crossing_data d
               SET state = CASE WHEN u.id IS NULL THEN 'held' ELSE 'offset' END,
                   reason = CASE WHEN u.id IS NULL THEN 'cancel_billed'
                                 ELSE 'cancelled' END
              FROM pair LEFT JOIN undone u ON u.id = pair.id
             WHERE d.id = pair.cancel_id AND d.occurred_at = pair.cancel_at
         RETURNING d.id
        ), entries AS (
            INSERT INTO toll_wallet_entry_data (account_id, company_id, kind, amount,
                currency_id, occurred_at, ref, origin, create_date)
            SELECT account_id, company_id, 'adjustment', amount, currency_id,
                   now() AT TIME ZONE 'UTC', 'cancel/' || operator_id || '/' || ref,
                   ref, now() AT TIME ZONE 'UTC'
              FROM undone WHERE state = 'posted' AND amount > 0
         RETURNING account_id, amount
        ), charges AS (
            SELECT account_id, sum(amount) AS amount FROM entries GROUP BY account_id
        ), wallets AS (
            %(wallets)s
        ), moved AS (
            SELECT batch_id, (state = 'posted')::int AS posted,
                   (state = 'held')::int AS held, amount,
                   CASE WHEN state = 'posted' THEN amount ELSE 0 END AS was_posted,
                   CASE WHEN state = 'held' THEN amount ELSE 0 END AS was_held
              FROM undone
             UNION ALL
            SELECT cancel_batch_id, 0, 1, cancel_amount, 0, cancel_amount FROM undone
        ), tallied AS (
            INSERT INTO toll_crossing_tally (batch_id, posted, held, "offset",
                amount_posted, amount_held, amount_offset)
            SELECT batch_id, -sum(posted), -sum(held), count(*),
                   -sum(was_posted), -sum(was_held), sum(amount)
              FROM moved GROUP BY batch_id
        )
        SELECT count(*) FROM undone
        """,
        batches=list(batch_ids),
        wallets=move_wallets(read_committed),
    )
