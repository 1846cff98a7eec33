"""What belongs to a postal code, for the forms of the website and the portal."""

from odoo.http import Controller, request, route

MAX_CODE = 16


class TollPostal(Controller):
    @route(
        "/toll/postal/<string:country>/<string:code>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
        sitemap=False,
    )
    def toll_postal(self, country, code):
        """JSON; an empty object where the register does not know the code.

        :param country: an id, as forms have it, or two letters
        """
        countries_sudo = request.env["res.country"].sudo()  # no secret to anybody
        if country.isascii() and country.isdigit() and len(country) < 9:
            found_sudo = countries_sudo.browse(int(country)).exists()
        else:
            found_sudo = countries_sudo.search([("code", "=", country[:2].upper())])
        values = {}
        if found_sudo and len(code) <= MAX_CODE:
            values = request.env["toll.postal.code"]._look_up(found_sudo, code)
        headers = [("Cache-Control", "public, max-age=3600")]
        return request.make_json_response(values, headers=headers)
