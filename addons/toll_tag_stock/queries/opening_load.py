"""Set-based writing of an opening load: TAGs that are with their customers already."""

import json

from odoo.tools import SQL


def next_partner_ids(count):
    return SQL(
        "SELECT nextval('res_partner_id_seq')::int FROM generate_series(1, %s)", count
    )


def copy_partners(template, columns, rows, uid):
    """Partners that equal ``template`` in every column but the ones in ``rows``.

    The template was created by the model, so what the installed addons put into their
    columns is in the copies too. ``rows``: dicts id, name, email, email_normalized,
    phone, phone_sanitized, lang, company_name.
    """
    own = {
        "id": SQL("r.id"),
        "name": SQL("r.name"),
        "complete_name": SQL("r.name"),
        "email": SQL("r.email"),
        "email_normalized": SQL("r.email_normalized"),
        "phone": SQL("r.phone"),
        "phone_sanitized": SQL("r.phone_sanitized"),
        "lang": SQL("COALESCE(r.lang, t.lang)"),
        "commercial_partner_id": SQL("r.id"),
        "commercial_company_name": SQL("r.company_name"),
        "create_uid": SQL("%s", uid),
        "write_uid": SQL("%s", uid),
        "create_date": SQL("now() AT TIME ZONE 'UTC'"),
        "write_date": SQL("now() AT TIME ZONE 'UTC'"),
    }
    names = [*own, *(name for name in columns if name not in own)]
    return SQL(
        """
        INSERT INTO res_partner (%s)
        SELECT %s
          FROM jsonb_to_recordset(%s::jsonb) AS r (
                id int, name varchar, email varchar, email_normalized varchar,
                phone varchar, phone_sanitized varchar, lang varchar,
                company_name varchar),
               res_partner t
         WHERE t.id = %s
        """,
        SQL(", ").join(SQL.identifier(name) for name in names),
        SQL(", ").join(own.get(name) or SQL.identifier("t", name) for name in names),
        json.dumps(rows),
        template.id,
    )


def insert_tags(rows, product, location, company, uid):
    """TAGs with their holder; answers (id, name).

    ``rows``: dicts number, epc, tid, vehicle_id, account_id.
    """
    return SQL(
        """
        INSERT INTO stock_lot (
            name, product_id, company_id, location_id, toll_epc, toll_tid,
            toll_state, toll_account_id, toll_vehicle_id,
            create_uid, create_date, write_uid, write_date
        )
        SELECT r.number, %(product)s, %(company)s, %(location)s, r.epc, r.tid,
               'assigned', r.account_id, r.vehicle_id,
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
                number varchar, epc varchar, tid varchar,
                vehicle_id int, account_id int)
        RETURNING id, name
        """,
        product=product.id,
        company=company.id,
        location=location.id,
        uid=uid,
        rows=json.dumps(rows),
    )


def insert_quants(lots, product, location, uid):
    """One unit of each TAG at the customers' location."""
    return SQL(
        """
        INSERT INTO stock_quant (
            product_id, company_id, location_id, lot_id, quantity, reserved_quantity,
            inventory_diff_quantity, inventory_quantity_set, in_date,
            create_uid, create_date, write_uid, write_date
        )
        SELECT %(product)s, %(company)s, %(location)s, lot_id, 1, 0, -1, FALSE,
               now() AT TIME ZONE 'UTC',
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM unnest(%(lots)s) AS lot_id
        """,
        product=product.id,
        company=location.company_id.id or None,
        location=location.id,
        uid=uid,
        lots=lots,
    )


def insert_assignments(lots, date, uid):
    """An open assignment and a valid status for each of these new TAGs."""
    return SQL(
        """
        WITH assigned AS (
            INSERT INTO toll_tag_assignment (
                lot_id, vehicle_id, account_id, company_id, date_from,
                create_uid, create_date, write_uid, write_date
            )
            SELECT id, toll_vehicle_id, toll_account_id, company_id, %(date)s,
                   %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
              FROM stock_lot WHERE id = ANY(%(lots)s)
            RETURNING lot_id, company_id
        )
        INSERT INTO toll_tag_status (
            lot_id, company_id, status, reason, date_from,
            create_uid, create_date, write_uid, write_date
        )
        SELECT lot_id, company_id, 'valid', 'opening', %(date)s,
               %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
          FROM assigned
        """,
        date=date,
        uid=uid,
        lots=lots,
    )
