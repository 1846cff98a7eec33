"""Tickets of the counter: numbers per office and day, and who is next."""

from odoo.tools import SQL


def create_counter() -> SQL:
    return SQL(
        """
        CREATE TABLE IF NOT EXISTS toll_queue_counter (
            office_id int NOT NULL REFERENCES toll_office (id) ON DELETE CASCADE,
            day date NOT NULL,
            last int NOT NULL,
            PRIMARY KEY (office_id, day)
        )
        """
    )


def next_number(office_id, day) -> SQL:
    """The next number of the day. Who takes one at the same moment starts again."""
    return SQL(
        """
        INSERT INTO toll_queue_counter AS c (office_id, day, last) VALUES (%s, %s, 1)
        ON CONFLICT (office_id, day) DO UPDATE SET last = c.last + 1
        RETURNING last
        """,
        office_id,
        day,
    )


def take_next(office_id, day, service_ids=None) -> SQL:
    """Lock the ticket whose turn it is; what another agent is taking is passed over."""
    only = SQL("AND service_id = ANY(%s)", list(service_ids)) if service_ids else SQL()
    return SQL(
        """
        SELECT id FROM toll_queue_ticket
         WHERE office_id = %s AND day = %s AND state = 'waiting' %s
      ORDER BY rank_at, id
         LIMIT 1
           FOR UPDATE SKIP LOCKED
        """,
        office_id,
        day,
        only,
    )
