"""Messages to many: who gets one, and what became of it; whatever their number."""

from odoo.tools import SQL


def choose(broadcast, accounts, channels) -> SQL:
    """A line for each chosen account: its channel, or why it gets nothing.

    :param accounts: SQL that gives the accounts' ids
    :param channels: those of the gateways in use
    """
    return SQL(
        """
        INSERT INTO toll_broadcast_line (
            broadcast_id, company_id, account_id, partner_id, channel, state,
            next_try_at)
        SELECT %(broadcast)s, company_id, account_id, partner_id,
               CASE WHEN refuses THEN NULL ELSE channel END,
               CASE WHEN refuses THEN 'no_consent'
                    WHEN channel IS NULL THEN 'no_address' ELSE 'waiting' END,
               %(start)s
          FROM (
            SELECT DISTINCT ON (%(key)s)
                   a.id AS account_id, a.company_id, a.partner_id,
                   CASE WHEN p.toll_channel = ANY(%(channels)s)
                         AND COALESCE(p.phone, '') <> '' THEN p.toll_channel
                        WHEN p.email_normalized IS NOT NULL THEN 'email'
                   END AS channel,
                   COALESCE(p.toll_channel, 'email') = 'none'
                   OR %(marketing)s AND (
                       COALESCE(p.toll_channel, 'email') IN ('phone', 'post')
                       OR NOT COALESCE((
                           SELECT c.granted FROM toll_consent c
                            WHERE c.partner_id = p.id AND c.purpose = 'marketing'
                         ORDER BY c.occurred_at DESC, c.id DESC LIMIT 1), FALSE)
                   ) AS refuses
              FROM toll_account a
              JOIN res_partner p ON p.id = a.partner_id
             WHERE a.id IN (%(accounts)s)
          ORDER BY %(key)s, a.id
          ) chosen
            ON CONFLICT (broadcast_id, account_id) DO NOTHING
        """,
        broadcast=broadcast.id,
        start=broadcast.send_at or None,
        key=SQL("a.partner_id") if broadcast.is_once else SQL("a.id"),
        channels=sorted(channels),
        marketing=broadcast.kind == "marketing",
        accounts=accounts,
    )


def follow(broadcast) -> SQL:
    """What outbox and mail queue have done since with what was handed to them."""
    return SQL(
        """
        WITH told AS (
            SELECT l.id, m.state = 'failed' AND NOT COALESCE(m.is_mailed, FALSE)
                       AS is_failed,
                   CASE WHEN m.is_mailed THEN 'email' ELSE l.channel END AS channel,
                   m.error AS reason
              FROM toll_broadcast_line l
              JOIN toll_message m ON m.id = l.message_id
             WHERE l.broadcast_id = %(broadcast)s AND l.state = 'queued'
               AND m.state IN ('sent', 'delivered', 'failed')
             UNION ALL
            SELECT l.id, n.notification_status <> 'sent', l.channel,
                   COALESCE(n.failure_reason, n.failure_type)
              FROM toll_broadcast_line l
              JOIN mail_notification n ON n.mail_message_id = l.mail_message_id
                                      AND n.res_partner_id = l.partner_id
             WHERE l.broadcast_id = %(broadcast)s AND l.state = 'queued'
               AND n.notification_status IN ('sent', 'bounce', 'exception', 'canceled')
        )
        UPDATE toll_broadcast_line l
           SET state = CASE WHEN told.is_failed THEN 'failed' ELSE 'sent' END,
               channel = told.channel, reason = told.reason
          FROM told
         WHERE l.id = told.id
        """,
        broadcast=broadcast.id,
    )


def cancel(broadcast) -> SQL:
    """What has not begun gets nothing any more."""
    return SQL(
        """
        UPDATE toll_broadcast_line SET state = 'cancelled'
         WHERE broadcast_id = %s AND state = 'waiting'
        """,
        broadcast.id,
    )
