"""The register of postal codes: loaded in three statements, whatever its size."""

from odoo.tools import SQL


def create_stage() -> SQL:
    return SQL(
        """
        CREATE TEMP TABLE toll_postal_stage (
            country varchar, code varchar, state_code varchar, state varchar,
            municipality varchar, settlement varchar, settlement_type varchar,
            city varchar) ON COMMIT DROP
        """
    )


def copy_stage() -> str:
    return "COPY toll_postal_stage FROM STDIN"


def merge(uid) -> SQL:
    """Make the states that the file has what the file says.

    Answers (new, changed, gone, rows of unknown countries); the same file again changes
    nothing.
    """
    return SQL(
        """
        WITH said AS MATERIALIZED (
            SELECT DISTINCT ON (c.id, s.code, s.municipality, s.settlement,
                                s.settlement_type)
                   c.id AS country_id, s.code, t.id AS state_id, s.state,
                   s.municipality, s.settlement, s.settlement_type, s.city
              FROM toll_postal_stage s
              JOIN res_country c ON c.code = s.country
         LEFT JOIN LATERAL (
                   SELECT t.id FROM res_country_state t
                    WHERE t.country_id = c.id
                      AND CASE WHEN s.state_code <> '' THEN t.code = s.state_code
                               ELSE upper(s.state) IN (upper(t.code), upper(t.name))
                           END
                 ORDER BY t.id LIMIT 1) t ON TRUE
             ORDER BY c.id, s.code, s.municipality, s.settlement, s.settlement_type,
                      s.city
        ), gone AS (
            DELETE FROM toll_postal_code p
             USING (SELECT DISTINCT country_id, state FROM said) f
             WHERE p.country_id = f.country_id AND p.state = f.state
               AND NOT EXISTS (
                   SELECT FROM said s
                    WHERE s.country_id = p.country_id AND s.code = p.code
                      AND s.municipality = p.municipality
                      AND s.settlement = p.settlement
                      AND s.settlement_type = p.settlement_type)
         RETURNING p.id
        ), written AS (
            INSERT INTO toll_postal_code AS p (
                country_id, code, state_id, state, municipality, settlement,
                settlement_type, city, create_uid, create_date, write_uid, write_date)
            SELECT country_id, code, state_id, state, municipality, settlement,
                   settlement_type, city, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
                   now() AT TIME ZONE 'UTC'
              FROM said
                ON CONFLICT (country_id, code, municipality, settlement,
                             settlement_type) DO UPDATE
               SET state_id = EXCLUDED.state_id, state = EXCLUDED.state,
                   city = EXCLUDED.city, write_uid = EXCLUDED.write_uid,
                   write_date = EXCLUDED.write_date
             WHERE (p.state_id, p.state, p.city) IS DISTINCT FROM
                   (EXCLUDED.state_id, EXCLUDED.state, EXCLUDED.city)
         RETURNING p.xmax = 0 AS is_new
        )
        SELECT (SELECT count(*) FROM written WHERE is_new),
               (SELECT count(*) FROM written WHERE NOT is_new),
               (SELECT count(*) FROM gone),
               (SELECT count(*) FROM toll_postal_stage s
                 WHERE NOT EXISTS (SELECT FROM res_country c
                                    WHERE c.code = s.country))
        """,
        uid=uid,
    )
