"""The till's own count of movements, which keeps closing and taking money apart."""

from odoo.tools import SQL


def hold_session(session_id: int) -> SQL:
    """Add a movement to this session if it is open, as ``claim_session`` does."""
    return SQL(
        """
        UPDATE toll_cash_session
           SET movement_count = COALESCE(movement_count, 0) + 1
         WHERE id = %s AND state = 'open'
        RETURNING id
        """,
        session_id,
    )


def claim_session(user_id: int, office_id: int) -> SQL:
    """Add a movement to the open session of this person in this office.

    It changes the row: a closing that began before must start again and then sees the
    movement, and a movement that comes after the closing finds no open session.
    """
    return SQL(
        """
        UPDATE toll_cash_session
           SET movement_count = COALESCE(movement_count, 0) + 1
         WHERE user_id = %s AND office_id = %s AND state = 'open'
        RETURNING id
        """,
        user_id,
        office_id,
    )
