"""Rows that the bridge locks, and what its checks look for.

Odoo's transactions are REPEATABLE READ: whoever waits here for a row that the other one
changed gets a serialization failure, and the whole request starts again with a fresh
look. So a row that is locked is also a row that is current.
"""

from odoo.tools import SQL


def lock_encoder(encoder) -> SQL:
    """One question of an encoder at a time."""
    return SQL(
        "SELECT id FROM toll_encoder WHERE id = %s FOR NO KEY UPDATE", encoder.id
    )


def lock_jobs(jobs) -> SQL:
    return SQL(
        "SELECT id FROM toll_encoding_job WHERE id IN %s ORDER BY id FOR UPDATE",
        tuple(jobs.ids),
    )


def lock_batch(batch) -> SQL:
    """Nobody hands out a TAG of the batch meanwhile (next_job takes a share)."""
    return SQL(
        "SELECT id FROM toll_encoding_batch WHERE id = %s FOR NO KEY UPDATE",
        batch.id,
    )


def next_read(encoder) -> SQL:
    """A test read that waits for this encoder."""
    return SQL(
        """
        SELECT id FROM toll_encoding_job
         WHERE encoder_id = %s AND kind = 'read' AND state = 'waiting'
         ORDER BY id LIMIT 1
           FOR UPDATE SKIP LOCKED
        """,
        encoder.id,
    )


def next_job(encoder) -> SQL:
    """The next TAG for this encoder, locked.

    First the one that lies on its plate already (it failed there and is tried again);
    then the next one that no other encoder of the batch has begun.
    """
    return SQL(
        """
        SELECT j.id
          FROM toll_encoding_job j
          JOIN toll_encoding_batch b ON b.id = j.batch_id
          JOIN toll_encoder_toll_encoding_batch_rel mine
            ON mine.toll_encoding_batch_id = b.id AND mine.toll_encoder_id = %(encoder)s
         WHERE j.state = 'waiting' AND b.state = 'running'
           AND (j.encoder_id IS NULL OR j.encoder_id = %(encoder)s
                OR NOT EXISTS (SELECT 1 FROM toll_encoder_toll_encoding_batch_rel r
                                WHERE r.toll_encoding_batch_id = b.id
                                  AND r.toll_encoder_id = j.encoder_id))
         ORDER BY (j.encoder_id = %(encoder)s) IS TRUE DESC, b.started_at, b.id,
               j.position, j.id
         LIMIT 1
           FOR UPDATE OF j SKIP LOCKED
           FOR SHARE OF b
        """,
        encoder=encoder.id,
    )


def finished_batches(encoder) -> SQL:
    """Running batches of this encoder in which nothing is left to do."""
    return SQL(
        """
        SELECT b.id
          FROM toll_encoding_batch b
          JOIN toll_encoder_toll_encoding_batch_rel mine
            ON mine.toll_encoding_batch_id = b.id AND mine.toll_encoder_id = %s
         WHERE b.state = 'running'
           AND NOT EXISTS (SELECT 1 FROM toll_encoding_job j
                            WHERE j.batch_id = b.id
                              AND j.state IN ('waiting', 'sent', 'failed'))
        """,
        encoder.id,
    )


def insert_secret(company, version, value) -> SQL:
    """A master key, unless the version is there already.

    Two requests at once: the second one fails with 40001, starts again and finds it.
    """
    return SQL(
        """
        INSERT INTO toll_secret (company_id, version, value, create_uid, write_uid,
                                 create_date, write_date)
        VALUES (%(company)s, %(version)s, %(value)s, %(uid)s, %(uid)s,
                now() AT TIME ZONE 'utc', now() AT TIME ZONE 'utc')
            ON CONFLICT (company_id, version) DO NOTHING
        """,
        company=company.id,
        version=version,
        value=value,
        uid=company.env.uid,
    )


def codes_differ() -> SQL:
    """TAGs whose EPC or TID is not what was last read back from the chip."""
    return SQL(
        """
        SELECT l.name, concat_ws(' / ', j.read_epc, j.read_tid)
          FROM (SELECT DISTINCT ON (lot_id) lot_id, read_epc, read_tid
                  FROM toll_encoding_job
                 WHERE kind = 'encode' AND state = 'done'
                 ORDER BY lot_id, done_at DESC, id DESC) j
          JOIN stock_lot l ON l.id = j.lot_id
         WHERE l.toll_epc IS DISTINCT FROM j.read_epc
            OR l.toll_tid IS DISTINCT FROM j.read_tid
         ORDER BY l.name
         LIMIT 50
        """
    )


def rejected_in_stock() -> SQL:
    """TAGs that encoders gave up and that can be assigned all the same."""
    return SQL(
        """
        SELECT l.name, j.error
          FROM (SELECT DISTINCT ON (lot_id) lot_id, state, error
                  FROM toll_encoding_job
                 WHERE kind = 'encode' AND state IN ('done', 'rejected')
                 ORDER BY lot_id, done_at DESC, id DESC) j
          JOIN stock_lot l ON l.id = j.lot_id
         WHERE j.state = 'rejected' AND l.toll_state IN ('encoded', 'stocked')
         ORDER BY l.name
         LIMIT 50
        """
    )
