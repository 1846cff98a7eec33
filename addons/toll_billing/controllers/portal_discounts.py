"""Discounts: what the customer has, and asking for one."""

from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.toll_account.controllers.portal_requests import TollRequestPortal


class TollDiscountPortal(TollRequestPortal):
    @route(
        "/my/toll/discounts",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_toll_discounts(self, done=None, **kw):
        values = self._toll_layout_values("toll_discounts")
        grants = request.env["toll.discount.grant"]
        if not grants.has_access("read"):
            return request.redirect("/my/toll")
        accounts = values["toll_accounts"]
        grants = grants.search(
            [("account_id", "in", accounts.ids), ("state", "!=", "draft")]
        )
        values.update(
            {
                # names of plans and plates: the customer's own
                "grants": grants.sudo(),
                "plans": accounts._portal_discount_plans(),
                "done": done == "1",
            }
        )
        return request.render("toll_billing.portal_my_toll_discounts", values)

    @route(
        "/my/toll/discounts/new",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_discount_new(
        self, plan=None, account=None, vehicle=None, **post
    ):
        values = self._toll_layout_values("toll_discounts")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account) if account else accounts[:1]
        plans = accounts._portal_discount_plans()
        if not chosen or not plans:
            return request.redirect("/my/toll/discounts")
        error = None
        if request.httprequest.method == "POST":
            try:
                chosen._portal_apply_discount(
                    self._toll_int(plan), self._toll_int(vehicle), self._toll_uploads()
                )
                return request.redirect("/my/toll/discounts?done=1")
            except UserError as problem:
                error = str(problem.args[0])
        values.update(
            {
                "plans": plans,
                "plan_id": self._toll_int(plan),
                "toll_account": chosen,
                "vehicles": accounts.vehicle_ids,
                "vehicle_id": self._toll_int(vehicle),
                "error": error,
            }
        )
        return request.render("toll_billing.portal_my_toll_discount_new", values)
