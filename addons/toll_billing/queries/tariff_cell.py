"""The compiled prices: one narrow table that set-based rating joins to.

A cell holds for a span of dates, of minutes of the day and of day types. ``slots``
spreads the minutes over one axis of four days (weekday, Saturday, Sunday, holiday), so
that one exclusion constraint proves that no two cells can price the same crossing.
"""

from odoo.tools import SQL

DAY_MINUTES = 1440
INSERT_CHUNK = 1000


def _slot(bit, day) -> str:
    start = day * DAY_MINUTES
    return (
        f"CASE WHEN day_types & {bit} > 0 THEN"
        f" int4range(minute_from + {start}, minute_to + {start}) ELSE 'empty' END"
    )


def create_extension() -> SQL:
    """Equality of ids and texts inside an exclusion constraint."""
    return SQL("CREATE EXTENSION IF NOT EXISTS btree_gist")


def create_table() -> list[SQL]:
    """Table, constraint and indexes; safe to run again."""
    slots = ", ".join(_slot(1 << day, day) for day in range(4))
    return [
        SQL(
            """
            CREATE TABLE IF NOT EXISTS toll_tariff_cell (
                tariff_id int NOT NULL REFERENCES toll_tariff ON DELETE CASCADE,
                rate_id int NOT NULL,
                operator_id int NOT NULL,
                plaza_id int NOT NULL,
                entry_plaza_id int NOT NULL DEFAULT 0,
                class_id int NOT NULL,
                service varchar NOT NULL,
                valid_from date NOT NULL,
                valid_to date NOT NULL DEFAULT 'infinity',
                minute_from smallint NOT NULL,
                minute_to smallint NOT NULL,
                day_types smallint NOT NULL,
                amount numeric NOT NULL CHECK (amount >= 0),
                currency_id int NOT NULL,
                slots int4multirange GENERATED ALWAYS AS (
                    int4multirange(%(slots)s)
                ) STORED,
                CHECK (valid_from < valid_to),
                CHECK (0 <= minute_from AND minute_from < minute_to
                       AND minute_to <= 1440),
                CHECK (day_types BETWEEN 1 AND 15),
                CONSTRAINT toll_tariff_cell_no_overlap EXCLUDE USING gist (
                    plaza_id WITH =,
                    entry_plaza_id WITH =,
                    class_id WITH =,
                    service WITH =,
                    daterange(valid_from, valid_to) WITH &&,
                    slots WITH &&
                )
            )
            """,
            slots=SQL(slots),
        ),
        SQL(
            """
            CREATE INDEX IF NOT EXISTS toll_tariff_cell_price_idx
                ON toll_tariff_cell
                   (plaza_id, class_id, entry_plaza_id, service, valid_from)
            """
        ),
        SQL(
            """
            CREATE INDEX IF NOT EXISTS toll_tariff_cell_tariff_idx
                ON toll_tariff_cell (tariff_id)
            """
        ),
    ]


def create_version_guard() -> list[SQL]:
    """Trigger: a version that has been in force is never rewritten, whoever writes."""
    return [
        SQL(
            """
            CREATE OR REPLACE FUNCTION toll_tariff_guard() RETURNS trigger AS $$
            BEGIN
                IF TG_OP = 'DELETE' THEN
                    IF OLD.state <> 'draft' THEN
                        RAISE check_violation USING MESSAGE =
                            'Tariff version ' || OLD.version
                            || ' has been activated: it stays on record.';
                    END IF;
                    RETURN OLD;
                END IF;
                IF OLD.state <> 'draft' AND (
                    NEW.state = 'draft'
                    OR (OLD.state = 'retired' AND NEW.state <> 'retired')
                    OR NEW.operator_id IS DISTINCT FROM OLD.operator_id
                    OR NEW.version IS DISTINCT FROM OLD.version
                    OR NEW.valid_from IS DISTINCT FROM OLD.valid_from
                    OR NEW.currency_id IS DISTINCT FROM OLD.currency_id
                ) THEN
                    RAISE check_violation USING MESSAGE =
                        'Tariff version ' || OLD.version
                        || ' has been activated: make a new version.';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql
            """
        ),
        _create_trigger("toll_tariff", "UPDATE OR DELETE", "toll_tariff_guard", ()),
    ]


def create_row_guard(table, columns) -> list[SQL]:
    """Trigger: the rows of an activated version are never rewritten.

    ``columns`` are those that count; labels may still be corrected.
    """
    return [
        SQL(
            """
            CREATE OR REPLACE FUNCTION toll_tariff_row_guard() RETURNS trigger AS $$
            DECLARE
                old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
                new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
                changed boolean := TG_OP <> 'UPDATE';
                closed varchar;
            BEGIN
                FOR i IN 0 .. TG_NARGS - 1 LOOP
                    changed := changed
                        OR old_row->TG_ARGV[i] IS DISTINCT FROM new_row->TG_ARGV[i];
                END LOOP;
                IF changed THEN
                    SELECT version INTO closed FROM toll_tariff
                     WHERE state <> 'draft'
                       AND id IN ((old_row->>'tariff_id')::int,
                                  (new_row->>'tariff_id')::int)
                     LIMIT 1;
                    IF closed IS NOT NULL THEN
                        RAISE check_violation USING MESSAGE =
                            'Tariff version ' || closed
                            || ' has been activated: make a new version.';
                    END IF;
                END IF;
                RETURN COALESCE(NEW, OLD);
            END $$ LANGUAGE plpgsql
            """
        ),
        _create_trigger(
            table, "INSERT OR UPDATE OR DELETE", "toll_tariff_row_guard", columns
        ),
    ]


def _create_trigger(table, events, function, arguments) -> SQL:
    return SQL(
        """
        CREATE OR REPLACE TRIGGER %(name)s BEFORE %(events)s
            ON %(table)s FOR EACH ROW EXECUTE FUNCTION %(function)s(%(arguments)s)
        """,
        name=SQL.identifier(f"{table}_guard"),
        events=SQL(events),
        table=SQL.identifier(table),
        function=SQL.identifier(function),
        arguments=SQL(", ").join(SQL("%s", argument) for argument in arguments),
    )


def delete_cells(tariff_ids) -> SQL:
    """Forget the cells of some versions, before they are written again."""
    return SQL("DELETE FROM toll_tariff_cell WHERE tariff_id IN %s", tuple(tariff_ids))


def insert_cells(rows) -> SQL:
    """Write cells: tuples of (tariff, rate, operator, plaza, entry, class, service,
    valid_from, valid_to or None, minute_from, minute_to, day_types, amount, currency).
    """
    return SQL(
        """
        INSERT INTO toll_tariff_cell (
            tariff_id, rate_id, operator_id, plaza_id, entry_plaza_id, class_id,
            service, valid_from, valid_to, minute_from, minute_to, day_types, amount,
            currency_id)
        SELECT tariff_id, rate_id, operator_id, plaza_id, entry_plaza_id, class_id,
               service, valid_from::date, COALESCE(valid_to::date, 'infinity'),
               minute_from, minute_to, day_types, amount, currency_id
          FROM (VALUES %s) AS cell (
            tariff_id, rate_id, operator_id, plaza_id, entry_plaza_id, class_id,
            service, valid_from, valid_to, minute_from, minute_to, day_types, amount,
            currency_id)
        """,
        SQL(", ").join(SQL("%s", tuple(row)) for row in rows),
    )


def set_valid_to(tariff_id, valid_to) -> SQL:
    """Give the cells of a version their last day (exclusive)."""
    return SQL(
        "UPDATE toll_tariff_cell SET valid_to = %s::date WHERE tariff_id = %s",
        valid_to,
        tariff_id,
    )


def day_bit(day: SQL, operator: SQL, company: SQL) -> SQL:
    """Bit of the day type of a local date: a holiday before Sunday and Saturday."""
    return SQL(
        """
        CASE WHEN EXISTS (
            SELECT 1 FROM toll_holiday AS holiday
             WHERE holiday.date = %(day)s
               AND COALESCE(holiday.operator_id, %(operator)s) = %(operator)s
               AND (holiday.company_id IS NULL OR holiday.company_id = %(company)s)
        ) THEN 8 ELSE (
            ARRAY[1, 1, 1, 1, 1, 2, 4]
        )[EXTRACT(isodow FROM %(day)s)::int] END
        """,
        day=day,
        operator=operator,
        company=company,
    )


def rate_facts(facts: SQL) -> SQL:
    """Price the rows of ``facts``: a relation of (id, operator_id, company_id,
    plaza_id, entry_plaza_id, class_id, service, occurred_at in UTC).

    Returns id, tariff_id, rate_id, amount; the three are NULL where no cell holds.
    """
    return SQL(
        """
        WITH local AS (
            SELECT fact.*,
                   fact.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE plaza.tz AS moment
              FROM %(facts)s AS fact
              JOIN toll_plaza AS plaza ON plaza.id = fact.plaza_id
        )
        SELECT local.id, cell.tariff_id, cell.rate_id, cell.amount
          FROM local
     LEFT JOIN toll_tariff_cell AS cell
            ON cell.plaza_id = local.plaza_id
           AND cell.entry_plaza_id = COALESCE(local.entry_plaza_id, 0)
           AND cell.class_id = local.class_id
           AND cell.service = local.service
           AND local.moment::date >= cell.valid_from
           AND local.moment::date < cell.valid_to
           AND EXTRACT(hour FROM local.moment)::int * 60
               + EXTRACT(minute FROM local.moment)::int >= cell.minute_from
           AND EXTRACT(hour FROM local.moment)::int * 60
               + EXTRACT(minute FROM local.moment)::int < cell.minute_to
           AND cell.day_types & %(bit)s > 0
        """,
        facts=facts,
        bit=day_bit(
            SQL("local.moment::date"),
            SQL("local.operator_id"),
            SQL("local.company_id"),
        ),
    )
