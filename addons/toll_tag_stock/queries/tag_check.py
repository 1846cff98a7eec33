"""What must never be found: each query names TAGs and what is wrong, 100 at most."""

from odoo.tools import SQL


def not_at_customer():
    return SQL(
        """
        SELECT lot.name, COALESCE(place.complete_name, '-')
          FROM toll_tag_assignment a
          JOIN stock_lot lot ON lot.id = a.lot_id
          LEFT JOIN stock_quant quant ON quant.lot_id = lot.id AND quant.quantity > 0
          LEFT JOIN stock_location place ON place.id = quant.location_id
         WHERE a.date_to IS NULL AND place.usage IS DISTINCT FROM 'customer'
         ORDER BY lot.id LIMIT 100
        """
    )


def without_vehicle():
    return SQL(
        """
        SELECT lot.name, vehicle.plate
          FROM toll_tag_assignment a
          JOIN stock_lot lot ON lot.id = a.lot_id
          JOIN toll_vehicle vehicle ON vehicle.id = a.vehicle_id
         WHERE a.date_to IS NULL
           AND (NOT vehicle.active
                OR vehicle.date_to <= now() AT TIME ZONE 'UTC'
                OR vehicle.account_id != a.account_id)
         ORDER BY lot.id LIMIT 100
        """
    )


def holder_differs():
    """State, account and vehicle on the TAG against its open assignment, both ways."""
    return SQL(
        """
        SELECT lot.name,
               concat_ws(' / ', lot.toll_state, lot.toll_account_id,
                         lot.toll_vehicle_id)
          FROM stock_lot lot
          LEFT JOIN toll_tag_assignment a ON a.lot_id = lot.id AND a.date_to IS NULL
         WHERE lot.toll_state IS NOT NULL
           AND (lot.toll_account_id IS DISTINCT FROM a.account_id
                OR lot.toll_vehicle_id IS DISTINCT FROM a.vehicle_id
                OR (lot.toll_state IN ('assigned', 'blocked')) != (a.id IS NOT NULL))
         ORDER BY lot.id LIMIT 100
        """
    )


def status_differs():
    """An open assignment needs a status; a lost or stolen TAG must be blocked."""
    return SQL(
        """
        SELECT lot.name, concat_ws(' / ', lot.toll_state, COALESCE(s.status, '-'))
          FROM stock_lot lot
          LEFT JOIN toll_tag_status s ON s.lot_id = lot.id AND s.date_to IS NULL
         WHERE (lot.toll_state = 'assigned' AND s.id IS NULL)
            OR (lot.toll_state IN ('lost', 'stolen', 'blocked')
                AND s.status IS DISTINCT FROM 'blocked')
         ORDER BY lot.id LIMIT 100
        """
    )


def part_elsewhere():
    """Parts whose state, lane and stock do not say the same."""
    return SQL(
        """
        SELECT lot.name, COALESCE(place.complete_name, '-')
          FROM stock_lot lot
          LEFT JOIN toll_lane lane ON lane.id = lot.toll_lane_id
          LEFT JOIN toll_lane_installation i
                 ON i.lot_id = lot.id AND i.date_to IS NULL
          LEFT JOIN stock_quant quant ON quant.lot_id = lot.id AND quant.quantity > 0
          LEFT JOIN stock_location place ON place.id = quant.location_id
         WHERE (lot.toll_part_state = 'installed' OR lot.toll_lane_id IS NOT NULL)
           AND ((i.lane_id, place.id, lot.toll_part_state) IS DISTINCT FROM
                (lot.toll_lane_id, lane.location_id, 'installed'))
         ORDER BY lot.id LIMIT 100
        """
    )
