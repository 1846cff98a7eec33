"""What an operator has earned, less what was remitted before. Writes its lines.

A remittance books differences: all that the agreement comes to now (``_facts``) less
what confirmed remittances booked of it (``_booked``), by origin, service, plaza and
class. So it may be computed again and again, nothing is remitted twice, and what came
late or was taken back comes with the next one.
"""

from odoo.tools import SQL

from .discount_volume import local
from .remittance_basis import collected, crossed, days, invoiced, services

KEYS = (
    "concept",
    "date_from",
    "run_id",
    "correction_id",
    "service",
    "plaza_id",
    "class_id",
)
FIGURES = (
    "crossings",
    "amount_gross",
    "amount_discount",
    "amount_volume",
    "amount_borne",
)


def _names(names, prefix=None) -> SQL:
    return SQL(", ").join(
        SQL.identifier(prefix, name) if prefix else SQL.identifier(name)
        for name in names
    )


def frozen_until() -> SQL:
    """Days before this one have no crossings online."""
    return SQL("SELECT frozen_until FROM toll_traffic_state")


def lock(agreement) -> SQL:
    """One remittance of an agreement is confirmed at a time.

    The row is changed, so that whoever began before another one was confirmed fails and
    is tried again: a mere lock would let him go on with what he saw.
    """
    return SQL(
        "UPDATE toll_remittance_agreement SET write_date = write_date WHERE id = %s",
        agreement.id,
    )


# === CREDIT NOTES === #
def _credits(remittance) -> SQL:
    """Crossings that customers got back by credit note: exemptions approved late."""
    agreement = remittance.agreement_id
    first, last = days(agreement, remittance.date_to)
    return SQL(
        """
        SELECT 'credit' AS concept, %(date_from)s::date AS date_from,
               NULL::int AS run_id, k.id AS correction_id, c.service, c.plaza_id,
               c.class_id, -count(*) AS crossings, -sum(c.amount) AS amount_gross,
               -sum(c.amount_discount) AS amount_discount, 0 AS amount_volume,
               -COALESCE(sum(c.amount_discount) FILTER (
                   WHERE c.discount_plan_id = ANY(%(plans)s)), 0) AS amount_borne
          FROM toll_exemption_correction k
          JOIN toll_exemption_correction_line x
            ON x.correction_id = k.id AND x.is_credited
          JOIN toll_crossing_data c ON c.id = x.crossing_id AND c.state = 'posted'
          JOIN toll_operator o ON o.id = c.operator_id
          LEFT JOIN toll_plaza z ON z.id = c.plaza_id
         WHERE k.state = 'done' AND k.company_id = %(company)s
           AND c.operator_id = %(operator)s AND c.currency_id = %(currency)s
           AND %(services)s AND (%(local)s)::date BETWEEN %(first)s AND %(last)s
           AND (SELECT max(m.invoice_date) FROM toll_exemption_correction_move_rel j
                  JOIN account_move m ON m.id = j.account_move_id
                 WHERE j.toll_exemption_correction_id = k.id) <= %(until)s
         GROUP BY k.id, c.service, c.plaza_id, c.class_id
        """,
        date_from=remittance.date_from,
        plans=agreement._get_borne_plan_ids(),
        company=agreement.company_id.id,
        operator=agreement.operator_id.id,
        currency=agreement.currency_id.id,
        services=services(agreement, SQL("c.service")),
        local=local(),
        first=first,
        last=last,
        until=remittance.date_to,
    )


# === LINES === #
def _facts(remittance, since) -> SQL:
    basis = remittance.agreement_id.basis
    if basis == "collected":
        # a credit note lowers the part that is ever paid
        return collected(remittance, since)
    usage = {"crossed": crossed, "invoiced": invoiced}[basis]
    return SQL("%s UNION ALL %s", usage(remittance, since), _credits(remittance))


def _booked(remittance, since) -> SQL:
    """What confirmed remittances hold of the same, by the same keys."""
    crossed = remittance.agreement_id.basis == "crossed"
    return SQL(
        """
        SELECT l.concept,
               CASE WHEN %(crossed)s AND l.concept = 'usage' THEN l.date_from
                    ELSE %(date_from)s END AS date_from,
               l.run_id, l.correction_id, l.service, l.plaza_id, l.class_id, %(sums)s
          FROM toll_remittance_line l
          LEFT JOIN toll_billing_run r ON r.id = l.run_id
         WHERE l.agreement_id = %(agreement)s AND l.is_final
           AND l.concept IN ('usage', 'volume', 'credit')
           AND CASE WHEN l.concept = 'credit' THEN TRUE
                    WHEN %(crossed)s THEN l.date_from >= %(since)s
                    WHEN %(invoiced)s AND l.concept = 'usage' THEN FALSE
                    ELSE r.until >= %(since)s END
         GROUP BY 1, 2, 3, 4, 5, 6, 7
        """,
        crossed=crossed,
        invoiced=remittance.agreement_id.basis == "invoiced",
        date_from=remittance.date_from,
        since=since,
        agreement=remittance.agreement_id.id,
        sums=SQL(", ").join(
            SQL("sum(%s) AS %s", SQL.identifier("l", name), SQL.identifier(name))
            for name in FIGURES
        ),
    )


def insert_lines(remittance, since) -> SQL:
    """What the agreement comes to now, less what was booked of it before."""
    agreement = remittance.agreement_id
    return SQL(
        """
        WITH facts AS (
            SELECT %(keys)s, %(sums)s FROM (%(facts)s) f GROUP BY %(keys)s
        ), change AS (
            SELECT %(keys)s, %(less)s
              FROM (SELECT %(keys)s, %(figures)s FROM facts
                     UNION ALL
                    SELECT %(keys)s, %(minus)s FROM (%(booked)s) b) u
             GROUP BY %(keys)s
        )
        INSERT INTO toll_remittance_line (
            remittance_id, agreement_id, company_id, currency_id, %(keys)s, date_to,
            is_adjustment, %(figures)s, amount, is_final, create_uid, create_date,
            write_uid, write_date)
        SELECT %(id)s, %(agreement)s, %(company)s, %(currency)s, %(c_keys)s,
               CASE WHEN c.date_from = %(date_from)s THEN %(date_to)s::date
                    ELSE (date_trunc(%(unit)s, c.date_from::timestamp)
                          + ('1 ' || %(unit)s)::interval)::date - 1 END,
               c.date_from <> %(date_from)s OR c.concept <> 'usage', %(c_figures)s,
               c.amount_gross - c.amount_discount - c.amount_volume + c.amount_borne,
               FALSE, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
               now() AT TIME ZONE 'UTC'
          FROM change c
         WHERE (%(c_figures)s) <> (0, 0, 0, 0, 0)
           AND (c.date_from = %(date_from)s OR NOT EXISTS (
               SELECT FROM toll_remittance r
                WHERE r.agreement_id = %(agreement)s AND r.id <> %(id)s
                  AND r.date_from = c.date_from AND r.state IN ('draft', 'asked')))
         ORDER BY c.date_from, c.concept, c.service, c.plaza_id, c.class_id
        """,
        keys=_names(KEYS),
        c_keys=_names(KEYS, "c"),
        figures=_names(FIGURES),
        c_figures=_names(FIGURES, "c"),
        sums=_sums(FIGURES),
        less=_sums(FIGURES),
        minus=SQL(", ").join(SQL("-%s", SQL.identifier(name)) for name in FIGURES),
        facts=_facts(remittance, since),
        booked=_booked(remittance, since),
        id=remittance.id,
        agreement=agreement.id,
        company=agreement.company_id.id,
        currency=agreement.currency_id.id,
        date_from=remittance.date_from,
        date_to=remittance.date_to,
        unit=agreement.periodicity,
        uid=remittance.env.uid,
    )


def _sums(names) -> SQL:
    return SQL(", ").join(
        SQL("sum(%s) AS %s", SQL.identifier(name), SQL.identifier(name))
        for name in names
    )


def periods(remittance) -> SQL:
    """(first day, due, crossings, fee before): periods that get a fee now, as text."""
    return SQL(
        """
        SELECT l.date_from, max(l.date_to),
               COALESCE(sum(l.amount) FILTER (WHERE l.concept <> 'fee'), 0)::text,
               COALESCE(sum(l.crossings), 0),
               COALESCE(-sum(l.amount) FILTER (WHERE l.concept = 'fee'), 0)::text
          FROM toll_remittance_line l
         WHERE l.agreement_id = %(agreement)s AND l.concept <> 'guarantee'
           AND (l.is_final OR l.remittance_id = %(id)s)
           AND l.date_from IN (SELECT date_from FROM toll_remittance_line
                                WHERE remittance_id = %(id)s)
         GROUP BY l.date_from ORDER BY l.date_from
        """,
        agreement=remittance.agreement_id.id,
        id=remittance.id,
    )


def totals(remittance) -> SQL:
    """(crossings, gross, discount, volume, borne, adjustments, due, fee, guarantee)."""
    return SQL(
        """
        SELECT COALESCE(sum(crossings), 0), COALESCE(sum(amount_gross), 0)::text,
               COALESCE(sum(amount_discount), 0)::text,
               COALESCE(sum(amount_volume), 0)::text,
               COALESCE(sum(amount_borne), 0)::text,
               COALESCE(sum(amount) FILTER (WHERE is_adjustment AND u), 0)::text,
               COALESCE(sum(amount) FILTER (WHERE u), 0)::text,
               COALESCE(-sum(amount) FILTER (WHERE concept = 'fee'), 0)::text,
               COALESCE(-sum(amount) FILTER (WHERE concept = 'guarantee'), 0)::text
          FROM (SELECT *, concept IN ('usage', 'volume', 'credit') AS u
                  FROM toll_remittance_line WHERE remittance_id = %s) l
        """,
        remittance.id,
    )


def held(agreement) -> SQL:
    """The guarantee that was kept back so far, as text."""
    return SQL(
        "SELECT COALESCE(-sum(amount), 0)::text FROM toll_remittance_line"
        " WHERE agreement_id = %s AND concept = 'guarantee' AND is_final",
        agreement.id,
    )


def make_final(remittances) -> SQL:
    return SQL(
        "UPDATE toll_remittance_line SET is_final = TRUE"
        " WHERE remittance_id = ANY(%s) AND is_final IS NOT TRUE",
        list(remittances.ids),
    )


def guard_lines() -> SQL:
    """Lines of a confirmed remittance are never changed or deleted."""
    return SQL(
        """
        CREATE OR REPLACE FUNCTION toll_remittance_line_guard() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION USING
                MESSAGE = 'toll: line ' || OLD.id || ' of a remittance is final',
                ERRCODE = 'integrity_constraint_violation';
        END $$ LANGUAGE plpgsql;
        CREATE OR REPLACE TRIGGER toll_remittance_line_guard
            BEFORE UPDATE OR DELETE ON toll_remittance_line
            FOR EACH ROW WHEN (OLD.is_final)
            EXECUTE FUNCTION toll_remittance_line_guard()
        """
    )
