"""Revenue net of volume discounts beside gross, per plaza and month (003-08)."""

import csv
import io

from odoo.tests import freeze_time, tagged

from .discount_common import make_plan
from .discount_volume_common import tiers
from .remittance_common import RemittanceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestNetRevenue(RemittanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # plans that the database may have are not this test's
        cls.env["toll.discount.plan"].search([]).sudo().write({"state": "draft"})
        cls.plan = make_plan(
            cls, kind="volume", is_automatic=True, tier_ids=tiers((2, 10))
        )

    def _billed(self):
        """4 at P1 and 2 at P2, a day apart: 500, of which the last five 10 % off."""
        self._load(
            *self._cars(4),
            self._row_at("P1", "03-12T18:00", plaza="P2"),
            self._row_at("P2", "03-13T18:00", plaza="P2"),
        )
        run = self.env["toll.billing.run"].create(
            {"account_id": self.prepaid.id, "until": "2026-04-01"}
        )
        run.action_compute()
        run.action_review()
        run.action_confirm()
        self.env["toll.traffic.day"]._refresh()
        off = run.statement_ids.amount_volume
        self.assertEqual(off, 40)
        return run

    def test_net_beside_gross_per_plaza_and_month(self):
        self._billed()
        net = self._figures("amount_charged", "amount_volume", "amount_net")
        by_plaza = {}
        for (_day, plaza, _state), (gross, off, rest) in net.items():
            found = by_plaza.setdefault(plaza, [0, 0, 0])
            by_plaza[plaza] = [
                a + b for a, b in zip(found, (gross, off, rest), strict=1)
            ]
        rounded = {key: [round(v, 2) for v in row] for key, row in by_plaza.items()}
        self.assertEqual(rounded, {"P1": [400, 32, 368], "P2": [100, 8, 92]})
        concession = self._concession({"name": "Fixed", "kind": "fixed", "amount": 5})
        run = self._close(self._period(concession))
        rows = list(
            csv.DictReader(
                io.StringIO(
                    self._file(run.with_user(self.analyst).action_csv()).decode(
                        "utf-8-sig"
                    )
                )
            )
        )
        sums = {}
        for row in rows:
            found = sums.setdefault(row["Plaza"], [0, 0])
            found[0] += float(row["Revenue"])
            found[1] += float(row["Net of Volume Discounts"])
        self.assertEqual(
            {key: [round(v, 2) for v in row] for key, row in sums.items()},
            {"Plaza P1": [400, 368], "Plaza P2": [100, 92]},
        )
        run.with_user(self.manager).action_publish()
        month = concession.transparency_ids
        self.assertEqual(
            (month.amount, month.amount_volume, month.amount_net), (500, 40, 460)
        )
        _header, public = month._public_rows()
        self.assertEqual(sum(row[11] for row in public), 460)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "toll_billing.report_canon_run", run.ids
        )[0]
        self.assertIn(b"Net of volume discounts", html)
        report = self.env["toll.management.report"].create({"month": "2026-03-01"})
        report.action_compute()
        lines = {
            line.label: line.value
            for line in report.line_ids
            if line.section == "net" and line.label.startswith(("P1", "P2"))
        }
        self.assertEqual(sorted(lines.values()), [92, 368])

    def test_operator_bears_it_unless_we_do(self):
        self._billed()
        agreement = self._agreement()
        record = self._remit(agreement)
        self.assertEqual(
            (record.amount_gross, record.amount_volume, record.amount_due),
            (500, 40, 460),
        )
        agreement.plan_ids = self.plan
        record.action_compute()
        self.assertEqual((record.amount_borne, record.amount_due), (40, 500))
        agreement.basis = "invoiced"
        with freeze_time("2026-05-02 12:00:00"):
            april = self._remit(agreement, "2026-04-10")
            self.assertEqual((april.amount_volume, april.amount_due), (40, 500))
            agreement.plan_ids = False
            april.action_compute()
            self.assertEqual(april.amount_due, 460)
            agreement.basis = "collected"
            april.action_compute()
            self.assertEqual((april.amount_gross, april.amount_due), (500, 460))
