"""The defect rate of TAGs: one row per TAG that came in a box."""

from odoo.tools import SQL


def defects() -> SQL:
    return SQL(
        """
        SELECT lot.id AS id, lot.id AS lot_id, lot.product_id, lot.company_id,
               lot.toll_supply_id AS supply_id, supply.partner_id, lot.toll_state,
               supply.date AS received_on,
               1 AS tag_count,
               CASE WHEN rma.defects > 0 THEN 1 ELSE 0 END AS defect_count,
               CASE WHEN rma.in_warranty > 0 THEN 1 ELSE 0 END AS warranty_count,
               CASE WHEN rma.defects > 0 THEN 100.0 ELSE 0.0 END AS defect_rate
          FROM stock_lot lot
          JOIN toll_tag_supply supply ON supply.id = lot.toll_supply_id
          LEFT JOIN (SELECT lot_id, count(*) FILTER (WHERE is_defect) AS defects,
                            count(*) FILTER (WHERE is_defect AND in_warranty)
                                AS in_warranty
                       FROM toll_tag_rma
                      GROUP BY lot_id) rma ON rma.lot_id = lot.id
         WHERE lot.toll_state IS NOT NULL
        """
    )
