"""Traffic and revenue of concessions: for everybody, closed and published months."""

from odoo.http import request

from odoo.addons.toll_account.controllers.portal import TollPortal
from odoo.addons.toll_account.controllers.public import TollPublic
from odoo.addons.toll_account.controllers.public_page import public_route


class TollPublicTransparency(TollPublic):
    @public_route("/toll/transparency")
    def public_toll_transparency(self, **query):
        return self._toll_page(
            "toll_billing.public_transparency",
            lambda: self._toll_transparency_values(query),
        )

    @public_route("/toll/transparency/csv")
    def public_toll_transparency_csv(self, **query):
        months_sudo = self._toll_transparency_months(query)
        content = request.env["toll.report.file"]._csv(*months_sudo._public_rows())
        return request.make_response(
            content,
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", "attachment; filename=transparency.csv"),
            ],
        )

    def _toll_transparency_months(self, query):
        """Published months, of one concession where one is asked for."""
        months_sudo = request.env["toll.transparency"]._get_public()
        number = TollPortal._toll_int(query.get("concession"))
        chosen = months_sudo.filtered(lambda m: m.concession_id.id == number)
        return chosen or months_sudo

    def _toll_transparency_values(self, query):
        every_sudo = request.env["toll.transparency"]._get_public()
        concessions = every_sudo.concession_id.sorted("name")
        number = TollPortal._toll_int(query.get("concession"))
        concession = concessions.filtered(lambda c: c.id == number) or concessions[:1]
        months = every_sudo.filtered(lambda m: m.concession_id == concession)
        return {
            "concessions": concessions,
            "concession": concession,
            "months": months,
        }
