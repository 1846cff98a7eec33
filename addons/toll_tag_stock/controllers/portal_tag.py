"""What customers do with their TAGs themselves: block, unblock, report lost, ask."""

from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.toll_account.controllers.portal_vehicles import TollVehiclePortal

ACTIONS = {
    "block": ("_toll_portal_block", "blocked"),
    "unblock": ("_toll_portal_unblock", "unblocked"),
    "received": ("_toll_portal_received", "received"),
    "lost": ("_toll_portal_lost", "lost"),
    "stolen": ("_toll_portal_lost", "lost"),
}


class TollTagPortal(TollVehiclePortal):
    def _toll_vehicle_values(self, vehicle):
        values = super()._toll_vehicle_values(vehicle)
        # TAGs are stock, which customers may not read; this one is on their vehicle.
        tag_sudo = vehicle.sudo().toll_tag_id
        values.update(
            {
                "tag": tag_sudo,
                "tag_status": tag_sudo._toll_portal_status() if tag_sudo else None,
            }
        )
        return values

    @route(
        "/my/toll/vehicles/<int:vehicle_id>/tag",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_my_toll_tag(self, vehicle_id, action=None, confirm=None, **post):
        """One of ACTIONS on the TAG of the customer's own vehicle."""
        vehicle = self._toll_own_vehicle(vehicle_id)
        method, notice = ACTIONS.get(action, (None, None))
        if not vehicle or not method:
            return request.redirect("/my/toll/vehicles")
        url = f"/my/toll/vehicles/{vehicle.id}"
        try:
            if action in ("lost", "stolen"):
                if not confirm:
                    raise UserError(
                        request.env._(
                            "Please tick that you no longer have the TAG: it cannot be "
                            "used again."
                        )
                    )
                vehicle._toll_portal_lost(action)
            else:
                getattr(vehicle, method)()
        except UserError as problem:
            request.session["toll_error"] = str(problem.args[0])
            return request.redirect(url)
        return request.redirect(f"{url}?done={notice}")
