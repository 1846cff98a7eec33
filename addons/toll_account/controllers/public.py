"""Pages for everybody: start, legal texts, complaints."""

import re

from odoo.exceptions import UserError
from odoo.http import request

from ..core.addresses import address_group
from .public_page import TollPublicPage, public_route

EMAIL = re.compile(r"[^@\s,;<>\"']{1,64}@[^@\s,;<>\"']{1,190}\.[^@\s,;<>\"'.]{2,24}")


class TollPublic(TollPublicPage):
    # === Helpers ===

    def _toll_address(self):
        return f"ip {address_group(request.httprequest.remote_addr)}"

    def _toll_session(self):
        return f"session {request.session.sid}"

    def _toll_visitors(self):
        """Who asks, as far as a page without login can know."""
        return [self._toll_address(), self._toll_session()]

    def _toll_visits(self):
        # the public may count its visits, and read nothing
        return request.env["toll.public.visit"].sudo()

    def _toll_allowed(self, kind, limit, seconds=3600):
        visits_sudo = self._toll_visits()
        return visits_sudo._is_allowed(kind, self._toll_visitors(), limit, seconds)

    def _toll_too_many(self):
        response = self._toll_render("toll_account.public_too_many", {}, 429)
        response.headers["Retry-After"] = "3600"
        return response

    def _toll_company(self):
        # the public reads nothing of a company but what the pages show
        return request.env.company.sudo()

    def _toll_notices(self):
        """[{title, text, severity}] of what is shown now; other addons may add."""
        notices = request.env["toll.notice"]
        return notices._get_shown(request.env.company, ["public"])

    # === Pages ===

    @public_route("/toll")
    def public_toll_home(self, **kw):
        return self._toll_page("toll_account.public_home", self._toll_home_values)

    def _toll_home_values(self):
        return {
            "notices": self._toll_notices(),
            "company": self._toll_company(),
            "legal_pages": self._toll_legal_pages(),
        }

    def _toll_legal_pages(self, code=None):
        pages = request.env["toll.legal.page"]
        # published texts are for everybody
        return pages.sudo()._get_current(request.env.company, code)

    def _toll_legal_values(self):
        return {
            "legal_pages": self._toll_legal_pages(),
            "company": self._toll_company(),
        }

    @public_route("/toll/legal")
    def public_toll_legal(self, **kw):
        return self._toll_page("toll_account.public_legal", self._toll_legal_values)

    @public_route("/toll/legal/<string:code>")
    def public_toll_legal_page(self, code, **kw):
        def make_values():
            page = self._toll_legal_pages(code)
            if len(page) != 1:
                raise request.not_found()
            return {"legal_page": page, "legal_pages": self._toll_legal_pages()}

        return self._toll_page("toll_account.public_legal_page", make_values)

    @public_route("/toll/complaint", methods=("GET", "POST"))
    def public_toll_complaint(self, **post):
        """A complaint of anybody; customers have their own page."""
        if not request.env.user._is_public():
            return request.redirect("/my/toll/requests/new?type_code=claim")
        error = number = None
        if request.httprequest.method == "POST":
            if not self._toll_allowed("complaint", self._toll_message_limit()):
                return self._toll_too_many()
            try:
                number = self._toll_send_complaint(post)
            except UserError as problem:
                error = str(problem.args[0])
        return self._toll_render(
            "toll_account.public_complaint",
            {"form": post, "error": error, "number": number},
        )

    def _toll_message_limit(self):
        return self._toll_company().toll_public_messages

    def _toll_send_complaint(self, post):
        env = request.env
        name = " ".join((post.get("name") or "").split())[:80]
        email = (post.get("email") or "").strip()[:120]
        text = (post.get("description") or "").strip()[:5000]
        if not name or not text:
            raise UserError(env._("Please write your name and what happened."))
        if not EMAIL.fullmatch(email):
            raise UserError(env._("Please write your e-mail address."))
        # Strangers have no rights; a complaint of theirs is this and nothing else.
        types_sudo = env["toll.request.type"].sudo()
        requests_sudo = env["toll.request"].sudo()
        new = requests_sudo.create(
            {
                "type_id": types_sudo.search([("code", "=", "other")], limit=1).id,
                "channel": "web",
                "contact_name": name,
                "contact_email": email,
                "contact_phone": (post.get("phone") or "").strip()[:32],
                "description": text,
                "company_id": env.company.id,
                "office_id": False,
            }
        )
        return new.number
