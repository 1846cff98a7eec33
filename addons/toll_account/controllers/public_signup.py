"""Sign-up on the web."""

import logging

from odoo.exceptions import UserError, ValidationError
from odoo.http import request

from .public import EMAIL, TollPublic
from .public_page import public_route

_logger = logging.getLogger(__name__)


class TollSignup(TollPublic):
    @public_route("/toll/signup", methods=("GET", "POST"))
    def public_toll_signup(self, **post):
        """The answer is the same whether or not the address is a customer's."""
        if not request.env.user._is_public():
            return request.redirect("/my/toll")
        page = "toll_account.public_signup"
        if request.httprequest.method == "GET":
            return self._toll_page(page, self._toll_signup_values)
        if not self._toll_allowed("signup", self._toll_message_limit()):
            return self._toll_too_many()
        try:
            data = self._toll_signup_data(post)
            # Strangers have no rights; what they may set is checked above.
            request.env["toll.account"].sudo()._sign_up_on_web(data)
        except (UserError, ValidationError) as problem:
            values = self._toll_signup_values(post, str(problem.args[0]))
            return self._toll_render(page, values)
        return self._toll_render(
            "toll_account.public_signup_done", {"email": data["email"]}
        )

    def _toll_signup_values(self, form=None, error=None):
        # strangers have no rights; classes of vehicle are no secret
        classes_sudo = request.env["toll.vehicle.class"].sudo()
        return {
            "form": form or {},
            "error": error,
            "classes": classes_sudo.search([("active", "=", True)]),
            "country_id": request.env.company.sudo().country_id.id,
        }

    def _toll_signup_data(self, post):
        env = request.env
        email = (post.get("email") or "").strip().lower()[:120]
        name = " ".join((post.get("name") or "").split())[:80]
        if not name:
            raise UserError(env._("Please write your name."))
        if not EMAIL.fullmatch(email):
            raise UserError(env._("Please write your e-mail address."))
        if not post.get("conditions"):
            raise UserError(
                env._("Please accept the conditions of service and the privacy notice.")
            )
        class_text = str(post.get("class_id") or "")
        valid = class_text.isascii() and class_text.isdigit() and len(class_text) < 9
        return {
            "name": name,
            "email": email,
            "phone": (post.get("phone") or "").strip()[:32],
            "plate": (post.get("plate") or "").strip()[:16],
            "class_id": int(class_text) if valid else 0,
            "address": {
                name: " ".join((post.get(name) or "").split())[:80]
                for name in ("street", "street2", "zip", "city")
            },
            "marketing": bool(post.get("marketing")),
            "lang": env.context.get("lang"),
            "company_id": env.company.id,
            "ip": request.httprequest.remote_addr,
        }
