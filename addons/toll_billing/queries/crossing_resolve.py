"""Who, where, how much and which fate: staged rows become work rows."""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.exemption import exempts

from .discount import best_rate, rate_plans

#: A status that means "the charger takes this crossing back".
CANCELLING = ("cancel", "cancelled", "void", "reversed", "cancelado", "anulado")

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


#: What ``resolve`` must know of the operator and the moment, with the types of it.
TERMS = {
    "operator": "int4",
    "operator_code": "text",
    "company": "int4",
    "tz": "text",
    "currency": "text",
    "currency_id": "int4",
    "policy": "text",
    "authorised": "bool",
    "authorised_from": "date",
    "authorised_to": "date",
    "earliest": "timestamp",
    "latest": "timestamp",
}


def resolve(with_discounts=False, **terms) -> SQL:
    """Find operator, lane, TAG or plate, vehicle, account and price of each staged row.

    As of the crossing's own time: a TAG or plate that changed hands since belongs to
    whoever held it then. An exempt vehicle's crossing keeps its full price beside a
    discount of as much; all others take the best of the discount plans. ``OFFSET 0``
    keeps each step's expressions from being computed once per use. The cast to bigint
    keeps the assignment from being looked up in its exclusion constraint, whose index
    costs a single event ten times what a B-tree does.

    :param with_discounts: look for discount plans; who has none saves the time
    :param terms: ``TERMS``
    """
    plans, discount_join = _discounts(terms) if with_discounts else (SQL(), SQL())
    return SQL(
        """
        WITH %(plans)sfound AS NOT MATERIALIZED (
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
                ON a.lot_id = COALESCE(t.id, te.id)::bigint
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
            SELECT f.*, acc.state AS account_state,
                   COALESCE(acc.closed_at, acc.closes_at) AS closed_at,
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
                        OR closed_at <= occurred_at
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
            amount_discount, exemption_id, discount_plan_id, service, direction, tag,
            plate, state, reason, detail, raw, claims)
        SELECT COALESCE(held_id, nextval('toll_ledger_id_seq')), line, ref,
               CASE WHEN verdict IN ('future', 'too_old') THEN NULL
                    ELSE occurred_at END,
               entry_at, plaza_id, lane_id, entry_plaza_id, lot_id, judged.vehicle_id,
               judged.account_id, class_id, %(currency_id)s, rate_id,
               COALESCE(price, 0),
               CASE WHEN e.id IS NULL THEN %(discount)s ELSE price END, e.id,
               %(discount_plan)s,
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
          LEFT JOIN toll_exemption e ON verdict IS NULL AND %(exempts)s
          %(discount_join)s
        """,
        plans=plans,
        discount=SQL("COALESCE(d.discount, 0)") if with_discounts else SQL("0"),
        discount_plan=SQL("d.discount_plan_id")
        if with_discounts
        else SQL("NULL::int4"),
        discount_join=discount_join,
        exempts=exempts(
            account=SQL("judged.account_id"),
            vehicle=SQL("judged.vehicle_id"),
            operator=terms["operator"],
            day=SQL("judged.local_at::date"),
        ),
        cancelling=list(CANCELLING),
        rejecting=list(REJECTING),
        **terms,
    )


def _discounts(terms) -> tuple[SQL, SQL]:
    """The plans that apply at the operator, and the join that picks the best one."""
    best = best_rate(
        price=SQL("judged.price"),
        minute=SQL("judged.local_minute"),
        day_type=SQL("judged.day_type"),
        currency=terms["currency_id"],
        is_open=SQL("judged.verdict IS NULL AND e.id IS NULL"),
        account=SQL("judged.account_id"),
        vehicle=SQL("judged.vehicle_id"),
        day=SQL("judged.local_at::date"),
        operator=terms["operator"],
        plaza=SQL("judged.plaza_id"),
        class_=SQL("judged.class_id"),
        service=SQL("judged.srv"),
    )
    return (
        SQL(
            "rate_plans AS MATERIALIZED (%s), ",
            rate_plans(terms["company"], terms["operator"]),
        ),
        SQL("LEFT JOIN LATERAL (%s) d ON TRUE", best),
    )
