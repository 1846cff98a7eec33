"""An invoice by the short link of a message."""

from odoo.http import content_disposition, request

from .public import TollPublic
from .public_page import public_route


class TollPublicInvoice(TollPublic):
    @public_route("/toll/i/<string:code>")
    def public_toll_invoice_link(self, code, **kw):
        """The PDF; unknown, forged and old links are answered alike."""
        if not self._toll_allowed(
            "invoice-link", self._toll_company().toll_public_lookups
        ):
            return self._toll_too_many()
        move_sudo = request.env["account.move"]._toll_find_linked(code)
        if not move_sudo:
            return self._toll_render("toll_account.public_link_over", {}, 404)
        move_sudo = move_sudo.with_company(move_sudo.company_id)
        pdf = move_sudo._get_invoice_legal_documents("pdf", allow_fallback=True)
        return request.make_response(
            pdf["content"],
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Disposition", content_disposition(pdf["filename"], "inline")),
                ("Cache-Control", "private, no-store"),
                ("X-Robots-Tag", "noindex, nofollow"),
                ("Referrer-Policy", "no-referrer"),
            ],
        )
