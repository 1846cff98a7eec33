"""Who is behind is told once; the first list of many TAGs comes in pieces (000-23)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..core.handheld import HandheldError
from ..core.lane_list import ListError, Query
from ..models import toll_tag_list_build
from .test_tag_list import TagListCommon


@tagged("post_install", "-at_install")
class TestTagListOutage(TagListCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Outage = cls.env["toll.tag.list.outage"]
        cls.contact = cls.env["res.partner"].create(
            {"name": "Lane desk", "email": "lanes@example.org"}
        )
        cls.operator.write(
            {
                "list_user_id": cls.analyst.id,
                "list_contact_id": cls.contact.id,
                "list_minutes": 30,
            }
        )

    def _fetch(self, version, is_known=True):
        now = fields.Datetime.now()
        return self.Delivery.create(
            {
                "company_id": self.company.id,
                "operator_id": self.operator.id,
                "kind": "block",
                "version": version,
                "started_at": now,
                "acknowledged_at": now if is_known else False,
            }
        )

    def _age(self, minutes):
        """The versions were made so long ago."""
        made_at = fields.Datetime.now() - timedelta(minutes=minutes)
        versions = self.env["toll.tag.list.version"].search(
            [("company_id", "=", self.company.id)]
        )
        versions.write({"made_at": made_at})

    def _watch(self):
        self.Outage._cron_watch()
        return self.Outage.search([("operator_id", "=", self.operator.id)])

    def _told(self, outage):
        return outage.message_ids.filtered(
            lambda m: self.contact in m.notified_partner_ids
        )

    def test_an_outage_is_told_once_and_when_it_is_over_000_23(self):
        self._refresh()
        self._fetch(1)
        self.lot.toll_report_lost("lost")
        self._refresh()
        self._age(20)
        self.assertFalse(self._watch(), "30 minutes are agreed")
        self._age(40)
        outage = self._watch()
        self._watch()
        self.assertEqual(len(outage.activity_ids), 1)
        self.assertEqual(outage.activity_ids.user_id, self.analyst)
        self.assertEqual(len(self._told(outage)), 1)
        self._fetch(2)
        self.assertEqual(self._watch(), outage)
        self.assertTrue(outage.ended_at)
        self.assertGreaterEqual(outage.minutes, 39)
        self.assertFalse(outage.activity_ids)
        self.assertEqual(len(self._told(outage)), 2)
        self.lot_2.toll_report_lost("lost")
        self._refresh()
        self._age(40)
        self.assertEqual(len(self._watch()), 2, "another outage")
        self.operator.action_suspend()
        self.assertTrue(self._watch()[0].ended_at, "nobody waits for it any more")

    def test_who_sees_outages(self):
        self._refresh()
        self._fetch(1, is_known=False)
        self._age(40)
        outage = self._watch()
        self.assertTrue(outage.with_user(self.agent).began_at)
        with self.assertRaises(AccessError):
            outage.with_user(self.analyst).ended_at = fields.Datetime.now()
        company = self.env["res.company"].create({"name": "Other lists"})
        self.agent.write({"company_ids": [(4, company.id)], "company_id": company})
        found = self.Outage.with_user(self.agent)
        found = found.with_context(allowed_company_ids=company.ids)
        self.assertFalse(found.search([("id", "=", outage.id)]))

    # === THE FIRST LIST === #

    def _get_piece(self):
        """So many that the TAGs take several pieces, however many there are."""
        domain = [("company_id", "=", self.company.id), ("toll_state", "!=", False)]
        return max(1, self.env["stock.lot"].search_count(domain) // 3)

    def test_the_first_list_comes_in_pieces_and_whole_000_23(self):
        handheld = self.env["toll.handheld"].new(
            {"company_id": self.company.id, "operator_id": self.operator.id}
        )
        mark = self._mark()
        with patch.object(toll_tag_list_build, "PIECE", self._get_piece()):
            self.assertTrue(self.List._is_to_build(self.company))
            steps = []
            while True:
                result = self.List._build_piece(self.company, mark)
                record = self.List._get(self.company)
                if result:
                    break
                steps.append(record.build_step)
                self.assertEqual(record.version, 0)
                with self.assertRaises(ListError) as refused:
                    self.Delivery._serve(
                        self.company, self.operator, Query("valid", 0, "csv")
                    )
                self.assertEqual(refused.exception.code, "not_ready")
            with self.assertRaises(HandheldError):
                record.version = 0
                record.build_step = "tags"
                handheld._get_tag_list()
        record.write({"version": 1, "build_step": False})
        self.assertEqual(list(dict.fromkeys(steps)), [*toll_tag_list_build.STEPS])
        self.assertGreater(steps.count("tags"), 1, "more than one piece")
        counts = record.read(["blocked_count", "valid_count", "value_count"])
        self.assertEqual(self._numbers("valid"), {self.lot.name, self.lot_2.name})
        self.assertEqual(self._refresh(is_full=True), {}, "as if made in one go")
        self.assertEqual(result["added"], record.version_ids.added)
        self.env["toll.tag.list.entry"].search([]).unlink()
        record.version_ids.unlink()
        record.unlink()
        self._refresh()
        record = self.List._get(self.company)
        again = record.read(["blocked_count", "valid_count", "value_count"])
        for row in counts + again:
            row.pop("id")
        self.assertEqual(counts, again)

    def test_what_changes_during_the_build_is_not_lost_000_23(self):
        mark = self._mark()
        with patch.object(toll_tag_list_build, "PIECE", self._get_piece()):
            while self.List._get(self.company).build_step != "vehicles":
                self.assertFalse(self.List._build_piece(self.company, mark))
            self.lot.toll_report_lost("stolen")
            while not self.List._build_piece(self.company, mark):
                pass
        self.assertIn(self.lot.name, self._numbers("valid"), "as it was when read")
        self.List._refresh(self.company, self._mark())
        self.assertEqual(self._numbers("block"), {self.lot.name})

    def test_a_refresh_in_one_go_replaces_an_unfinished_build(self):
        with patch.object(toll_tag_list_build, "PIECE", self._get_piece()):
            while self.List._get(self.company).build_step != "vehicles":
                self.List._build_piece(self.company, self._mark())
        self._refresh()
        record = self.List._get(self.company)
        self.assertEqual((record.version, record.build_step), (1, False))
        self.assertEqual(record.valid_count, 2)
