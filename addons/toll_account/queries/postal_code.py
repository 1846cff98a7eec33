"""The register of postal codes: loaded in a few statements, whatever its size."""

from odoo.tools import SQL

#: What makes a row another one.
KEY = ("country_id", "code", "municipality", "settlement", "settlement_type")


def create_stage() -> SQL:
    return SQL(
        """
        CREATE TEMP TABLE toll_postal_stage (
            country varchar, code varchar, state_code varchar,
            state varchar, municipality varchar,
            settlement varchar, settlement_type varchar,
            city varchar) ON COMMIT DROP
        """
    )


def copy_stage() -> str:
    return "COPY toll_postal_stage FROM STDIN"


def resolve() -> SQL:
    """Each settlement once, with its country and state; states are looked up once.

    Answers how many rows name a country that there is not.
    """
    return SQL(
        """
        ANALYZE toll_postal_stage;
        CREATE TEMP TABLE toll_postal_said ON COMMIT DROP AS
        WITH place AS MATERIALIZED (
            SELECT p.country, p.state_code, p.state, c.id AS country_id,
                   (SELECT t.id FROM res_country_state t
                     WHERE t.country_id = c.id
                       AND CASE WHEN p.state_code <> '' THEN t.code = p.state_code
                                ELSE upper(p.state) IN (upper(t.code), upper(t.name))
                            END
                  ORDER BY t.id LIMIT 1) AS state_id
              FROM (SELECT DISTINCT country, state_code, state
                      FROM toll_postal_stage) p
              JOIN res_country c ON c.code = p.country
        )
        SELECT DISTINCT ON (%(key)s)
               p.country_id, s.code, p.state_id, s.state, s.municipality,
               s.settlement, s.settlement_type, s.city
          FROM toll_postal_stage s
          JOIN place p
            ON p.country = s.country AND p.state_code = s.state_code
           AND p.state = s.state
         ORDER BY %(key)s, s.city;
        CREATE UNIQUE INDEX ON toll_postal_said (%(names)s);
        ANALYZE toll_postal_said;
        ANALYZE toll_postal_code;
        SELECT count(*) FROM toll_postal_stage s
         WHERE NOT EXISTS (SELECT FROM res_country c WHERE c.code = s.country)
        """,
        names=SQL(", ").join(SQL.identifier(name) for name in KEY),
        # by bytes: sorts many times faster
        key=SQL(", ").join(
            SQL("country_id")
            if name == "country_id"
            else SQL('%s COLLATE "C"', SQL.identifier("s", name))
            for name in KEY
        ),
    )


def merge(uid) -> SQL:
    """Make the states that the file has what the file says: (new, changed, gone).

    The same file again changes, and writes, nothing.
    """
    same = SQL(" AND ").join(
        SQL("p.%(name)s = s.%(name)s", name=SQL.identifier(name)) for name in KEY
    )
    return SQL(
        """
        WITH gone AS (
            DELETE FROM toll_postal_code p
             USING (SELECT DISTINCT country_id, state FROM toll_postal_said) f
             WHERE p.country_id = f.country_id AND p.state = f.state
               AND NOT EXISTS (SELECT FROM toll_postal_said s WHERE %(same)s)
         RETURNING p.id
        ), changed AS (
            UPDATE toll_postal_code p
               SET state_id = s.state_id, state = s.state, city = s.city,
                   write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
              FROM toll_postal_said s
             WHERE %(same)s AND (p.state_id, p.state, p.city)
                            IS DISTINCT FROM (s.state_id, s.state, s.city)
         RETURNING p.id
        ), new AS (
            INSERT INTO toll_postal_code (
                country_id, code, state_id, state, municipality, settlement,
                settlement_type, city, create_uid, create_date, write_uid, write_date)
            SELECT country_id, code, state_id, state, municipality, settlement,
                   settlement_type, city, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                   now() AT TIME ZONE 'UTC'
              FROM toll_postal_said s
             WHERE NOT EXISTS (SELECT FROM toll_postal_code p WHERE %(same)s)
                ON CONFLICT (country_id, code, municipality, settlement,
                             settlement_type) DO NOTHING
         RETURNING id
        )
        SELECT (SELECT count(*) FROM new), (SELECT count(*) FROM changed),
               (SELECT count(*) FROM gone)
        """,
        uid=uid,
        same=same,
    )


def drop_stage() -> SQL:
    return SQL("DROP TABLE toll_postal_stage, toll_postal_said")
