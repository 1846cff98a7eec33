"""What ``odoo toll check`` reads of packs, and what keeps their uses as they are."""

from odoo.tools import SQL


def uses_against_packs(limit=50) -> SQL:
    """Packs whose counters are not the sum of their uses, or are below zero."""
    return SQL(
        """
        SELECT format('pack %%s: used %%s (%%s), its uses are %%s (%%s)', p.name,
                      p.crossings_used, p.amount_used, COALESCE(u.quantity, 0),
                      COALESCE(u.amount, 0))
          FROM toll_account_pack p
          JOIN toll_pack k ON k.id = p.pack_id
          LEFT JOIN (SELECT pack_id, sum(quantity) AS quantity, sum(amount) AS amount
                       FROM toll_account_pack_use GROUP BY pack_id) u
            ON u.pack_id = p.id
         WHERE p.crossings_used <> COALESCE(u.quantity, 0)
            OR p.amount_used <> COALESCE(u.amount, 0)
            OR k.kind = 'crossings' AND p.state <> 'cancelled'
               AND p.crossings_left <> p.crossings_given - p.crossings_used
            OR k.kind = 'credit' AND p.state <> 'cancelled'
               AND p.amount_left <> p.amount_given - p.amount_used
         LIMIT %s
        """,
        limit,
    )


def uses_against_crossings(limit=50) -> SQL:
    """Crossings that have a pack's discount without its use, or the other way round.

    Months that were detached are left out.
    """
    return SQL(
        """
        SELECT format('crossing %%s: discount %%s, packs cover %%s',
                      COALESCE(d.id, u.crossing_id), d.amount_discount, u.amount)
          FROM (SELECT c.id, c.amount_discount, c.state, c.discount_plan_id
                  FROM toll_crossing_data c
                  JOIN toll_discount_plan l
                    ON l.id = c.discount_plan_id AND l.kind = 'pack') d
          FULL JOIN (SELECT x.crossing_id, k.plan_id,
                            sum(x.amount) FILTER (WHERE x.quantity > 0) AS amount,
                            sum(x.quantity) AS quantity
                       FROM toll_account_pack_use x
                       JOIN toll_account_pack p ON p.id = x.pack_id
                       JOIN toll_pack k ON k.id = p.pack_id
                      GROUP BY x.crossing_id, k.plan_id) u ON u.crossing_id = d.id
         WHERE d.id IS NULL
               AND EXISTS (SELECT FROM toll_crossing_data c WHERE c.id = u.crossing_id)
            OR d.id IS NOT NULL AND (
               u.amount IS DISTINCT FROM d.amount_discount
               OR u.plan_id <> d.discount_plan_id
               OR u.quantity <> CASE d.state WHEN 'posted' THEN 1 ELSE 0 END)
         LIMIT %s
        """,
        limit,
    )


def create_guard() -> SQL:
    """A trigger: what was used stays written down."""
    return SQL(
        """
        CREATE OR REPLACE FUNCTION toll_account_pack_use_guard() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION USING
                MESSAGE = 'toll: uses of packs are append-only, pack ' || OLD.pack_id,
                ERRCODE = 'integrity_constraint_violation';
        END $$ LANGUAGE plpgsql;
        CREATE OR REPLACE TRIGGER toll_account_pack_use_guard
            BEFORE UPDATE OR DELETE ON toll_account_pack_use
            FOR EACH ROW EXECUTE FUNCTION toll_account_pack_use_guard();
        """
    )
