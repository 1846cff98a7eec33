"""Mass invoicing: account_move and what hangs on it, cloned from exemplars by set.

Rows that vary are staged in two temporary tables (``toll_issue_move``,
``toll_issue_line``); every other column comes from the exemplar that each staged row
names, whatever columns the installed addons have added to Odoo's tables.
"""

from odoo.tools import SQL

#: Columns of account_move that vary from invoice to invoice of one shape.
MOVE = {
    "id": "int4",
    "template_id": "int4",
    "name": "varchar",
    "sequence_number": "int4",
    "partner_id": "int4",
    "commercial_partner_id": "int4",
    "partner_shipping_id": "int4",
    "invoice_partner_display_name": "varchar",
    "payment_reference": "varchar",
    "invoice_origin": "varchar",
    "ref": "varchar",
    "toll_statement_id": "int4",
    "toll_account_id": "int4",
    "tax_cash_basis_rec_id": "int4",
    "tax_cash_basis_origin_move_id": "int4",
    "untaxed": "numeric",
    "tax": "numeric",
    "total": "numeric",
    "residual": "numeric",
    "chatter": "bool",
    "phase": "int2",
}
#: Columns of account_move_line that vary.
LINE = {
    "id": "int4",
    "template_id": "int4",
    "move_id": "int4",
    "move_name": "varchar",
    "sequence": "int4",
    "name": "varchar",
    "ref": "varchar",
    "partner_id": "int4",
    "balance": "numeric",
    "residual": "numeric",
    "price_unit": "numeric",
    "price_subtotal": "numeric",
    "price_total": "numeric",
    "tax_base": "numeric",
    "full_reconcile_id": "int4",
    "matching_number": "varchar",
    "toll_statement_id": "int4",
    "toll_charge_id": "int4",
    "phase": "int2",
}
PARTIAL = {
    "id": "int4",
    "template_id": "int4",
    "debit_move_id": "int4",
    "credit_move_id": "int4",
    "amount": "numeric",
    "full_reconcile_id": "int4",
    "draft_caba_move_vals": "varchar",
    "phase": "int2",
}
STAGES = {
    "toll_issue_move": MOVE,
    "toll_issue_line": LINE,
    "toll_issue_partial": PARTIAL,
}

#: Staged columns that are not columns of Odoo's table under that name.
_STAGE_ONLY = {
    "template_id",
    "phase",
    "chatter",
    "untaxed",
    "tax",
    "total",
    "balance",
    "residual",
    "tax_base",
}
_MOVE_COLUMNS = {
    **{
        name: SQL("w.%s", SQL.identifier(name))
        for name in MOVE
        if name not in _STAGE_ONLY
    },
    "amount_untaxed": SQL("w.untaxed"),
    "amount_tax": SQL("w.tax"),
    "amount_total": SQL("w.total"),
    "amount_residual": SQL("w.residual"),
    "amount_untaxed_signed": SQL("w.untaxed"),
    "amount_untaxed_in_currency_signed": SQL("w.untaxed"),
    "amount_tax_signed": SQL("w.tax"),
    "amount_total_signed": SQL("w.total"),
    "amount_total_in_currency_signed": SQL("w.total"),
    "amount_residual_signed": SQL("w.residual"),
}
_LINE_COLUMNS = {
    **{
        name: SQL("w.%s", SQL.identifier(name))
        for name in LINE
        if name not in _STAGE_ONLY
    },
    "debit": SQL("greatest(w.balance, 0)"),
    "credit": SQL("greatest(-w.balance, 0)"),
    "balance": SQL("w.balance"),
    "amount_currency": SQL("w.balance"),
    "amount_residual": SQL("w.residual"),
    "amount_residual_currency": SQL("w.residual"),
    "tax_base_amount": SQL("w.tax_base"),
}
_PARTIAL_COLUMNS = {
    **{
        name: SQL("w.%s", SQL.identifier(name))
        for name in PARTIAL
        if name not in _STAGE_ONLY
    },
    # Odoo keeps a JSON text within the JSON column
    "draft_caba_move_vals": SQL("to_jsonb(w.draft_caba_move_vals)"),
    "debit_amount_currency": SQL("w.amount"),
    "credit_amount_currency": SQL("w.amount"),
}
_STAMPS = {
    "create_date": SQL("now() AT TIME ZONE 'UTC'"),
    "write_date": SQL("now() AT TIME ZONE 'UTC'"),
}
_WRITTEN = {
    "account_move": ("toll_issue_move", _MOVE_COLUMNS),
    "account_move_line": ("toll_issue_line", _LINE_COLUMNS),
    "account_partial_reconcile": ("toll_issue_partial", _PARTIAL_COLUMNS),
}


# === READING WHAT IS TO BE INVOICED === #


def heads(statement_ids) -> SQL:
    """One row per statement that may be charged, those of one invoice together.

    Statements that are invoiced together have the same last column, and that of the
    account which gets the invoice comes first.
    """
    return SQL(
        """
        SELECT s.id, s.name, s.account_id, a.number, a.payment_mode = 'prepaid',
               s.partner_id, s.amount_total::text,
               COALESCE(s.amount_charge, 0)::text, COALESCE(h.id, s.id) AS head
          FROM toll_statement s
          JOIN toll_account a ON a.id = s.account_id
          LEFT JOIN toll_statement h
            ON h.run_id = s.run_id AND h.account_id = s.payer_id
         WHERE s.id = ANY(%s)
           AND (s.amount_total + COALESCE(s.amount_charge, 0) > 0 OR s.id = h.id)
         ORDER BY head, s.id <> COALESCE(h.id, s.id), a.number
        """,
        list(statement_ids),
    )


def lines(statement_ids) -> SQL:
    """(statement, operator, service, crossings, amount, plan, heading) by line.

    A line has its amount before volume discounts; each plan that lowers it follows as
    a line of its own, less than nothing.
    """
    return SQL(
        """
        WITH line AS (
            SELECT l.*, amount_total + COALESCE(amount_volume, 0) AS full_amount
              FROM toll_statement_line l WHERE l.statement_id = ANY(%s)
        ), taken AS (
            SELECT l.id, d.plan_id, sum(d.amount) AS amount
              FROM line l
              JOIN toll_discount_line d
                ON d.statement_id = l.statement_id
               AND d.kind IN ('volume', 'cap')
               AND d.operator_id = l.operator_id AND d.service = l.service
             WHERE l.amount_volume <> 0
             GROUP BY l.id, d.plan_id
        )
        SELECT x.statement_id, x.operator_id, x.service_id, x.crossing_count,
               x.amount::text, x.plan_id, concat_ws(', ', a.number, p.complete_name)
          FROM (SELECT id, statement_id, sequence, operator_id, service_id,
                       crossing_count, full_amount AS amount, NULL::int AS plan_id
                  FROM line WHERE full_amount <> 0
                 UNION ALL
                SELECT l.id, l.statement_id, l.sequence, l.operator_id, l.service_id,
                       0, -t.amount, t.plan_id
                  FROM taken t JOIN line l ON l.id = t.id
                 WHERE t.amount <> 0) x
          JOIN toll_statement s ON s.id = x.statement_id
          JOIN toll_account a ON a.id = s.account_id
          LEFT JOIN res_partner p ON p.id = a.partner_id
         ORDER BY s.account_id <> COALESCE(s.payer_id, s.account_id), a.number,
                  x.statement_id, x.sequence, x.id, x.plan_id NULLS FIRST
        """,
        list(statement_ids),
    )


# === WRITING === #


def create_stages() -> SQL:
    """Session-private tables for the rows that vary."""
    return SQL(
        "SET LOCAL client_min_messages = warning; %s",
        SQL("; ").join(
            SQL(
                "CREATE TEMP TABLE IF NOT EXISTS %s (%s) ON COMMIT DELETE ROWS;"
                " TRUNCATE %s",
                SQL.identifier(table),
                SQL(", ").join(
                    SQL("%s " + kind, SQL.identifier(name))
                    for name, kind in columns.items()
                ),
                SQL.identifier(table),
            )
            for table, columns in STAGES.items()
        ),
    )


def copy_stage(table) -> str:
    """The COPY statement that takes rows in the order of the stage's columns."""
    return f"COPY {table} ({', '.join(STAGES[table])}) FROM STDIN"


def reserve_ids(sequence, count) -> SQL:
    """The next ids of a table, in one block."""
    return SQL(
        "SELECT array_agg(nextval(%s)) FROM generate_series(1, %s)", sequence, count
    )


def last_number(journal_id, prefix) -> SQL:
    """The highest number of a journal's range, drafts and all."""
    return SQL(
        """
        SELECT COALESCE(max(sequence_number), 0) FROM account_move
         WHERE journal_id = %s AND sequence_prefix = %s AND state = 'posted'
        """,
        journal_id,
        prefix,
    )


def columns(table) -> SQL:
    """Names of the stored columns of a table."""
    return SQL(
        """
        SELECT attname FROM pg_attribute
         WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
           AND attgenerated = ''
         ORDER BY attnum
        """,
        table,
    )


def clone(table, names, phase) -> SQL:
    """Write the staged rows: what varies from the stage, the rest from exemplars.

    Phase 1 is invoices and what pays them, phase 2 the cash basis entries, which name
    a reconciliation of phase 1. The exemplars are few: they are fetched by their ids,
    so that the size of Odoo's table does not matter.
    """
    stage, varying = _WRITTEN[table]
    values = {**varying, **_STAMPS}
    return SQL(
        """
        WITH x AS MATERIALIZED (
            SELECT * FROM %(table)s
             WHERE id = ANY(ARRAY(SELECT DISTINCT template_id FROM %(stage)s))
        )
        INSERT INTO %(table)s (%(names)s)
        SELECT %(values)s FROM %(stage)s w JOIN x ON x.id = w.template_id
         WHERE w.phase = %(phase)s ORDER BY w.id
        """,
        table=SQL.identifier(table),
        stage=SQL.identifier(stage),
        names=SQL(", ").join(SQL.identifier(name) for name in names),
        values=SQL(", ").join(
            values.get(name) or SQL("x.%s", SQL.identifier(name)) for name in names
        ),
        phase=phase,
    )


def clone_relation(table, relation, column1, column2) -> SQL:
    """Copy a many2many of the exemplars to what was made after them."""
    return SQL(
        """
        INSERT INTO %(relation)s (%(column1)s, %(column2)s)
        SELECT w.id, r.%(column2)s
          FROM %(stage)s w
          JOIN (SELECT * FROM %(relation)s
                 WHERE %(column1)s = ANY(
                       ARRAY(SELECT DISTINCT template_id FROM %(stage)s))
               ) r ON r.%(column1)s = w.template_id
        """,
        relation=SQL.identifier(relation),
        column1=SQL.identifier(column1),
        column2=SQL.identifier(column2),
        stage=SQL.identifier(_WRITTEN[table][0]),
    )


def insert_fulls(ids, uid) -> SQL:
    """Full reconciliations have nothing but their id."""
    return SQL(
        """
        INSERT INTO account_full_reconcile (
            id, create_uid, create_date, write_uid, write_date)
        SELECT i, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM unnest(%(ids)s::int[]) AS i
        """,
        ids=list(ids),
        uid=uid,
    )


def clone_messages(names) -> SQL:
    """The chatter of an invoice starts as its exemplar's does."""
    values = {
        "id": SQL("nextval('mail_message_id_seq')"),
        "res_id": SQL("w.id"),
        "message_id": SQL(
            "'<' || md5(x.message_id || w.id) || '-account.move@toll-billing>'"
        ),
        "date": SQL("date_trunc('second', now() AT TIME ZONE 'UTC')"),
        **_STAMPS,
    }
    return SQL(
        """
        INSERT INTO mail_message (%s)
        SELECT %s FROM toll_issue_move w
          JOIN mail_message x
            ON x.model = 'account.move' AND x.res_id = w.template_id
           AND x.subtype_id = (SELECT min(m.subtype_id) FROM mail_message m
                                WHERE m.model = 'account.move'
                                  AND m.res_id = w.template_id)
         WHERE w.chatter
        """,
        SQL(", ").join(SQL.identifier(name) for name in names),
        SQL(", ").join(
            values.get(name) or SQL("x.%s", SQL.identifier(name)) for name in names
        ),
    )


def first_invoices(partner_ids) -> SQL:
    """Customers who get their first invoice become customers for Odoo."""
    return SQL(
        """
        UPDATE res_partner SET customer_rank = 1
         WHERE id = ANY(%s) AND COALESCE(customer_rank, 0) = 0
        """,
        list(partner_ids),
    )


# === READING BACK === #


def rows_of(table, column, ids) -> SQL:
    """Every stored column of the rows of some documents."""
    return SQL(
        "SELECT * FROM %s WHERE %s = ANY(%s) ORDER BY %s, id",
        SQL.identifier(table),
        SQL.identifier(column),
        list(ids),
        SQL.identifier(column),
    )


def relation_of(relation, column1, column2, ids) -> SQL:
    return SQL(
        "SELECT %s, %s FROM %s WHERE %s = ANY(%s) ORDER BY 1, 2",
        SQL.identifier(column1),
        SQL.identifier(column2),
        SQL.identifier(relation),
        SQL.identifier(column1),
        list(ids),
    )
