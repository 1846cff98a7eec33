"""Parallel run with the system before (001-04)."""

import base64
import csv
import gzip
import io
from unittest.mock import patch

import openpyxl

from odoo import Command
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .test_concession import ConcessionCase


@tagged("post_install", "-at_install")
@freeze_time("2026-04-15 12:00:00")
class TestParallel(ConcessionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.layout = cls.env.ref("toll_billing.toll_parallel_layout_crossing")
        cls.by_account = cls.env.ref("toll_billing.toll_parallel_layout_account")
        cls.number = cls.prepaid.number

    def _file(self, *rows, header="operator,ref,day,account,amount"):
        return ("\n".join([header, *rows]) + "\n").encode()

    def _parallel(self, content, user=None, **values):
        run = (
            self.env["toll.parallel.run"]
            .with_user(user or self.analyst)
            .create(
                {
                    "name": "March",
                    "layout_id": self.layout.id,
                    "date_from": "2026-03-01",
                    "date_to": "2026-03-31",
                    "operator_ids": [Command.set(self.operator.ids)],
                    "file": base64.b64encode(content),
                    **values,
                }
            )
        )
        self.env.flush_all()
        run.action_compare()
        return run

    def _findings(self, run):
        return {
            (f.kind, f.ref or f.their_account or f.account_id.number): (
                f.amount_theirs,
                f.amount_ours,
            )
            for f in self.env["toll.parallel.finding"].search([("run_id", "=", run.id)])
        }

    def _mixed(self):
        """One of each kind; six rows of ours in March, one in April."""
        self._load(
            *self._cars(6),
            self._row_at("X1", "04-02T18:00"),
            self._row_at("H1", "03-12T18:00", tag="NOBODY"),
        )
        return self._file(
            "T1,R1,2026-03-10,,100.00",
            f"T1,R2,2026-03-10,{self.number},100.01",
            f"T1,R3,2026-03-10,{self.number},93.50",
            f"T1,R4,2026-03-10,{self.postpaid.number},100",
            f"T1,R1,2026-03-10,{self.number},100.00",
            "T1,R5,2026-03-10,,much",
            "NONE,R6,2026-03-10,,100",
            f"T1,H1,2026-03-12,{self.number},100",
            f'T1,"=Q9",2026-03-12,{self.number},40',
        )

    def test_each_kind_of_difference_001_04(self):
        run = self._parallel(self._mixed(), tolerance=0.01)
        self.assertEqual(
            self._findings(run),
            {
                ("amount", "R3"): (93.5, 100),
                ("account", "R4"): (100, 100),
                ("repeated", "R1"): (100, 0),
                ("bad", "R6"): (100, 0),
                ("theirs", "H1"): (100, 0),
                ("theirs", "=Q9"): (40, 0),
                ("ours", "R5"): (0, 100),
                ("ours", "R6"): (0, 100),
                ("bad", False): (0, 0),
            },
        )
        bad = self.env["toll.parallel.finding"].search(
            [("run_id", "=", run.id), ("line", "=", 7)]
        )
        self.assertIn("much", bad.detail)
        self.assertEqual(
            (run.equal_count, run.difference_count, run.open_count), (2, 9, 9)
        )
        self.assertEqual((run.amount_theirs, run.amount_ours), (733.51, 600))
        self.assertFalse(run.is_within)
        held = self.env["toll.parallel.finding"].search([("ref", "=", "H1")])
        self.assertEqual(held.crossing_state, "held")
        action = held.with_user(self.analyst).action_open_crossing()
        self.assertEqual(action["res_model"], "toll.crossing")
        days = self.env["toll.parallel.result"]._read_group(
            [("run_id", "=", run.id), ("kind", "=", "equal")],
            ["day:day"],
            ["quantity:sum"],
        )
        self.assertEqual([(str(day), n) for day, n in days], [("2026-03-10", 2)])

    def test_again_changes_nothing_and_decisions_stay(self):
        content = self._mixed()
        run = self._parallel(content, tolerance=0.01)
        before = self._findings(run)
        wrong = self.env["toll.parallel.finding"].search(
            [("run_id", "=", run.id), ("kind", "=", "amount")]
        )
        self._decide(run, reason="our_error", note="tariff of P1", findings=wrong)
        self._decide(run, kind="ours", reason="their_error")
        run.action_compare()
        self.assertEqual(self._findings(run), before)
        self.assertEqual((run.decided_count, run.open_count), (3, 6))
        with self.assertRaisesRegex(UserError, "already"):
            self._parallel(content, name="Again")
        # the crossing is taken back: the same row is another difference now
        self._load(self._row_at("R3", "03-10T18:00", status="void"), name="v.csv")
        run.action_compare()
        self.assertEqual(self._findings(run)["theirs", "R3"], (93.5, 0))
        self.assertEqual(run.decided_count, 2)

    def _decide(self, run, findings=None, **values):
        context = {"active_model": run._name, "active_id": run.id}
        if findings:
            context = {"active_model": findings._name, "active_ids": findings.ids}
        self.env["toll.parallel.decision"].with_user(self.analyst).with_context(
            **context
        ).create(values).action_decide()
        run.invalidate_recordset()

    def test_sign_off_by_another_person(self):
        run = self._parallel(self._mixed(), user=self.manager)
        with self.assertRaisesRegex(UserError, "no reason"):
            run.action_ask()
        self._decide(run, reason="accepted")
        self.assertEqual(run.open_count, 0)
        run.action_ask()
        with self.assertRaisesRegex(UserError, "somebody else"):
            run.action_approve()
        with self.assertRaises(AccessError):
            run.with_user(self.analyst).action_approve()
        with self.assertRaises(UserError):
            run.action_compare()
        other = self.manager.copy({"login": "parallel_manager"})
        run.with_user(other).action_approve()
        self.assertEqual((run.state, run.approved_by_id), ("approved", other))
        for work in (
            lambda: run.action_compare(),
            lambda: run.unlink(),
            lambda: run.write({"tolerance": 5}),
            lambda: self._decide(run, reason="our_error", kind="ours"),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                work()

    def test_accounts_by_total_and_balance(self):
        self._load(*self._cars(2), self._row_at("X1", "04-02T18:00"))
        truck = {"tag": "TEST00000002", "class": "C"}
        self._load(*self._cars(1, first=50, **truck), name="truck.csv")
        self.plate_only.partner_id.ref = "OLD-3"
        header = "account,total,balance"
        content = self._file(
            f"{self.number},200,300",
            f"{self.postpaid.number},250.00,-200",
            "NOBODY,10,-10",
            header=header,
        )
        run = self._parallel(content, layout_id=self.by_account.id)
        self.assertEqual(
            self._findings(run),
            {
                ("balance", self.postpaid.number): (250, 250),
                ("theirs", "NOBODY"): (10, 0),
            },
        )
        self.assertEqual((run.equal_count, run.amount_difference), (1, -10))
        # the other sign, the number of the system before, decimal comma, semicolons
        layout = self.by_account.copy(
            {
                "account_by": "ref",
                "is_debt_positive": True,
                "delimiter": ";",
                "decimal": ",",
            }
        )
        self.prepaid.partner_id.ref = "OLD-1"
        self.postpaid.partner_id.ref = "OLD-2"
        content = self._file(
            "OLD-1;200,00;-300,00",
            "OLD-2;250,00;1.250,00",
            header="account;total;balance",
        )
        run = self._parallel(gzip.compress(content), layout_id=layout.id)
        self.assertEqual(self._findings(run), {("balance", "OLD-2"): (250, 250)})
        self.assertTrue(run.is_within)

    def test_workbook_and_export(self):
        self._load(*self._cars(3))
        book = openpyxl.Workbook()
        book.active.append(["Operator", "Ref", "Account", "Amount"])
        book.active.append(["T1", "R1", self.number, 100])
        book.active.append(["T1", "R2", self.number, 99.5])
        book.active.append(["T1", "=Q9", None, 1.5])
        out = io.BytesIO()
        book.active["B4"].data_type = "s"
        book.save(out)
        run = self._parallel(out.getvalue())
        self.assertEqual(
            self._findings(run),
            {
                ("amount", "R2"): (99.5, 100),
                ("theirs", "=Q9"): (1.5, 0),
                ("ours", "R3"): (0, 100),
            },
        )
        action = run.with_user(self.biller).action_export()
        number = int(action["url"].split("/")[3].split("?")[0])
        content = self.env["ir.attachment"].browse(number).raw.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(content)))
        self.assertEqual(len(rows), 4)
        self.assertIn("'=Q9", {row[4] for row in rows})

    def test_bad_files_are_explained(self):
        cases = {
            b"ref;amount\nR1;5\n": "column",
            b"PK\3\4nonsense": "cannot be read",
            gzip.compress(b"operator,ref,account,amount\n")[:-6]: "cannot be read",
        }
        for content, message in cases.items():
            with self.assertRaisesRegex(UserError, message), self.cr.savepoint():
                self._parallel(content)
        with self.assertRaisesRegex(UserError, "Choose"), self.cr.savepoint():
            self._parallel(b"")
        with self.assertRaises(ValidationError):
            self.layout.copy({"column_amount": False})
        with self.assertRaises(ValidationError):
            self._parallel(self._file(), date_from="2024-01-01")

    def test_who_may(self):
        run = self._parallel(self._file(f"T1,R1,2026-03-10,{self.number},1"))
        finding = self.env["toll.parallel.finding"].search([("run_id", "=", run.id)])
        for user in (self.biller, self.accountant):
            with self.assertRaises(AccessError):
                run.with_user(user).action_compare()
            self.assertEqual(finding.with_user(user).kind, "theirs")
        with self.assertRaises(AccessError):
            finding.with_user(self.analyst).write({"reason": "accepted"})
        with self.assertRaises(AccessError):
            run.with_user(self.analyst).write({"equal_count": 5})
        with self.assertRaises(AccessError):
            run.with_user(self.agent).read(["name"])
        other = self.env["res.company"].create({"name": "Other issuer"})
        self.manager.write({"company_ids": [Command.link(other.id)]})
        theirs = run.with_user(self.manager).with_context(
            allowed_company_ids=[other.id]
        )
        for work in (theirs.action_compare, theirs.action_export):
            with self.assertRaises(AccessError):
                work()
        with (
            patch.object(type(run), "lock_for_update", side_effect=LockError("taken")),
            self.assertRaisesRegex(UserError, "right now"),
        ):
            run.action_compare()

    def test_large_file_goes_to_a_job(self):
        content = self._file(f"T1,R1,2026-03-10,{self.number},1")
        module = "odoo.addons.toll_billing.models.toll_parallel_compare"
        with patch(f"{module}.INLINE_BYTES", 1):
            run = self._parallel(content)
        self.assertFalse(run.compared_at)
        with (
            patch(f"{module}.MAX_BYTES", 1),
            self.assertRaisesRegex(UserError, "larger"),
        ):
            run.action_compare()
        job = self.env["queue.job"].search([("model_name", "=", run._name)])
        self.assertEqual(job.method_name, "_job_compare")
        run.sudo()._job_compare()
        self.assertEqual(run.theirs_count, 1)
