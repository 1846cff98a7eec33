"""A vehicle of the customer: its page, and a new one."""

from odoo.exceptions import UserError
from odoo.http import request, route

from .portal import MAX_ACCOUNT_ID, TollPortal

NOTICES = ("added", "blocked", "unblocked", "received", "lost", "asked")


class TollVehiclePortal(TollPortal):
    def _toll_own_vehicle(self, vehicle_id):
        """The vehicle if it is of one of the user's accounts, else none."""
        vehicles = request.env["toll.vehicle"]
        if vehicle_id > MAX_ACCOUNT_ID:
            return vehicles
        vehicle = self._toll_record("toll.vehicle", vehicle_id)
        # Employees may read every vehicle; here they have only their own.
        return vehicle.filtered(lambda v: v.account_id in self._toll_accounts())

    def _toll_vehicle_classes(self):
        classes = request.env["toll.vehicle.class"]
        return (
            classes.search([("active", "=", True)])
            if classes.has_access("read")
            else classes
        )

    @route(
        "/my/toll/vehicles/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_vehicle_new(self, account=None, **post):
        values = self._toll_layout_values("toll_vehicles")
        accounts = values["toll_accounts"].filtered(lambda a: a.state == "active")
        chosen = self._toll_account(accounts, account)
        error = None
        if account and not chosen:
            return request.redirect("/my/toll/vehicles")
        chosen = chosen or accounts[:1]
        if request.httprequest.method == "POST" and chosen:
            try:
                vehicle = chosen._portal_add_vehicle(
                    post.get("plate"),
                    self._toll_int(post.get("class_id")),
                    post.get("make"),
                    post.get("model"),
                    post.get("color"),
                )
                return request.redirect(f"/my/toll/vehicles/{vehicle.id}?done=added")
            except UserError as problem:
                error = str(problem.args[0])
        values.update(
            {
                "open_accounts": accounts,
                "toll_account": chosen,
                "classes": self._toll_vehicle_classes(),
                "form": post,
                "error": error,
            }
        )
        return request.render("toll_account.portal_my_toll_vehicle_new", values)

    @route(
        "/my/toll/vehicles/<int:vehicle_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_vehicle(self, vehicle_id, done=None, error=None, **kw):
        vehicle = self._toll_own_vehicle(vehicle_id)
        if not vehicle:
            return request.redirect("/my/toll/vehicles")
        values = self._toll_layout_values("toll_vehicles")
        values.update(self._toll_vehicle_values(vehicle))
        values["done"] = done if done in NOTICES else None
        values["error"] = request.session.pop("toll_error", None)
        return request.render("toll_account.portal_my_toll_vehicle", values)

    def _toll_vehicle_values(self, vehicle):
        """Values of the vehicle's page; other addons add what they know."""
        return {"vehicle": vehicle, "toll_account": vehicle.account_id}
