"""Prepaid packs at the crossing: who holds what, and which crossing it covers.

``core.packs`` says the same in Python. Writes toll_account_pack and its uses.

A loader covers the crossings of a chunk between their natural keys and their writing,
chunk after chunk: the packs of an account are locked, read, and changed, so that a
rival waits for what is left (or, in a REPEATABLE READ transaction, begins again).
"""

from odoo.tools import SQL

from .discount import in_hours, plans, reaches
from .discount_volume import local


# === AT THE CROSSING === #
def lock() -> SQL:
    """Lock the packs that the resolved rows may use: (id, account)."""
    return SQL(
        """
        SELECT p.id, p.account_id
          FROM (SELECT account_id, min(occurred_at)::date - 1 AS since
                  FROM toll_crossing_work
                 WHERE state = 'posted' AND exemption_id IS NULL
                   AND amount > amount_discount
                 GROUP BY account_id) w
          JOIN toll_account_pack p
            ON p.account_id = w.account_id AND p.state IN ('active', 'expired')
           AND p.date_to >= w.since
         ORDER BY p.account_id, p.id
           FOR NO KEY UPDATE OF p
        """
    )


def candidates(ids, operator, company) -> SQL:
    """Which of these packs could cover which row, ranked per account."""
    return SQL(
        """
        DELETE FROM toll_crossing_pack;
        WITH pack_plans AS MATERIALIZED (%(plans)s)
        INSERT INTO toll_crossing_pack (
            crossing_id, occurred_at, line, pack_id, rank, day, price)
        SELECT w.id, w.occurred_at, w.line, h.id, h.rank, t.at::date, w.amount
          FROM (SELECT p.id, p.account_id, p.vehicle_id, p.valid_from, p.date_from,
                       p.date_to, k.kind, k.plan_id, NULLIF(k.amount_most, 0) AS most,
                       dense_rank() OVER (PARTITION BY p.account_id
                                          ORDER BY p.date_to, p.id) AS rank
                  FROM toll_account_pack p
                  JOIN toll_pack k ON k.id = p.pack_id
                 WHERE p.id = ANY(%(ids)s)) h
          JOIN toll_crossing_work w
            ON w.account_id = h.account_id AND w.state = 'posted'
           AND w.exemption_id IS NULL AND w.amount > w.amount_discount
           AND w.occurred_at >= h.valid_from
           AND (h.vehicle_id IS NULL OR h.vehicle_id = w.vehicle_id)
           AND (h.kind = 'credit'
                OR least(w.amount, h.most) > w.amount_discount)
          JOIN toll_operator o ON o.id = %(operator)s
          LEFT JOIN toll_plaza z ON z.id = w.plaza_id
         CROSS JOIN LATERAL (SELECT %(local)s AS at) t
          LEFT JOIN (SELECT DISTINCT date FROM toll_holiday
                      WHERE (operator_id IS NULL OR operator_id = %(operator)s)
                        AND (company_id IS NULL OR company_id = %(company)s)) y
            ON y.date = t.at::date
         CROSS JOIN LATERAL (
               SELECT (date_part('hour', t.at) * 60 + date_part('minute', t.at))::int
                          AS minute,
                      CASE WHEN y.date IS NOT NULL THEN 8
                           WHEN date_part('isodow', t.at) = 7 THEN 4
                           WHEN date_part('isodow', t.at) = 6 THEN 2
                           ELSE 1 END AS day_type) d
          JOIN pack_plans pp
            ON pp.id = h.plan_id AND pp.currency_id = w.currency_id
           AND pp.day_bits & d.day_type <> 0
           AND %(in_hours)s AND %(reaches)s
         WHERE t.at::date >= COALESCE(h.date_from, '-infinity'::date)
           AND (h.date_from IS NULL OR t.at::date <= h.date_to)
        """,
        ids=list(ids),
        plans=plans(SQL("p.kind = 'pack' AND p.company_id = %s", company)),
        operator=operator,
        company=company,
        local=local("w"),
        in_hours=in_hours("pp", SQL("d.minute")),
        reaches=reaches(
            "pp",
            operator=operator,
            plaza=SQL("w.plaza_id"),
            class_=SQL("w.class_id"),
            service=SQL("w.service"),
        ),
    )


def last_day(first, unit, length) -> SQL:
    """Last day of what begins on ``first``, as ``core.packs.last_day``."""
    return SQL(
        """
        CASE %(unit)s
            WHEN 'day' THEN %(first)s + %(length)s - 1
            WHEN 'calendar' THEN (date_trunc('month', %(first)s::timestamp)
                + make_interval(months => %(length)s))::date - 1
            ELSE (%(first)s + make_interval(months => %(length)s))::date - 1 END
        """,
        unit=unit,
        first=first,
        length=length,
    )


def cover(rank) -> SQL:
    """Let the packs of a rank cover what those before them have left.

    The oldest crossings first. A covered row has its pack's plan for a discount.
    """
    return SQL(
        """
        WITH due AS (
            SELECT c.crossing_id, c.occurred_at, c.line, c.pack_id, c.day, c.price,
                   k.kind, k.plan_id, NULLIF(k.amount_most, 0) AS most,
                   k.validity_unit, k.validity, p.crossings_left, p.amount_left,
                   COALESCE(p.date_from, first_value(c.day) OVER in_time) AS begun,
                   p.date_from IS NULL AS begins, p.date_to AS begin_by
              FROM toll_crossing_pack c
              JOIN toll_crossing_work w
                ON w.id = c.crossing_id AND w.pack_id IS NULL
              JOIN toll_account_pack p ON p.id = c.pack_id
              JOIN toll_pack k ON k.id = p.pack_id
             WHERE c.rank = %(rank)s
            WINDOW in_time AS (
                PARTITION BY c.pack_id ORDER BY c.occurred_at, c.line, c.crossing_id)
        ), counted AS (
            SELECT *, row_number() OVER in_time AS number,
                   sum(price) OVER in_time - price AS before
              FROM due
             WHERE NOT begins
                OR begun <= begin_by AND day >= begun AND day <= %(last_day)s
            WINDOW in_time AS (
                PARTITION BY pack_id ORDER BY occurred_at, line, crossing_id
                ROWS UNBOUNDED PRECEDING)
        ), covered AS (
            SELECT crossing_id, pack_id, plan_id,
                   CASE kind WHEN 'credit' THEN least(price, amount_left - before)
                             ELSE least(price, most) END AS amount
              FROM counted
             WHERE CASE kind WHEN 'crossings' THEN number <= crossings_left
                             WHEN 'credit' THEN before < amount_left
                             ELSE TRUE END
        )
        UPDATE toll_crossing_work w
           SET pack_id = c.pack_id, amount_discount = c.amount,
               discount_plan_id = c.plan_id
          FROM covered c
         WHERE w.id = c.crossing_id AND c.amount > w.amount_discount
        """,
        rank=rank,
        last_day=last_day(SQL("begun"), SQL("validity_unit"), SQL("validity")),
    )


def _worth(left, given) -> SQL:
    """Part of a pack's price, as ``core.packs.worth``."""
    return SQL(
        "COALESCE(round(p.price * (%s) / NULLIF(%s, 0) / cu.rounding::numeric)"
        " * cu.rounding::numeric, 0)",
        left,
        given,
    )


def _count(sums, state, dates=None) -> SQL:
    """Add what was used (or came back) to the packs ``p``, with all that follows.

    :param sums: (pack_id, quantity, amount) of each
    """
    return SQL(
        """
        UPDATE toll_account_pack p
           SET crossings_used = n.crossings_used, amount_used = n.amount_used,
               crossings_left = n.crossings_left, amount_left = n.amount_left,
               state = n.state, amount_unused = n.unused,
               amount_expired = CASE n.state WHEN 'expired' THEN n.unused ELSE 0 END,
               write_date = now() AT TIME ZONE 'UTC' %(dates)s
          FROM (SELECT x.*, %(state)s AS state,
                       CASE x.kind
                           WHEN 'crossings' THEN %(by_count)s
                           WHEN 'credit' THEN %(by_amount)s
                           WHEN 'pass' THEN CASE x.crossings_used WHEN 0
                               THEN p.price ELSE 0 END
                           ELSE 0 END AS unused
                  FROM (SELECT p.id, CASE p.state WHEN 'cancelled' THEN 'none'
                                                  ELSE k.kind END AS kind,
                               s.*, k.validity_unit, k.validity,
                               p.crossings_used + s.quantity AS crossings_used,
                               p.amount_used + s.amount AS amount_used,
                               CASE WHEN k.kind = 'crossings' AND p.state <> 'cancelled'
                                    THEN p.crossings_left - s.quantity ELSE 0 END
                                   AS crossings_left,
                               CASE WHEN k.kind = 'credit' AND p.state <> 'cancelled'
                                    THEN p.amount_left - s.amount ELSE 0 END
                                   AS amount_left
                          FROM (%(sums)s) s
                          JOIN toll_account_pack p ON p.id = s.pack_id
                          JOIN toll_pack k ON k.id = p.pack_id) x
                  JOIN toll_account_pack p ON p.id = x.id
                  JOIN res_currency cu ON cu.id = p.currency_id) n
         WHERE p.id = n.id
        """,
        sums=sums,
        state=state,
        dates=dates or SQL(),
        by_count=_worth(SQL("x.crossings_left"), SQL("p.crossings_given")),
        by_amount=_worth(SQL("x.amount_left"), SQL("p.amount_given")),
    )


def book() -> SQL:
    """Note the uses of the covered rows, and what is left of their packs."""
    return SQL(
        """
        INSERT INTO toll_account_pack_use (
            pack_id, crossing_id, account_id, company_id, currency_id, day, quantity,
            amount, create_date)
        SELECT p.id, w.id, p.account_id, p.company_id, p.currency_id, c.day, 1,
               w.amount_discount, now() AT TIME ZONE 'UTC'
          FROM toll_crossing_work w
          JOIN toll_crossing_pack c ON c.crossing_id = w.id AND c.pack_id = w.pack_id
          JOIN toll_account_pack p ON p.id = w.pack_id
         ORDER BY p.id, w.occurred_at, w.line, w.id;
        %(count)s
        """,
        count=_count(
            SQL(
                """
                SELECT w.pack_id, count(*)::int AS quantity,
                       sum(w.amount_discount) AS amount, min(c.day) AS begun
                  FROM toll_crossing_work w
                  JOIN toll_crossing_pack c
                    ON c.crossing_id = w.id AND c.pack_id = w.pack_id
                 GROUP BY w.pack_id
                """
            ),
            SQL(
                """
                CASE WHEN x.kind = 'crossings' AND x.crossings_left = 0
                       OR x.kind = 'credit' AND x.amount_left = 0 THEN 'used'
                     ELSE p.state END
                """
            ),
            SQL(
                """
                , date_from = COALESCE(p.date_from, n.begun),
                date_to = CASE WHEN p.date_from IS NULL THEN %s ELSE p.date_to END
                """,
                last_day(SQL("n.begun"), SQL("n.validity_unit"), SQL("n.validity")),
            ),
        ),
    )


def charged(crossing_ids) -> SQL:
    """(crossing, what the account paid) of those that a pack covered."""
    return SQL(
        """
        SELECT d.id, d.amount - d.amount_discount
          FROM toll_account_pack_use u
          JOIN toll_crossing_data d ON d.id = u.crossing_id
         WHERE u.crossing_id = ANY(%s) AND u.quantity > 0
        """,
        list(crossing_ids),
    )


# === BACK AGAIN === #
def lock_cancelled(batch_ids) -> SQL:
    """Crossings under a pack that ``cancel`` rows of these batches name; locks it."""
    return SQL(
        """
        SELECT u.crossing_id
          FROM (SELECT DISTINCT operator_id, ref FROM toll_crossing_data
                 WHERE batch_id = ANY(%s) AND state = 'held'
                   AND reason IN ('cancel_unknown', 'cancel_billed')) c
          JOIN toll_crossing_key k ON k.operator_id = c.operator_id AND k.ref = c.ref
          JOIN toll_account_pack_use u ON u.crossing_id = k.crossing_id
          JOIN toll_account_pack p ON p.id = u.pack_id
         ORDER BY p.account_id, p.id
           FOR NO KEY UPDATE OF p
        """,
        list(batch_ids),
    )


def lock_used(crossing_ids) -> SQL:
    """Those of these crossings that have a pack; locks the packs."""
    return SQL(
        """
        SELECT u.crossing_id
          FROM toll_account_pack_use u
          JOIN toll_account_pack p ON p.id = u.pack_id
         WHERE u.crossing_id = ANY(%s)
         ORDER BY p.account_id, p.id
           FOR NO KEY UPDATE OF p
        """,
        list(crossing_ids),
    )


def give_back(crossing_ids) -> SQL:
    """Crossings that were taken back leave their packs; the packs are locked.

    One that was cancelled meanwhile stays cancelled: what was left of it was settled.
    """
    return SQL(
        """
        WITH returned AS (
            INSERT INTO toll_account_pack_use (
                pack_id, crossing_id, account_id, company_id, currency_id, day,
                quantity, amount, create_date)
            SELECT u.pack_id, u.crossing_id, u.account_id, u.company_id, u.currency_id,
                   u.day, -u.quantity, -u.amount, now() AT TIME ZONE 'UTC'
              FROM toll_account_pack_use u
              JOIN toll_crossing_data d ON d.id = u.crossing_id AND d.state = 'offset'
             WHERE u.crossing_id = ANY(%(ids)s) AND u.quantity > 0
             ORDER BY u.pack_id, u.id
                ON CONFLICT (crossing_id, quantity) DO NOTHING
         RETURNING pack_id, quantity, amount
        )
        %(count)s
        """,
        ids=list(crossing_ids),
        count=_count(
            SQL(
                "SELECT pack_id, sum(quantity)::int AS quantity, sum(amount) AS amount,"
                " NULL::date AS begun FROM returned GROUP BY pack_id"
            ),
            SQL("CASE p.state WHEN 'used' THEN 'active' ELSE p.state END"),
        ),
    )


# === THE CALENDAR === #
def hold(pack_ids) -> SQL:
    """Lock packs, in the order in which everybody does."""
    return SQL(
        "SELECT id FROM toll_account_pack WHERE id = ANY(%s)"
        " ORDER BY account_id, id FOR NO KEY UPDATE",
        list(pack_ids),
    )


def expire(pack_ids) -> SQL:
    """Packs whose last day is over."""
    return SQL(
        """
        UPDATE toll_account_pack
           SET state = 'expired', amount_expired = amount_unused,
               write_date = now() AT TIME ZONE 'UTC'
         WHERE id = ANY(%s) AND state = 'active'
        """,
        list(pack_ids),
    )


def claim_offer(pack_id) -> SQL:
    """One at a time: the row is changed, so that a rival begins again and counts."""
    return SQL("UPDATE toll_pack SET write_date = write_date WHERE id = %s", pack_id)
