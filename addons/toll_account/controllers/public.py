"""Pages for everybody: start, legal texts, complaints."""

import re

from odoo.exceptions import UserError
from odoo.http import Controller, request, route

EMAIL = re.compile(r"[^@\s,;<>\"']{1,64}@[^@\s,;<>\"']{1,190}\.[^@\s,;<>\"'.]{2,24}")


class TollPublic(Controller):
    # === Helpers ===

    def _toll_visitors(self):
        """Who asks, as far as a page without login can know."""
        return [
            f"ip {request.httprequest.remote_addr}",
            f"session {request.session.sid}",
        ]

    def _toll_allowed(self, kind, limit, seconds=3600):
        # the public may count its visits, and read nothing
        visits_sudo = request.env["toll.public.visit"].sudo()
        return visits_sudo._is_allowed(kind, self._toll_visitors(), limit, seconds)

    def _toll_too_many(self):
        response = request.render("toll_account.public_too_many", {})
        response.status_code = 429
        response.headers["Retry-After"] = "3600"
        return response

    def _toll_company(self):
        # the public reads nothing of a company but what the pages show
        return request.env.company.sudo()

    def _toll_notices(self):
        """[{title, text}] of public notices; other addons bring them."""
        return []

    # === Pages ===

    @route("/toll", type="http", auth="public", website=True, methods=["GET"])
    def public_toll_home(self, **kw):
        return request.render(
            "toll_account.public_home",
            {
                "notices": self._toll_notices(),
                "company": self._toll_company(),
                "legal_pages": self._toll_legal_pages(),
            },
        )

    def _toll_legal_pages(self, code=None):
        pages = request.env["toll.legal.page"]
        # published texts are for everybody
        return pages.sudo()._get_current(request.env.company, code)

    @route("/toll/legal", type="http", auth="public", website=True, methods=["GET"])
    def public_toll_legal(self, **kw):
        return request.render(
            "toll_account.public_legal",
            {"legal_pages": self._toll_legal_pages(), "company": self._toll_company()},
        )

    @route(
        "/toll/legal/<string:code>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    def public_toll_legal_page(self, code, **kw):
        page = self._toll_legal_pages(code)
        if len(page) != 1:
            raise request.not_found()
        return request.render(
            "toll_account.public_legal_page",
            {"legal_page": page, "legal_pages": self._toll_legal_pages()},
        )

    @route(
        "/toll/complaint",
        type="http",
        auth="public",
        website=True,
        methods=["GET", "POST"],
    )
    def public_toll_complaint(self, **post):
        """A complaint of anybody; customers have their own page."""
        if not request.env.user._is_public():
            return request.redirect("/my/toll/requests/new?type_code=claim")
        error = number = None
        if request.httprequest.method == "POST":
            if not self._toll_allowed("complaint", 5):
                return self._toll_too_many()
            try:
                number = self._toll_send_complaint(post)
            except UserError as problem:
                error = str(problem.args[0])
        return request.render(
            "toll_account.public_complaint",
            {"form": post, "error": error, "number": number},
        )

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
