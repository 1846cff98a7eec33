"""Master-data quality: one set-based question per rule, and what becomes of it.

A question answers (res_id, company_id, account_id, partner_id, vehicle_id, other_id,
detail): the record that has the problem, and the older one that it repeats.
"""

from odoo.tools import SQL

_CUSTOMERS = SQL(
    """
    customers AS (
        SELECT a.company_id, a.partner_id AS id, min(a.id) AS account_id
          FROM toll_account a
         WHERE a.active AND a.state IN ('draft', 'active', 'suspended')
      GROUP BY a.company_id, a.partner_id)
    """
)
_VEHICLES = SQL(
    """
    vehicles AS (
        SELECT v.id, v.company_id, v.account_id, v.partner_id, v.plate_normalized,
               v.plate_lookalike, v.plate, v.class_id, v.country_id
          FROM toll_vehicle v
          JOIN toll_account a ON a.id = v.account_id
         WHERE v.active AND v.date_to IS NULL AND a.active
           AND a.state IN ('draft', 'active', 'suspended'))
    """
)


def try_pattern(pattern: str) -> SQL:
    """Fails where the database cannot use the regular expression."""
    return SQL("SELECT '' ~ %s", pattern)


def _same_customers(key: SQL) -> SQL:
    """Customers of a company with the same key: each newer one against the oldest."""
    return SQL(
        """
        WITH %s, keyed AS (
            SELECT c.id, c.company_id, c.account_id, p.commercial_partner_id, p.name,
                   %s AS key
              FROM customers c JOIN res_partner p ON p.id = c.id
        ), ranked AS (
            SELECT k.*, first_value(id) OVER same AS first_id,
                   first_value(name) OVER same AS first_name,
                   first_value(commercial_partner_id) OVER same AS first_commercial
              FROM keyed k
             WHERE key IS NOT NULL
            WINDOW same AS (PARTITION BY company_id, key ORDER BY id)
        )
        SELECT id AS res_id, company_id, account_id, id AS partner_id,
               NULL::int AS vehicle_id, first_id AS other_id,
               key || ' = ' || first_name AS detail
          FROM ranked
         WHERE id <> first_id AND commercial_partner_id <> first_commercial
        """,
        _CUSTOMERS,
        key,
    )


def duplicate_vat(_rule) -> SQL:
    return _same_customers(
        SQL("NULLIF(upper(regexp_replace(p.vat, '[^A-Za-z0-9]', '', 'g')), '')")
    )


def duplicate_contact(_rule) -> SQL:
    return _same_customers(
        SQL(
            """
            CASE WHEN length(regexp_replace(p.phone, '[^0-9]', '', 'g')) >= 7
                 THEN translate(
                          lower(regexp_replace(p.name, '[[:space:]]+', ' ', 'g')),
                          'áéíóúüñàèìòùçâêîôûäëïö', 'aeiouunaeioucaeiouaeio') || ' · '
                   || right(regexp_replace(p.phone, '[^0-9]', '', 'g'), 10) END
            """
        )
    )


def duplicate_email(_rule) -> SQL:
    return _same_customers(SQL("NULLIF(p.email_normalized, '')"))


def _same_vehicles(key: str, condition: SQL) -> SQL:
    return SQL(
        """
        WITH %s, ranked AS (
            SELECT v.*, first_value(id) OVER same AS first_id,
                   first_value(plate) OVER same AS first_plate,
                   first_value(plate_normalized) OVER same AS first_normalized,
                   first_value(account_id) OVER same AS first_account
              FROM vehicles v
            WINDOW same AS (PARTITION BY company_id, %s ORDER BY id)
        )
        SELECT r.id AS res_id, r.company_id, r.account_id, r.partner_id,
               r.id AS vehicle_id, first_id AS other_id,
               r.plate || ' = ' || first_plate || ' · ' || a.number AS detail
          FROM ranked r JOIN toll_account a ON a.id = r.first_account
         WHERE r.id <> first_id AND r.account_id <> first_account AND %s
        """,
        _VEHICLES,
        SQL.identifier(key),
        condition,
    )


def plate_two_accounts(_rule) -> SQL:
    return _same_vehicles("plate_normalized", SQL("TRUE"))


def plate_lookalike(_rule) -> SQL:
    return _same_vehicles(
        "plate_lookalike", SQL("r.plate_normalized <> r.first_normalized")
    )


def class_registry(_rule) -> SQL:
    return SQL(
        """
        WITH %s
        SELECT v.id AS res_id, v.company_id, v.account_id, v.partner_id,
               v.id AS vehicle_id, NULL::int AS other_id,
               v.plate || ': ' || mine.code || ' ≠ ' || theirs.code AS detail
          FROM vehicles v
          JOIN toll_vehicle_registry r ON r.plate_normalized = v.plate_normalized
                                      AND r.country_id = v.country_id
          JOIN toll_vehicle_class mine ON mine.id = v.class_id
          JOIN toll_vehicle_class theirs ON theirs.id = r.class_id
         WHERE r.class_id <> v.class_id
        """,
        _VEHICLES,
    )


def bad_plate(rule) -> SQL:
    return SQL(
        """
        WITH %s
        SELECT v.id AS res_id, v.company_id, v.account_id, v.partner_id,
               v.id AS vehicle_id, NULL::int AS other_id, v.plate AS detail
          FROM vehicles v
         WHERE v.plate_normalized !~ %s AND (%s::int IS NULL OR v.country_id = %s)
        """,
        _VEHICLES,
        rule.pattern or "",
        rule.country_id.id or None,
        rule.country_id.id or None,
    )


def _customers_where(detail: SQL, condition: SQL) -> SQL:
    return SQL(
        """
        WITH %s
        SELECT c.id AS res_id, c.company_id, c.account_id, c.id AS partner_id,
               NULL::int AS vehicle_id, NULL::int AS other_id, %s AS detail
          FROM customers c JOIN res_partner p ON p.id = c.id
         WHERE %s
        """,
        _CUSTOMERS,
        detail,
        condition,
    )


def bad_email(rule) -> SQL:
    return _customers_where(
        SQL("p.email"),
        SQL("NULLIF(trim(p.email), '') IS NOT NULL AND p.email !~ %s", rule.pattern),
    )


def bad_vat(rule) -> SQL:
    return _customers_where(
        SQL("p.vat"),
        SQL(
            "NULLIF(trim(p.vat), '') IS NOT NULL"
            " AND upper(regexp_replace(p.vat, '[^[:alnum:]&]', '', 'g')) !~ %s"
            " AND (%s::int IS NULL OR p.country_id IS NULL OR p.country_id = %s)",
            rule.pattern or "",
            rule.country_id.id or None,
            rule.country_id.id or None,
        ),
    )


def no_contact(_rule) -> SQL:
    return _customers_where(
        SQL("p.name"),
        SQL("NULLIF(trim(p.email), '') IS NULL AND NULLIF(trim(p.phone), '') IS NULL"),
    )


def _plain(text: SQL) -> SQL:
    """Without case and accents, as people write names of places."""
    return SQL("lower(translate(trim(%s), 'ÁÉÍÓÚÜÑáéíóúüñ', 'AEIOUUNaeiouun'))", text)


def bad_postal_code(_rule) -> SQL:
    """The register knows the country, but not this code there, or elsewhere.

    A register of some states says nothing about addresses of the others.
    """
    city = _plain(SQL("p.city"))
    return _customers_where(
        SQL(
            """
            concat_ws(' · ', p.zip, p.city, (
                SELECT '→ ' || concat_ws(', ', k.municipality, k.state)
                  FROM toll_postal_code k
                 WHERE k.country_id = p.country_id AND k.code = trim(p.zip)
                 LIMIT 1))
            """
        ),
        SQL(
            """
            NULLIF(trim(p.zip), '') IS NOT NULL
            AND (p.country_id, COALESCE(p.state_id, 0)) IN (
                SELECT k.country_id, COALESCE(k.state_id, 0) FROM toll_postal_code k
                 UNION
                SELECT k.country_id, 0 FROM toll_postal_code k)
            AND NOT EXISTS (
                SELECT FROM toll_postal_code k
                 WHERE k.country_id = p.country_id AND k.code = trim(p.zip)
                   AND (p.state_id IS NULL OR k.state_id IS NULL
                        OR k.state_id = p.state_id)
                   AND (NULLIF(trim(p.city), '') IS NULL
                        OR %s IN (%s, %s, %s)))
            """,
            city,
            _plain(SQL("k.municipality")),
            _plain(SQL("k.city")),
            _plain(SQL("k.settlement")),
        ),
    )


def _accounts_where(detail: SQL, condition: SQL) -> SQL:
    return SQL(
        """
        SELECT a.id AS res_id, a.company_id, a.id AS account_id, a.partner_id,
               NULL::int AS vehicle_id, NULL::int AS other_id, %s AS detail
          FROM toll_account a
         WHERE a.active AND a.state IN ('active', 'suspended') AND %s
        """,
        detail,
        condition,
    )


def stale(rule) -> SQL:
    since = SQL("COALESCE(a.verified_date, a.opened_at::date, a.create_date::date)")
    return _accounts_where(
        SQL("to_char(%s, 'YYYY-MM-DD')", since),
        SQL("%s < CURRENT_DATE - %s", since, rule.limit),
    )


def incomplete(rule) -> SQL:
    return _accounts_where(
        SQL("a.completeness || ' %%'"),
        SQL("COALESCE(a.completeness, 0) < %s", rule.limit),
    )


CHECKS = {
    "duplicate_vat": duplicate_vat,
    "duplicate_contact": duplicate_contact,
    "duplicate_email": duplicate_email,
    "plate_two_accounts": plate_two_accounts,
    "plate_lookalike": plate_lookalike,
    "class_registry": class_registry,
    "bad_email": bad_email,
    "bad_vat": bad_vat,
    "bad_plate": bad_plate,
    "no_contact": no_contact,
    "bad_postal_code": bad_postal_code,
    "stale": stale,
    "incomplete": incomplete,
}


def refresh(rule_id: int, severity: str, found: SQL, uid: int) -> SQL:
    """Write what was found and solve what is gone; answer (new, again, solved).

    An accepted issue stays accepted while its cause lasts; a solved one whose cause is
    there opens again.
    """
    return SQL(
        """
        WITH found AS MATERIALIZED (%(found)s),
        written AS (
            INSERT INTO toll_quality_issue AS i (
                rule_id, severity, company_id, res_id, account_id, partner_id,
                vehicle_id, other_id, detail, state, found_at, create_uid, write_uid,
                create_date, write_date)
            SELECT %(rule)s, %(severity)s, company_id, res_id, account_id, partner_id,
                   vehicle_id, other_id, left(detail, 240), 'open',
                   now() AT TIME ZONE 'UTC', %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM found
            ON CONFLICT (rule_id, company_id, res_id) DO UPDATE
               SET detail = EXCLUDED.detail, other_id = EXCLUDED.other_id,
                   account_id = EXCLUDED.account_id, severity = EXCLUDED.severity,
                   state = CASE i.state WHEN 'solved' THEN 'open' ELSE i.state END,
                   solved_at = NULL,
                   found_at = CASE i.state WHEN 'solved' THEN EXCLUDED.found_at
                                           ELSE i.found_at END,
                   write_date = EXCLUDED.write_date
             WHERE i.state = 'solved'
                OR (i.detail, i.other_id, i.severity)
                   IS DISTINCT FROM
                   (EXCLUDED.detail, EXCLUDED.other_id, EXCLUDED.severity)
            RETURNING xmax = 0 AS is_new
        ), solved AS (
            UPDATE toll_quality_issue i
               SET state = 'solved', solved_at = now() AT TIME ZONE 'UTC',
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE i.rule_id = %(rule)s AND i.state <> 'solved'
               AND NOT EXISTS (SELECT FROM found f
                                WHERE f.res_id = i.res_id
                                  AND f.company_id = i.company_id)
            RETURNING i.id
        )
        SELECT (SELECT count(*) FROM written WHERE is_new),
               (SELECT count(*) FROM written WHERE NOT is_new),
               (SELECT count(*) FROM solved)
        """,
        found=found,
        rule=rule_id,
        severity=severity,
        uid=uid,
    )


# What a complete account has; `a` is the account, `p` its customer.
PARTS = {
    "email": SQL("NULLIF(trim(p.email), '') IS NOT NULL"),
    "phone": SQL("NULLIF(trim(p.phone), '') IS NOT NULL"),
    "vat": SQL("NULLIF(trim(p.vat), '') IS NOT NULL"),
    "street": SQL("NULLIF(trim(p.street), '') IS NOT NULL"),
    "zip": SQL("NULLIF(trim(p.zip), '') IS NOT NULL"),
    "city": SQL("NULLIF(trim(p.city), '') IS NOT NULL"),
    "country": SQL("p.country_id IS NOT NULL"),
    "lang": SQL("NULLIF(p.lang, '') IS NOT NULL"),
    "vehicle": SQL(
        "EXISTS (SELECT FROM toll_vehicle v WHERE v.account_id = a.id AND v.active)"
    ),
    "verified": SQL("a.verified_date IS NOT NULL"),
}


def update_completeness(weights: dict, account_ids=None, partner_ids=None) -> SQL:
    """Write the score, 0 to 100, where it has changed; answer the accounts."""
    total = sum(weights.values()) or 1
    earned = [
        SQL("CASE WHEN %s THEN %s ELSE 0 END", PARTS[code], weight)
        for code, weight in weights.items()
    ]
    only = SQL("TRUE")
    if account_ids is not None:
        only = SQL("a.id = ANY(%s)", list(account_ids))
    elif partner_ids is not None:
        only = SQL("a.partner_id = ANY(%s)", list(partner_ids))
    return SQL(
        """
        WITH scored AS (
            SELECT a.id, round(100.0 * (%s) / %s)::int AS score
              FROM toll_account a JOIN res_partner p ON p.id = a.partner_id
             WHERE %s)
        UPDATE toll_account a SET completeness = s.score
          FROM scored s
         WHERE s.id = a.id AND a.completeness IS DISTINCT FROM s.score
        RETURNING a.id
        """,
        SQL(" + ").join(earned) if earned else SQL("0"),
        total,
        only,
    )


def upsert_registry(rows: list[tuple], uid: int) -> SQL:
    """Write lines of the official registry; a known plate gets the newer data.

    A row is (plate, plate_normalized, country, class, source, date).
    """
    return SQL(
        """
        INSERT INTO toll_vehicle_registry AS r (
            plate, plate_normalized, country_id, class_id, source, date,
            create_uid, write_uid, create_date, write_date)
        SELECT v.plate, v.normalized, v.country::int, v.class::int, v.source,
               v.date::date, %(uid)s, %(uid)s,
               now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
          FROM (VALUES %(rows)s) AS v (plate, normalized, country, class, source, date)
        ON CONFLICT (plate_normalized, country_id) DO UPDATE
           SET plate = EXCLUDED.plate, class_id = EXCLUDED.class_id,
               source = EXCLUDED.source, date = EXCLUDED.date,
               write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date
         WHERE r.date <= EXCLUDED.date
        RETURNING id
        """,
        uid=uid,
        rows=SQL(", ").join(SQL("%s", row) for row in rows),
    )
