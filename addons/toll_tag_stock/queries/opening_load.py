"""Set-based writing of an opening load: TAGs that are with their customers already."""

import json

from odoo.tools import SQL


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
