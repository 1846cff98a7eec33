"""Commissions of a month, rule by rule, in single statements."""

from odoo.tools import SQL


def new_accounts(start, end, _rule) -> SQL:
    """(account, quantity, base): accounts opened in the time."""
    return SQL(
        """
        SELECT id AS account_id, 1::numeric AS quantity, 0::numeric AS base
          FROM toll_account
         WHERE opened_at >= %s AND opened_at < %s AND merged_into_id IS NULL
        """,
        start,
        end,
    )


def top_ups(start, end, rule) -> SQL:
    """(account, quantity, base): money that came in in the first months."""
    return SQL(
        """
        SELECT e.account_id, count(*) FILTER (WHERE e.kind = 'topup')::numeric
                   AS quantity,
               GREATEST(SUM(e.amount), 0) AS base
          FROM toll_wallet_entry_data e
          JOIN toll_account a ON a.id = e.account_id
         WHERE e.kind IN ('topup', 'refund')
           AND e.occurred_at >= %(start)s AND e.occurred_at < %(end)s
           AND (%(months)s = 0
                OR e.occurred_at < a.opened_at + make_interval(months => %(months)s))
      GROUP BY e.account_id
        """,
        start=start,
        end=end,
        months=rule.months or 0,
    )


def refresh(rule, period, source: SQL, uid: int) -> SQL:
    """Write the month's drafts of a rule; what is approved already does not change.

    Answers (written, removed).
    """
    currency = rule.currency_id
    return SQL(
        """
        WITH source AS (%(source)s),
        found AS (
            SELECT a.id AS account_id, a.seller_id, a.channel_id, a.campaign_id,
                   s.quantity, s.base,
                   round(CASE WHEN %(percent)s > 0 THEN s.base * %(percent)s / 100
                              ELSE s.quantity * %(amount)s END, %(digits)s) AS amount
              FROM source s JOIN toll_account a ON a.id = s.account_id
             WHERE a.company_id = %(company)s AND a.seller_id IS NOT NULL
               AND (%(channel)s::int IS NULL OR a.channel_id = %(channel)s)
               AND (%(seller)s::int IS NULL OR a.seller_id = %(seller)s)
               AND (%(mode)s::varchar IS NULL OR a.payment_mode = %(mode)s)
        ), due AS (SELECT * FROM found WHERE amount > 0),
        written AS (
            INSERT INTO toll_commission AS c (
                rule_id, account_id, period, user_id, channel_id, campaign_id,
                company_id, currency_id, quantity, base_amount, amount, state,
                create_uid, write_uid, create_date, write_date)
            SELECT %(rule)s, account_id, %(period)s, seller_id, channel_id, campaign_id,
                   %(company)s, %(currency)s, quantity, base, amount, 'draft',
                   %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM due
            ON CONFLICT (rule_id, account_id, period) DO UPDATE
               SET user_id = EXCLUDED.user_id, channel_id = EXCLUDED.channel_id,
                   campaign_id = EXCLUDED.campaign_id, quantity = EXCLUDED.quantity,
                   base_amount = EXCLUDED.base_amount, amount = EXCLUDED.amount,
                   write_date = EXCLUDED.write_date
             WHERE c.state = 'draft'
               AND (c.user_id, c.channel_id, c.campaign_id, c.quantity, c.base_amount,
                    c.amount)
                   IS DISTINCT FROM
                   (EXCLUDED.user_id, EXCLUDED.channel_id, EXCLUDED.campaign_id,
                    EXCLUDED.quantity, EXCLUDED.base_amount, EXCLUDED.amount)
            RETURNING c.id
        ), removed AS (
            DELETE FROM toll_commission c
             WHERE c.rule_id = %(rule)s AND c.period = %(period)s AND c.state = 'draft'
               AND NOT EXISTS (SELECT FROM due WHERE due.account_id = c.account_id)
            RETURNING c.id
        )
        SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM removed)
        """,
        source=source,
        percent=rule.percent,
        amount=rule.amount,
        digits=currency.decimal_places,
        company=rule.company_id.id,
        channel=rule.channel_id.id or None,
        seller=rule.user_id.id or None,
        mode=rule.payment_mode or None,
        rule=rule.id,
        period=period,
        currency=currency.id,
        uid=uid,
    )
