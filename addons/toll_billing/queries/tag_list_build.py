"""The first list of a large company: made piece by piece, shown when it is whole."""

from odoo.tools import SQL

from .tag_list import CONTENT, NOT_OUT_YET, names, present


def count_keys(company, limit) -> SQL:
    """How many entries there may be, counted no further than ``limit``."""
    return SQL(
        """
        SELECT (SELECT count(*) FROM (
                   SELECT 1 FROM stock_lot
                    WHERE company_id = %(company)s AND toll_state IS NOT NULL
                      AND toll_state NOT IN %(not_out)s LIMIT %(limit)s) AS tags)
             + (SELECT count(*) FROM (
                   SELECT 1 FROM toll_vehicle v
                    WHERE v.company_id = %(company)s LIMIT %(limit)s) AS vehicles)
        """,
        company=company,
        not_out=NOT_OUT_YET,
        limit=limit,
    )


def is_to_build(company, limit) -> SQL:
    """Is there no version yet, and more entries than that, or a build begun?"""
    return SQL(
        """
        SELECT CASE WHEN EXISTS (SELECT FROM toll_tag_list
                                  WHERE company_id = %(company)s AND version > 0)
                    THEN FALSE
                    WHEN EXISTS (SELECT FROM toll_tag_list
                                  WHERE company_id = %(company)s
                                    AND build_step IS NOT NULL)
                    THEN TRUE
                    ELSE (%(count)s) > %(limit)s
               END
        """,
        company=company,
        limit=limit,
        count=count_keys(company, limit + 1),
    )


def begin(list_id, now, mark, xid, total) -> SQL:
    """From here on the first refresh after the build looks for what has changed."""
    return SQL(
        """
        UPDATE toll_tag_list
           SET build_step = 'balances', build_key = 0, build_count = 0,
               build_total = %(total)s, refreshed_at = %(now)s,
               watermark = %(mark)s, watermark_xid = %(xid)s
         WHERE id = %(list)s
        """,
        list=list_id,
        now=now,
        mark=mark,
        xid=xid,
        total=total,
    )


def lock_build(company) -> SQL:
    """Where the build is; nobody else goes on with it meanwhile."""
    return SQL(
        """
        SELECT id, build_step, build_key FROM toll_tag_list
         WHERE company_id = %s AND version = 0 FOR UPDATE
        """,
        company,
    )


def next_accounts(company, after, limit) -> SQL:
    return SQL(
        """
        SELECT id FROM toll_account
         WHERE company_id = %s AND id > %s ORDER BY id LIMIT %s
        """,
        company,
        after,
        limit,
    )


def take_keys(company, step, after, limit) -> SQL:
    """Note the next TAGs, or vehicles, in ``touched``; (last one, how many)."""
    if step == "tags":
        source = SQL(
            """
            SELECT id FROM stock_lot
             WHERE company_id = %s AND toll_state NOT IN %s AND id > %s
             ORDER BY id LIMIT %s
            """,
            company,
            NOT_OUT_YET,
            after,
            limit,
        )
    else:
        source = SQL(
            """
            SELECT -id FROM toll_vehicle
             WHERE company_id = %s AND id > %s ORDER BY id LIMIT %s
            """,
            company,
            after,
            limit,
        )
    return SQL(
        """
        CREATE TEMP TABLE IF NOT EXISTS toll_tag_list_touched (key int4)
            ON COMMIT DROP;
        DELETE FROM toll_tag_list_touched;
        INSERT INTO toll_tag_list_touched (key) %s;
        ANALYZE toll_tag_list_touched;
        SELECT max(abs(key)), count(*) FROM toll_tag_list_touched
        """,
        source,
    )


def write_piece(company, now) -> SQL:
    """The entries of the keys in ``touched``, for the version to come."""
    return SQL(
        """
        INSERT INTO toll_tag_list_entry (
            company_id, key, %(content)s, is_blocked, version, status_version)
        SELECT %(company)s, p.key, %(p_content)s, p.status = 'blocked', 1, 1
          FROM (%(present)s) p
            ON CONFLICT (company_id, key) DO NOTHING
        """,
        content=names(CONTENT),
        p_content=names(CONTENT, "p"),
        present=present(company, now, True),
        company=company,
    )


def note_piece(list_id, step, key, count) -> SQL:
    return SQL(
        """
        UPDATE toll_tag_list
           SET build_step = %(step)s, build_key = %(key)s,
               build_count = build_count + %(count)s
         WHERE id = %(list)s
        """,
        list=list_id,
        step=step,
        key=key,
        count=count,
    )


def publish(list_id, company, now) -> SQL:
    """Version 1 is whole: from now on lanes get it. Answers as ``refresh`` does."""
    return SQL(
        """
        WITH counted AS (
            SELECT count(*) AS added,
                   count(*) FILTER (WHERE key > 0 AND is_blocked) AS blocked,
                   count(*) FILTER (WHERE key > 0 AND NOT is_blocked) AS valid,
                   count(number) + count(epc) + count(plate) AS values
              FROM toll_tag_list_entry WHERE company_id = %(company)s
        ), made AS (
            UPDATE toll_tag_list l
               SET version = 1, log_from = 1, blocked_count = c.blocked,
                   valid_count = c.valid, value_count = c.values,
                   compared_at = %(now)s, build_step = NULL
              FROM counted c
             WHERE l.id = %(list)s
        )
        INSERT INTO toll_tag_list_version (
            list_id, company_id, version, made_at, added, changed, removed,
            blocked_count, valid_count, is_full)
        SELECT %(list)s, %(company)s, 1, %(now)s, added, 0, 0, blocked, valid, TRUE
          FROM counted
        RETURNING version, added, changed, removed
        """,
        list=list_id,
        company=company,
        now=now,
    )


def drop(list_id, company) -> SQL:
    """Forget an unfinished build; whoever refreshes now does it all at once."""
    return SQL(
        """
        DELETE FROM toll_tag_list_entry WHERE company_id = %(company)s;
        UPDATE toll_tag_list SET build_step = NULL, watermark = NULL
         WHERE id = %(list)s
        """,
        list=list_id,
        company=company,
    )
