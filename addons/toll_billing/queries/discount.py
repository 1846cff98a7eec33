"""Discount plans at the crossing: who gets which. One definition for all uses.

``core.discounts`` says the same in Python.
"""

from odoo.tools import SQL

#: Dimensions that a plan may be limited to: table, column, what a crossing has.
LIMITS = {
    "operators": ("toll_operator", "r.toll_operator_id"),
    "plazas": ("toll_plaza", "r.toll_plaza_id"),
    "classes": ("toll_vehicle_class", "r.toll_vehicle_class_id"),
}


def granted(alias="g") -> SQL:
    """Condition: granted; an ended grant counts up to its last day."""
    return SQL(
        "%(g)s.approved_by_id IS NOT NULL"
        " AND %(g)s.state IN ('approved', 'expired', 'revoked')",
        g=SQL.identifier(alias),
    )


def plans(condition) -> SQL:
    """Approved plans with their limits as arrays; an empty limit is NULL: no limit."""
    arrays = SQL(", ").join(
        SQL(
            "(SELECT array_agg(%s) FROM %s r WHERE r.toll_discount_plan_id = p.id)"
            " AS %s",
            SQL(column),
            SQL.identifier(f"toll_discount_plan_{table}_rel"),
            SQL.identifier(name),
        )
        for name, (table, column) in LIMITS.items()
    )
    return SQL(
        """
        SELECT p.id, p.kind, p.rule, p.percent, p.price, p.measure,
               COALESCE(p.is_whole, FALSE) AS is_whole, p.scope, p.period,
               p.minute_from, p.minute_to, p.day_bits, p.currency_id, p.is_automatic,
               p.person_kind, p.date_from,
               COALESCE(p.date_to, 'infinity'::date) AS date_to,
               cu.rounding::numeric AS rounding,
               (100 - p.percent) / 100 / cu.rounding::numeric AS units, %s,
               (SELECT array_agg(sv.code::text)
                  FROM toll_discount_plan_toll_service_rel r
                  JOIN toll_service sv ON sv.id = r.toll_service_id
                 WHERE r.toll_discount_plan_id = p.id) AS services
          FROM toll_discount_plan p
          JOIN res_currency cu ON cu.id = p.currency_id
         WHERE p.state IN ('approved', 'closed') AND %s
        """,
        arrays,
        condition,
    )


def reaches(plan, operator, plaza, class_, service) -> SQL:
    """Condition: a plan counts at this place, for this class and service."""
    return SQL(
        """
        (%(p)s.operators IS NULL OR %(operator)s = ANY(%(p)s.operators))
        AND (%(p)s.plazas IS NULL OR %(plaza)s = ANY(%(p)s.plazas))
        AND (%(p)s.classes IS NULL OR %(class_)s = ANY(%(p)s.classes))
        AND (%(p)s.services IS NULL OR %(service)s = ANY(%(p)s.services))
        """,
        p=SQL.identifier(plan),
        operator=operator,
        plaza=plaza,
        class_=class_,
        service=service,
    )


def in_hours(plan, minute) -> SQL:
    """Condition: a plan counts at this minute of the day."""
    return SQL(
        """
        CASE WHEN %(p)s.minute_from = %(p)s.minute_to THEN TRUE
             WHEN %(p)s.minute_from < %(p)s.minute_to THEN
                 %(p)s.minute_from <= %(minute)s AND %(minute)s < %(p)s.minute_to
             ELSE %(p)s.minute_from <= %(minute)s OR %(minute)s < %(p)s.minute_to END
        """,
        p=SQL.identifier(plan),
        minute=minute,
    )


def admits(plan, account, vehicle, day, **place) -> SQL:
    """Condition: a plan covers a crossing and its account.

    :param place: operator, plaza, class_, service as SQL
    """
    return SQL(
        """
        %(p)s.date_from <= %(day)s AND %(day)s <= %(p)s.date_to AND %(reaches)s
        AND CASE WHEN %(p)s.is_automatic THEN
                %(p)s.person_kind = 'any' OR EXISTS (
                    SELECT FROM toll_account ha JOIN res_partner hp
                        ON hp.id = ha.partner_id
                     WHERE ha.id = %(account)s
                       AND COALESCE(hp.is_company, FALSE)
                           = (%(p)s.person_kind = 'company'))
            ELSE EXISTS (
                SELECT FROM toll_discount_grant g
                 WHERE g.plan_id = %(p)s.id AND g.account_id = %(account)s
                   AND (g.vehicle_id IS NULL OR g.vehicle_id = %(vehicle)s)
                   AND g.date_from <= %(day)s AND %(day)s <= g.date_to
                   AND %(granted)s)
            END
        """,
        p=SQL.identifier(plan),
        granted=granted(),
        account=account,
        vehicle=vehicle,
        day=day,
        reaches=reaches(plan, **place),
    )


# === AT THE CROSSING === #


def rate_plans(company, operator) -> SQL:
    """The plans that may lower a charge of this operator at the crossing."""
    return plans(
        SQL(
            """
            p.kind = 'rate' AND p.company_id = %(company)s
            AND (NOT EXISTS (SELECT FROM toll_discount_plan_toll_operator_rel r
                              WHERE r.toll_discount_plan_id = p.id)
                 OR EXISTS (SELECT FROM toll_discount_plan_toll_operator_rel r
                             WHERE r.toll_discount_plan_id = p.id
                               AND r.toll_operator_id = %(operator)s))
            """,
            company=company,
            operator=operator,
        )
    )


def best_rate(price, minute, day_type, currency, is_open, **crossing) -> SQL:
    """(discount_plan_id, discount) of the best of ``rate_plans``, if there is one.

    The price that is left is rounded, once. Of two equal ones the older plan counts.
    ``OFFSET 0`` keeps the amount from being computed once per use.

    :param is_open: condition on which a crossing takes part at all
    """
    return SQL(
        """
        SELECT rp.id AS discount_plan_id, rd.amount AS discount
          FROM rate_plans rp
         CROSS JOIN LATERAL (
               SELECT %(price)s - CASE rp.rule
                   WHEN 'percent' THEN round(%(price)s * rp.units) * rp.rounding
                   ELSE rp.price END AS amount
               OFFSET 0) rd
         WHERE %(is_open)s AND rd.amount > 0
           AND rp.currency_id = %(currency)s
           AND rp.day_bits & %(day_type)s <> 0
           AND %(in_hours)s AND %(admits)s
         ORDER BY rd.amount DESC, rp.id
         LIMIT 1
        """,
        price=price,
        in_hours=in_hours("rp", minute),
        day_type=day_type,
        currency=currency,
        is_open=is_open,
        admits=admits("rp", **crossing),
    )


def unexplained() -> SQL:
    """Crossings whose discount is not what their plan says, or has no reason.

    What packs covered is checked against their uses.
    """
    return SQL(
        """
        SELECT 'crossing ' || d.id || ': discount ' || d.amount_discount
               || CASE WHEN p.id IS NULL THEN ' without a reason'
                       ELSE ', plan ' || p.code || ' gives ' || x.amount END
          FROM toll_crossing_data d
          LEFT JOIN toll_discount_plan p ON p.id = d.discount_plan_id
          LEFT JOIN res_currency cu ON cu.id = p.currency_id
         CROSS JOIN LATERAL (
               SELECT d.amount - CASE p.rule
                   WHEN 'percent' THEN round(d.amount * (100 - p.percent) / 100
                           / cu.rounding::numeric) * cu.rounding::numeric
                   ELSE least(d.amount, p.price) END AS amount) x
         WHERE d.exemption_id IS NULL AND d.amount_discount <> 0
           AND (p.id IS NULL
                OR p.kind <> 'pack' AND x.amount <> d.amount_discount)
            OR d.discount_plan_id IS NOT NULL AND d.amount_discount = 0
         LIMIT 100
        """
    )
