"""Prepaid packs: what the customer holds, and buying one."""

import secrets
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools.misc import format_date

from .portal import TollCrossingPortal

#: Packs of the past that the page lists.
SHOWN = 50


class TollPackPortal(TollCrossingPortal):
    @route(
        "/my/toll/packs",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_packs(self, held=None, renew=None, bought=None, **kw):
        values = self._toll_layout_values("toll_packs")
        packs = request.env["toll.account.pack"]
        if not packs.has_access("read"):
            return request.redirect("/my/toll")
        accounts = values["toll_accounts"]
        if request.httprequest.method == "POST":
            accounts._portal_renew_pack(self._toll_int(held), renew == "1")
            return request.redirect("/my/toll/packs")
        mine = packs.search([("account_id", "in", accounts.ids)], limit=SHOWN)
        number = self._toll_int(bought)
        values.update(
            {
                # names of packs and plates: the customer's own
                "held": [(pack, self._toll_pack_days(pack)) for pack in mine.sudo()],
                "offers": accounts._portal_packs(),
                "bought": mine.filtered(lambda pack: pack.id == number).sudo(),
            }
        )
        return request.render("toll_billing.portal_my_toll_packs", values)

    @route(
        "/my/toll/packs/buy",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def portal_my_toll_pack_buy(self, pack=None, account=None, **form):
        values = self._toll_layout_values("toll_packs")
        accounts = values["toll_accounts"]
        chosen = self._toll_account(accounts, account) if account else accounts[:1]
        number = self._toll_int(pack)
        offer = chosen._portal_packs().filtered(lambda found: found.id == number)
        key, error = form.get("key") or "", None
        if chosen and number and request.httprequest.method == "POST":
            try:
                # the key is known after a purchase, and the offer may be gone by then
                held = chosen._portal_buy_pack(
                    number,
                    self._toll_int(form.get("vehicle")),
                    self._toll_date(form.get("date_from")),
                    key,
                    form.get("renew") == "1",
                )
                return request.redirect(f"/my/toll/packs?bought={held.id}")
            except UserError as problem:
                error = str(problem.args[0])
        if not offer:
            return request.redirect("/my/toll/packs")
        today = chosen.company_id.sudo()._toll_today()
        values.update(
            {
                "offer": offer,
                "toll_account": chosen,
                "vehicles": chosen.vehicle_ids,
                "vehicle_id": self._toll_int(form.get("vehicle")),
                "today": today,
                "latest": today + timedelta(days=365),
                "date_from": self._toll_date(form.get("date_from")) or today,
                "key": key or secrets.token_hex(16),
                "error": error,
                "short": chosen.payment_mode == "prepaid"
                and chosen.currency_id.compare_amounts(chosen.available, offer.price)
                < 0,
            }
        )
        return request.render("toll_billing.portal_my_toll_pack_buy", values)

    def _toll_plan_words(self, discount, money):
        """What a pack paid, and what it had left then."""
        if discount["kind"] != "pack":
            return super()._toll_plan_words(discount, money)
        env = request.env
        names = {
            "pack": discount["plan"],
            "number": discount.get("pack", ""),
            "amount": money(discount["amount"]),
        }
        if discount.get("pack_kind") == "crossings":
            return env._(
                "Your pack “%(pack)s” (%(number)s) paid %(amount)s of it; %(left)s of "
                "%(given)s crossings were left.",
                left=discount["left"],
                given=discount["given"],
                **names,
            )
        if discount.get("pack_kind") == "credit":
            return env._(
                "Your pack “%(pack)s” (%(number)s) paid %(amount)s of it; %(left)s of "
                "toll credit were left.",
                left=money(discount["left"]),
                **names,
            )
        return env._(
            "Your pack “%(pack)s” (%(number)s) paid %(amount)s of it.", **names
        )

    def _toll_pack_days(self, held):
        """Until when, in words."""
        day = format_date(request.env, held.date_to)
        if held.state == "active" and not held.date_from:
            return request.env._("begins with the first crossing, by %(day)s", day=day)
        return day
