"""Tables behind toll.crossing: monthly partitions, natural keys, tallies.

``toll_crossing_data`` is partitioned by the month of ``occurred_at``. Rows whose time
cannot be known stand in the default partition, which holds nothing else, so that a new
month is attached without reading it.
"""

from odoo.tools import SQL

COLUMNS = {
    "id": "bigint NOT NULL DEFAULT nextval('toll_ledger_id_seq')",
    "occurred_at": "timestamp",
    "entry_at": "timestamp",
    "posted_at": "timestamp",
    "create_date": "timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')",
    "company_id": "int4 NOT NULL",
    "operator_id": "int4 NOT NULL",
    "batch_id": "int4 NOT NULL",
    "line": "int4 NOT NULL",
    "plaza_id": "int4",
    "lane_id": "int4",
    "entry_plaza_id": "int4",
    "lot_id": "int4",
    "vehicle_id": "int4",
    "account_id": "int4",
    "class_id": "int4",
    "currency_id": "int4",
    "rate_id": "int4",
    "statement_id": "int4",
    "amount": "numeric NOT NULL DEFAULT 0",
    "amount_discount": "numeric NOT NULL DEFAULT 0",
    "state": "varchar NOT NULL",
    "service": "varchar",
    "ref": "varchar",
    "direction": "varchar",
    "tag": "varchar",
    "plate": "varchar",
    "reason": "varchar",
    "detail": "varchar",
    "raw": "jsonb",
    "exemption_id": "int4",
    "discount_plan_id": "int4",
}

#: Columns that the view has got since its last column was computed.
LATER = ("discount_plan_id",)

#: The five fates of a received crossing, in the order in which they are shown.
FATES = ("posted", "held", "rejected", "duplicate", "offset")


def create_tables() -> SQL:
    """Everything that ``toll.crossing`` stands on; may be run again."""
    columns = SQL(",\n").join(
        SQL("%s " + definition, SQL.identifier(name))
        for name, definition in COLUMNS.items()
    )
    return SQL(
        """
        CREATE SEQUENCE IF NOT EXISTS toll_ledger_id_seq AS bigint;
        CREATE TABLE IF NOT EXISTS toll_crossing_data (
            %(columns)s,
            CONSTRAINT toll_crossing_data_state_known
                CHECK (state IN ('posted', 'held', 'rejected', 'duplicate', 'offset')),
            CONSTRAINT toll_crossing_data_posted_complete
                CHECK (state <> 'posted' OR (
                    posted_at IS NOT NULL AND account_id IS NOT NULL
                    AND occurred_at IS NOT NULL AND ref IS NOT NULL)),
            CONSTRAINT toll_crossing_data_amount_sane
                CHECK (amount >= 0 AND amount_discount BETWEEN 0 AND amount)
        ) PARTITION BY RANGE (occurred_at);
        ALTER TABLE toll_crossing_data ADD COLUMN IF NOT EXISTS exemption_id int4;
        ALTER TABLE toll_crossing_data
            ADD COLUMN IF NOT EXISTS discount_plan_id int4;
        CREATE TABLE IF NOT EXISTS toll_crossing_data_timeless
            PARTITION OF toll_crossing_data DEFAULT;
        DO $$ BEGIN
            ALTER TABLE toll_crossing_data_timeless
                ADD CONSTRAINT toll_crossing_data_timeless_only
                CHECK (occurred_at IS NULL);
        EXCEPTION WHEN duplicate_object THEN NULL;
        END $$;

        CREATE INDEX IF NOT EXISTS toll_crossing_data_id_idx
            ON toll_crossing_data (id);
        CREATE INDEX IF NOT EXISTS toll_crossing_data_time_idx
            ON toll_crossing_data (occurred_at, id);
        CREATE INDEX IF NOT EXISTS toll_crossing_data_account_idx
            ON toll_crossing_data (account_id, occurred_at, id);
        CREATE INDEX IF NOT EXISTS toll_crossing_data_lot_idx
            ON toll_crossing_data (lot_id, occurred_at);
        CREATE INDEX IF NOT EXISTS toll_crossing_data_plaza_idx
            ON toll_crossing_data (plaza_id, occurred_at);
        CREATE INDEX IF NOT EXISTS toll_crossing_data_batch_idx
            ON toll_crossing_data USING brin (batch_id);
        CREATE INDEX IF NOT EXISTS toll_crossing_data_review_idx
            ON toll_crossing_data (state, occurred_at) WHERE state <> 'posted';
        CREATE INDEX IF NOT EXISTS toll_crossing_data_held_idx
            ON toll_crossing_data (account_id)
            WHERE state = 'held' AND account_id IS NOT NULL;
        CREATE INDEX IF NOT EXISTS toll_crossing_data_unbilled_idx
            ON toll_crossing_data (account_id)
            WHERE state = 'posted' AND statement_id IS NULL;
        CREATE INDEX IF NOT EXISTS toll_crossing_data_exemption_idx
            ON toll_crossing_data (exemption_id, occurred_at)
            WHERE exemption_id IS NOT NULL;

        CREATE TABLE IF NOT EXISTS toll_crossing_key (
            operator_id int4 NOT NULL,
            ref varchar COLLATE "C" NOT NULL,
            crossing_id bigint NOT NULL,
            PRIMARY KEY (operator_id, ref)
        );

        CREATE TABLE IF NOT EXISTS toll_crossing_tally (
            id bigserial PRIMARY KEY,
            batch_id int4 NOT NULL,
            line_to int4,
            create_date timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
            received int8 NOT NULL DEFAULT 0,
            posted int8 NOT NULL DEFAULT 0,
            held int8 NOT NULL DEFAULT 0,
            rejected int8 NOT NULL DEFAULT 0,
            duplicate int8 NOT NULL DEFAULT 0,
            "offset" int8 NOT NULL DEFAULT 0,
            amount_received numeric NOT NULL DEFAULT 0,
            amount_posted numeric NOT NULL DEFAULT 0,
            amount_held numeric NOT NULL DEFAULT 0,
            amount_rejected numeric NOT NULL DEFAULT 0,
            amount_duplicate numeric NOT NULL DEFAULT 0,
            amount_offset numeric NOT NULL DEFAULT 0,
            CONSTRAINT toll_crossing_tally_conservation CHECK (
                received = posted + held + rejected + duplicate + "offset"),
            CONSTRAINT toll_crossing_tally_conservation_amount CHECK (
                amount_received = amount_posted + amount_held + amount_rejected
                    + amount_duplicate + amount_offset),
            CONSTRAINT toll_crossing_tally_chunk_once UNIQUE (batch_id, line_to)
        );
        -- whose transaction added it: what is not counted yet in the traffic figures
        ALTER TABLE toll_crossing_tally
            ADD COLUMN IF NOT EXISTS xid xid8 NOT NULL DEFAULT pg_current_xact_id();
        CREATE INDEX IF NOT EXISTS toll_crossing_tally_xid_idx
            ON toll_crossing_tally (xid);
        """,
        columns=columns,
    )


def create_guards() -> SQL:
    """Triggers: nothing is deleted, and the money of a posted crossing never moves."""
    return SQL(
        """
        CREATE OR REPLACE FUNCTION toll_crossing_guard() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION USING
                MESSAGE = 'toll: crossing ' || OLD.id || ' is history: its money and'
                    ' its facts cannot be changed or deleted (' || TG_OP || ')',
                ERRCODE = 'integrity_constraint_violation';
        END $$ LANGUAGE plpgsql;

        CREATE OR REPLACE TRIGGER toll_crossing_guard_delete
            BEFORE DELETE ON toll_crossing_data
            FOR EACH ROW EXECUTE FUNCTION toll_crossing_guard();
        CREATE OR REPLACE TRIGGER toll_crossing_guard_update
            BEFORE UPDATE ON toll_crossing_data
            FOR EACH ROW WHEN (
                OLD.posted_at IS NOT NULL AND (
                    OLD.account_id, OLD.amount, OLD.amount_discount, OLD.operator_id,
                    OLD.ref, OLD.occurred_at, OLD.posted_at, OLD.batch_id,
                    OLD.currency_id, OLD.exemption_id, OLD.discount_plan_id
                ) IS DISTINCT FROM (
                    NEW.account_id, NEW.amount, NEW.amount_discount, NEW.operator_id,
                    NEW.ref, NEW.occurred_at, NEW.posted_at, NEW.batch_id,
                    NEW.currency_id, NEW.exemption_id, NEW.discount_plan_id
                )
            ) EXECUTE FUNCTION toll_crossing_guard();

        CREATE OR REPLACE FUNCTION toll_crossing_tally_guard() RETURNS trigger AS $$
        BEGIN
            RAISE EXCEPTION USING
                MESSAGE = 'toll: tallies are append-only, batch ' || OLD.batch_id,
                ERRCODE = 'integrity_constraint_violation';
        END $$ LANGUAGE plpgsql;
        CREATE OR REPLACE TRIGGER toll_crossing_tally_guard
            BEFORE UPDATE OR DELETE ON toll_crossing_tally
            FOR EACH ROW EXECUTE FUNCTION toll_crossing_tally_guard();
        """
    )


def create_view() -> SQL:
    """The auto-updatable view that Odoo knows as the table of ``toll.crossing``.

    An existing view takes new columns at its end only.
    """
    return SQL(
        "CREATE OR REPLACE VIEW toll_crossing AS"
        " SELECT %s, amount - amount_discount AS amount_charged, %s"
        " FROM toll_crossing_data",
        SQL(", ").join(SQL.identifier(name) for name in COLUMNS if name not in LATER),
        SQL(", ").join(SQL.identifier(name) for name in LATER),
    )


def month_partition(first, following) -> SQL:
    """Create and attach the partition of the month that starts on ``first``.

    Built beside the parent and then attached: readers and loaders go on meanwhile.
    """
    name = f"toll_crossing_data_y{first:%Y}m{first:%m}"
    return SQL(
        """
        SELECT pg_advisory_xact_lock(hashtext('toll_crossing_data_partition'));
        DO $$ BEGIN
            IF to_regclass('%(raw_name)s') IS NULL THEN
                CREATE TABLE %(name)s (LIKE toll_crossing_data
                    INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
                ALTER TABLE toll_crossing_data ATTACH PARTITION %(name)s
                    FOR VALUES FROM ('%(first)s') TO ('%(following)s');
            END IF;
        END $$;
        """,
        name=SQL.identifier(name),
        raw_name=SQL(name),
        first=SQL(first.strftime("%Y-%m-%d")),
        following=SQL(following.strftime("%Y-%m-%d")),
    )


def attached_months() -> SQL:
    """Names of the partitions that are attached now."""
    return SQL(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'toll_crossing_data'::regclass"
    )


def detach_month(name) -> SQL:
    """Take one month out of the online table; the table stays as it is."""
    return SQL(
        "ALTER TABLE toll_crossing_data DETACH PARTITION %s", SQL.identifier(name)
    )
