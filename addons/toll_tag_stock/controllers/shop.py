"""Buying TAGs on the web: whose account, which vehicles, where they come from."""

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.toll_account.controllers.public import TollPublic
from odoo.addons.toll_account.controllers.public_page import (
    TollPublicPage,
    public_route,
)
from odoo.addons.website_sale.controllers.main import WebsiteSale

PAGE = "/toll/shop"
NEXT = "/shop/checkout?try_skip_step=true"
#: forms an hour of one visitor: enough to correct oneself, too few to try plates
LIMIT = 60
MAX_AMOUNT = 10**7


class TollShopCheckout(WebsiteSale):
    def _check_cart(self, order_sudo):
        redirection = super()._check_cart(order_sudo)
        if redirection or order_sudo._toll_is_complete():
            return redirection
        return request.redirect(PAGE)


class TollShopPage(TollPublicPage):
    def _toll_is_alike(self):
        """Whoever has a cart sees it at the top of every page: drawn for one only."""
        return super()._toll_is_alike() and not request.session.get("sale_order_id")


class TollShop(TollPublic):
    @public_route(PAGE, methods=("GET", "POST"))
    def public_toll_shop(self, **post):
        """The step of the checkout where each TAG gets its vehicle."""
        order_sudo = request.cart
        if not order_sudo or not order_sudo._toll_tag_units():
            return request.redirect("/shop/cart")
        error = None
        if request.httprequest.method == "POST":
            if not self._toll_allowed("shop", LIMIT):
                return self._toll_too_many()
            try:
                with request.env.cr.savepoint():
                    order_sudo._toll_fill(self._toll_shop_data(order_sudo, post))
                return request.redirect(NEXT)
            except UserError as problem:
                error = str(problem.args[0])
        return request.render(
            "toll_tag_stock.shop_tags", self._toll_shop_values(order_sudo, post, error)
        )

    # === What the buyer may choose ===

    def _toll_shop_accounts(self):
        """The buyer's own accounts that work; record rules say the same."""
        user = request.env.user
        accounts = request.env["toll.account"]
        if user._is_public() or not accounts.has_access("read"):
            return accounts
        return accounts.search(
            Domain("commercial_partner_id", "=", user.commercial_partner_id.id)
            & Domain("state", "=", "active")
            & Domain("company_id", "=", request.website.company_id.id),
            order="number",
        )

    def _toll_shop_plans(self, company):
        # strangers have no rights; what is offered to everybody is no secret
        return (
            request.env["toll.plan"]
            .sudo()
            .search(
                [("is_customer", "=", True), ("company_id", "in", (False, company.id))]
            )
        )

    def _toll_shop_offices(self, order_sudo):
        """[(office, how many)] of the places where the TAGs can be picked up."""
        offices_sudo = (
            request.env["toll.office"]
            .sudo()
            .search(
                [
                    ("company_id", "=", order_sudo.company_id.id),
                    ("toll_location_id", "!=", False),
                ],
                order="name",
            )
        )
        products = order_sudo._toll_tag_lines().product_id
        return [
            (
                office,
                min(
                    product._toll_get_free(order_sudo.company_id, office)
                    for product in products
                ),
            )
            for office in offices_sudo
        ]

    def _toll_shop_cars(self, accounts):
        """The vehicles of these accounts that have no TAG, in superuser mode."""
        # which vehicle has a TAG is in stock, which customers may not read
        vehicles_sudo = accounts.vehicle_ids.sudo()
        return vehicles_sudo.filtered(
            lambda car: car.active and not car.date_to and not car.toll_tag_ids
        )

    def _toll_shop_values(self, order_sudo, form, error):
        company_sudo = order_sudo.company_id
        accounts = self._toll_shop_accounts()
        plans_sudo = self._toll_shop_plans(company_sudo)
        classes_sudo = request.env["toll.vehicle.class"].sudo()
        if not form:
            form = self._toll_shop_known(order_sudo)
        return {
            "website_sale_order": order_sudo,
            "order": order_sudo,
            "units": list(enumerate(order_sudo._toll_tag_units())),
            "accounts": accounts,
            "cars": self._toll_shop_cars(accounts),
            "plans": plans_sudo,
            "offices": self._toll_shop_offices(order_sudo),
            "classes": classes_sudo.search([("active", "=", True)]),
            "form": form,
            "error": error,
            **request.website._get_checkout_step_values(),
        }

    def _toll_shop_known(self, order_sudo):
        """The form as it was sent before, for who comes back to it."""
        form = {
            "account": str(order_sudo.toll_account_id.id or ""),
            "plan": str(order_sudo.toll_plan_id.id or ""),
            "office": str(order_sudo.toll_office_id.id or ""),
            "topup": f"{order_sudo._toll_topup_amount():g}"
            if order_sudo._toll_topup_lines()
            else "",
            "conditions": order_sudo.toll_accepted_at and "1",
            "marketing": order_sudo.toll_marketing and "1",
        }
        for position, sale in enumerate(order_sudo.toll_tag_sale_ids.sorted("id")):
            form[f"vehicle_{position}"] = str(sale.vehicle_id.id or "")
            form[f"plate_{position}"] = sale.plate
            form[f"class_{position}"] = str(sale.class_id.id)
        return form

    # === What came ===

    def _toll_shop_data(self, order_sudo, post):
        env = request.env
        accounts = self._toll_shop_accounts()
        account = accounts.browse()
        if accounts and post.get("account") != "new":
            account = self._toll_choose(accounts, post.get("account"))
            if not account:
                raise UserError(env._("Choose one of your accounts."))
        plan = self._toll_choose(
            self._toll_shop_plans(order_sudo.company_id), post.get("plan")
        )
        offices = [office for office, _count in self._toll_shop_offices(order_sudo)]
        office = env["toll.office"].sudo()
        if post.get("office"):
            office = self._toll_choose(office.concat(*offices), post["office"])
            if not office:
                raise UserError(env._("Choose one of the offices."))
        cars = self._toll_shop_cars(account)
        rows = []
        for position in range(len(order_sudo._toll_tag_units())):
            chosen = post.get(f"vehicle_{position}")
            car = self._toll_choose(cars, chosen)
            if chosen and not car:
                raise UserError(env._("Choose a vehicle of the account, or a new one."))
            rows.append(
                {
                    "vehicle": car,
                    "plate": post.get(f"plate_{position}"),
                    "class": self._toll_number(post.get(f"class_{position}")),
                }
            )
        versions = {page.code: page.version for page in self._toll_legal_pages()}
        return {
            "account": account.sudo(),  # the order reads what is free in the wallet
            "plan": plan,
            "office": office,
            "vehicles": rows,
            "topup": self._toll_shop_amount(post.get("topup")),
            "referral": post.get("referral"),
            "marketing": post.get("marketing"),
            "accepted": post.get("conditions")
            and {
                "conditions": versions.get("conditions"),
                "privacy": versions.get("privacy"),
            },
            "ip": request.httprequest.remote_addr,
        }

    def _toll_number(self, text):
        text = str(text or "")
        valid = text.isascii() and text.isdigit() and len(text) < 10
        return int(text) if valid else 0

    def _toll_choose(self, records, text):
        """The chosen one of these records; a stranger's id is like an unknown one."""
        number = self._toll_number(text)
        return records.filtered(lambda record: record.id == number)

    def _toll_shop_amount(self, text):
        text = (text or "").strip().replace(",", "")
        if not text:
            return 0
        try:
            amount = float(text)
        except ValueError:
            amount = -1
        if not 0 <= amount < MAX_AMOUNT:  # NaN is not either
            raise UserError(request.env._("%s is not an amount of money.", text[:20]))
        return amount
