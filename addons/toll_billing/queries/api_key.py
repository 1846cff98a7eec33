"""API keys that a request may have been signed with."""

from odoo.tools import SQL

#: Odoo finds a key's row by its first characters.
PREFIX = 8


def candidates(key, scope) -> SQL:
    """(user, stored hash) of the rows in force whose key begins like this one."""
    return SQL(
        """
        SELECT k.user_id, k.key
          FROM res_users_apikeys k JOIN res_users u ON u.id = k.user_id
         WHERE u.active AND k.index = %s AND (k.scope IS NULL OR k.scope = %s)
           AND (k.expiration_date IS NULL
                OR k.expiration_date >= now() AT TIME ZONE 'utc')
        """,
        key[:PREFIX],
        scope,
    )
