from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import HttpCase, new_test_user, tagged

from .common import TollCommon


@tagged("post_install", "-at_install")
class TestTollNotice(TollCommon, HttpCase):
    """001-14: notices on the public start page and in the virtual office."""

    def _notice(self, name, days_from=-1, days_to=1, user=None, **values):
        now = Datetime.now()
        return (
            self.env["toll.notice"]
            .with_user(user or self.manager)
            .create(
                {
                    "name": name,
                    "text": f"Text of {name}",
                    "date_from": Datetime.add(now, days=days_from),
                    "date_to": days_to and Datetime.add(now, days=days_to),
                    **values,
                }
            )
        )

    def test_what_is_shown_now_and_to_whom_001_14(self):
        self._notice("SHOWN-1", severity="danger")
        self._notice("OVER-1", -3, -1)
        self._notice("LATER-1", 1, 3)
        inside = self._notice("INSIDE-1", days_to=False, audience="portal")
        foreign = self.env["res.company"].create({"name": "Other Notices"})
        self.env["toll.notice"].create(
            {"name": "FOREIGN-1", "text": "x", "company_id": foreign.id}
        )
        page = self.url_open("/toll").text
        self.assertIn("SHOWN-1", page)
        self.assertIn("alert-danger", page)
        for name in ("OVER-1", "LATER-1", "INSIDE-1", "FOREIGN-1"):
            self.assertNotIn(name, page)
        new_test_user(
            self.env, "notice_portal", groups="base.group_portal"
        ).partner_id = self.partner
        self.authenticate("notice_portal", "notice_portal")
        page = self.url_open("/my/toll").text
        for name in ("SHOWN-1", "INSIDE-1"):
            self.assertIn(name, page)
        self.assertNotIn("LATER-1", page)
        # a change is there at once
        inside.text = "<b>Changed</b>"
        page = self.url_open("/my/toll").text
        self.assertIn("&lt;b&gt;Changed", page)
        shown = self.env["toll.notice"].search([("is_shown", "=", True)])
        self.assertIn(inside, shown)
        self.assertFalse(shown.filtered(lambda n: n.name in ("OVER-1", "LATER-1")))

    def test_who_writes_notices(self):
        marketing = new_test_user(
            self.env, "notice_marketing", groups="sales_team.group_sale_manager"
        )
        self._notice("MARKETING-1", user=marketing)
        for user in (self.agent, self.accountant):
            with self.assertRaises(AccessError):
                self._notice("X", user=user)
