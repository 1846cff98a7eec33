"""The outbox of messages: who takes which."""

from odoo.tools import SQL


def take(limit, now, until) -> SQL:
    """Take messages that are due; nobody else takes them until then.

    Those of a job that died come back after it.
    """
    return SQL(
        """
        UPDATE toll_message m
           SET state = 'sending', next_try_at = %(until)s
          FROM (SELECT id FROM toll_message
                 WHERE state IN ('queued', 'sending')
                   AND next_try_at <= %(now)s
              ORDER BY next_try_at, id
                 LIMIT %(limit)s
                   FOR UPDATE SKIP LOCKED) AS due
         WHERE m.id = due.id
     RETURNING m.id
        """,
        limit=limit,
        now=now,
        until=until,
    )
