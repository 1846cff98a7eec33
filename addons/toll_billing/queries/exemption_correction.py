"""Crossings that an exemption covers though they were charged before its approval."""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.exemption import exempts

from .discount_volume import local


def charged(exemption, limit) -> SQL:
    """(crossing, charged, statement) that rating would let pass free by now."""
    return SQL(
        """
        SELECT c.id, (c.amount - c.amount_discount)::text, c.statement_id
          FROM toll_crossing_data c
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza z ON z.id = c.plaza_id
          JOIN toll_exemption e ON %(exempts)s
         WHERE e.id = %(exemption)s AND c.account_id = %(account)s
           AND c.state = 'posted' AND c.exemption_id IS NULL
           AND c.amount > c.amount_discount
           AND c.occurred_at >= %(since)s::date - interval '1 day'
           AND c.occurred_at < %(until)s::date + interval '2 days'
           AND NOT EXISTS (SELECT FROM toll_exemption_correction_line l
                            WHERE l.crossing_id = c.id)
         ORDER BY c.occurred_at, c.id
         LIMIT %(limit)s
        """,
        exempts=exempts(
            account=SQL("c.account_id"),
            vehicle=SQL("c.vehicle_id"),
            operator=SQL("c.operator_id"),
            day=SQL("(%s)::date", local()),
        ),
        exemption=exemption.id,
        account=exemption.account_id.id,
        since=exemption.date_from,
        until=exemption.date_to,
        limit=limit,
    )


def take_back(ids, name) -> SQL:
    """Crossings not billed yet become ``offset``; the wallet gets their charge back.

    As when a charger takes a crossing back: the tally of its batch moves from posted to
    offset. Answers the crossings that were taken back.
    """
    return SQL(
        """
        WITH undone AS (
            UPDATE toll_crossing_data d
               SET state = 'offset', reason = 'exempted'
             WHERE d.id = ANY(%(ids)s) AND d.state = 'posted'
               AND d.statement_id IS NULL
         RETURNING d.id, d.batch_id, d.account_id, d.company_id, d.currency_id, d.ref,
                   d.amount - d.amount_discount AS amount
        ), entries AS (
            INSERT INTO toll_wallet_entry_data (account_id, company_id, kind, amount,
                currency_id, occurred_at, ref, origin, create_date)
            SELECT account_id, company_id, 'adjustment', amount, currency_id,
                   now() AT TIME ZONE 'UTC', 'exempt/' || id, %(name)s,
                   now() AT TIME ZONE 'UTC'
              FROM undone ORDER BY id
         RETURNING account_id, amount
        ), wallets AS (
            INSERT INTO toll_wallet_pending (account_id, amount)
            SELECT account_id, sum(amount) FROM entries GROUP BY account_id
        ), tallied AS (
            INSERT INTO toll_crossing_tally (
                batch_id, posted, "offset", amount_posted, amount_offset)
            SELECT batch_id, -count(*), count(*), -sum(amount), sum(amount)
              FROM undone GROUP BY batch_id
        )
        SELECT id FROM undone
        """,
        ids=list(ids),
        name=name,
    )


def to_credit(ids) -> SQL:
    """(invoice, statement, operator, service, crossings, amount as text) to credit.

    What a volume discount took off the same line of the statement was not paid: the
    credit is lowered by its part. Crossings of statements that are not invoiced yet
    have no invoice.
    """
    return SQL(
        """
        SELECT s.move_id, s.id, c.operator_id, sv.id, count(*),
               round(sum(c.amount - c.amount_discount)
                     * CASE WHEN l.amount_total + COALESCE(l.amount_volume, 0) > 0
                            THEN l.amount_total
                                 / (l.amount_total + COALESCE(l.amount_volume, 0))
                            ELSE 1 END / cu.rounding::numeric)::numeric
                   * cu.rounding::numeric,
               bool_and(s.state = 'invoiced')
          FROM toll_crossing_data c
          JOIN toll_statement s ON s.id = c.statement_id
          JOIN toll_statement_line l
            ON l.statement_id = s.id AND l.operator_id = c.operator_id
           AND l.service = c.service
          JOIN res_currency cu ON cu.id = s.currency_id
          LEFT JOIN toll_service sv ON sv.code = c.service
         WHERE c.id = ANY(%s) AND c.state = 'posted'
         GROUP BY s.move_id, s.id, c.operator_id, sv.id, l.amount_total,
                  l.amount_volume, cu.rounding
         ORDER BY s.move_id, s.id, c.operator_id, sv.id
        """,
        list(ids),
    )
