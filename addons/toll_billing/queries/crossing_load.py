"""One chunk of crossings from staging to posted, in four statements.

``create_work`` → COPY into ``toll_crossing_stage`` → ``resolve`` (who, where, how much,
which fate) → ``post`` (key, crossing, wallet, tally: one statement, one snapshot). The
API uses the same statements with a chunk of one, the held queue with ``repost``.
"""

from odoo.tools import SQL

from .crossing_table import FATES

#: Columns of the staging table, in COPY order (``core.intake`` writes them).
STAGE = {
    "line": "int4",
    "operator": "text",
    "ref": "text",
    "occurred_at": "timestamp",
    "plaza": "text",
    "lane": "text",
    "tag": "text",
    "plate": "text",
    "class_code": "text",
    "direction": "text",
    "entry_plaza": "text",
    "entry_at": "timestamp",
    "service": "text",
    "amount": "numeric",
    "currency": "text",
    "status": "text",
    "fault": "text",
    "detail": "text",
    "raw": "jsonb",
}

#: What ``resolve`` hands to ``post``: the columns of a crossing that it decides.
WORK = {
    "id": "bigint",
    "line": "int4",
    "ref": "text",
    "occurred_at": "timestamp",
    "entry_at": "timestamp",
    "plaza_id": "int4",
    "lane_id": "int4",
    "entry_plaza_id": "int4",
    "lot_id": "int4",
    "vehicle_id": "int4",
    "account_id": "int4",
    "class_id": "int4",
    "currency_id": "int4",
    "rate_id": "int4",
    "amount": "numeric",
    "service": "text",
    "direction": "text",
    "tag": "text",
    "plate": "text",
    "state": "text",
    "reason": "text",
    "detail": "text",
    "raw": "jsonb",
    "claims": "boolean",
}

#: A status that means "the charger takes this crossing back".
CANCELLING = ("cancel", "cancelled", "void", "reversed", "cancelado", "anulado")


def _columns(definition) -> SQL:
    return SQL(", ").join(
        SQL("%s " + kind, SQL.identifier(name)) for name, kind in definition.items()
    )


def try_lock_batch(batch_id) -> SQL:
    """True where nobody else loads this batch; held until ``unlock_batch``."""
    return SQL(
        "SELECT pg_try_advisory_lock(hashtext('toll.crossing.batch'), %s)", batch_id
    )


def unlock_batch(batch_id) -> SQL:
    return SQL(
        "SELECT pg_advisory_unlock(hashtext('toll.crossing.batch'), %s)", batch_id
    )


def create_work() -> SQL:
    """Session-private tables: no lock, no log, no trace after the transaction.

    The joins of ``resolve`` stand in a good order already; looking for a better one
    would cost a single event more than everything else.
    """
    return SQL(
        """
        SET LOCAL client_min_messages = warning;
        SET LOCAL work_mem = '128MB';
        SET LOCAL join_collapse_limit = 1;
        SET LOCAL enable_mergejoin = off;
        CREATE TEMP TABLE IF NOT EXISTS toll_crossing_stage (
            %(stage)s, held_id bigint, policy text) ON COMMIT DELETE ROWS;
        CREATE TEMP TABLE IF NOT EXISTS toll_crossing_work (%(work)s)
            ON COMMIT DELETE ROWS;
        """,
        stage=_columns(STAGE),
        work=_columns(WORK),
    )


def clear_work(large) -> SQL:
    """Empty both tables (TRUNCATE pays off only for large ones)."""
    if large:
        return SQL("TRUNCATE toll_crossing_stage, toll_crossing_work")
    return SQL("DELETE FROM toll_crossing_stage; DELETE FROM toll_crossing_work")


def copy_stage() -> str:
    """The COPY statement that takes ``Chunk.data``."""
    return f"COPY toll_crossing_stage ({', '.join(STAGE)}) FROM STDIN"


def work_months() -> SQL:
    """Months (first days) whose partitions the resolved rows need."""
    return SQL(
        """
        SELECT DISTINCT date_trunc('month', occurred_at)::date
          FROM toll_crossing_work WHERE occurred_at IS NOT NULL
        """
    )


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


def resolve(batch, operator, now, policy=None) -> SQL:
    """Find operator, lane, TAG or plate, vehicle, account and price of each staged row.

    As of the crossing's own time: a TAG or plate that changed hands since belongs to
    whoever held it then. ``policy`` overrules the operator's class policy. ``OFFSET 0``
    keeps each step's expressions from being computed once per use.
    """
    return SQL(
        """
        WITH found AS NOT MATERIALIZED (
            SELECT s.*,
                   p.id AS plaza_id, l.id AS lane_id, ep.id AS entry_plaza_id,
                   oc.class_id AS lane_class_id, sv.id AS service_id, sv.code AS srv,
                   COALESCE(t.id, te.id) AS lot_id,
                   a.id AS assignment_id,
                   COALESCE(a.vehicle_id, pv.vehicle_id) AS vehicle_id,
                   COALESCE(a.account_id, pv.account_id) AS account_id,
                   pv.matches AS plate_matches,
                   (s.occurred_at AT TIME ZONE 'UTC')
                       AT TIME ZONE COALESCE(p.tz, %(tz)s) AS local_at,
                   lower(s.status) = ANY(%(cancelling)s) AS cancels
              FROM toll_crossing_stage s
              LEFT JOIN toll_plaza p
                ON p.operator_id = %(operator)s AND p.code = s.plaza
              LEFT JOIN toll_lane l ON l.plaza_id = p.id AND l.code = s.lane
              LEFT JOIN toll_plaza ep
                ON ep.operator_id = %(operator)s AND ep.code = s.entry_plaza
              LEFT JOIN toll_operator_class oc
                ON oc.operator_id = %(operator)s AND oc.code = s.class_code
              LEFT JOIN toll_service sv ON sv.code = COALESCE(s.service, 'toll')
              LEFT JOIN stock_lot t
                ON t.name = s.tag AND t.toll_state IS NOT NULL
              LEFT JOIN stock_lot te
                ON t.id IS NULL AND te.toll_epc = s.tag
              LEFT JOIN toll_tag_assignment a
                ON a.lot_id = COALESCE(t.id, te.id)
               AND a.date_from <= s.occurred_at
               AND (a.date_to IS NULL OR s.occurred_at < a.date_to)
              LEFT JOIN LATERAL (
                    SELECT min(v.id) AS vehicle_id, min(v.account_id) AS account_id,
                           count(*) AS matches
                      FROM toll_vehicle v
                     WHERE a.id IS NULL AND v.plate_normalized = s.plate
                       AND v.date_from <= s.occurred_at
                       AND (v.date_to IS NULL OR s.occurred_at < v.date_to)
                    HAVING count(*) > 0
                   ) pv ON TRUE
            OFFSET 0
        ), known AS NOT MATERIALIZED (
            SELECT f.*, acc.state AS account_state, acc.closed_at,
                   acc.company_id AS account_company_id,
                   v.class_id AS vehicle_class_id,
                   COALESCE(f.policy, %(policy)s) AS class_policy,
                   CASE COALESCE(f.policy, %(policy)s)
                       WHEN 'detected' THEN COALESCE(f.lane_class_id, v.class_id)
                       ELSE COALESCE(v.class_id, f.lane_class_id)
                   END AS class_id,
                   (date_part('hour', f.local_at) * 60
                       + date_part('minute', f.local_at))::int AS local_minute,
                   CASE WHEN h.date IS NOT NULL THEN 8
                        WHEN date_part('isodow', f.local_at) = 7 THEN 4
                        WHEN date_part('isodow', f.local_at) = 6 THEN 2
                        ELSE 1
                   END AS day_type
              FROM found f
              LEFT JOIN toll_account acc ON acc.id = f.account_id
              LEFT JOIN toll_vehicle v ON v.id = f.vehicle_id
              LEFT JOIN (
                    SELECT DISTINCT date FROM toll_holiday
                     WHERE (operator_id IS NULL OR operator_id = %(operator)s)
                       AND (company_id IS NULL OR company_id = %(company)s)
                   ) h ON h.date = f.local_at::date
            OFFSET 0
        ), priced AS NOT MATERIALIZED (
            SELECT k.*, c.rate_id,
                   COALESCE(k.amount, c.amount) AS price
              FROM known k
              LEFT JOIN toll_tariff_cell c
                ON k.amount IS NULL
               AND c.operator_id = %(operator)s
               AND c.plaza_id = k.plaza_id
               AND c.entry_plaza_id = COALESCE(k.entry_plaza_id, 0)
               AND c.class_id = k.class_id
               AND c.service = k.srv
               AND c.valid_from <= k.local_at::date
               AND k.local_at::date < c.valid_to
               AND c.minute_from <= k.local_minute
               AND k.local_minute < c.minute_to
               AND c.day_types & k.day_type <> 0
        ), judged AS NOT MATERIALIZED (
            SELECT *,
                CASE
                    WHEN fault IS NOT NULL THEN fault
                    WHEN operator IS NOT NULL AND operator <> %(operator_code)s
                        THEN 'other_operator'
                    WHEN occurred_at IS NULL THEN 'malformed'
                    WHEN occurred_at > %(latest)s THEN 'future'
                    WHEN occurred_at < %(earliest)s THEN 'too_old'
                    WHEN NOT %(authorised)s
                        OR local_at::date < %(authorised_from)s
                        OR local_at::date > %(authorised_to)s
                        THEN 'unauthorised_operator'
                    WHEN cancels THEN 'cancel_unknown'
                    WHEN plaza_id IS NULL THEN 'unknown_plaza'
                    WHEN lane IS NOT NULL AND lane_id IS NULL THEN 'unknown_lane'
                    WHEN entry_plaza IS NOT NULL AND entry_plaza_id IS NULL
                        THEN 'unknown_plaza'
                    WHEN service_id IS NULL THEN 'unknown_service'
                    WHEN class_code IS NOT NULL AND lane_class_id IS NULL
                        THEN 'unknown_class'
                    WHEN currency IS NOT NULL AND currency <> %(currency)s
                        THEN 'currency_mismatch'
                    WHEN tag IS NULL AND plate IS NULL THEN 'no_identity'
                    WHEN plate_matches > 1 THEN 'ambiguous_plate'
                    WHEN account_id IS NULL AND lot_id IS NULL AND tag IS NOT NULL
                        THEN 'unknown_tag'
                    WHEN account_id IS NULL AND lot_id IS NOT NULL THEN
                        CASE WHEN EXISTS (
                            SELECT FROM toll_tag_status ts
                             WHERE ts.lot_id = priced.lot_id AND ts.status = 'blocked'
                               AND ts.date_from <= priced.occurred_at
                               AND (ts.date_to IS NULL
                                    OR priced.occurred_at < ts.date_to)
                        ) THEN 'blocked_tag' ELSE 'unassigned_tag' END
                    WHEN account_id IS NULL THEN 'unknown_plate'
                    WHEN account_company_id <> %(company)s
                        OR account_state = 'draft'
                        OR (account_state = 'closed' AND closed_at <= occurred_at)
                        THEN 'inactive_account'
                    WHEN class_policy = 'hold' AND lane_class_id IS NOT NULL
                        AND vehicle_class_id IS NOT NULL
                        AND lane_class_id <> vehicle_class_id THEN 'class_mismatch'
                    WHEN price IS NULL THEN 'no_tariff'
                END AS verdict
              FROM priced
            OFFSET 0
        )
        INSERT INTO toll_crossing_work (
            id, line, ref, occurred_at, entry_at, plaza_id, lane_id, entry_plaza_id,
            lot_id, vehicle_id, account_id, class_id, currency_id, rate_id, amount,
            service, direction, tag, plate, state, reason, detail, raw, claims)
        SELECT COALESCE(held_id, nextval('toll_ledger_id_seq')), line, ref,
               CASE WHEN verdict IN ('future', 'too_old') THEN NULL
                    ELSE occurred_at END,
               entry_at, plaza_id, lane_id, entry_plaza_id, lot_id, vehicle_id,
               account_id, class_id, %(currency_id)s, rate_id, COALESCE(price, 0),
               COALESCE(srv, service), direction,
               CASE WHEN lot_id IS NULL THEN tag END, plate,
               CASE WHEN verdict IS NULL THEN 'posted'
                    WHEN verdict = ANY(%(rejecting)s) OR occurred_at IS NULL
                        THEN 'rejected'
                    ELSE 'held' END,
               verdict,
               CASE WHEN verdict IN ('future', 'too_old')
                    THEN 'occurred_at ' || occurred_at || ' UTC'
                    ELSE detail END,
               CASE WHEN verdict IS NULL THEN raw
                    ELSE jsonb_strip_nulls(jsonb_build_object(
                        'extra', raw,
                        'row', jsonb_build_object(
                            'operator', operator, 'plaza', plaza, 'lane', lane,
                            'tag', tag, 'plate', plate, 'class_code', class_code,
                            'direction', direction, 'entry_plaza', entry_plaza,
                            'entry_at', entry_at, 'service', service,
                            'amount', amount, 'currency', currency,
                            'status', status)))
               END,
               NOT COALESCE(cancels, FALSE) AND ref IS NOT NULL
          FROM judged
        """,
        operator=operator.id,
        operator_code=operator.code,
        company=batch.company_id.id,
        tz=operator.tz,
        currency=operator.currency_id.name,
        currency_id=operator.currency_id.id,
        policy=policy or operator.class_policy,
        cancelling=list(CANCELLING),
        rejecting=list(REJECTING),
        **operator._crossing_window(now),
    )


#: Reasons that refuse a row for good; any other reason holds it for review.
REJECTING = (
    "malformed",
    "field_count",
    "line_too_long",
    "bad_encoding",
    "other_operator",
    "unauthorised_operator",
    "future",
    "too_old",
)


def _sums(table) -> SQL:
    """Count and amount per fate, as the columns of a tally."""
    return SQL(", ").join(
        [SQL("count(*) FILTER (WHERE state = %s)", fate) for fate in FATES]
        + [
            SQL(
                "COALESCE(sum(amount - amount_discount) FILTER (WHERE state = %s), 0)",
                fate,
            )
            for fate in FATES
        ]
    )


_TALLY = SQL(
    ", ".join([f'"{fate}"' for fate in FATES] + [f"amount_{fate}" for fate in FATES])
)


def _wallets(read_committed) -> SQL:
    """Move the wallets of the crossings in ``charges``, in account order.

    A loader's own READ COMMITTED transaction updates the running balances. In a
    REPEATABLE READ transaction (a web request) that would fail against any concurrent
    one, so there it only adds a row that the next fold takes up.
    """
    if read_committed:
        return SQL(
            """
            INSERT INTO toll_wallet (account_id, balance)
            SELECT account_id, amount FROM charges ORDER BY account_id
                ON CONFLICT (account_id)
                DO UPDATE SET balance = toll_wallet.balance + EXCLUDED.balance
            """
        )
    return SQL(
        "INSERT INTO toll_wallet_pending (account_id, amount)"
        " SELECT account_id, amount FROM charges ORDER BY account_id"
    )


def post(batch, received, line_to, read_committed) -> SQL:
    """Write the resolved chunk: keys, crossings, wallets and the tally, together.

    A row whose natural key is already taken becomes a duplicate here, whoever took it.
    ``received`` was counted by the reader, the fates are counted from what was really
    inserted: the tally's constraint compares the two.
    """
    return SQL(
        """
        WITH claimed AS (
            INSERT INTO toll_crossing_key (operator_id, ref, crossing_id)
            SELECT %(operator)s, ref, id FROM toll_crossing_work
             WHERE claims AND state IN ('posted', 'held')
             ORDER BY ref COLLATE "C", line
                ON CONFLICT DO NOTHING
         RETURNING crossing_id
        ), inserted AS (
            INSERT INTO toll_crossing_data (
                id, occurred_at, entry_at, posted_at, company_id, operator_id, batch_id,
                line, plaza_id, lane_id, entry_plaza_id, lot_id, vehicle_id, account_id,
                class_id, currency_id, rate_id, amount, state, service, ref, direction,
                tag, plate, reason, detail, raw)
            SELECT w.id, w.occurred_at, w.entry_at,
                   CASE WHEN w.state = 'posted' AND NOT repeated THEN %(now)s END,
                   %(company)s, %(operator)s, %(batch)s, w.line, w.plaza_id, w.lane_id,
                   w.entry_plaza_id, w.lot_id, w.vehicle_id, w.account_id, w.class_id,
                   w.currency_id, w.rate_id, w.amount,
                   CASE WHEN repeated THEN 'duplicate' ELSE w.state END,
                   w.service, w.ref, w.direction, w.tag, w.plate,
                   CASE WHEN repeated THEN 'repeated' ELSE w.reason END,
                   w.detail, w.raw
              FROM toll_crossing_work w
              LEFT JOIN claimed c ON c.crossing_id = w.id
             CROSS JOIN LATERAL (
                    SELECT w.claims AND w.state IN ('posted', 'held')
                           AND c.crossing_id IS NULL AS repeated
                   ) r
         RETURNING state, account_id, amount, amount_discount
        ), charges AS (
            SELECT account_id, -sum(amount - amount_discount) AS amount
              FROM inserted WHERE state = 'posted' GROUP BY account_id
        ), wallets AS (
            %(wallets)s
        )
        INSERT INTO toll_crossing_tally (
            batch_id, line_to, received, amount_received, %(tally)s)
        SELECT %(batch)s, %(line_to)s, %(received)s,
               (SELECT COALESCE(sum(amount), 0) FROM toll_crossing_work), %(sums)s
          FROM inserted
        """,
        batch=batch.id,
        operator=batch.operator_id.id,
        company=batch.company_id.id,
        now=SQL("(now() AT TIME ZONE 'UTC')"),
        received=received,
        line_to=line_to,
        tally=_TALLY,
        sums=_sums("inserted"),
        wallets=_wallets(read_committed),
    )


def repost(read_committed) -> SQL:
    """Write the new fate of held crossings that were resolved again.

    Held rows that stay held only learn their new reason. The tallies move the number
    and the money from held to the new fate; a row that gets its price only now brings
    that money in.
    """
    return SQL(
        """
        WITH before AS (
            SELECT d.id, d.occurred_at, d.batch_id, d.amount
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
                   service = w.service, tag = w.tag, plate = w.plate
              FROM toll_crossing_work w, before b
             WHERE b.id = w.id AND d.id = w.id
               AND d.occurred_at = b.occurred_at AND d.state = 'held'
         RETURNING d.id, d.batch_id, d.state, d.account_id, d.operator_id, d.ref,
                   d.amount, d.amount_discount, b.amount AS amount_before
        ), released AS (
            DELETE FROM toll_crossing_key k USING updated u
             WHERE u.state = 'rejected' AND k.operator_id = u.operator_id
               AND k.ref = u.ref AND k.crossing_id = u.id
        ), charges AS (
            SELECT account_id, -sum(amount - amount_discount) AS amount
              FROM updated WHERE state = 'posted' GROUP BY account_id
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
            HAVING bool_or(state <> 'held' OR amount <> amount_before)
        )
        SELECT id, state FROM updated
        """,
        tally=_TALLY,
        wallets=_wallets(read_committed),
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
              FROM undone WHERE state = 'posted'
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
        wallets=_wallets(read_committed),
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


def event_fates(batch) -> SQL:
    """Fates of the rows just posted from ``toll_crossing_work``, by line."""
    return SQL(
        """
        SELECT w.line, d.id, d.ref, d.state, d.reason, d.detail,
               d.amount - d.amount_discount AS amount, k.crossing_id
          FROM toll_crossing_work w
          JOIN toll_crossing_data d
            ON d.id = w.id AND d.occurred_at IS NOT DISTINCT FROM w.occurred_at
          LEFT JOIN toll_crossing_key k
            ON k.operator_id = d.operator_id AND k.ref = d.ref
         WHERE d.batch_id = %s
         ORDER BY w.line
        """,
        batch.id,
    )


def tally_by_batch(ids) -> SQL:
    """Counts, amounts and the last finished line of each batch."""
    names = [*FATES]
    return SQL(
        "SELECT batch_id, max(line_to) AS line_to, sum(received) AS received,"
        " sum(amount_received) AS amount_received, %s"
        "  FROM toll_crossing_tally WHERE batch_id = ANY(%s) GROUP BY batch_id",
        SQL(", ").join(
            SQL("sum(%s) AS %s", SQL.identifier(name), SQL.identifier(name))
            for name in names + [f"amount_{name}" for name in names]
        ),
        list(ids),
    )


def held_by_account(ids) -> SQL:
    """Money of held crossings per account; of all accounts where ``ids`` is empty."""
    return SQL(
        """
        SELECT account_id, sum(amount - amount_discount)
          FROM toll_crossing_data
         WHERE state = 'held' AND account_id IS NOT NULL AND %s
         GROUP BY account_id
        """,
        SQL("account_id = ANY(%s)", list(ids)) if ids else SQL("TRUE"),
    )


def make_api_batch(name, operator_id, company_id, uid) -> SQL:
    """Make the API's batch of the day unless somebody else just did.

    Under REPEATABLE READ a rival's batch that is not visible yet is a serialization
    failure, which the web server answers by trying the request again.
    """
    return SQL(
        """
        INSERT INTO toll_crossing_batch (name, kind, state, operator_id, company_id,
            create_uid, write_uid, create_date, write_date)
        VALUES (%(name)s, 'api', 'done', %(operator)s, %(company)s, %(uid)s, %(uid)s,
            now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
            ON CONFLICT (operator_id, company_id, name) WHERE kind = 'api' DO NOTHING
        """,
        name=name,
        operator=operator_id,
        company=company_id,
        uid=uid,
    )
