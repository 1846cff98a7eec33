"""Who read personal data, and who may."""

from odoo.tools import SQL


def create_keys() -> SQL:
    """Which accounts and records a row is about: arrays, not a row per record."""
    return SQL(
        """
        ALTER TABLE toll_access_log
            ADD COLUMN IF NOT EXISTS account_keys int[],
            ADD COLUMN IF NOT EXISTS record_keys int8[];
        CREATE INDEX IF NOT EXISTS toll_access_log_account_keys_idx
            ON toll_access_log USING gin (account_keys);
        """
    )


def create_guard() -> SQL:
    """Rows are never changed, and deleted by the retention of data only.

    An account that was a draft may be deleted: its rows forget the link, not the id.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION toll_access_log_guard() RETURNS trigger
        LANGUAGE plpgsql AS $body$
        DECLARE
            gone toll_access_log.account_id%%TYPE;
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('toll.retention', true) = 'open'
            THEN
                RETURN OLD;
            END IF;
            IF TG_OP = 'UPDATE' AND OLD.account_id IS NOT NULL THEN
                gone := OLD.account_id;
                OLD.account_id := NULL;
                IF NEW IS NOT DISTINCT FROM OLD
                   AND NOT EXISTS (SELECT FROM toll_account WHERE id = gone)
                THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'The log of reads is never changed or deleted.'
                USING ERRCODE = 'restrict_violation';
        END $body$;
        CREATE OR REPLACE FUNCTION toll_access_log_no_truncate() RETURNS trigger
        LANGUAGE plpgsql AS $body$
        BEGIN
            RAISE EXCEPTION 'The log of reads cannot be emptied.'
                USING ERRCODE = 'restrict_violation';
        END $body$;
        CREATE OR REPLACE TRIGGER toll_access_log_immutable
            BEFORE UPDATE OR DELETE ON toll_access_log
            FOR EACH ROW EXECUTE FUNCTION toll_access_log_guard();
        CREATE OR REPLACE TRIGGER toll_access_log_no_truncate
            BEFORE TRUNCATE ON toll_access_log
            FOR EACH STATEMENT EXECUTE FUNCTION toll_access_log_no_truncate();
        """
    )


def log_read(
    user,
    source,
    model,
    method,
    count,
    records,
    accounts,
    domain,
    file_name,
    address,
    minutes,
) -> SQL:
    """One row; the same record opened again within so many minutes adds none.

    A request that has written nothing else does not wait for the disk: its row is safe
    from a crash of Odoo at once, from one of the machine within a second.
    """
    return SQL(
        """
          WITH calm AS MATERIALIZED (
               SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL
                           THEN set_config('synchronous_commit', 'off', true) END)
        INSERT INTO toll_access_log (
            date, user_id, office_id, company_id, account_id, source, model, method,
            record_count, record_keys, account_keys, domain, file_name, address)
        SELECT now() AT TIME ZONE 'UTC', u.id, u.toll_office_id,
               COALESCE(a.company_id, u.company_id), a.id,
               %(source)s, %(model)s, %(method)s, %(count)s,
               %(records)s::int8[], %(accounts)s::int[], %(domain)s,
               %(file_name)s, %(address)s
          FROM calm CROSS JOIN res_users u
     LEFT JOIN toll_account a ON a.id = %(account)s
         WHERE u.id = %(user)s
           AND (%(minutes)s = 0 OR NOT EXISTS (
               SELECT FROM toll_access_log l
                WHERE l.user_id = %(user)s
                  AND l.date > (now() AT TIME ZONE 'UTC')
                               - make_interval(mins => %(minutes)s)
                  AND l.source = %(source)s AND l.model = %(model)s
                  AND l.file_name IS NOT DISTINCT FROM %(file_name)s
                  AND l.record_keys = %(records)s::int8[]))
        """,
        user=user,
        source=source,
        model=model,
        method=method,
        count=count,
        records=records,
        accounts=sorted(set(accounts)),
        account=accounts[0] if len(set(accounts)) == 1 else None,
        domain=domain,
        file_name=file_name,
        address=address,
        minutes=minutes,
    )


def keys(ids) -> SQL:
    return SQL(
        "SELECT id, account_keys, record_keys FROM toll_access_log WHERE id = ANY(%s)",
        list(ids),
    )


def about(account_ids) -> SQL:
    """Ids of the rows that are about any of these accounts."""
    return SQL(
        """
        SELECT id FROM toll_access_log WHERE account_keys && %(ids)s::int[]
         UNION ALL
        SELECT id FROM toll_access_log
         WHERE account_keys IS NULL AND account_id = ANY(%(ids)s::int[])
        """,
        ids=list(account_ids),
    )


def access_review(has_second_factor) -> SQL:
    """Internal users and the roles they have themselves, with how they sign in."""
    second_factor = SQL("(u.totp_secret IS NOT NULL)") if has_second_factor else None
    return SQL(
        """
        SELECT row_number() OVER (ORDER BY u.id, g.id) AS id,
               u.id AS user_id, u.login, u.active, u.company_id,
               u.toll_office_id AS office_id, g.id AS group_id,
               u.create_date::date AS since,
               (SELECT max(l.create_date) FROM res_users_log l
                 WHERE l.create_uid = u.id) AS last_login,
               %(second_factor)s AS has_second_factor,
               u.toll_password_at AS password_at,
               k.keys AS key_count, k.oldest AS key_since,
               u.toll_key_used_at AS key_used_at
          FROM res_users u
          JOIN res_groups_users_rel r ON r.uid = u.id
          JOIN res_groups g ON g.id = r.gid
     LEFT JOIN (SELECT user_id, count(*)::int AS keys, min(create_date) AS oldest
                  FROM res_users_apikeys
                 WHERE expiration_date IS NULL
                    OR expiration_date >= now() AT TIME ZONE 'UTC'
              GROUP BY user_id) k ON k.user_id = u.id
         WHERE NOT COALESCE(u.share, FALSE) AND u.id > 1
        """,
        second_factor=second_factor or SQL("NULL::boolean"),
    )
