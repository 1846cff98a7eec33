"""Published figures on the website (001-06)."""

import csv
import io
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .portal_common import PRICE, TollHttpCommon


@tagged("post_install", "-at_install")
class TestTransparency(TollHttpCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "toll_manager", groups="toll_account.group_toll_manager"
        )
        cls.analyst = new_test_user(
            cls.env, "toll_analyst", groups="toll_account.group_toll_analyst"
        )
        # over for every clock of the world
        first = (fields.Date.today() - timedelta(days=3)).replace(day=1)
        cls.month = (first - timedelta(days=1)).replace(day=1)
        cls.noon = fields.Datetime.to_datetime(cls.month) + timedelta(days=9, hours=18)
        cls.grantor = cls.env["res.partner"].create(
            {"name": "Ministry of Roads", "is_company": True}
        )
        cls.concession = cls.env["toll.concession"].create(
            {
                "code": "PUB",
                "name": "Public Roads",
                "partner_id": cls.grantor.id,
                "operator_id": cls.operator.id,
                "date_from": cls.month,
                "is_public": True,
                "rule_ids": [
                    Command.create({"name": "Fixed", "kind": "fixed", "amount": 10})
                ],
            }
        )
        cls._cross("T-1", "T-2")

    @classmethod
    def _cross(cls, *refs):
        at = f"{cls.noon.isoformat()}+00:00"
        return cls._post_events([cls._event(ref, occurred_at=at) for ref in refs])

    def _closed(self):
        run = (
            self.env["toll.canon.run"]
            .with_user(self.manager)
            .create({"concession_id": self.concession.id, "day": self.month})
        )
        run.action_compute()
        run.action_review()
        run.action_close()
        return run

    def _published(self):
        run = self._closed()
        run.action_publish()
        return self.concession.transparency_ids

    def test_only_closed_and_published_months_are_public(self):
        label = self.month.strftime("%Y-%m")
        self.assertNotIn("Public Roads", self.url_open("/toll/transparency").text)
        self.assertNotIn("/toll/transparency", self.url_open("/toll").text)
        draft = self.env["toll.transparency"].create(
            {"concession_id": self.concession.id, "month": self.month}
        )
        with self.assertRaisesRegex(UserError, "not closed"):
            draft.with_user(self.manager).action_publish()
        month = self._published()
        self.assertEqual(month, draft)
        text = self.url_open("/toll/transparency").text
        self.assertIn("Public Roads", text)
        self.assertIn(label, text)
        self.assertIn(f"{2 * PRICE:.2f}", text)
        self.assertIn("/toll/transparency", self.url_open("/toll").text)
        month.with_user(self.manager).action_withdraw()
        self.assertNotIn("Public Roads", self.url_open("/toll/transparency").text)
        month.with_user(self.manager).action_publish()
        self.concession.is_public = False
        self.assertNotIn("Public Roads", self.url_open("/toll/transparency").text)
        self.assertNotIn("Public Roads", self.url_open("/toll/transparency/csv").text)

    def test_figures_stay_as_they_were_published(self):
        month = self._published()
        self.assertEqual((month.crossings, month.amount), (2, 2 * PRICE))
        self.assertEqual(month.crossings_tag, 0)
        self._cross("T-3")
        self.env["toll.traffic.day"]._refresh()
        month.invalidate_recordset()
        self.assertEqual(month.crossings, 2)
        with self.assertRaises(UserError):
            month.month = "2020-01-01"
        with self.assertRaises(UserError):
            month.unlink()

    def test_file_is_harmless(self):
        self.concession.name = '=1+1,"x"'
        self.plaza.name = "@SUM(A1)"
        self._published()
        response = self.url_open(f"/toll/transparency/csv?concession={10**30}")
        self.assertEqual(response.status_code, 200)
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
        self.assertEqual(len(rows), 2)
        self.assertEqual(rows[1][1], '\'=1+1,"x"')
        self.assertEqual(rows[1][3], "'@SUM(A1)")
        self.assertEqual(rows[1][5], "2")
        self.assertEqual(rows[1][9], f"{2 * PRICE:.2f}")

    def test_strange_questions(self):
        self._published()
        for query in ("concession=abc", "concession=-1", "concession=%27", "x=1"):
            response = self.url_open(f"/toll/transparency?{query}")
            self.assertEqual(response.status_code, 200)
            self.assertIn("Public Roads", response.text)

    def test_who_may_publish(self):
        run = self._closed()
        with self.assertRaises(AccessError):
            run.with_user(self.analyst).action_publish()
        month = self.env["toll.transparency"].create(
            {"concession_id": self.concession.id, "month": self.month}
        )
        with self.assertRaises(AccessError):
            month.with_user(self.analyst).action_publish()
        with self.assertRaises(AccessError):
            month.with_user(self.manager).write({"state": "published"})
