"""Commissions of a month in single statements: what happened, and which rule pays it.

What sellers are paid for are *events*: (event, account_id, at, product_id, quantity,
base). Of the rules that fit an event the most exact one pays, additional ones besides.
"""

from odoo.tools import SQL


def new_accounts(start, end) -> SQL:
    """Accounts opened in the time."""
    return SQL(
        """
        SELECT id::bigint AS event, id AS account_id, opened_at AS at,
               NULL::int AS product_id, 1::numeric AS quantity, 0::numeric AS base
          FROM toll_account
         WHERE opened_at >= %s AND opened_at < %s AND merged_into_id IS NULL
        """,
        start,
        end,
    )


def top_ups(start, end) -> SQL:
    """Money that came in, and what was given back of it."""
    return SQL(
        """
        SELECT id AS event, account_id, occurred_at AS at, NULL::int AS product_id,
               CASE kind WHEN 'topup' THEN 1 ELSE 0 END::numeric AS quantity,
               amount AS base
          FROM toll_wallet_entry_data
         WHERE kind IN ('topup', 'refund') AND occurred_at >= %s AND occurred_at < %s
        """,
        start,
        end,
    )


def sales(start, end) -> SQL:
    """Lines of confirmed orders of an account, in the company's currency."""
    return SQL(
        """
        SELECT l.id::bigint AS event, o.toll_account_id AS account_id,
               o.date_order AS at, l.product_id, l.product_uom_qty AS quantity,
               l.price_subtotal / COALESCE(NULLIF(o.currency_rate, 0), 1) AS base
          FROM sale_order_line l
          JOIN sale_order o ON o.id = l.order_id
         WHERE o.state = 'sale' AND o.toll_account_id IS NOT NULL
           AND l.product_id IS NOT NULL AND l.is_downpayment IS NOT TRUE
           AND o.date_order >= %s AND o.date_order < %s
        """,
        start,
        end,
    )


def refresh(company, basis, period, zone, events: SQL, uid: int) -> SQL:
    """Write a company's drafts of a month; what is approved already does not change.

    Answers (written, removed).
    """
    return SQL(
        """
        WITH events AS (%(events)s),
        fits AS (
            SELECT e.account_id, e.quantity, e.base, r.id AS rule_id, r.is_extra,
                   row_number() OVER (
                       PARTITION BY e.event, COALESCE(r.is_extra, FALSE)
                           ORDER BY r.precedence DESC, r.sequence, r.id) AS place
              FROM events e
              JOIN toll_account a ON a.id = e.account_id
              JOIN toll_commission_rule r ON r.company_id = a.company_id
         LEFT JOIN product_product p ON p.id = e.product_id
             WHERE a.company_id = %(company)s AND a.seller_id IS NOT NULL
               AND r.active AND r.basis = %(basis)s
               AND (e.at AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date
                   BETWEEN r.date_from AND COALESCE(r.date_to, 'infinity')
               AND (r.user_id IS NULL OR r.user_id = a.seller_id)
               AND (r.product_tmpl_id IS NULL OR r.product_tmpl_id = p.product_tmpl_id)
               AND (r.plan_id IS NULL OR r.plan_id = a.plan_id)
               AND (r.channel_id IS NULL OR r.channel_id = a.channel_id)
               AND (r.payment_mode IS NULL OR r.payment_mode = a.payment_mode)
               AND (r.basis <> 'topup' OR COALESCE(r.months, 0) = 0
                    OR e.at < a.opened_at + make_interval(months => r.months))
        ), sums AS (
            SELECT rule_id, account_id, sum(quantity) AS quantity,
                   GREATEST(sum(base), 0) AS base
              FROM fits WHERE is_extra OR place = 1
          GROUP BY rule_id, account_id
        ), found AS (
            SELECT s.rule_id, s.account_id, a.seller_id, a.channel_id, a.campaign_id,
                   a.plan_id, s.quantity, s.base,
                   round((CASE WHEN r.percent > 0 THEN s.base * r.percent / 100
                               ELSE s.quantity * r.amount END)::numeric,
                         %(digits)s) AS amount
              FROM sums s
              JOIN toll_commission_rule r ON r.id = s.rule_id
              JOIN toll_account a ON a.id = s.account_id
        ), due AS (SELECT * FROM found WHERE amount > 0),
        written AS (
            INSERT INTO toll_commission AS c (
                kind, rule_id, account_id, period, user_id, channel_id, campaign_id,
                plan_id, company_id, currency_id, quantity, base_amount, amount, state,
                create_uid, write_uid, create_date, write_date)
            SELECT 'earned', rule_id, account_id, %(period)s, seller_id, channel_id,
                   campaign_id, plan_id, %(company)s, %(currency)s, quantity, base,
                   amount, 'draft', %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM due
            ON CONFLICT (rule_id, account_id, period) WHERE kind = 'earned' DO UPDATE
               SET user_id = EXCLUDED.user_id, channel_id = EXCLUDED.channel_id,
                   campaign_id = EXCLUDED.campaign_id, plan_id = EXCLUDED.plan_id,
                   quantity = EXCLUDED.quantity, base_amount = EXCLUDED.base_amount,
                   amount = EXCLUDED.amount, write_date = EXCLUDED.write_date
             WHERE c.state = 'draft'
               AND (c.user_id, c.channel_id, c.campaign_id, c.plan_id, c.quantity,
                    c.base_amount, c.amount)
                   IS DISTINCT FROM
                   (EXCLUDED.user_id, EXCLUDED.channel_id, EXCLUDED.campaign_id,
                    EXCLUDED.plan_id, EXCLUDED.quantity, EXCLUDED.base_amount,
                    EXCLUDED.amount)
            RETURNING c.id
        ), removed AS (
            DELETE FROM toll_commission c
             USING toll_commission_rule r
             WHERE r.id = c.rule_id AND r.basis = %(basis)s AND c.kind = 'earned'
               AND c.company_id = %(company)s AND c.period = %(period)s
               AND c.state = 'draft'
               AND NOT EXISTS (SELECT FROM due WHERE due.account_id = c.account_id
                                                 AND due.rule_id = c.rule_id)
            RETURNING c.id
        )
        SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM removed)
        """,
        events=events,
        company=company.id,
        basis=basis,
        zone=zone,
        digits=company.currency_id.decimal_places,
        currency=company.currency_id.id,
        period=period,
        uid=uid,
    )


def refresh_clawbacks(company, period, end, uid: int) -> SQL:
    """Take back what was paid for accounts that were closed too early, once.

    Answers (written, removed).
    """
    return SQL(
        """
        WITH due AS (
            SELECT c.rule_id, c.account_id, c.user_id, max(c.channel_id) AS channel_id,
                   max(c.campaign_id) AS campaign_id, max(c.plan_id) AS plan_id,
                   sum(c.quantity) AS quantity, -sum(c.amount) AS amount
              FROM toll_commission c
              JOIN toll_commission_rule r ON r.id = c.rule_id
              JOIN toll_account a ON a.id = c.account_id
             WHERE c.company_id = %(company)s AND c.kind = 'earned'
               AND r.clawback_months > 0 AND a.state = 'closed'
               AND a.merged_into_id IS NULL AND a.closed_at < %(end)s
               AND a.closed_at
                   < a.opened_at + make_interval(months => r.clawback_months)
          GROUP BY c.rule_id, c.account_id, c.user_id
        ), written AS (
            INSERT INTO toll_commission AS c (
                kind, rule_id, account_id, period, user_id, channel_id, campaign_id,
                plan_id, company_id, currency_id, quantity, base_amount, amount, state,
                create_uid, write_uid, create_date, write_date)
            SELECT 'clawback', rule_id, account_id, %(period)s, user_id, channel_id,
                   campaign_id, plan_id, %(company)s, %(currency)s, -quantity, 0,
                   amount, 'draft', %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM due
            ON CONFLICT (rule_id, account_id, user_id) WHERE kind = 'clawback'
            DO UPDATE SET quantity = EXCLUDED.quantity, amount = EXCLUDED.amount,
                          write_date = EXCLUDED.write_date
             WHERE c.state = 'draft'
               AND (c.quantity, c.amount)
                   IS DISTINCT FROM (EXCLUDED.quantity, EXCLUDED.amount)
            RETURNING c.id
        ), removed AS (
            DELETE FROM toll_commission c
             WHERE c.kind = 'clawback' AND c.company_id = %(company)s
               AND c.period = %(period)s AND c.state = 'draft'
               AND NOT EXISTS (SELECT FROM due WHERE due.account_id = c.account_id
                                                 AND due.rule_id = c.rule_id
                                                 AND due.user_id = c.user_id)
            RETURNING c.id
        )
        SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM removed)
        """,
        company=company.id,
        currency=company.currency_id.id,
        period=period,
        end=end,
        uid=uid,
    )
