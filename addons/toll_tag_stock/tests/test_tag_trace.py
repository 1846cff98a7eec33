from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import TollTagCommon


@tagged("post_install", "-at_install")
class TestTagTrace(TollTagCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-01-05 10:00:00"):
            cls.lots = cls._receive("ZZTR00000001", "ZZTR00000003")
        cls.lot = cls.lots[0]

    def _live(self):
        """Received, to a van, to a customer, back broken, tested, scrapped."""
        van = self.env["stock.location"].create(
            {"name": "Van T", "location_id": self.shelf.id, "toll_place_kind": "van"}
        )
        with freeze_time("2026-02-01 10:00:00"):
            self.lot.toll_transfer(van)
        with freeze_time("2026-03-01 10:00:00"):
            self.lot.toll_assign(self.vehicle)
        with freeze_time("2026-04-01 10:00:00"):
            self.lot.toll_replace(self.lots[1], note="Glass")
        with freeze_time("2026-04-02 10:00:00"):
            self.lot.toll_rma_ids.record_test("dead")
        with freeze_time("2026-04-03 10:00:00"):
            self.lot.toll_rma_ids.action_scrap()

    def test_one_page_from_reception_to_scrap_003_35(self):
        self._live()
        events = self.lot.with_user(self.agent)._toll_get_trace()
        dates = [event["date"] for event in events]
        self.assertEqual(dates, sorted(dates))
        titles = " | ".join(event["title"] for event in events)
        for words in (
            f"Arrived in box {self.lot.toll_supply_id.name}",
            "Into stock at",
            "Moved from",
            "Assigned to TST-001-A",
            "No longer on TST-001-A",
            "In the lanes: Valid",
            "In the lanes: Blocked",
            "Tested: Does not read",
            "RMA closed: Scrap",
            "Scrapped",
        ):
            self.assertIn(words, titles)
        end = next(event for event in events if event["kind"] == "end")
        self.assertIn("replaced by ZZTR00000002", end["detail"])
        self.assertIn("Glass", end["detail"])

    def test_the_page_and_the_paper(self):
        self._live()
        lot = self.lot.with_user(self.agent)
        self.assertIn("Assigned to TST-001-A", lot.toll_trace)
        action = lot.action_toll_trace()
        self.assertEqual(action["res_id"], lot.id)
        html = (
            self.env["ir.actions.report"]
            .with_user(self.agent)
            ._render_qweb_html("toll_tag_stock.report_tag_trace", lot.ids)[0]
        )
        self.assertIn("No longer on TST-001-A", html.decode())

    def test_names_in_the_trace_are_text_not_markup(self):
        self.account.partner_id.name = "<script>alert(1)</script>"
        self.lot.toll_assign(self.vehicle)
        self.assertNotIn("<script>alert", self.lot.toll_trace)

    def test_customers_and_strangers_get_no_trace(self):
        self.lot.toll_assign(self.vehicle)
        customer = new_test_user(self.env, "trace_portal", groups="base.group_portal")
        self.account.partner_id = customer.partner_id
        with self.assertRaises(AccessError):
            self.lot.with_user(customer).read(["toll_trace"])
        stranger = new_test_user(self.env, "trace_nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.lot.with_user(stranger).action_toll_trace()
