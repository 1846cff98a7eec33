"""Sign-up on the web."""

import logging

from odoo.exceptions import UserError, ValidationError
from odoo.http import request, route

from .public import EMAIL, TollPublic

_logger = logging.getLogger(__name__)


class TollSignup(TollPublic):
    @route(
        "/toll/signup",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
    )
    def public_toll_signup(self, **post):
        """The answer is the same whether or not the address is a customer's."""
        if not request.env.user._is_public():
            return request.redirect("/my/toll")
        error = None
        if request.httprequest.method == "POST":
            if not self._toll_allowed("signup", 5):
                return self._toll_too_many()
            try:
                data = self._toll_signup_data(post)
                # Strangers have no rights; what they may set is checked above.
                request.env["toll.account"].sudo()._sign_up_on_web(data)
                return request.render(
                    "toll_account.public_signup_done", {"email": data["email"]}
                )
            except (UserError, ValidationError) as problem:
                error = str(problem.args[0])
        classes_sudo = request.env["toll.vehicle.class"].sudo()
        return request.render(
            "toll_account.public_signup",
            {
                "form": post,
                "error": error,
                "classes": classes_sudo.search([("active", "=", True)]),
            },
        )

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
            "marketing": bool(post.get("marketing")),
            "lang": env.context.get("lang"),
            "company_id": env.company.id,
            "ip": request.httprequest.remote_addr,
        }
