"""What the retention of data finds among files and hand-held devices."""

from odoo.tools import SQL

from odoo.addons.toll_account.queries.retention import held_accounts


def batch_file_due(before, companies) -> SQL:
    """Batches whose file is still kept; the batch and its figures stay."""
    return SQL(
        """
        SELECT id FROM toll_crossing_batch
         WHERE finished_at < %(before)s AND company_id = ANY(%(companies)s)
           AND state <> 'loading' AND attachment_id IS NOT NULL
        """,
        before=before,
        companies=companies,
    )


def _is_held(hold, *columns) -> SQL:
    """Does one of these texts name a vehicle or a TAG of a held customer?"""
    if not hold:
        return SQL("FALSE")
    values = SQL(", ").join(SQL.identifier("c", column) for column in columns)
    return SQL(
        """
        EXISTS (SELECT FROM toll_vehicle v
                 WHERE v.account_id IN (%(held)s) AND v.plate IN (%(values)s))
        OR EXISTS (SELECT FROM toll_tag_assignment g
                     JOIN stock_lot l ON l.id = g.lot_id
                    WHERE g.account_id IN (%(held)s)
                      AND (l.name IN (%(values)s) OR l.toll_epc IN (%(values)s)))
        """,
        held=held_accounts(),
        values=values,
    )


def capture_due(before, companies, hold, every) -> SQL:
    """Captures that nobody works on any more, with something in them to take out."""
    return SQL(
        """
        SELECT c.id FROM toll_handheld_capture c
         WHERE COALESCE(c.taken_at, c.create_date) < %(before)s
           AND c.company_id = ANY(%(companies)s)
           AND c.state NOT IN ('held', 'waiting')
           AND (%(every)s OR COALESCE(c.tag, c.plate, c.note, c.raw) IS NOT NULL)
           AND NOT (%(held)s)
        """,
        before=before,
        companies=companies,
        every=every,
        held=_is_held(hold, "tag", "plate"),
    )


def check_due(before, companies, hold) -> SQL:
    return SQL(
        """
        SELECT c.id FROM toll_handheld_check c
         WHERE c.checked_at < %(before)s AND c.company_id = ANY(%(companies)s)
           AND NOT (%(held)s)
        """,
        before=before,
        companies=companies,
        held=_is_held(hold, "value"),
    )
