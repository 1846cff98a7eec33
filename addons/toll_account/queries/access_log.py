"""Who looked at an account, and who may."""

from odoo.tools import SQL


def log_access(account_id, company_id, user_id, source, address, minutes) -> SQL:
    """One row per person and account in so many minutes."""
    return SQL(
        """
        INSERT INTO toll_access_log (
            account_id, company_id, user_id, source, address, date)
        SELECT %(account)s, %(company)s, %(user)s, %(source)s, %(address)s,
               now() AT TIME ZONE 'UTC'
         WHERE NOT EXISTS (
               SELECT FROM toll_access_log
                WHERE account_id = %(account)s AND user_id = %(user)s
                  AND date > (now() AT TIME ZONE 'UTC')
                             - make_interval(mins => %(minutes)s))
        """,
        account=account_id,
        company=company_id,
        user=user_id,
        source=source,
        address=address,
        minutes=minutes,
    )


def access_review() -> SQL:
    """Internal users and the roles they have themselves, with the last log-in."""
    return SQL(
        """
        SELECT row_number() OVER (ORDER BY u.id, g.id) AS id,
               u.id AS user_id, u.login, u.active, u.company_id,
               u.toll_office_id AS office_id, g.id AS group_id,
               u.create_date::date AS since,
               (SELECT max(l.create_date) FROM res_users_log l
                 WHERE l.create_uid = u.id) AS last_login
          FROM res_users u
          JOIN res_groups_users_rel r ON r.uid = u.id
          JOIN res_groups g ON g.id = r.gid
         WHERE NOT COALESCE(u.share, FALSE) AND u.id > 1
        """
    )
