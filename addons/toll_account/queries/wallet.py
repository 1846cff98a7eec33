"""The wallet's three tables: the ledger, the balance, and what waits to be added.

The ledger is append-only. The balance of an account is what stands in `toll_wallet`
plus what waits in `toll_wallet_pending`: a transaction of a screen only ever inserts
there, so that it can never fail because another one changed the balance meanwhile.
`fold` moves what waits into the balance.
"""

from odoo.tools import SQL

KINDS = ("topup", "usage", "fee", "refund", "adjustment", "settlement", "discount")

_TABLES = """
CREATE SEQUENCE IF NOT EXISTS toll_ledger_id_seq AS bigint CACHE 1;

CREATE TABLE IF NOT EXISTS toll_wallet_entry_data (
    id bigint PRIMARY KEY DEFAULT nextval('toll_ledger_id_seq'),
    account_id int NOT NULL REFERENCES toll_account (id) ON DELETE RESTRICT,
    company_id int NOT NULL REFERENCES res_company (id) ON DELETE RESTRICT,
    kind varchar NOT NULL CHECK (kind IN (
        'topup', 'usage', 'fee', 'refund', 'adjustment', 'settlement', 'discount')),
    amount numeric NOT NULL,
    currency_id int REFERENCES res_currency (id) ON DELETE RESTRICT,
    occurred_at timestamp NOT NULL,
    ref varchar NOT NULL,
    origin varchar,
    move_id int REFERENCES account_move (id) ON DELETE RESTRICT,
    payment_id int REFERENCES account_payment (id) ON DELETE RESTRICT,
    create_uid int REFERENCES res_users (id) ON DELETE RESTRICT,
    create_date timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    CONSTRAINT toll_wallet_entry_data_kind_ref_uniq UNIQUE (kind, ref)
);
CREATE INDEX IF NOT EXISTS toll_wallet_entry_data_account_idx
    ON toll_wallet_entry_data (account_id, occurred_at);
CREATE INDEX IF NOT EXISTS toll_wallet_entry_data_occurred_idx
    ON toll_wallet_entry_data (occurred_at, id);
CREATE INDEX IF NOT EXISTS toll_wallet_entry_data_payment_idx
    ON toll_wallet_entry_data (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS toll_wallet_entry_data_move_idx
    ON toll_wallet_entry_data (move_id) WHERE move_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS toll_wallet (
    account_id int PRIMARY KEY REFERENCES toll_account (id) ON DELETE CASCADE,
    balance numeric NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS toll_wallet_pending (
    id bigserial PRIMARY KEY,
    account_id int NOT NULL REFERENCES toll_account (id) ON DELETE CASCADE,
    amount numeric NOT NULL
);
CREATE INDEX IF NOT EXISTS toll_wallet_pending_account_idx
    ON toll_wallet_pending (account_id);

CREATE OR REPLACE FUNCTION toll_ledger_immutable() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'The wallet is a ledger: its entries are never changed or '
        'deleted. Post a correcting entry instead (entry %).', OLD.id
        USING ERRCODE = 'restrict_violation';
END $body$;
CREATE OR REPLACE FUNCTION toll_ledger_no_truncate() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'The wallet is a ledger: it cannot be emptied.'
        USING ERRCODE = 'restrict_violation';
END $body$;
CREATE OR REPLACE TRIGGER toll_wallet_entry_data_immutable
    BEFORE UPDATE OR DELETE ON toll_wallet_entry_data
    FOR EACH ROW EXECUTE FUNCTION toll_ledger_immutable();
CREATE OR REPLACE TRIGGER toll_wallet_entry_data_no_truncate
    BEFORE TRUNCATE ON toll_wallet_entry_data
    FOR EACH STATEMENT EXECUTE FUNCTION toll_ledger_no_truncate();
"""

# What the view offers, with its types: every part must give exactly these.
COLUMNS = (
    ("id", "bigint"),
    ("account_id", "int"),
    ("company_id", "int"),
    ("kind", "varchar"),
    ("amount", "numeric"),
    ("currency_id", "int"),
    ("occurred_at", "timestamp"),
    ("ref", "varchar"),
    ("origin", "varchar"),
    ("move_id", "int"),
    ("payment_id", "int"),
    ("create_uid", "int"),
    ("create_date", "timestamp"),
)


def create_tables() -> SQL:
    return SQL(_TABLES.replace("%", "%%"))


def allow_kind(kind) -> SQL:
    """Let the ledger take movements of one more kind, beside those it takes already.

    The rows are not read again: what was allowed stays allowed.
    """
    return SQL(
        """
        DO $body$
        DECLARE
            known text[];
        BEGIN
            SELECT array_agg(m.parts[1]) INTO known
              FROM pg_constraint c
             CROSS JOIN regexp_matches(
                       pg_get_constraintdef(c.oid), $$'([a-z_]+)'::$$, 'g') AS m (parts)
             WHERE c.conrelid = 'toll_wallet_entry_data'::regclass
               AND c.conname = 'toll_wallet_entry_data_kind_check';
            IF NOT %(kind)s = ANY (known) THEN
                EXECUTE 'ALTER TABLE toll_wallet_entry_data'
                    ' DROP CONSTRAINT toll_wallet_entry_data_kind_check,'
                    ' ADD CONSTRAINT toll_wallet_entry_data_kind_check CHECK (kind IN ('
                    || (SELECT string_agg(quote_literal(k), ', ')
                          FROM unnest(known || %(kind)s::text) AS k)
                    || ')) NOT VALID';
            END IF;
        END $body$
        """,
        kind=kind,
    )


def entry_part() -> SQL:
    """The part of the view that comes from the wallet's own table."""
    columns = SQL(", ").join(SQL.identifier(name) for name, _type in COLUMNS)
    return SQL("SELECT %s FROM toll_wallet_entry_data", columns)


def create_view(parts: list[SQL]) -> SQL:
    return SQL(
        "CREATE OR REPLACE VIEW toll_wallet_entry AS %s",
        SQL(" UNION ALL ").join(parts),
    )


def create_wallets(account_ids) -> SQL:
    """One row of balance per account, made together with the account."""
    return SQL(
        """
        INSERT INTO toll_wallet (account_id)
             SELECT unnest(%s::int[])
        ON CONFLICT (account_id) DO NOTHING
        """,
        list(account_ids),
    )


def insert_entries(rows: list[tuple]) -> SQL:
    """Write entries and what they add to the balances; answer what was new.

    A row is (account, company, kind, amount, currency, occurred_at, ref, origin, move,
    payment, user). A (kind, ref) that is known already is left alone.
    """
    return SQL(
        """
        WITH new AS (
            INSERT INTO toll_wallet_entry_data (
                account_id, company_id, kind, amount, currency_id, occurred_at, ref,
                origin, move_id, payment_id, create_uid)
            SELECT v.account_id::int, v.company_id::int, v.kind, v.amount::numeric,
                   v.currency_id::int, v.occurred_at::timestamp, v.ref, v.origin,
                   v.move_id::int, v.payment_id::int, v.create_uid::int
              FROM (VALUES %s) AS v (
                account_id, company_id, kind, amount, currency_id, occurred_at, ref,
                origin, move_id, payment_id, create_uid)
            ON CONFLICT (kind, ref) DO NOTHING
            RETURNING id, account_id, kind, ref, amount
        ), waiting AS (
            INSERT INTO toll_wallet_pending (account_id, amount)
            SELECT account_id, SUM(amount) FROM new GROUP BY account_id
            RETURNING account_id
        )
        SELECT id, kind, ref FROM new
        """,
        SQL(", ").join(SQL("%s", row) for row in rows),
    )


def find_entries(keys: list[tuple[str, str]]) -> SQL:
    """The entries that have these (kind, ref)."""
    return SQL(
        """
        SELECT e.id, e.kind, e.ref, e.account_id, e.amount
          FROM toll_wallet_entry_data e
          JOIN (VALUES %s) AS k (kind, ref) ON e.kind = k.kind AND e.ref = k.ref
        """,
        SQL(", ").join(SQL("%s", key) for key in keys),
    )


def balances(account_ids) -> SQL:
    """(account, balance) as of this very statement."""
    return SQL(
        """
        SELECT w.account_id, w.balance + COALESCE((
                   SELECT SUM(p.amount) FROM toll_wallet_pending p
                    WHERE p.account_id = w.account_id), 0)
          FROM toll_wallet w
         WHERE w.account_id = ANY(%s)
        """,
        list(account_ids),
    )


def accounts_by_amount(field: str, operator: str, value, taken: dict) -> SQL:
    """Ids of the accounts whose balance or available amount compares so.

    `taken` maps accounts to what they owe besides their wallet; it counts for
    "available" and "low" only.
    """
    balance = SQL("(w.balance + COALESCE(p.amount, 0))")
    available = SQL(
        "(%s + COALESCE(a.credit_limit, 0) - COALESCE(t.amount, 0))", balance
    )
    if field == "low":
        condition = SQL("%s < COALESCE(a.low_balance_threshold, 0)", available)
    else:
        condition = SQL(
            "%s %s %s",
            balance if field == "balance" else available,
            SQL(_OPERATORS[operator]),
            value,
        )
    return SQL(
        """
        SELECT a.id
          FROM toll_account a
          JOIN toll_wallet w ON w.account_id = a.id
     LEFT JOIN (SELECT account_id, SUM(amount) AS amount
                  FROM toll_wallet_pending GROUP BY account_id) p
            ON p.account_id = a.id
     LEFT JOIN unnest(%s::int[], %s::numeric[]) AS t (account_id, amount)
            ON t.account_id = a.id
         WHERE %s
        """,
        list(taken),
        list(taken.values()),
        condition,
    )


_OPERATORS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def running_balances(account_ids, entry_ids) -> SQL:
    """(entry, balance of its account right after it)."""
    return SQL(
        """
        SELECT id, balance
          FROM (SELECT id, SUM(amount) OVER (
                           PARTITION BY account_id ORDER BY occurred_at, id) AS balance
                  FROM toll_wallet_entry
                 WHERE account_id = ANY(%s)) AS e
         WHERE id = ANY(%s)
        """,
        list(account_ids),
        list(entry_ids),
    )


def lock_wallets(account_ids=None) -> SQL:
    """Lock, in account order, the wallets that have something waiting."""
    only = (
        SQL("AND w.account_id = ANY(%s)", list(account_ids)) if account_ids else SQL()
    )
    return SQL(
        """
        SELECT w.account_id
          FROM toll_wallet w
         WHERE EXISTS (SELECT FROM toll_wallet_pending p
                        WHERE p.account_id = w.account_id) %s
      ORDER BY w.account_id
           FOR UPDATE
        """,
        only,
    )


def fold(account_ids) -> SQL:
    """Move what waits into the balances; the wallets are locked already."""
    return SQL(
        """
        WITH moved AS (
            DELETE FROM toll_wallet_pending WHERE account_id = ANY(%s)
            RETURNING account_id, amount
        )
        UPDATE toll_wallet w
           SET balance = w.balance + m.amount
          FROM (SELECT account_id, SUM(amount) AS amount
                  FROM moved GROUP BY account_id) m
         WHERE w.account_id = m.account_id
        """,
        list(account_ids),
    )


def claim_wallets(account_ids) -> SQL:
    """Hold the wallets until this transaction ends, before money leaves them.

    It changes the row, not only locks it: whoever read the balance before and wants to
    take money too gets a serialisation error and starts again with the new balance.
    """
    return SQL(
        """
        WITH held AS (
            SELECT account_id FROM toll_wallet WHERE account_id = ANY(%s)
          ORDER BY account_id FOR UPDATE)
        UPDATE toll_wallet w SET balance = w.balance
          FROM held WHERE w.account_id = held.account_id
        """,
        list(account_ids),
    )


def read_committed() -> SQL:
    """First statement of a transaction that must see what others commit meanwhile."""
    return SQL("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def ledger_differences(limit: int = 20) -> SQL:
    """Accounts whose balance is not the sum of their entries.

    One sum over all that concerns an account, not a join of three: for a million
    accounts the planner would compare each with each.
    """
    return SQL(
        """
        SELECT a.number, d.balance, d.entries, d.no_wallet
          FROM (
                SELECT x.account_id, SUM(x.balance) AS balance,
                       SUM(x.entries) AS entries, SUM(x.wallets) = 0 AS no_wallet
                  FROM (
                        SELECT id AS account_id, 0 AS balance, 0 AS entries,
                               0 AS wallets
                          FROM toll_account
                         UNION ALL
                        SELECT account_id, balance, 0, 1 FROM toll_wallet
                         UNION ALL
                        SELECT account_id, amount, 0, 0 FROM toll_wallet_pending
                         UNION ALL
                        SELECT account_id, 0, SUM(amount), 0 FROM toll_wallet_entry
                         GROUP BY account_id
                       ) x
                 GROUP BY x.account_id
                HAVING SUM(x.wallets) = 0 OR SUM(x.balance) <> SUM(x.entries)
               ) d
          JOIN toll_account a ON a.id = d.account_id
      ORDER BY a.number
         LIMIT %s
        """,
        limit,
    )


def missing_guards() -> SQL:
    """Names of the ledger's triggers that are not there or switched off."""
    return SQL(
        """
        SELECT name
          FROM (VALUES ('toll_wallet_entry_data_immutable'),
                       ('toll_wallet_entry_data_no_truncate')) AS wanted (name)
         WHERE NOT EXISTS (
               SELECT FROM pg_trigger t
                WHERE t.tgname = wanted.name AND t.tgenabled IN ('O', 'A')
                  AND t.tgrelid = 'toll_wallet_entry_data'::regclass)
        """
    )


def wallets_by_company() -> SQL:
    """(company, sum of its accounts' balances)."""
    return SQL(
        """
        SELECT a.company_id, SUM(w.balance + COALESCE(p.amount, 0))
          FROM toll_account a
          JOIN toll_wallet w ON w.account_id = a.id
     LEFT JOIN (SELECT account_id, SUM(amount) AS amount
                  FROM toll_wallet_pending GROUP BY account_id) p
            ON p.account_id = a.id
      GROUP BY a.company_id
        """
    )


def deposits_by_company(move_line_fields) -> SQL:
    """(company, credit balance of its customer-deposit account)."""
    return SQL(
        """
        SELECT c.id, -COALESCE(SUM(l.balance), 0)
          FROM res_company c
          JOIN account_move_line l
            ON l.account_id = c.toll_deposit_account_id
           AND l.company_id = c.id AND l.parent_state = 'posted'
      GROUP BY c.id
        """,
        to_flush=move_line_fields,
    )
