"""The way in for telephone systems: a call pops up the caller's account."""

from urllib.parse import quote

from odoo.http import Controller, request, route

from ..core import numbers

AGENT_GROUPS = "toll_account.group_toll_agent,toll_account.group_toll_billing"


class TollContact(Controller):
    @route("/toll/call", type="http", auth="user", methods=["GET"], readonly=True)
    def call(self, phone="", **_query):
        """Open the contact centre with the caller's number already searched."""
        if not request.env.user.has_groups(AGENT_GROUPS):
            return request.redirect("/my")
        digits = numbers.digits(phone)[:20]
        place = "/odoo/action-toll_account.toll_contact_centre_action"
        return request.redirect(f"{place}?phone={quote(digits)}" if digits else place)
