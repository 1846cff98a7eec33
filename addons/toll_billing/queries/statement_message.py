"""Words on statements: which fit whom, and where they stood."""

from odoo.tools import SQL


def _one_of(relation, column, value) -> SQL:
    """Condition: a message names no such record, or this one."""
    return SQL(
        """
        (NOT EXISTS (SELECT FROM %(relation)s r WHERE r.message_id = m.id)
         OR EXISTS (SELECT FROM %(relation)s r
                     WHERE r.message_id = m.id AND r.%(column)s = %(value)s))
        """,
        relation=SQL.identifier(relation),
        column=SQL.identifier(column),
        value=value,
    )


def fitting(statement_ids, text_ids, date, most) -> SQL:
    """(statement, text) of what stands on each statement, the first ones first.

    :param text_ids: the words of messages as they are now, one per language
    """
    return SQL(
        """
        SELECT statement_id, text_id
          FROM (SELECT s.id AS statement_id, t.id AS text_id,
                       row_number() OVER (PARTITION BY s.id
                                          ORDER BY m.sequence, m.id) AS number
                  FROM toll_statement s
                  JOIN toll_account a ON a.id = s.account_id
                  JOIN toll_billing_run b ON b.id = s.run_id
                  JOIN res_partner p ON p.id = s.partner_id
                  JOIN toll_statement_message_text t
                    ON t.id = ANY(%(texts)s)
                   AND t.lang = CASE WHEN EXISTS (
                           SELECT FROM res_lang l WHERE l.code = p.lang AND l.active)
                           THEN p.lang ELSE 'en_US' END
                  JOIN toll_statement_message m ON m.id = t.message_id
                 WHERE s.id = ANY(%(statements)s)
                   AND (m.company_id IS NULL OR m.company_id = s.company_id)
                   AND m.date_from <= %(date)s
                   AND (m.date_to IS NULL OR m.date_to >= %(date)s)
                   AND (m.payment_mode IS NULL OR m.payment_mode = a.payment_mode)
                   AND (m.lang IS NULL OR m.lang = p.lang)
                   AND %(plans)s AND %(offices)s AND %(campaigns)s AND %(cycles)s) x
         WHERE number <= %(most)s
         ORDER BY statement_id, number
        """,
        statements=list(statement_ids),
        texts=list(text_ids),
        date=date,
        most=most,
        plans=_one_of("toll_statement_message_plan_rel", "plan_id", SQL("a.plan_id")),
        offices=_one_of(
            "toll_statement_message_office_rel", "office_id", SQL("a.office_id")
        ),
        campaigns=_one_of(
            "toll_statement_message_campaign_rel", "campaign_id", SQL("a.campaign_id")
        ),
        cycles=_one_of(
            "toll_statement_message_cycle_rel", "cycle_id", SQL("b.cycle_id")
        ),
    )


def keep(statement_ids, text_ids, date, most) -> SQL:
    """Note on the statements what they say, once."""
    return SQL(
        """
        INSERT INTO toll_statement_text_rel (statement_id, text_id)
        SELECT f.statement_id, f.text_id FROM (%s) f
         WHERE NOT EXISTS (SELECT FROM toll_statement_text_rel r
                            WHERE r.statement_id = f.statement_id)
            ON CONFLICT DO NOTHING
        """,
        fitting(statement_ids, text_ids, date, most),
    )


def documents(message_ids) -> SQL:
    """(message, statements on which it stood)."""
    return SQL(
        """
        SELECT t.message_id, count(DISTINCT r.statement_id)
          FROM toll_statement_message_text t
          JOIN toll_statement_text_rel r ON r.text_id = t.id
         WHERE t.message_id = ANY(%s) GROUP BY t.message_id
        """,
        list(message_ids),
    )
